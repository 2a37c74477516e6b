# limit: 60
# Two devices at once do not mix up their data.
size=8M
truncate -s $size disk.img
start_disk mem --size $size --queues 2
disk_a=$disk id_a=$disk_id
start_disk file --path "$work/disk.img" --queues 2
disk_b=$disk id_b=$disk_id
[ "$id_a" != "$id_b" ] || fail "both are number $id_a"
check_begins a "$disk_a" --operations 150 --max 256K --save "$work/run_a"
check_begins b "$disk_b" --operations 150 --max 256K --save "$work/run_b"
check_ends a 40
check_ends b 40
checked "$disk_a" 20 --verify "$work/run_a"
checked "$disk_b" 20 --verify "$work/run_b"
must_fail 20 refublk add file --path "$work/disk.img"
say "a second server for the same file is refused: $(tail -n 1 must.out)"
must 10 refublk list
expect_eq 'disks that list shows' 2 "$(grep -cE "ublkb($id_a|$id_b)\b" must.out)"
must 30 refublk stop --all
expect_gone "$id_a"
expect_gone "$id_b"
