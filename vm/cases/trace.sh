# limit: 60
# The trace of real work, in both modes, held against what may cross the border: no line lost, one command per tag at a
# time, every completion answers a submission, every request is committed exactly once before its tag ends.
cat >check.awk <<'CHECK'
function bad(why) { if (!faults++) print why ": line " NR ": " $0 }
$1 != expected[$2] + 0 { bad("not the next of its queue") }
{ expected[$2] = $1 + 1; count[$4]++ }
$4 == "lost" { bad("lost lines") }
$4 == "command" || $4 == "io" {
    place = $2 " " substr($5, 13)
    if (place in under_way) bad("a second submission of a tag")
    under_way[place] = $5
}
$4 == "command" && $6 == "c0107521" {
    if (!open[place]) bad("a commit of what is not open")
    open[place] = 0
}
$4 == "completion" && $5 !~ /^0003/ {
    place = $2 " " substr($5, 13)
    if (under_way[place] != $5) bad("a completion of nothing")
    delete under_way[place]
    if ($5 ~ /^0001/ && ($6 == 0 || $6 == 1)) open[place] = 1
    if ($5 ~ /^0001/ && $6 == -19) retired++
}
END {
    for (place in open) if (open[place]) bad("a request without a commit in tag " place)
    if (retired != tags) bad(retired + 0 " tags ended, not " tags)
    if (!count["call"] || !count["descriptor"]) bad("no requests")
    printf "%d requests, %d commands, %d ios\n", count["call"], count["command"], count["io"]
    exit faults != 0
}
CHECK
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
    expect_eq 'headers' 2 "$(grep -c '^0 [01] [0-9]* refublk-trace 1 depth=16 stride=24 device=16777216 ' border)"
    awk -v tags=32 -f check.awk border >verdict || fail "$options: $(cat verdict)"
    say "$(cat verdict)"
done
say 'the check notices a missing and a repeated line'
for line in command completion descriptor; do
    number=$(grep -n " $line " border | sed -n '50{s/:.*//;p;}')
    if sed "${number}d" border | awk -v tags=32 -f check.awk >verdict; then fail "a trace without its line $number passes"; fi
    if sed "${number}p" border | awk -v tags=32 -f check.awk >verdict; then fail "a trace with its line $number twice passes"; fi
done
awk '!found && / c0107521 / { found = 1; queue = $2; next } found && queue == $2 { $1 = $1 - 1 } { print }' \
    border >renumbered
if awk -v tags=32 -f check.awk renumbered >verdict; then fail 'a trace without one of its commits passes'; fi
say "$(head -n 1 verdict)"
