# limit: 60
# A queue thread that fails before its last FETCH, in a program built for it: the start says so and is undone. On 6.12
# the driver knows no daemon of such a queue yet, and warns when its ring ends.
allow_warning 6.12 ublk_ch_uring_cmd
for queue in 0 1; do
    rc=0
    say "queue $queue fails"
    start add env REFUBLK_TEST_FAIL_QUEUE=$queue refublk-faults add mem --size 4M --queues 2 --depth 8
    finish add 30 || rc=$?
    expect_eq 'exit status' 1 $rc
    grep -q "queue $queue" add.out || fail "no word about queue $queue: $(cat add.out)"
    wait_until 5 "no node after the failed start" sh -c '! ls /dev/ublkb* /dev/ublkc* 2>/dev/null | grep -q .'
    wait_until 5 "no process after the failed start" sh -c '! pidof refublk-faults >/dev/null'
done
