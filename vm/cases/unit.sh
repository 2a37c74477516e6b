# limit: 90
# What systemd does with refublk@.service, by its own command lines and in its order: start, restart after a death, reload,
# stop, start again.
load_module ext4
number=5
unit=$job/refublk@.service.in
must 10 refublk features
how=reissue
! grep -q QUIESCE must.out || how=wait
export REFUBLK_ADD="file --path $work/disk.img --size 32M --recovery $how"

# line ExecStart: its command as systemd runs it, the program from the path.
line() {
    sed -n "s/^$1=//p" "$unit" | sed -e "s/%i/$number/g" -e 's|@PREFIX@/sbin/||g' -e 's/\$\$/$/g' | grep . || fail "no $1 in the unit"
}

# As a process of its own, with the conf's line in its environment.
execute() {
    echo "exec $(line "$1")" >command
    run_limited 40 dash ./command >"$1.out" || fail "$1 exits $?: $(tail -n 2 "$1.out" | tr '\n' ' ')"
}

say 'start'
execute ExecStart
disk=/dev/ublkb$number
expect_eq 'the number' $number "$(device_of "$disk")"
must 20 mkfs.ext4 -q "$disk"
mkdir mnt
must 20 mount "$disk" mnt
make_tree mnt/tree
sums_of mnt/tree >sums
must 20 sync

say 'restart after a death, with the file system mounted'
for death in 1 2 3; do
    pid=$(server_of $number)
    kill -9 "$pid"
    execute ExecStart
    [ "$pid" != "$(server_of $number)" ] || fail 'nobody new serves'
    drop_caches
    sums_of mnt/tree >sums.found
    cmp sums sums.found || fail "files differ after death $death"
done

say 'reload'
pid=$(server_of $number)
execute ExecReload
[ "$pid" != "$(server_of $number)" ] || fail 'nobody new serves'
drop_caches
sums_of mnt/tree >sums.found
cmp sums sums.found || fail 'files differ after the reload'

say 'stop, and start again'
must 20 umount mnt
pid=$(server_of $number)
kill -TERM "$pid"
wait_until 20 'the server ends' sh -c "[ ! -e /proc/$pid ]"
expect_gone $number
execute ExecStart
must 20 e2fsck -fn "$disk"
must 20 mount "$disk" mnt
sums_of mnt/tree >sums.found
cmp sums sums.found || fail 'files differ after the stop'
must 20 umount mnt
stop_disk $number

say 'a conf that cannot be'
REFUBLK_ADD='file --recovery wait'
echo "exec $(line ExecStart)" >command
rc=0
run_limited 20 dash ./command >wrong || rc=$?
expect_eq 'the exit status' 2 $rc
[ ! -e /dev/ublkc$number ] || fail 'a device was made'
