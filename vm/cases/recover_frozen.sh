# limit: 120
# A server that dies with I/O of a frozen backend under way: its successor waits until that I/O has ended, and says so,
# since what was written before must not come after what is written then. The file below is a disk of another server.
start_disk mem --size 8M
lower=$disk lower_id=$disk_id lower_pid=$(server_of "$disk_id")
start_disk file --path "$lower" --recovery wait --depth 8
upper=$disk upper_id=$disk_id
fill_file old 1M
fill_file new 1M
must 20 dd if=old of="$upper" bs=64k oflag=direct conv=notrunc

kill -STOP "$lower_pid"
start writer dd if=old of="$upper" bs=64k oflag=direct conv=notrunc
sleep 1
kill -9 "$(server_of "$upper_id")"
start again refublk recover "$upper_id"
sleep 8
[ ! -e again.rc ] || fail "the successor does not wait: it exits $(cat again.rc): $(cat again.out)"
grep -q 'waiting for its last server' again.out || fail "the successor does not say that it waits: $(cat again.out)"
kill -CONT "$lower_pid"
finish again 40 || fail "recover exits $?: $(cat again.out)"
finish writer 20 || :
must 20 dd if=new of="$upper" bs=64k oflag=direct conv=notrunc
sleep 1
dd if="$upper" of=got bs=64k count=16 iflag=direct status=none
cmp new got || fail 'an earlier write came later'
stop_disk "$upper_id"
stop_disk "$lower_id"
