# limit: 300
# --recovery fail: requests fail at once while no server is there, and are right afterwards. 6.12 would drop it without a
# word, so add refuses.
. "$job/kills.sh"
load_module dm_mod
must 10 refublk features
if ! grep -q 'USER_RECOVERY_FAIL_IO' must.out; then
    rc=0; run_limited 20 refublk add mem --size 4M --recovery fail --shm one >refused 2>&1 || rc=$?
    expect_eq 'the exit status of add' 1 $rc
    grep -q 'does not have the recovery' refused || fail "no reason: $(cat refused)"
    [ -z "$(ublk_nodes)" ] && [ ! -e /dev/shm/refublk.one ] || fail 'something is left'
    exit 0
fi
start_disk file --path "$work/disk.img" --size 4M --queues 2 --depth 64 --recovery fail
kill_and_recover 20 'Input/output error|Remote I/O error' --seconds 12

say 'errors while it is down, data after'
fill_file content 256K
must 10 dd if=content of="$disk" bs=64k oflag=direct
kill -9 "$(server_of "$disk_id")"
wait_until 10 'requests fail' sh -c '! dd if="$0" of=/dev/null bs=4k count=1 iflag=direct 2>dd.err' "$disk"
grep -q "Remote I/O error" dd.err || fail "another error: $(cat dd.err)"
must 30 refublk recover "$disk_id"
must 10 dd if="$disk" of=got bs=64k count=4 iflag=direct
cmp content got || fail 'the content is another'
stop_disk "$disk_id"
