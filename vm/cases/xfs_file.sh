# limit: 60
load_module xfs
make_tree tree
sums_of tree >sums
mkdir mnt
truncate -s 320M disk.img
start_disk file --path "$work/disk.img" --queues 2
say "xfs on the file disk $disk"
must 40 mkfs.xfs -q "$disk"
must 20 mount "$disk" mnt
must 30 cp -a tree mnt/
must 30 umount mnt
must 40 xfs_repair -n "$disk"
say 'stop, serve the same file again, mount, compare'
stop_disk "$disk_id"
start_disk file --path "$work/disk.img"
must 20 mount "$disk" mnt
drop_caches
sums_of mnt/tree >sums.found
cmp sums sums.found || fail 'files differ after the remount'
must 20 umount mnt
stop_disk "$disk_id"
