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

# show_checked DISK: what the checker says of it.
show_checked() {
    say "   blkshadow $1: reads, writes, flushes, discards, direct and buffered, many at a time; every sector is compared"
    checked "$1" 60 --operations 300 --max 256K >/dev/null
    sed -n 's/^.*: \([0-9]* operations\) in.*: \(.*\)/     \1: \2/p; s/^  \([0-9.]* MiB compared\).*/     \1/p' shadow.out
    sed -n 's/^  seal: MD5 \(.*\) of the device, \(.*\) of the shadow.*/     MD5 of the disk    \1\n     MD5 of its shadow  \2/p' shadow.out
}

say "Linux $(uname -r), $(nproc) processors"
step 'A RAM disk: ublk-mem --size=48M'
start_server ram ublk-mem --size=48M
ram=$disk ram_id=$disk_id ram_pid=$server_pid
say "   it is $ram, a block device like any other, served by process $ram_pid"
show_files ext4 "$ram"
show_checked "$ram"

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
