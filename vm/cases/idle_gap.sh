# limit: 60
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
    checked "$disk" 40 --operations 120 --max 1M --save "$work/run_$one"
done
say 'idle for 22 s'
sleep 22
for one in a b; do
    eval "disk=\$disk_$one"
    checked "$disk" 40 --verify "$work/run_$one"
    checked "$disk" 40 --operations 60 --max 1M
done
stop_disk "$id_a"
stop_disk "$id_b"
