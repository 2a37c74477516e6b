# limit: 60
# Two devices at once do not mix up their data.
size=8M
fill_file disk.img $size
start_disk mem --size $size --queues 2
disk_a=$disk id_a=$disk_id
start_disk file --path "$work/disk.img" --queues 2
disk_b=$disk id_b=$disk_id
[ "$id_a" != "$id_b" ] || fail "both are number $id_a"
truncate -s $size reference_a
cp disk.img reference_b
start a scatter write --disk "$disk_a" --reference reference_a --size $size --seed 11 --direct --pieces 20
start b scatter write --disk "$disk_b" --reference reference_b --size $size --seed 12 --direct --pieces 20
finish a 40 || fail "writes to $disk_a: $(tail -n 1 a.out)"
finish b 40 || fail "writes to $disk_b: $(tail -n 1 b.out)"
drop_caches
expect_eq 'MD5 of the first' "$(md5sum <reference_a | cut -d' ' -f1)" "$(md5_of "$disk_a")"
expect_eq 'MD5 of the second' "$(md5sum <reference_b | cut -d' ' -f1)" "$(md5_of "$disk_b")"
must_fail 20 refublk add file --path "$work/disk.img"
say "a second server for the same file is refused: $(tail -n 1 must.out)"
must 10 refublk list
expect_eq 'disks that list shows' 2 "$(grep -cE "ublkb($id_a|$id_b)\b" must.out)"
must 30 refublk stop --all
expect_gone "$id_a"
expect_gone "$id_b"
