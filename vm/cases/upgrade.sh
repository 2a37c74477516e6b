# limit: 400
# A new server for a live disk, 20 times under a load that is verified (on 6.12, where each takes more than a second, 6 times,
# and 20 in a deep run): no error, and how long the longest pause was. What cannot be upgraded: on 6.12 --recovery wait. And a
# kill at each phase (on 6.12, where who is left may wait for 10 s, at two, and at four in a deep run): the disk can be
# recovered, and deleted.
must 10 refublk features
how=reissue refused_how=wait times=3 delays='0.05 0.35'
[ -z "${REFUBLK_DEEP:-}" ] || times=10 delays='0.05 0.2 0.35 0.5'
! grep -q QUIESCE must.out || how=wait refused_how=fail times=10 delays='0.05 0.2 0.35 0.5'

refused() {
    local pid
    pid=$(server_of "$disk_id")
    must_fail 20 refublk upgrade "$disk_id"
    grep -q -- "$1" must.out || fail "the refusal does not say '$1': $(tail -n 1 must.out)"
    expect_eq 'the server' "$pid" "$(server_of "$disk_id")"
    must 10 dd if="$disk" of=/dev/null bs=4k count=1 iflag=direct
}

say 'what cannot be upgraded'
start_disk mem --size 16M
refused --recovery
must_fail 10 refublk upgrade 4711
stop_disk "$disk_id"
start_disk file --path refused.img --size 16M --recovery $refused_how
refused "$refused_how"
stop_disk "$disk_id"

longest=0 upgrades=0

# upgrade_again TIMES: each time another process serves, and the client that writes and verifies meets no error.
upgrade_again() {
    local i before pause
    start load fio --name=load --filename="$disk" --allow_file_create=0 --rw=randrw --bs=4k --direct=1 --ioengine=libaio \
        --iodepth="$2" --size=16M --verify=crc32c --verify_backlog=512 --verify_fatal=1 --loops=1000 --randseed=7
    wait_until 20 'fio has begun' has_io "$disk_id"
    for i in $(seq "$1"); do
        before=$(server_of "$disk_id")
        run_limited 60 refublk upgrade "$disk_id" >upgraded || fail "upgrade $i exits $?: $(tail -n 2 upgraded | tr '\n' ' ')"
        pause=$(sed -n 's/^paused for \([0-9]*\) ms$/\1/p' upgraded)
        [ -n "$pause" ] || fail "no pause is printed: $(cat upgraded)"
        [ "$before" != "$(server_of "$disk_id")" ] || fail 'the server is the old one'
        [ ! -e load.rc ] || fail "fio ended: $(grep -iE 'error|verify' load.out | head -n 2 | tr '\n' ' ')"
        [ "$pause" -le $longest ] || longest=$pause
        expect_eq 'the timer of requests' 30000 "$(cat "/sys/block/ublkb$disk_id/queue/io_timeout")"
        upgrades=$((upgrades + 1))
    done
    kill -INT "$(cat load.pid)"
    finish load 60 || :
    ! grep -qiE 'error|verify:|fail' load.out || fail "fio meets an error: $(grep -iE 'error|verify:|fail' load.out | head -n 2 | tr '\n' ' ')"
}

say 'a file, more requests than tags'
start_disk file --path image --size 16M --queues 2 --depth 8 --recovery $how
upgrade_again $times 32
stop_disk "$disk_id"
say 'a RAM disk in shared memory'
start_disk mem --size 16M --shm case --get-data --recovery $how
upgrade_again $times 16
stop_disk "$disk_id"
[ ! -e /dev/shm/refublk.case ] || fail 'the memory file stays'
note "$upgrades upgrades, longest pause $longest ms"
expect_at_most 'the longest pause in ms' 20000 "$longest"

say 'killed at each phase: the command, and whoever serves'
start_disk file --path image --size 16M --recovery $how
must 20 dd if=/dev/urandom of="$disk" bs=1M count=16 oflag=direct
sum=$(md5_of image)
serves() {
    run_limited 20 refublk list >served
    grep -q "ublkb$disk_id .*live" served
}
# What 6.12 lets nobody take over any more, see fetch_fails, is deleted and made anew over the same file.
recovers() {
    run_limited 60 refublk recover "$disk_id" >recovered && return 0
    ! serves || return 0
    grep -q 'a takeover on Linux 6.12 ended before' recovered || return 1
    must 60 refublk del --force "$disk_id"
    start_disk file --path image --recovery $how
}
# servers: prints whoever the case started as a server, the command apart.
servers() {
    local pid
    for pid in $(pids_of_case "$REFUBLK_CASE"); do
        [ "$pid" = "$(cat upgrade.pid)" ] || [ "$(cat "/proc/$pid/comm" 2>/dev/null)" != refublk ] || echo "$pid"
    done
}
echo nothing yet >recovered
for delay in $delays; do
    for victim in command server; do
        start upgrade refublk upgrade "$disk_id"
        sleep $delay
        if [ $victim = command ]; then
            kill -9 "$(cat upgrade.pid)" 2>/dev/null || :
        else
            kill -9 $(servers) 2>/dev/null || :
        fi
        finish upgrade 60 || :
        # A server that is on its way may still arrive, and is then what recover finds.
        wait_until 40 "the disk is served after $victim was killed at $delay s: $(cat recovered)" recovers
        must 20 dd if="$disk" of=/dev/null bs=64k count=4 iflag=direct
    done
done
expect_eq 'the content' "$sum" "$(md5_of "$disk")"
kill -9 "$(server_of "$disk_id")"
must 30 refublk del "$disk_id"
expect_gone "$disk_id"
for file in "/run/refublk/$disk_id".*; do
    [ ! -e "$file" ] || fail "left: $file"
done
