# limit: 120
# What `add` leaves behind: a daemon that holds nothing of its caller, spared by the OOM killer, with a trace where it was
# asked for; and what is left when the caller, or the daemon, is interrupted.
load_module ext4
say 'add without standard descriptors, another one open in a file system'
mkdir fs
must 10 mount -t tmpfs none fs
(
    cd fs
    exec 9>"$work/fs/open"
    refublk add mem --size 8M --trace "$work/trace" <&- 2>&- >"$work/added"
) || fail "add exits $?"
disk=$(cat added)
disk_id=$(device_of "$disk")
pid=$(server_of "$disk_id")
must 10 umount fs
for fd in 0 1 2; do
    expect_eq "descriptor $fd of the daemon" /dev/null "$(readlink "/proc/$pid/fd/$fd")"
done
expect_eq 'its OOM score' -1000 "$(cat "/proc/$pid/oom_score_adj")"
expect_eq 'its session' "$pid" "$(awk '{ print $6 }' "/proc/$pid/stat")"
must 10 dd if="$disk" of=/dev/null bs=64k count=8 iflag=direct
stop_disk "$disk_id"
[ -s trace ] || fail 'the trace is empty'
[ ! -e "/proc/$pid" ] || fail 'the daemon is still there'

say 'add is interrupted while it starts'
for delay in 0.05 0.1 0.2 0.3 0.5; do
    start add refublk add mem --size 8M --queues 2
    sleep $delay
    kill -TERM "$(cat add.pid)" 2>/dev/null || :
    finish add 20 || :
    [ ! -s add.out ] || ! grep -q ^/dev/ublkb add.out || must 20 refublk stop --all
    wait_until 10 'no node is left' sh -c '! ls /dev/ublkb* /dev/ublkc* 2>/dev/null | grep -q .'
done

say 'the caller is killed before it learns of the device'
for delay in 0.05 0.1 0.2 0.3 0.5; do
    start add refublk add mem --size 8M --queues 2
    sleep $delay
    kill -9 "$(cat add.pid)" 2>/dev/null || :
    finish add 20 || :
    must 20 refublk del --all
    wait_until 10 'no node is left' sh -c 'refublk del --all; ! ls /dev/ublkb* /dev/ublkc* 2>/dev/null | grep -q .'
done

say 'two Ctrl-C on a mounted disk'
mkdir mnt
start_server server refublk add mem --size 32M --foreground
must 20 mkfs.ext4 -q "$disk"
must 20 mount "$disk" mnt
echo kept >mnt/file
kill -INT "$server_pid"
wait_until 10 'the mount is named' grep -q "$work/mnt" server.out
[ ! -e server.rc ] || fail 'one was enough'
kill -INT "$server_pid"
wait_until 20 'the disk is gone' sh -c "[ ! -e /sys/block/ublkb$disk_id ]"
must 20 umount mnt
finish server 20 || fail "the server exits $?"
expect_gone "$disk_id"

say 'files that lie about devices'
start_disk mem --size 8M
echo nonsense >"/run/refublk/$disk_id.json"
must 10 refublk list
grep -q damaged must.out || fail "list does not say damaged: $(cat must.out)"
must 10 refublk list --json
stop_disk "$disk_id"
[ ! -e "/run/refublk/$disk_id.json" ] || fail 'the damaged file stays'
start_disk mem --size 8M
rm "/run/refublk/$disk_id.json"
must 10 refublk list
stop_disk "$disk_id"
