# limit: 90
# A disk in use is not stopped: the holder is named. --force does it.
load_module ext4
mkdir mnt
refused() {
    must_fail 20 refublk stop "$disk_id"
    grep -q "$1" must.out || fail "the refusal does not name '$1': $(tail -n 2 must.out | tr '\n' ' ')"
    say "refused: $(tail -n 1 must.out)"
    must_fail 20 refublk del "$disk_id"
    must 10 dd if="$disk" of=/dev/null bs=4k count=1 iflag=direct
}

start_disk mem --size 32M
must 20 mkfs.ext4 -q "$disk"
must 20 mount "$disk" mnt
refused "$work/mnt"
must 20 umount mnt

must 20 mkswap "$disk"
must 20 swapon "$disk"
refused swap
must 20 swapoff "$disk"

start holder blockprobe hold "$disk" 600
refused "$(cat holder.pid)"
say 'with --force'
must 20 refublk stop --force "$disk_id"
wait_until 5 'the disk is gone' sh -c "[ ! -e /dev/ublkb$disk_id ]"
kill "$(cat holder.pid)"
finish holder 5 || :
# DEL waits for the last opener.
run_limited 20 refublk del --all >/dev/null || :
expect_gone "$disk_id"

say 'Ctrl-C on a mounted disk: the first names the mount, the second means it'
start_server server refublk add mem --size 32M --foreground
must 20 mkfs.ext4 -q "$disk"
must 20 mount "$disk" mnt
kill -INT "$server_pid"
wait_until 10 'the mount is named' grep -q "$work/mnt" server.out
[ ! -e server.rc ] || fail 'the first Ctrl-C ended the server of a mounted disk'
must 10 dd if="$disk" of=/dev/null bs=4k count=1 iflag=direct
must 20 umount mnt
kill -INT "$server_pid"
finish server 10 || fail "the server exits $?"
expect_gone "$disk_id"
