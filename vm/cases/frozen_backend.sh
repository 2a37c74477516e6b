# limit: 150
# A backend that answers late: what was asked before is right afterwards, and a stop meanwhile waits, says for what, and
# goes on serving. The file below is a disk whose own server is frozen.
size=8M
start_disk mem --size $size --queues 2
lower=$disk lower_id=$disk_id lower_pid=$(server_of "$disk_id")
start_server upper refublk add file --path "$lower" --foreground --max-io 1M
upper_id=$disk_id upper_pid=$server_pid
truncate -s $size reference
must 40 scatter write --disk "$disk" --reference reference --size $size --seed 21 --direct --pieces 10

say 'frozen for 8 s with reads and writes under way'
kill -STOP "$lower_pid"
start writer scatter write --disk "$disk" --reference reference --size $size --seed 22 --direct --pieces 6 --threads 4
start reader dd if="$disk" of=/dev/null bs=1M iflag=direct
sleep 8
[ ! -e writer.rc ] && [ ! -e reader.rc ] || fail 'the clients do not wait for the frozen disk'
kill -CONT "$lower_pid"
finish writer 40 || fail "the writer exits $?: $(tail -n 1 writer.out)"
finish reader 40 || fail "the reader exits $?: $(tail -n 1 reader.out)"
must 40 scatter compare --disk "$disk" --reference reference --size $size --direct

say 'frozen again, with a write under way, and a stop meanwhile'
kill -STOP "$lower_pid"
start writer scatter write --disk "$disk" --reference reference --size $size --seed 23 --direct --pieces 1 --max 512K
sleep 2
kill -TERM "$upper_pid"
sleep 1
[ -e upper.rc ] || kill -TERM "$upper_pid"
# The first wait that is too long is said.
wait_until 60 'the server says what it waits for' grep -qE 'waits|still' upper.out
[ ! -e upper.rc ] || fail "the server left with a write under way: $(tail -n 2 upper.out | tr '\n' ' ')"
kill -CONT "$lower_pid"
finish upper 40 || fail "the server exits $?: $(tail -n 2 upper.out | tr '\n' ' ')"
finish writer 20 || :
say "it said: $(grep -E 'waits|still' upper.out | head -n 1)"
expect_gone "$upper_id"
must 40 scatter compare --disk "$lower" --reference reference --size $size --direct
stop_disk "$lower_id"
