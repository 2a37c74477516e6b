# limit: 150
say '50 disks, one after the other'
i=0
while [ $i -lt 50 ]; do
    i=$((i + 1))
    # The daemon must not keep our pipe: then this would not return.
    disk=$(refublk add mem --size 4M --depth 16) || fail "add number $i fails"
    disk_id=$(device_of "$disk")
    refublk stop "$disk_id" || fail "stop number $i fails"
    expect_gone "$disk_id"
done
note "ids end at $disk_id"
# Ids are reused, so nothing of the 50 is held.
expect_at_most 'the last id' 5 "$disk_id"
