# limit: 120
# SIGKILL under load: clients get errors and end, the device can be deleted.
for depth in 32 1; do
    say "kill -9 under load, depth $depth"
    start_disk mem --size 32M --queues 2 --depth $depth
    pid=$(server_of "$disk_id")
    start load fio --name=load --filename="$disk" --allow_file_create=0 --rw=randrw --bs=4k --direct=1 \
        --ioengine=libaio --iodepth=64 --size=32M --time_based --runtime=100
    wait_until 20 'fio has begun' has_io "$disk_id"
    sleep 1
    kill -9 "$pid"
    # When every tag was with the server, 6.12 notices only by its 30 s timer.
    finish load 50 || :
    run_limited 10 refublk list >list.out || fail "list exits $? with an orphan"
    grep -q "ublkb$disk_id .*orphan" list.out || fail "list does not show the orphan: $(cat list.out)"
    must 30 refublk del "$disk_id"
    expect_gone "$disk_id"
    [ ! -e "/run/refublk/$disk_id.json" ] || fail 'the state file stays after del'
done

say 'kill -9 of an idle server, then del --all'
start_disk mem --size 4M
kill -9 "$(server_of "$disk_id")"
must 30 refublk del --all
expect_gone "$disk_id"
