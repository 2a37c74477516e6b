# limit: 150
say '50 disks, one after the other'
i=0
while [ $i -lt 50 ]; do
    i=$((i + 1))
    start_disk mem --size 4M --depth 16
    stop_disk "$disk_id"
done
note "ids end at $disk_id"
# Ids are reused, so nothing of the 50 is held.
expect_at_most 'the last id' 5 "$disk_id"
