# limit: 300
# --recovery wait: the server is killed 20 times under a load that checks every sector. What it had not answered fails,
# the rest waits for the next one, and what was acknowledged is there.
. "$job/kills.sh"
load_module dm_mod
start_disk file --path "$work/disk.img" --size 4M --queues 2 --depth 64 --recovery wait
kill_and_recover 20 'Input/output error' --seconds 12

say 'while no server is there a request waits, and list names the remedy'
fill_file content 256K
must 10 dd if=content of="$disk" bs=64k oflag=direct
kill -9 "$(server_of "$disk_id")"
start reader dd if="$disk" of=waited bs=64k count=4 iflag=direct
sleep 1
[ ! -e reader.rc ] || fail "a reader does not wait: exit $(cat reader.rc)"
run_limited 10 refublk list >list.out 2>&1
grep -q "orphan" list.out && grep -q "refublk recover $disk_id" list.out || fail "list says $(cat list.out)"

say 'what cannot be recovered is refused, and stays recoverable'
truncate -s 2M small.img
rc=0; run_limited 20 refublk recover "$disk_id" file --path small.img >refused 2>&1 || rc=$?
expect_eq 'the exit status with a small file' 2 $rc
grep -q 'smaller than the disk' refused || fail "no reason: $(cat refused)"
echo nonsense >"/run/refublk/$disk_id.json"
rc=0; run_limited 20 refublk recover "$disk_id" >refused 2>&1 || rc=$?
expect_eq 'the exit status with a damaged state file' 2 $rc
grep -q 'is damaged' refused && grep -q 'by hand' refused || fail "no reason: $(cat refused)"
rc=0; run_limited 20 refublk recover "$disk_id" file --path missing.img >refused 2>&1 || rc=$?
expect_eq 'the exit status with a missing file' 2 $rc
[ ! -e missing.img ] || fail 'a missing file was created'

say 'by hand it is recovered all the same'
must 30 refublk recover "$disk_id" file --path "$work/disk.img"
finish reader 20 || fail "the reader that waited exits $?"
cmp content waited || fail 'the reader that waited got something else'
must 10 dd if="$disk" of=got bs=64k count=4 iflag=direct
cmp content got || fail 'the content is another'
rc=0; run_limited 20 refublk recover "$disk_id" >refused 2>&1 || rc=$?
expect_eq 'the exit status for a device that is served' 3 $rc
stop_disk "$disk_id"
