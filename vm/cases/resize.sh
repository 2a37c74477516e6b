# limit: 120
# Another size for a live disk: up and down while it is read and written, a mounted file system grown, what is refused.
# 6.12 cannot, and says so.
load_module ext4

# size_is BYTES: the kernel, list, the state file and the backing file agree.
size_is() {
    expect_eq 'the size in sysfs' "$1" $(($(cat "/sys/block/ublkb$disk_id/size") * 512))
    must 10 refublk info --json "$disk_id"
    grep -q "\"size_bytes\": $1," must.out || fail "info does not show $1: $(cat must.out)"
    grep -q "\"size_bytes\": $1," "/run/refublk/$disk_id.json" || fail 'the state file has another size'
    [ ! -e image ] || expect_eq 'the size of the file' "$1" "$(stat -c %s image)"
}

# refused EXIT PATTERN SIZE…: the command ends so, says so, and nothing changes.
refused() {
    local rc=0 want=$1 pattern=$2 before
    shift 2
    before=$(cat "/sys/block/ublkb$disk_id/size")
    run_limited 20 refublk resize "$disk_id" "$@" >refused || rc=$?
    expect_eq "the exit status of resize $*" "$want" $rc
    grep -q "$pattern" refused || fail "resize $* does not say '$pattern': $(cat refused)"
    expect_eq "the size after resize $*" "$before" "$(cat "/sys/block/ublkb$disk_id/size")"
}

mib=$((1024 * 1024))
start_disk mem --size 32M
must 10 refublk features
if ! grep -q UPDATE_SIZE must.out; then
    say 'this kernel cannot'
    refused 1 UPDATE_SIZE 64M
    refused 1 UPDATE_SIZE 16M
    must 10 dd if="$disk" of=/dev/null bs=64k count=8 iflag=direct
    stop_disk "$disk_id"
    exit 0
fi

say 'what is refused'
refused 2 multiple 1000
refused 2 unit 1X
refused 2 'new size is missing' --force
stop_disk "$disk_id"
must_fail 10 refublk resize "$disk_id" 64M

# under_load: the first 24 MiB are written and verified while the disk changes its size.
under_load() {
    start load fio --name=load --filename="$disk" --allow_file_create=0 --rw=randwrite --bs=4k-32k --bs_unaligned=0 \
        --direct=1 --ioengine=libaio --iodepth=16 --size=24M --verify=crc32c --verify_backlog=256 --verify_fatal=1 \
        --loops=40 --randseed=7
    wait_until 20 'fio has begun' has_io "$disk_id"
    for size in $sizes; do
        [ ! -e load.rc ] || break
        # fio holds the disk: smaller wants force.
        must 20 refublk resize --force "$disk_id" ${size}M
        size_is $((size * mib))
        changes=$((changes + 1))
    done
    kill -INT "$(cat load.pid)" 2>/dev/null || :
    finish load 30 || :
    ! grep -qiE 'error|verify:|fail' load.out || fail "fio meets an error: $(grep -iE 'error|verify:|fail' load.out | head -n 2 | tr '\n' ' ')"
}

changes=0 sizes="96 32 64"
say 'a RAM disk under load'
start_disk mem --size 64M --queues 2 --get-data
under_load
stop_disk "$disk_id"
say "a file under load"; sizes="96 48 160 32 64"
start_disk file --path image --size 64M --queues 2
under_load
expect_at_least 'changes under load' 8 $changes
note "$changes changes under load"

say 'what was cut off reads as zeroes when it comes back, and an error meanwhile'
must 20 refublk resize "$disk_id" 64M
must 20 dd if=/dev/urandom of="$disk" bs=1M seek=40 count=4 oflag=direct
must 20 refublk resize "$disk_id" 32M
must_fail 10 dd if="$disk" of=/dev/null bs=4k skip=10240 count=1 iflag=direct
must_fail 10 dd if=/dev/zero of="$disk" bs=4k seek=10240 count=1 oflag=direct conv=notrunc
must 20 refublk resize "$disk_id" 64M
dd if="$disk" bs=1M skip=32 count=32 iflag=direct status=none | cmp -n $((32 * mib)) - /dev/zero || fail 'not zero'

say 'ext4 grows while it is written to'
mkdir mnt
must 20 mkfs.ext4 -q "$disk"
must 20 mount "$disk" mnt
make_tree tree
sums_of tree >sums
start copy cp -a tree mnt/
must 20 refublk resize "$disk_id" 128M
must 30 resize2fs "$disk"
finish copy 30 || fail "cp fails: $(cat copy.out)"
expect_at_least 'blocks of the file system' 110000 "$(df -k mnt | awk 'END { print $2 }')"

say 'smaller is refused while it is mounted'
refused 3 "$work/mnt" 32M
must 20 umount mnt
must 30 e2fsck -fn "$disk"
start holder blockprobe hold "$disk" 600
refused 3 "$(cat holder.pid)" 32M
kill "$(cat holder.pid)"
finish holder 5 || :
must 20 mount "$disk" mnt
drop_caches
sums_of mnt/tree >sums.found
cmp sums sums.found || fail 'files differ'
must 20 umount mnt

say 'the file is as long as its disk'
must 20 refublk resize "$disk_id" 130M
stop_disk "$disk_id"
expect_eq 'the size of the file' $((130 * mib)) "$(stat -c %s image)"
start_disk file --path image
size_is $((130 * mib))
must 20 e2fsck -fn "$disk"

say 'a server that hangs up is no trap'
kill -9 "$(server_of "$disk_id")"
must_fail 20 refublk resize "$disk_id" 256M
must 30 refublk del "$disk_id"
expect_gone "$disk_id"
[ ! -e "/run/refublk/$disk_id.sock" ] || fail 'the socket stays'
