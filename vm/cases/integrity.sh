# limit: 240
# Every sector that is read is one that may be there: RAM and file disks, copy and get-data, one and two queues, blocks of
# 512 and 4096 bytes, direct and buffered in turn, with discards and write-zeroes, and requests up to twice the largest
# that the device takes in one piece. After a stop, the file holds what was on the disk.
size=8M

say 'beside all that follows: a server that puts writes one sector too far'
truncate -s $size lying.img
export REFUBLK_TEST_FILE=wrong-sector
start_server liar refublk-faults add file --path "$work/lying.img" --foreground --trace "$work/trace2"
unset REFUBLK_TEST_FILE
liar_id=$disk_id
start convicted blkshadow --quiet --operations 40 --min 64K --max 64K --pattern sequential --cache direct --writes 60 \
    --discards 0 --zeroes 0 --shrink-seconds 10 --output "$work/convicted" --trace "$work/trace2" "$disk"

# check_kind WHAT ADD-OPTIONS…
check_kind() {
    say "$1"
    shift
    start_disk "$@"
    checked "$disk" 60 --operations 250 --save "$work/run"
    stop_disk "$disk_id"
}

check_kind 'RAM disk' mem --size $size --max-io 64K
check_kind 'RAM disk, get-data, two queues, blocks of 4096' \
    mem --size $size --queues 2 --depth 8 --get-data --block-size 4096 --max-io 128K

backing_fs store ext4 32M
truncate -s $size store/disk.img
check_kind 'file on ext4, two queues' file --path "$work/store/disk.img" --queues 2 --max-io 64K
checked store/disk.img 60 --verify "$work/run"
backing_gone store

truncate -s $size disk.img
check_kind 'file on tmpfs, buffered, get-data, blocks of 4096' \
    file --path "$work/disk.img" --buffered --get-data --block-size 4096 --max-io 64K
checked disk.img 60 --verify "$work/run"

say 'sectors of the file are overwritten behind the back of its server: its trace clears it'
truncate -s 0 disk.img
truncate -s $size disk.img
start_server traced refublk add file --path "$work/disk.img" --queues 2 --foreground --trace "$work/trace"
checked "$disk" 60 --operations 200 --min 64K --max 64K --pattern sequential --cache direct --writes 100 --discards 0 \
    --zeroes 0 --flushes 0 --save "$work/run"
for block in 1 2 3 4 5 6 7; do
    head -c 4096 /dev/urandom | dd of=disk.img bs=4k seek=$((block * 200)) conv=notrunc status=none
done
rc=0
run_limited 30 blkshadow --quiet --verify "$work/run" --trace "$work/trace" "$disk" >cleared || rc=$?
grep -E 'CORRUPTION|trace:' cleared | head -n 2
expect_eq 'exit status' 1 "$rc"
grep -q 'CORRUPTION: foreign: ' cleared || fail "another verdict: $(cat cleared)"
expect_eq 'sectors that go back to a request' 7 "$(grep -cE "server's trace: queue [01], tag [0-9]+, line [0-9]+: write of [0-9]+ bytes .* look below" cleared)"
stop_disk "$disk_id"
finish traced 10 || fail "the server exits $?"

say 'the server that put writes one sector too far is convicted by its own trace'
rc=0
finish convicted 120 || rc=$?
grep -E 'CORRUPTION|trace:' convicted.out | head -n 2
expect_eq 'exit status' 1 "$rc"
grep -q 'CORRUPTION: misdirected: everything found lies 1 sectors after' convicted.out ||
    fail "another verdict: $(cat convicted.out)"
grep -q 'THE SERVER WENT TO ANOTHER PLACE' convicted.out || fail "not convicted: $(cat convicted.out)"
stop_disk "$liar_id"
finish liar 10 || fail "the server exits $?"
note "$(sed -n 's/.*server.s trace: \(queue.*line [0-9]*\).*/the culprit: \1/p' convicted.out | head -n 1)"
