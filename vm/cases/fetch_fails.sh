# limit: 120
# A queue thread that fails before its last FETCH, in a program built for it: the start says so and is undone. A server that
# is killed there while it takes over leaves what del removes. On 6.12 the driver knows no daemon of such a queue yet, and
# warns when its ring ends.
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

say 'a start that fails leaves no file that it has made, and every other'
must_fail 30 env REFUBLK_TEST_FAIL_QUEUE=0 refublk-faults add file --path "$work/new.img" --size 4M
must_fail 30 env REFUBLK_TEST_FAIL_WATCH=1 refublk-faults add file --path "$work/new.img" --size 4M --foreground
[ ! -e new.img ] || fail 'the new file stays'
truncate -s 4M old.img
must_fail 30 env REFUBLK_TEST_FAIL_QUEUE=0 refublk-faults add file --path "$work/old.img" --size 8M
[ -e old.img ] || fail 'a file that was there is gone'

# On 6.12 nobody can take over after that; elsewhere the next one does.
for phase in recovering opening; do
    say "killed in a recovery: $phase"
    start_disk file --path "$work/disk.img" --size 4M --queues 2 --recovery reissue
    kill -9 "$(server_of "$disk_id")"
    must_fail 40 env REFUBLK_TEST_DIE="$phase" refublk-faults recover "$disk_id"
    case $(uname -r) in
    6.12.*) must_fail 60 refublk recover "$disk_id" ;;
    *) must 60 refublk recover "$disk_id" ;;
    esac
    must 30 refublk del "$disk_id"
    expect_gone "$disk_id"
done
