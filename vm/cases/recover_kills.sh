# limit: 150
# Deaths at the worst moments: in each phase of a start, which leaves nothing that del cannot remove; in each phase of a
# recovery, after which the next one succeeds; with every tag in the server's hands.
for phase in adding 'setting parameters' opening starting live; do
    # 6.12 reads the partition table inside START, whose device then waits for the next server, for ever: nothing but a
    # reboot helps. It is said in refublk(8).
    case $phase-$(uname -r) in starting-6.12.*) continue ;; esac
    say "killed in a start: $phase"
    must_fail 30 env REFUBLK_TEST_DIE="$phase" refublk-faults add file --path "$work/start.img" --size 4M --recovery wait
    must 30 refublk del --all
done
[ -z "$(ublk_nodes)" ] || fail "left: $(ublk_nodes)"

start_disk file --path "$work/disk.img" --size 4M --queues 2 --recovery reissue
fill_file content 256K
must 10 dd if=content of="$disk" bs=64k oflag=direct
kill -9 "$(server_of "$disk_id")"
start reader dd if="$disk" of=got bs=64k count=4 iflag=direct
# 6.12 takes nobody after a server that left before one of its queues was ready: EINVAL for ever, and only del helps:
# that is tried in fetch_fails, and said in refublk(8).
early=yes
case $(uname -r) in 6.12.*) early=no ;; esac
for phase in recovering opening 'ending recovery' live; do
    case $phase-$early in recovering-no | opening-no) continue ;; esac
    say "killed in a recovery: $phase"
    must_fail 40 env REFUBLK_TEST_DIE="$phase" refublk-faults recover "$disk_id"
    ! grep -q 'cannot take over' must.out || fail "it did not come so far: $(cat must.out)"
done
if [ $early = yes ]; then
    say 'a queue that fails in a recovery leaves the device as it was'
    must_fail 40 env REFUBLK_TEST_FAIL_QUEUE=1 refublk-faults recover "$disk_id"
    grep -q 'stays as it was' must.out || fail "it does not say so: $(cat must.out)"
fi
say 'a server that cannot look after signals takes nothing over'
must_fail 40 env REFUBLK_TEST_FAIL_WATCH=1 refublk-faults recover "$disk_id"
grep -q 'stays as it was' must.out || fail "it does not say so: $(cat must.out)"
must 40 refublk recover "$disk_id"
finish reader 20 || fail "the reader exits $?"
cmp content got || fail 'the content is another'
stop_disk "$disk_id"

say 'killed with every tag in its hands'
start_disk mem --size 4M
lower=$disk lower_id=$disk_id lower_pid=$(server_of "$disk_id")
start_disk file --path "$lower" --depth 2 --recovery reissue
# 6.12 then notices by the timer of requests alone: 30 s, shortened here.
echo 3000 >"/sys/block/ublkb$disk_id/queue/io_timeout"
kill -STOP "$lower_pid"
start writer dd if=content of="$disk" bs=4k count=8 oflag=direct conv=notrunc
start other dd if=content of="$disk" bs=4k count=8 skip=16 seek=16 oflag=direct conv=notrunc
sleep 1
kill -9 "$(server_of "$disk_id")"
kill -CONT "$lower_pid"
begin=$(uptime_seconds)
must 60 refublk recover "$disk_id"
finish writer 20 || fail "the writer exits $?"
finish other 20 || fail "the other writer exits $?"
note "every tag owned: recovered after $(($(uptime_seconds) - begin)) s"
stop_disk "$disk_id"
stop_disk "$lower_id"
