# limit: 60
# Each wrong call: exit 2, one line on stderr, nothing on stdout, nothing created.
truncate -s 1M disk.img
: >empty
wrong() {
    local rc=0
    "$@" >wrong.stdout 2>wrong.stderr || rc=$?
    expect_eq "exit status of '$*' ($(head -n 1 wrong.stderr))" 2 $rc
    expect_eq "lines on stderr of '$*'" 1 "$(wc -l <wrong.stderr)"
    expect_eq "bytes on stdout of '$*'" 0 "$(wc -c <wrong.stdout)"
    expect_eq "nodes after '$*'" '' "$(ls /dev/ublkb* /dev/ublkc* 2>/dev/null)"
    count=$((count + 1))
}
count=0
wrong refublk
wrong refublk nonsense
wrong refublk add
wrong refublk add nonsense --size 1M
wrong refublk add mem
wrong refublk add mem --size
wrong refublk add mem --size 0
wrong refublk add mem --size -1
wrong refublk add mem --size 1X
wrong refublk add mem --size 12345
wrong refublk add mem --size 99999999999999999999
wrong refublk add mem --size 1M --queues 0
wrong refublk add mem --size 1M --queues 4097
wrong refublk add mem --size 1M --depth 0
wrong refublk add mem --size 1M --depth 4097
wrong refublk add mem --size 1M --block-size 513
wrong refublk add mem --size 1M --block-size 8192
wrong refublk add mem --size 1M --max-io 1K
wrong refublk add mem --size 1M --max-io 64M
wrong refublk add mem --size 1M --id -2
wrong refublk add mem --size 1M --path "$work/disk.img"
wrong refublk add mem --size 1M extra
wrong refublk add mem --size 64M --depth 4096 --max-io 32M
wrong refublk add file
wrong refublk add file --path ''
wrong refublk add file --path "$work/missing"
wrong refublk add file --path "$work/empty"
wrong refublk add file --path /dev/null
wrong refublk add file --path "$work"
wrong refublk stop
wrong refublk stop abc
wrong refublk del
wrong refublk info
wrong refublk resize
wrong refublk resize 0
wrong refublk resize 0 1X
wrong refublk resize 0 0
wrong refublk upgrade
wrong refublk upgrade abc
wrong ublk-mem
wrong ublk-file
note "$count wrong calls"
