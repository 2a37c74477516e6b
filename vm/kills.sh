# Deaths of servers under load, for the cases that source it after guest.sh.
#
# The disk's lower half is blkshadow's, which compares every sector with all that may be there. Its upper half is fio's, which
# writes all of it in random order and with FUA, reads it again and verifies, pass after pass, and ends with a pass that meets no
# kill.
export DM_DISABLE_UDEV=1

# kill_and_recover ROUNDS ERROR OPTION…: kills the server of $disk so many times in a row, and recovers it each time. ERROR is
# all that a client may meet, as fio words it and grep -E reads it; nothing: ''. The options are blkshadow's.
kill_and_recover() {
    local rounds=$1 round=0 pid begin longest=0 half
    errors=$2
    shift 2
    half=$(($(cat "/sys/block/ublkb$disk_id/size") / 2))
    # A case that fails shall not hold the disk.
    trap 'dmsetup remove --force lower >/dev/null 2>&1 || :' EXIT
    must 20 dmsetup create lower --table "0 $half linear $disk 0"
    lower=/dev/dm-$(dmsetup info -c --noheadings -o minor lower)
    wait_until 10 "$lower" test -b "$lower"
    rm -f enough
    start fio fio_passes "$disk" $((half * 512))
    [ -z "$errors" ] || set -- --allow-errors "$@"
    shadow_begins "$@"
    while [ $round -lt "$rounds" ]; do
        round=$((round + 1))
        wait_until 60 'blkshadow writes, or is over' shadow_goes_on
        if [ -e shadow.rc ]; then
            shadow_ends interrupted
            shadow_begins "$@"
            wait_until 60 'blkshadow writes' shadow_goes_on
        fi
        [ ! -e fio.rc ] || fail "fio ends: $(tail -n 1 fio.out)"
        pid=$(server_written_down "$disk_id")
        kill -9 "$pid"
        begin=$(uptime_tenths)
        wait_until 20 'the server is dead' is_dead "$pid"
        must 50 refublk recover "$disk_id"
        [ $(($(uptime_tenths) - begin)) -le $longest ] || longest=$(($(uptime_tenths) - begin))
    done
    touch enough
    shadow_ends
    finish fio 120 || fail "fio exits $?: $(tail -n 2 fio.out | tr '\n' ' ')"
    must 20 dmsetup remove lower
    trap - EXIT
    note "$rounds kills in a row under fio and blkshadow, $(grep -c '^pass' fio.out) passes of fio, the longest recovery $((longest / 10)).$((longest % 10)) s"
}

# fio_passes DISK BYTES: the disk's last BYTES, until there is a file "enough", and once more.
fio_passes() {
    local pass=0 last=no rc
    while [ $last = no ]; do
        [ ! -e enough ] || last=yes
        pass=$((pass + 1)) rc=0
        fio --name=load --filename="$1" --allow_file_create=0 --offset="$2" --size="$2" --rw=randwrite --bs=4k --direct=1 \
            --ioengine=libaio --iodepth=8 --sync=dsync --verify=crc32c --verify_fatal=1 --randseed=$pass \
            ${errors:+--continue_on_error=io} >fio.pass 2>&1 || rc=$?
        echo "pass $pass: exit $rc, $(grep -cE "io_u error.*: (${errors:-none})" fio.pass) errors"
        if grep -iE 'error|verify|fail' fio.pass | grep -vE "(io_u error on file .*: |error=|first_error=[0-9]+/<)(${errors:-none}|Success)"; then return 1; fi
        [ $rc = 0 ] || { [ -n "$errors" ] && [ $last = no ]; } || return 1
    done
}

shadow_begins() {
    lower_writes=$(writes_below)
    start shadow blkshadow --cache direct --depth 8 --max 32K --stall 60 --quiet "$@" "$lower"
}

writes_below() {
    awk '{ print $5 }' "/sys/block/${lower#/dev/}/stat"
}

# More than 20 writes since the last call, or the end of blkshadow: it neither records what the disk holds nor sweeps it.
shadow_goes_on() {
    local now
    [ ! -e shadow.rc ] || return 0
    now=$(writes_below)
    [ "$now" -gt $((lower_writes + 20)) ] || return 1
    lower_writes=$now
}

# interrupted: its last reading of everything may have met the death of a server.
shadow_ends() {
    local rc=0
    finish shadow 120 || rc=$?
    [ "$rc-${1:-}" != 3-interrupted ] || ! grep -q 'reading everything once more' shadow.out || return 0
    [ $rc = 0 ] || fail "blkshadow exits $rc: $(tail -n 5 shadow.out | tr '\n' ' ')"
}

# Prints the pid that the state file of device $1 names.
server_written_down() {
    sed -n 's/.*"pid": \([0-9]*\).*/\1/p' "/run/refublk/$1.json" | grep . || fail "no server in the state file of device $1"
}

is_dead() {
    [ ! -e "/proc/$1" ]
}
