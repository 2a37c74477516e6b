# limit: 30
say 'a null disk with one tag'
start_disk null --size 16M --depth 1
expect_eq 'its size in sectors' 32768 "$(cat "/sys/block/ublkb$disk_id/size")"
say 'read and write it'
must 10 dd if="$disk" of=/dev/null bs=64k count=16 iflag=direct
must 10 dd if=/dev/zero of="$disk" bs=64k count=16 oflag=direct conv=notrunc
[ -e "/run/refublk/$disk_id.json" ] || fail "no state file /run/refublk/$disk_id.json"
say 'stop it'
stop_disk "$disk_id"
[ ! -e "/run/refublk/$disk_id.json" ] || fail 'the state file stays after stop'
