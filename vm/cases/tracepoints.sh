# limit: 90
# The kernel's own account of the same work: its tracepoints, recorded while a server records its trace, say the same one
# to one. Each command and io: submitted, completed with this result. Each descriptor: a request of the block layer with
# this op, sector and length; each commit: its end, with this error.
events=/sys/kernel/tracing
mountpoint=$(awk '$3 == "tracefs" { print $2; exit }' /proc/mounts)
[ -n "$mountpoint" ] || must 10 mount -t tracefs tracefs $events
points='io_uring/io_uring_submit_req io_uring/io_uring_complete block/block_rq_issue block/block_rq_complete'
for point in $points; do
    [ -d "$events/events/$point" ] || fail "this kernel has no tracepoint $point"
done

# What the trace says. A WRITE whose data was asked for has two descriptors: the one after the completion with 0 counts.
cat >ours.awk <<'AWK'
function number(bytes,    value, at) { # little-endian hex
    for (at = length(bytes) - 1; at > 0; at -= 2)
        value = value * 256 + (index(digits, substr(bytes, at, 1)) - 1) * 16 + index(digits, substr(bytes, at + 1, 1)) - 1
    return value
}
function name(user) { sub(/^0+/, "", user); return user }
BEGIN { digits = "0123456789abcdef"; split("R W F D", ops) }
$5 !~ /^000[12]/ && ($4 == "command" || $4 == "io" || $4 == "completion") { next }
$4 == "command" || $4 == "io" { print "submit", $2, name($5) }
$4 == "completion" { print "complete", $2, name($5), $6; answer[$2] = $6 }
$4 == "descriptor" && answer[$2] == 0 {
    op = ops[number(substr($6, 1, 2)) + 1]
    request[$2, $5] = op == "F" ? "F 0 0" : op " " number(substr($6, 17, 16)) " " number(substr($6, 9, 8))
    print "issue", request[$2, $5]
}
$4 == "command" && $6 == "c0107521" {
    tag = number(substr($7, 5, 4))
    result = number(substr($7, 9, 8))
    if (request[$2, tag] !~ /^F/) print "end", request[$2, tag], result < 2147483648 ? 0 : result - 4294967296
}
AWK

# What the kernel says: of the rings of these threads, and of this disk. The block layer ends the FLUSH that a client sent
# apart from the one that it issued, and a client's may be a WRITE of nothing: their ends stand for nothing.
cat >theirs.awk <<'AWK'
FNR == NR { if ($4 == "refublk-trace") queue_of[$3] = $2; next }
function field(key,    text) { text = $0; sub(".*" key " ", "", text); sub(/[ ,].*/, "", text); return text }
function op(words) { return words ~ /^FF/ || words == "F" ? "F" : words ~ /^F/ ? substr(words, 2, 1) : substr(words, 1, 1) }
/ io_uring_submit_req: / {
    task = $0; sub(/ +\[.*/, "", task); sub(/.*-/, "", task)
    if (task in queue_of) ring[field("ring")] = queue_of[task]
}
/ io_uring_(submit_req|complete): / && field("ring") in ring && field("user_data") ~ /^0x[12].............*$/ {
    user = substr(field("user_data"), 3)
    if (length(user) == 13) print / io_uring_submit_req: / ? "submit " ring[field("ring")] " " user : \
        "complete " ring[field("ring")] " " user " " field("result")
}
/ block_rq_(issue|complete): / {
    text = $0; sub(/.*: block_rq_[a-z]*: /, "", text); split(text, word, " ")
    if (word[1] != disk) next
    kind = op(word[2])
    if (/ block_rq_issue: /) print "issue", kind == "F" ? "F 0 0" : kind " " word[5] " " word[7]
    else if (kind != "F" && word[6] > 0) { error = word[8]; gsub(/[][]/, "", error); print "end", kind, word[4], word[6], error }
}
AWK

# compare TRACE: its account and the kernel's in the file theirs, as sorted lines; their difference in the file differences.
compare() {
    awk -f ours.awk "$1" | sort >ours
    diff ours theirs >differences
}

switch() {
    local point
    for point in $points; do echo "$1" >"$events/events/$point/enable"; done
}

echo 16384 >$events/buffer_size_kb
truncate -s 8M backing
for options in 'mem --size 8M --get-data' 'mem --size 8M' "file --path $work/backing --get-data" "file --path $work/backing"; do
    say "$options"
    rm -f border
    echo >$events/trace
    switch 1
    # shellcheck disable=SC2086 # words
    start_disk $options --queues 2 --depth 8 --trace "$work/border"
    numbers=$(tr : , <"/sys/block/ublkb$disk_id/dev")
    checked "$disk" 40 --cache direct --operations 60 --pattern scattered --max 512K --discards 0 --zeroes 0 --fua 0
    must 20 blkdiscard -o 1M -l 1M "$disk"
    must 20 dd if=/dev/zero of="$disk" bs=64k count=4 conv=notrunc,fsync
    stop_disk "$disk_id"
    switch 0
    cat $events/trace >events
    expect_eq 'events that the kernel lost' 0 "$(sed -n 's/^overrun: //p' $events/per_cpu/cpu*/stats | awk '{ n += $1 } END { print n + 0 }')"
    awk -v disk="$numbers" -f theirs.awk border events >theirs.unsorted
    sort theirs.unsorted >theirs
    compare border || fail "$options: $(wc -l <differences) differences: $(sed -n '2,4p' differences | tr '\n' ' ')"
    for word in submit complete issue end; do
        expect_at_least "$word" 40 "$(grep -c "^$word " ours)"
    done
    must 20 refublk trace check border
    say "$(wc -l <ours) words of both agree"
done
note "$(wc -l <ours) words agree in the last of four"
say 'the comparison notices'
while read -r pattern edit; do
    at=$(grep -n "$pattern" border | sed -n '20{s/:.*//;p;}')
    sed "$at$edit" border >doctored
    ! cmp -s border doctored || fail "$edit changes nothing in line $at"
    if compare doctored; then fail "the accounts agree after $edit in line $at"; fi
done <<'CHANGES'
completion.0001.*.0$ s/0$/-5/
completion.0001 d
completion.0002 p
command.*.c0107521 d
command.*.c0107521 s/[0-9a-f]\{24\}$/fbffffff0000000000000000/
descriptor.[0-9]*.0[01] s/\(descriptor [0-9]* .\{16\}\)../\1ff/
descriptor.[0-9]*.0[01] s/\(descriptor [0-9]* .\{8\}\)../\1ff/
descriptor.[0-9]*.0[01] s/\(descriptor [0-9]* \)../\107/
CHANGES
[ -n "$mountpoint" ] || umount $events
