# limit: 200
# boot: own
# What a flush or FUA has made durable survives a power cut: the disk below a file disk is recorded, and rebuilt as of 50
# moments of a run, each time without some of the writes that nobody had flushed. Servers that lie are caught.
load_module loop
load_module dm_log_writes
load_module ext4
export DM_DISABLE_UDEV=1
size=4M
sectors=8192

# Records what goes to the loop device below /dev/dm-N; sets recorded. The log is the file "log".
record() {
    truncate -s 0 below log
    truncate -s $size below
    truncate -s 96M log
    below_loop=$(losetup -f --show "$work/below")
    log_loop=$(losetup -f --show "$work/log")
    must 20 dmsetup create recorded --table "0 $sectors log-writes $below_loop $log_loop"
    recorded=/dev/dm-$(dmsetup info -c --noheadings -o minor recorded)
    wait_until 10 "$recorded" test -b "$recorded"
}

record_ends() {
    must 20 dmsetup remove recorded
    must 20 losetup -d "$below_loop"
    must 20 losetup -d "$log_loop"
    sync
}

# run_raw PROGRAM: writes, flushes and FUA on the disk itself.
run_raw() {
    record
    start_server server "$1" add file --path "$recorded" --queues 2 --max-io 64K --foreground
    checked "$disk" 60 --operations 250 --jobs 2 --depth 4 --max 32K --writes 60 --flushes 10 --fua 10 \
        --discards 0 --zeroes 0 --cache direct --no-seal --save "$work/run"
    stop_disk "$disk_id"
    finish server 10 || fail "the server exits $?"
    record_ends
}

# run_file PROGRAM: the same on a file in ext4 on the disk. There a FUA write is not followed by a flush, as it is on the
# disk itself. All blocks are written before, so that ext4 has no reason to flush.
run_file() {
    record
    start_server server "$1" add file --path "$recorded" --max-io 64K --foreground
    must 30 mkfs.ext4 -q -b 4096 -O ^has_journal "$disk"
    mkdir -p mnt
    must 20 mount "$disk" mnt
    must 20 dd if=/dev/zero of=mnt/file bs=64k count=16 oflag=direct
    sync
    checked mnt/file 60 --operations 250 --jobs 2 --depth 4 --block 4096 --max 16K --writes 80 --flushes 1 --fua 30 \
        --discards 0 --zeroes 0 --cache direct --no-seal --save "$work/run"
    must 20 umount mnt
    stop_disk "$disk_id"
    finish server 10 || fail "the server exits $?"
    record_ends
}

# cut PROMISED-EXIT: cuts the recorded run in 50 places.
cut() {
    rc=0
    run_limited 30 powercut --cuts 50 --seed 1 run log >cuts || rc=$?
    sed 's/^/  | /' cuts
    expect_eq 'exit status of powercut' "$1" "$rc"
}

say 'the disk itself'
run_raw refublk
cut 0
say 'a file in ext4 on the disk'
run_file refublk
cut 0
note "$(grep -o '[0-9]* sectors had to survive.*' cuts)"

for fault in flush-never flush-early; do
    say "a server that lies: $fault"
    export REFUBLK_TEST_FILE=$fault
    run_raw refublk-faults
    cut 1
done
say 'a server that lies: fua-dropped'
export REFUBLK_TEST_FILE=fua-dropped
run_file refublk-faults
cut 1
