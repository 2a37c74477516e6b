# limit: 120
# The daemon holds no mount of the machine, and its death with its own device mounted hangs nothing.
load_module ext4
load_module loop
mkdir fs mnt
truncate -s 16M fs.img
must 20 mkfs.ext4 -q fs.img
loop=$(losetup -f --show "$work/fs.img")
must 20 mount "$loop" fs
start_disk mem --size 32M
say 'a file system that was mounted before the disk was added'
must 20 umount fs
expect_eq "exclusive open of $loop" ok "$(blockprobe exclusive "$loop")"
must 10 losetup -d "$loop"
wait_until 5 "$loop is free" sh -c "! losetup $loop >/dev/null 2>&1"
# A tmpfs, and kernel file systems that keep no disk busy.
expect_eq 'mounts that the daemon sees, but for the kernel'"'"'s own' '' "$(awk '$3 !~ /^(tmpfs|devtmpfs|proc|sysfs)$/' "/proc/$(server_of "$disk_id")/mounts")"

say 'its own device mounted, the daemon killed'
must 20 mkfs.ext4 -q "$disk"
must 20 mount "$disk" mnt
must 20 cp "$job/guest.sh" mnt/
pid=$(server_of "$disk_id")
kill -9 "$pid"
wait_until 10 'the daemon has ended' sh -c "[ ! -d /proc/$pid ] || grep -q '^State:.Z' /proc/$pid/status"
start writer dd if=/dev/zero of="$work/mnt/file" bs=4k count=10 conv=fsync
finish writer 45 || :
start umount umount "$work/mnt"
finish umount 45 || fail "umount exits $?"
must 30 refublk del "$disk_id"
expect_gone "$disk_id"
