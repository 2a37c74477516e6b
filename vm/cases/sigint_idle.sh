# limit: 60
# The programs of the ancestors' names stay in the foreground; a signal ends them within 2 s.
fill_file disk.img 8M
before=$(md5sum <disk.img)
for signal in INT TERM HUP; do
    say "SIG$signal on an idle disk"
    start_server mem ublk-mem --size=16M
    kill -"$signal" "$server_pid"
    begin=$(uptime_seconds)
    finish mem 10 || fail "ublk-mem exits $? on SIG$signal"
    expect_at_most 'seconds to the end' 3 "$(($(uptime_seconds) - begin))"
    expect_gone "$disk_id"
    start_server file ublk-file --path="$work/disk.img"
    must 10 dd if="$disk" of=/dev/null bs=1M iflag=direct
    kill -"$signal" "$server_pid"
    finish file 10 || fail "ublk-file exits $? on SIG$signal"
    expect_gone "$disk_id"
done
expect_eq 'MD5 of the file' "$before" "$(md5sum <disk.img)"
