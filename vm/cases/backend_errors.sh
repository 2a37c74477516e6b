# limit: 60
# What the backing file answers reaches the client, and the log says it once.
say 'a file on a full file system: ENOSPC'
mkdir small
must 10 mount -t tmpfs -o size=8m tmpfs "$work/small"
truncate -s 32M small/disk.img
start_server full refublk add file --path "$work/small/disk.img" --foreground
expect_eq 'a write with room' ok "$(run_limited 10 blockprobe write "$disk" 0 65536)"
must_fail 20 dd if=/dev/zero of="$disk" bs=64k count=256 oflag=direct conv=notrunc
grep -q 'No space left' must.out || fail "not ENOSPC: $(tail -n 2 must.out)"
expect_eq 'a write without room' ENOSPC "$(run_limited 10 blockprobe write "$disk" 20971520 65536)"
expect_eq 'a read after it' ok "$(run_limited 10 blockprobe read "$disk" 0 65536)"
expect_at_most 'log lines about space' 2 "$(grep -ci 'space' full.out)"
stop_disk "$disk_id"
finish full 10 || fail "the server exits $?"
must 10 umount small

say 'a file that shrank: EIO and one message'
fill_file disk.img 16M
start_server shrunk refublk add file --path "$work/disk.img" --foreground
truncate -s 1M disk.img
expect_eq 'a read of what is left' ok "$(run_limited 10 blockprobe read "$disk" 0 65536)"
for offset in 8388608 9437184 1040384; do
    expect_eq "a read at $offset" EIO "$(run_limited 10 blockprobe read "$disk" $offset 65536)"
done
expect_eq 'messages' 1 "$(grep -cE 'short|shrank|shrunk' shrunk.out)"
stop_disk "$disk_id"
finish shrunk 10 || fail "the server exits $?"
