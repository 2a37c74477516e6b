# limit: 120
# A start that fails anywhere, a queue's ring included, is undone. The limit on file descriptors is raised one by one,
# so each thing that is opened fails once.
failed=0
limit=4
while [ $limit -lt 40 ]; do
    rc=0
    start add prlimit --nofile=$limit refublk add mem --size 4M --queues 2 --depth 8
    finish add 30 || rc=$?
    if [ $rc = 0 ]; then
        disk=$(grep ^/dev/ublkb add.out)
        disk_id=$(device_of "$disk")
        must 10 dd if="$disk" of=/dev/null bs=64k count=4 iflag=direct
        stop_disk "$disk_id"
        break
    fi
    [ $rc -lt 126 ] || fail "with $limit descriptors the start ends with status $rc: $(tail -n 2 add.out | tr '\n' ' ')"
    [ -s add.out ] || fail "with $limit descriptors the start fails without a word"
    failed=$((failed + 1))
    wait_until 5 "no node after a failed start with $limit descriptors" sh -c '! ls /dev/ublkb* /dev/ublkc* 2>/dev/null | grep -q .'
    wait_until 5 "no process after a failed start with $limit descriptors" sh -c '! pidof refublk >/dev/null'
    limit=$((limit + 1))
done
[ $limit -lt 40 ] || fail 'the start never succeeds'
expect_at_least 'starts that failed' 3 $failed
note "$failed failed starts, live with $limit descriptors"
