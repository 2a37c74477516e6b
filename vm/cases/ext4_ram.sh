# limit: 60
load_module ext4
make_tree tree
sums_of tree >sums
mkdir mnt
start_disk mem --size 64M --queues 2
say "ext4 on the RAM disk $disk"
must 30 mkfs.ext4 -q "$disk"
must 20 mount "$disk" mnt
must 30 cp -a tree mnt/
say 'a file on it is worked on'
truncate -s 8M mnt/file
checked mnt/file 40 --operations 150 --max 256K --save "$work/run"
must 30 umount mnt
say 'fsck, mount again, compare'
must 30 e2fsck -fn "$disk"
must 20 mount "$disk" mnt
drop_caches
sums_of mnt/tree >sums.found
cmp sums sums.found || fail 'files differ after the remount'
checked mnt/file 20 --verify "$work/run"
expect_eq 'the link' ../random "$(readlink mnt/tree/a/link)"
must 30 rm -r mnt/tree
must 20 umount mnt
must 30 e2fsck -fn "$disk"
stop_disk "$disk_id"
