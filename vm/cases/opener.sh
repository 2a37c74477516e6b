# limit: 90
# Somebody opens and reads each new node at once, like udev does.
start opener blockprobe opener 600
for i in 1 2 3 4; do
    start_disk mem --size 4M --queues 2
    must 10 dd if="$disk" of=/dev/null bs=64k count=4 iflag=direct
    # An opener that happens to hold the disk is no reason to refuse: it goes by itself.
    tries=0
    until run_limited 20 refublk stop "$disk_id" >stop.out; do
        tries=$((tries + 1))
        [ $tries -lt 10 ] || fail "stop is refused: $(tail -n 1 stop.out)"
        sleep 0.2
    done
    expect_gone "$disk_id"
done
kill "$(cat opener.pid)"
finish opener 5 || :
