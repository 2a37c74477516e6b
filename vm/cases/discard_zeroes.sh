# limit: 90
# Discard and write-zeroes: the content, and the memory or the space that comes back.
mib=1048576

expect_zero() {
    expect_eq "$1: bytes that are not zero" 0 "$(run_limited 20 blockprobe count "$disk")"
}

# Everything outside [2 MiB, 4 MiB) keeps what it had.
expect_hole_only() {
    drop_caches
    cp random reference
    dd if=/dev/zero of=reference bs=1M seek=2 count=2 conv=notrunc status=none
    expect_eq "$1: content" "$(md5sum <reference)" "$(dd if="$disk" bs=1M iflag=direct status=none | md5sum)"
}

refill() {
    must 30 dd if=random of="$disk" bs=1M oflag=direct conv=notrunc
}

blocks_kb() {
    stat -c %b "$1" | awk '{ print int($1 / 2) }'
}

fill_file random 8M

say 'RAM disk'
start_disk mem --size 8M
pid=$(server_of "$disk_id")
empty_kb=$(status_kb "$pid" VmRSS)
refill
full_kb=$(status_kb "$pid" VmRSS)
expect_at_least 'memory after writing 8 MiB, in kB' $((empty_kb + 7500)) "$full_kb"
expect_eq 'discard of 2 MiB' ok "$(blockprobe discard "$disk" $((2 * mib)) $((2 * mib)))"
expect_hole_only 'discard'
expect_at_most 'memory after discarding 2 MiB, in kB' $((full_kb - 2000)) "$(status_kb "$pid" VmRSS)"
expect_eq 'zeroout of 2 MiB' ok "$(blockprobe zeroout "$disk" $((2 * mib)) $((2 * mib)))"
refill
expect_eq 'zeroout of 2 MiB' ok "$(blockprobe zeroout "$disk" $((2 * mib)) $((2 * mib)))"
expect_hole_only 'zeroout'
must 20 blkdiscard "$disk"
expect_zero 'blkdiscard of all'
expect_at_most 'memory after discarding all, in kB' $((empty_kb + 1000)) "$(status_kb "$pid" VmRSS)"
stop_disk "$disk_id"

# check_file NAME: the disk serves $image.
check_file() {
    local full_kb
    say "$1"
    refill
    must 20 sync "$image"
    full_kb=$(blocks_kb "$image")
    expect_eq 'zero range, may not unmap' ok "$(blockprobe zero "$disk" $((2 * mib)) $((2 * mib)))"
    expect_hole_only "$1: zero range"
    must 20 sync "$image"
    expect_at_least "$1: space after zero range, in kB" "$((full_kb - 64))" "$(blocks_kb "$image")"
    refill
    expect_eq 'punch' ok "$(blockprobe punch "$disk" $((2 * mib)) $((2 * mib)))"
    expect_hole_only "$1: punch"
    must 20 sync "$image"
    expect_at_most "$1: space after punching 2 MiB, in kB" "$((full_kb - 2000))" "$(blocks_kb "$image")"
    refill
    expect_eq 'discard' ok "$(blockprobe discard "$disk" $((2 * mib)) $((2 * mib)))"
    must 20 sync "$image"
    expect_at_most "$1: space after discarding 2 MiB, in kB" "$((full_kb - 2000))" "$(blocks_kb "$image")"
    must 20 blkdiscard -z "$disk"
    expect_zero "$1: blkdiscard -z"
    stop_disk "$disk_id"
}

backing_fs store ext4 32M
image=$work/store/disk.img
truncate -s 8M "$image"
start_disk file --path "$image"
check_file 'file on ext4, which has a zero range'
backing_gone store

image=$work/disk.img
truncate -s 8M "$image"
start_disk file --path "$image"
check_file 'file on tmpfs, which has none'

say 'without discard'
start_disk mem --size 8M --no-discard
expect_eq discard_max_bytes 0 "$(queue_value "$disk_id" discard_max_bytes)"
must_fail 20 blkdiscard "$disk"
refill
must 20 blkdiscard -z "$disk"
expect_zero 'zeroes without discard'
stop_disk "$disk_id"
