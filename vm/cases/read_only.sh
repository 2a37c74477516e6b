# limit: 60
# A read-only disk refuses writes, and its backing file stays untouched.
load_module ext4
mkdir mnt
truncate -s 16M disk.img
must 20 mkfs.ext4 -q disk.img
before=$(md5sum <disk.img)

say 'a file, read-only'
start_disk file --path "$work/disk.img" --read-only
expect_eq 'ro flag' 1 "$(blockdev --getro "$disk")"
must_fail 10 dd if=/dev/zero of="$disk" bs=4k count=1 oflag=direct conv=notrunc
must_fail 10 blkdiscard "$disk"
must_fail 10 blkdiscard -z "$disk"
must 20 mount -o ro "$disk" mnt
must 20 umount mnt
# mount falls back to read-only, and says so.
must 20 mount -o rw "$disk" mnt
must_fail 10 touch mnt/file
must 20 umount mnt
must 10 blockdev --setrw "$disk"
must_fail 10 dd if=/dev/zero of="$disk" bs=4k count=1 oflag=direct conv=notrunc
stop_disk "$disk_id"
expect_eq 'MD5 of the backing file' "$before" "$(md5sum <disk.img)"

say 'a file that cannot be written, without --read-only: refused with the remedy'
backing_fs store ext4 32M
truncate -s 16M store/disk.img
must 20 mount -o remount,ro "$work/store"
must_fail 20 refublk add file --path "$work/store/disk.img"
grep -q -e '--read-only' must.out || fail "the refusal does not name --read-only: $(cat must.out)"
start_disk file --path "$work/store/disk.img" --read-only
must 10 dd if="$disk" of=/dev/null bs=1M count=4 iflag=direct
stop_disk "$disk_id"
backing_gone store

say 'a RAM disk, read-only'
start_disk mem --size 4M --read-only
must 10 dd if="$disk" of=/dev/null bs=1M iflag=direct
must_fail 10 dd if=/dev/zero of="$disk" bs=4k count=1 oflag=direct conv=notrunc
stop_disk "$disk_id"
