# limit: 900
# boot: own mem=4096
# Each workload on each server in turns; printed are medians of I/Os per second and the ratio to kublk's.
rounds=5 seconds=3

# measure DISK WORKLOAD: prints I/Os per second.
measure() {
    case $2 in
    read-4k) set -- "$1" randread 4k ;;
    write-4k) set -- "$1" randwrite 4k ;;
    read-128k) set -- "$1" read 128k ;;
    write-128k) set -- "$1" write 128k ;;
    esac
    run_limited 60 fio --name=bench --filename="$1" --rw="$2" --bs="$3" --direct=1 --ioengine=io_uring --iodepth=32 --size=256M \
        --time_based --runtime=$seconds --minimal | awk -F';' '{ print int($8 + $49) }'
}

median() {
    sort -n "$1" | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'
}

# kublk_disk OPTIONS…: sets disk and disk_id.
kublk_disk() {
    kublk add -q 1 -d 128 --no_auto_part_scan "$@" >kublk.out 2>&1
    disk_id=$(sed -n 's/^dev id \([0-9]*\):.*/\1/p' kublk.out)
    [ -n "$disk_id" ] || fail "kublk says: $(head -n 2 kublk.out)"
    disk=/dev/ublkb$disk_id
}

# compare WHAT OURS PEER KERNELS-OWN WORKLOAD…
compare() {
    local what=$1 ours=$2 peer=$3 own=$4 workload round
    shift 4
    for workload; do
        rm -f ours peer own
        for round in $(seq $rounds); do
            measure "$ours" "$workload" >>ours
            measure "$peer" "$workload" >>peer
            measure "$own" "$workload" >>own
        done
        printf '%-6s %-11s %9d %9d %9d  %5s\n' "$what" "$workload" "$(median ours)" "$(median peer)" "$(median own)" \
            "$(echo "$(median ours) $(median peer)" | awk '{ printf "%.2f", $1 / $2 }')"
    done
}

load_module null_blk
start_disk null --size 1G --depth 128
ours=$disk ours_id=$disk_id
kublk_disk -t null
peer_id=$disk_id
printf '%-6s %-11s %9s %9s %9s  %5s\n' server workload refublk kublk kernel ratio
compare null "$ours" "$disk" /dev/nullb0 read-4k write-4k read-128k
stop_disk "$ours_id"
kublk del -n "$peer_id" >/dev/null 2>&1

# A file each on one file system in RAM.
load_module brd "rd_nr=1 rd_size=1600000"
must 60 mkfs.ext4 -q /dev/ram0
mkdir below
must 20 mount /dev/ram0 below
for one in ours peer own; do must 60 dd if=/dev/zero of=below/$one bs=1M count=300 status=none; done
start_disk file --path "$work/below/ours" --depth 128
ours=$disk ours_id=$disk_id
kublk_disk -t loop "$work/below/peer"
peer_id=$disk_id
loop=$(losetup -f --show --direct-io=on below/own)
compare file "$ours" "$disk" "$loop" read-4k write-4k read-128k write-128k
stop_disk "$ours_id"
kublk del -n "$peer_id" >/dev/null 2>&1
losetup -d "$loop"
must 20 umount below
