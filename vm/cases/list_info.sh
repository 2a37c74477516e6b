# limit: 60
# The commands that only look.
must 10 refublk --version
grep -qE '^refublk [0-9]+\.[0-9]+' must.out || fail "--version prints $(cat must.out)"
must 10 refublk features
must 10 refublk doctor
must 10 refublk list
must 10 refublk list --json
start_disk mem --size 4M
must 10 refublk list
grep -q "ublkb$disk_id" must.out || fail "list does not show the disk: $(cat must.out)"
must 10 refublk list --json
grep -q "ublkb$disk_id" must.out || fail "list --json does not show the disk: $(cat must.out)"
must 10 refublk info "$disk_id"
must 10 refublk info "$disk"
expect_eq 'mode of the state file' 600 "$(stat -c %a "/run/refublk/$disk_id.json")"
must_fail 10 refublk info 4711
must_fail 10 refublk del 4711
stop_disk "$disk_id"
say 'a state file that lies is not believed'
mkdir -p /run/refublk
echo '{ "version": 1, "id": 4711 }' >/run/refublk/4711.json
must 10 refublk list
must 10 refublk del --all
rm -f /run/refublk/4711.json
