# limit: 120
# kernels: 7.3
# What was written before an idle time is there after it: no buffer is given up while a tag may be filled. It is the
# server that would give it up, so one kernel is enough.
size=8M
truncate -s $size disk.img
start_disk mem --size $size --max-io 1M
disk_a=$disk id_a=$disk_id
start_disk file --path "$work/disk.img" --max-io 1M
disk_b=$disk id_b=$disk_id
for one in a b; do
    eval "disk=\$disk_$one"
    check_begins run_$one "$disk" --operations 180 --max 1M --pause 'idle=sleep 22'
done
for one in a b; do
    check_ends run_$one 100
    expect_eq 'idle times' 1 "$(grep -c 'the stress idle' run_$one.out)"
done
stop_disk "$id_a"
stop_disk "$id_b"
