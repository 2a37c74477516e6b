# limit: 150
# A backend that answers late: what was asked before is right afterwards, and a stop meanwhile waits, says for what, and
# goes on serving. The file below is a disk whose own server is frozen.
size=8M
start_disk mem --size $size --queues 2
lower=$disk lower_id=$disk_id lower_pid=$(server_of "$disk_id")
start_server upper refublk add file --path "$lower" --foreground --max-io 1M
upper_id=$disk_id upper_pid=$server_pid

say 'frozen for 8 s with reads and writes under way'
check_begins client "$disk" --seconds 10 --max 128K
wait_until 20 'the client has begun' has_io "$upper_id"
kill -STOP "$lower_pid"
sleep 8
[ ! -e client.rc ] || fail 'the client does not wait for the frozen disk'
kill -CONT "$lower_pid"
check_ends client 60

say 'frozen again, with writes under way, and a stop meanwhile'
must 20 blkdiscard -z "$disk"
written=$(awk '{ print $5 }' "/sys/block/ublkb$upper_id/stat")
check_begins writer "$disk" --operations 3000 --max 128K --cache direct --allow-errors --save "$work/run"
has_written() { awk -v before="$written" '{ exit !($5 > before + 20) }' "/sys/block/ublkb$upper_id/stat"; }
wait_until 20 'the writer has begun' has_written
kill -STOP "$lower_pid"
sleep 2
kill -TERM "$upper_pid"
sleep 1
[ -e upper.rc ] || kill -TERM "$upper_pid"
# The first wait that is too long is said.
wait_until 60 'the server says what it waits for' grep -qE 'waits|still' upper.out
[ ! -e upper.rc ] || fail "the server left with a write under way: $(tail -n 2 upper.out | tr '\n' ' ')"
kill -CONT "$lower_pid"
finish upper 40 || fail "the server exits $?: $(tail -n 2 upper.out | tr '\n' ' ')"
finish writer 40 || :
say "it said: $(grep -E 'waits|still' upper.out | head -n 1)"
expect_gone "$upper_id"
checked "$lower" 40 --verify "$work/run"
stop_disk "$lower_id"
