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
say 'scattered writes into a file on it'
truncate -s 8M reference mnt/file
must 40 scatter write --disk "$work/mnt/file" --reference reference --size 8M --seed 31 --pieces 8 --align 1 --min 1
must 40 scatter write --disk "$work/mnt/file" --reference reference --size 8M --seed 32 --pieces 8 --direct --align 4096
must 30 umount mnt
say 'fsck, mount again, compare'
must 30 e2fsck -fn "$disk"
must 20 mount "$disk" mnt
drop_caches
sums_of mnt/tree >sums.found
cmp sums sums.found || fail 'files differ after the remount'
expect_eq 'MD5 of the file' "$(md5sum <reference)" "$(md5sum <mnt/file)"
expect_eq 'the link' ../random "$(readlink mnt/tree/a/link)"
must 30 rm -r mnt/tree
must 20 umount mnt
must 30 e2fsck -fn "$disk"
stop_disk "$disk_id"
