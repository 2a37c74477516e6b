# limit: 60
# The trace of real work, in both modes, with two queues and more tags than a client uses: lawful to the last line. A
# trace with a line too few or too many is not.
truncate -s 16M backing
for options in 'mem --size 16M' 'mem --size 16M --get-data' "file --path $work/backing" "file --path $work/backing --get-data"; do
    say "$options"
    rm -f border
    # shellcheck disable=SC2086 # words
    start_disk $options --queues 2 --depth 16 --trace "$work/border"
    must 20 dd if=/dev/urandom of="$disk" bs=64k count=64 oflag=direct conv=notrunc
    must 20 dd if="$disk" of=/dev/null bs=64k count=64 iflag=direct
    must 20 blkdiscard "$disk"
    stop_disk "$disk_id"
    must 20 refublk trace check border
    say "$(cat must.out)"
    grep -q ' 2 queues, 32 tags, ' must.out || fail "not the queues and tags that were asked for: $(cat must.out)"
    expect_at_least 'requests' 128 "$(sed 's/.* tags, \([0-9]*\) requests.*/\1/' must.out)"
done
for line in command completion descriptor; do
    number=$(grep -n " $line " border | sed -n '50{s/:.*//;p;}')
    sed "${number}d" border >short
    must_fail 20 refublk trace check short
    sed "${number}p" border >long
    must_fail 20 refublk trace check long
    say "$(cat must.out)"
done
