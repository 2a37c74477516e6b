# limit: 90
# boot: own
# Shows a reader what refublk is: prints in plain words what it does.
load_module ext4
load_module xfs
mkdir mnt tree
find /usr/bin /usr/sbin -type f -size -400k 2>/dev/null | sort | head -n 60 | while read -r program; do
    cp "$program" tree/
done
sums_of tree >sums
count=$(wc -l <sums)
megabytes=$(du -sm tree | cut -f1)

step() {
    say ''
    say "== $*"
}

# show_files TYPE DISK: makes a file system, copies the tree, mounts again, compares.
show_files() {
    say "   mkfs.$1 $2, mount it, copy $count files ($megabytes MB) of this system's programs"
    must 40 "mkfs.$1" -q "$2"
    must 20 mount "$2" mnt
    must 40 cp -a tree mnt/
    must 30 umount mnt
    must 20 mount "$2" mnt
    drop_caches
    sums_of mnt/tree >sums.found
    cmp sums sums.found || fail "files on $2 differ"
    say "   unmounted, mounted again, read back from the disk: all $count checksums are equal"
    must 30 umount mnt
}

# show_scattered DISK SIZE: the same random pieces to the disk and to a file.
show_scattered() {
    must 40 dd if="$1" of=reference bs=1M iflag=direct status=none
    must 40 scatter write --disk "$1" --reference reference --size "$2" --pieces 20 --threads 2 --direct
    must 40 scatter write --disk "$1" --reference reference --size "$2" --pieces 10 --align 1 --min 1
    drop_caches
    say '   50 pieces of 1 byte to 4 MB at random places, direct and buffered, written to the disk and to a file:'
    on_disk=$(md5_of "$1")
    in_file=$(md5sum <reference | cut -d' ' -f1)
    say "     MD5 of the disk  $on_disk"
    say "     MD5 of the file  $in_file"
    expect_eq 'MD5 of the disk' "$in_file" "$on_disk"
    rm -f reference
}

say "Linux $(uname -r), $(nproc) processors"
step 'A RAM disk: ublk-mem --size=48M'
start_server ram ublk-mem --size=48M
ram=$disk ram_id=$disk_id ram_pid=$server_pid
say "   it is $ram, a block device like any other, served by process $ram_pid"
show_files ext4 "$ram"
show_scattered "$ram" 48M

step 'A file as a disk: ublk-file --path=disk.img'
truncate -s 320M disk.img
start_server image ublk-file --path="$work/disk.img"
say "   it is $disk, served by process $server_pid"
show_files xfs "$disk"
say "   the file takes $(du -m disk.img | cut -f1) MB of its 320 MB"

step 'The end: Ctrl-C (SIGINT) to both'
kill -INT "$ram_pid" "$server_pid"
finish ram 20 || fail "ublk-mem exits $?"
finish image 20 || fail "ublk-file exits $?"
expect_gone "$ram_id"
expect_gone "$disk_id"
say '   both exit with status 0; what is left of them:'
say "   ublk devices: $(ublk_nodes | wc -l), processes: $(pidof refublk ublk-mem ublk-file | wc -w), state files: $(ls /run/refublk 2>/dev/null | wc -l)"
