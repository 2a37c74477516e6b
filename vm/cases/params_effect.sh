# limit: 60
# What was asked for is what the kernel made of it.
expect_queue() {
    expect_eq "$1" "$2" "$(queue_value "$disk_id" "$1")"
}

say 'RAM disk with all options'
start_disk mem --size 16M --queues 2 --depth 32 --block-size 4096 --max-io 256K
expect_queue logical_block_size 4096
expect_queue max_hw_sectors_kb 256
expect_eq 'size in sectors' 32768 "$(cat "/sys/block/ublkb$disk_id/size")"
expect_eq 'queues' 2 "$(ls "/sys/block/ublkb$disk_id/mq" | wc -l)"
expect_eq 'tags of queue 0' 32 "$(cat "/sys/block/ublkb$disk_id/mq/0/nr_tags")"
expect_eq ro 0 "$(cat "/sys/block/ublkb$disk_id/ro")"
[ "$(queue_value "$disk_id" discard_max_bytes)" -gt 0 ] || fail 'no discard'
[ "$(queue_value "$disk_id" write_zeroes_max_bytes)" -gt 0 ] || fail 'no write-zeroes'
stop_disk "$disk_id"

say 'RAM disk with few options'
start_disk mem --size 1M --id 7 --no-discard
expect_eq 'number' 7 "$disk_id"
expect_queue logical_block_size 512
expect_queue discard_max_bytes 0
expect_queue write_zeroes_max_bytes 0
expect_queue write_cache 'write through'
stop_disk 7

say 'file disk'
truncate -s 3M disk.img
start_disk file --path "$work/disk.img"
expect_queue write_cache 'write back'
expect_queue fua 1
expect_eq 'size in sectors' 6144 "$(cat "/sys/block/ublkb$disk_id/size")"
must 10 refublk info "$disk_id" --json
grep -q '^{' must.out || fail "info --json prints: $(head -n 1 must.out)"
stop_disk "$disk_id"
