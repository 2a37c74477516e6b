# limit: 90
# A signal under load: outstanding I/O finishes, the device goes, exit 0; no error before.
for signal in TERM INT HUP; do
    say "SIG$signal under load"
    start_server server refublk add mem --size 64M --queues 2 --foreground
    start load fio --name=load --filename="$disk" --allow_file_create=0 --rw=randrw --bs=4k --direct=1 \
        --ioengine=libaio --iodepth=32 --number_ios=10000000 --size=64M --time_based --runtime=60
    wait_until 20 'fio has begun' has_io "$disk_id"
    sleep 1
    [ ! -e load.rc ] || fail "fio ended before the signal: $(tail -n 3 load.out | tr '\n' ' ')"
    ! grep -qi error load.out || fail "fio met an error before the signal"
    kill -"$signal" "$server_pid"
    # fio holds the disk: the first signal may name it and wait, the second means it.
    sleep 1
    [ -e server.rc ] || kill -"$signal" "$server_pid" 2>/dev/null || :
    finish server 20 || fail "the server exits $? on SIG$signal: $(tail -n 2 server.out | tr '\n' ' ')"
    finish load 20 || :
    expect_gone "$disk_id"
done
