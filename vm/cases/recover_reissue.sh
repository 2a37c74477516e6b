# limit: 300
# --recovery reissue: the server is killed 20 times under a load that checks every sector, and no client meets an error:
# what it had not answered comes again. Then a RAM disk whose content outlives its server, and --all.
. "$job/kills.sh"
load_module dm_mod
start_disk file --path "$work/disk.img" --size 4M --queues 2 --depth 64 --recovery reissue
grep -q 'is done again' add.err || fail "add does not say what reissue means: $(cat add.err)"
kill_and_recover 20 '' --seconds 12
file=$disk_id

say 'a RAM disk'
start_disk mem --size 4M --recovery reissue --shm one --get-data
mem=$disk_id
[ -e /dev/shm/refublk.one ] || fail 'there is no file of memory'
rc=0; run_limited 10 refublk add mem --size 4M --recovery wait --shm one >refused 2>&1 || rc=$?
expect_eq 'the exit status for a name that is taken' 3 $rc
kill_and_recover 2 '' --seconds 2

say 'recover --all'
kill -9 "$(server_of "$file")" "$(server_of "$mem")"
must 40 refublk recover --all
expect_eq 'the disks' "/dev/ublkb$file
/dev/ublkb$mem" "$(grep ^/dev must.out | sort)"
stop_disk "$file"

say 'del removes the orphan with its content'
kill -9 "$(server_of "$mem")"
must 30 refublk del "$mem"
expect_gone "$mem"
[ ! -e /dev/shm/refublk.one ] || fail 'the content is left'
