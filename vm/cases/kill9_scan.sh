# limit: 160
# SIGKILL while the kernel reads the partition table. The disk below is served by a stopped process, so the scan waits
# for sure; then at moments spread over the start.
say 'killed while the scan waits'
start_disk mem --size 16M
lower=$disk lower_id=$disk_id lower_pid=$(server_of "$disk_id")
kill -STOP "$lower_pid"
start upper refublk add file --path "$lower" --foreground
upper_pid=$(cat upper.pid)
wait_until 20 'a second char device' sh -c "ls /dev/ublkc* | grep -qv ublkc$lower_id\$"
sleep 2
kill -9 "$upper_pid"
sleep 1
kill -CONT "$lower_pid"
begin=$(uptime_seconds)
# 6.12 may notice only by its 30 s timer.
finish upper 60 || :
note "the killed server was gone after $(($(uptime_seconds) - begin)) s"
for node in /dev/ublkc*; do
    [ "$node" = "/dev/ublkc$lower_id" ] || must 30 refublk del "${node#/dev/ublkc}"
done
must 10 dd if="$lower" of=/dev/null bs=1M count=1 iflag=direct
stop_disk "$lower_id"

say 'killed at moments of the start'
for delay in 0.02 0.05 0.1 0.15 0.2 0.3 0.4 0.6; do
    start victim refublk add mem --size 16M --queues 2 --foreground
    sleep $delay
    kill -9 "$(cat victim.pid)" 2>/dev/null || :
    finish victim 20 || :
    must 30 refublk del --all --any
    wait_until 5 'no node is left' sh -c '! ls /dev/ublkb* /dev/ublkc* 2>/dev/null | grep -q .'
done
