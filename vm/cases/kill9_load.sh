# limit: 120
# SIGKILL under load: clients get errors and end, the device can be deleted. Two at once, since 6.12 notices only by its
# 30 s timer when every tag was with the server.
load() {
    start "load$2" fio --name=load --filename="$1" --allow_file_create=0 --rw=randrw --bs=4k --direct=1 \
        --ioengine=libaio --iodepth=64 --size=32M --time_based --runtime=100
    wait_until 20 'fio has begun' has_io "$2"
}

# end_of ID: the clients of the killed server end in time, and the orphan is shown and deleted.
end_of() {
    finish "load$1" 60 || :
    expect_at_most 'seconds from the kill to the end of the clients' 60 $(($(stat -c %Y "load$1.rc") - killed))
    run_limited 10 refublk list >list.out || fail "list exits $? with an orphan"
    grep -q "ublkb$1 .*orphan" list.out || fail "list does not show the orphan: $(cat list.out)"
    must 30 refublk del "$1"
    expect_gone "$1"
    [ ! -e "/run/refublk/$1.json" ] || fail 'the state file stays after del'
}

say 'kill -9 under load: one server with 32 tags in each of two queues, one with a single tag'
start_disk mem --size 32M --queues 2 --depth 32
many=$disk_id
start_disk mem --size 32M --depth 1
single=$disk_id
load "/dev/ublkb$many" "$many"
load "/dev/ublkb$single" "$single"
sleep 1
kill -9 "$(server_of "$many")" "$(server_of "$single")"
killed=$(date +%s)

# Meanwhile, so that the timer is not waited for alone.
say 'kill -9 of a file disk under load: what was answered for is in the file, what was in flight may be old or new'
truncate -s 8M disk.img
start_disk file --path "$work/disk.img" --queues 2 --depth 32
check_begins client "$disk" --operations 5000 --max 128K --cache direct --allow-errors --save "$work/run"
has_written() { awk '{ exit !($5 > 50) }' "/sys/block/ublkb$disk_id/stat"; }
wait_until 20 'the client has begun' has_written
kill -9 "$(server_of "$disk_id")"
rc=0
finish client 60 || rc=$?
expect_eq 'exit status of the client' 3 "$rc"
must 30 refublk del "$disk_id"
expect_gone "$disk_id"
start_disk file --path "$work/disk.img"
checked "$disk" 30 --verify "$work/run"
stop_disk "$disk_id"

say 'the clients of the two end'
end_of "$many"
end_of "$single"
note "the last client ended $(($(stat -c %Y "load$single.rc") - killed)) s after the kill"

say 'kill -9 of an idle server, then del --all'
start_disk mem --size 4M
kill -9 "$(server_of "$disk_id")"
must 30 refublk del --all
expect_gone "$disk_id"
