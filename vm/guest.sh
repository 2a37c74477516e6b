# Functions that cases use. Sourced by sh (dash); runs in a guest or, with KERNEL=host, on the running system.
#
# A case runs with set -eu in an empty folder $work. It ends with exit 0 when all is as it should be; fail says why not.
# What must be gone then is in leave.sh.

# ---- saying and judging

# Says what the case does, for the reader of its output.
say() {
    echo "$*"
    echo "$*" >>"$work/said"
}

# Adds a remark to the result line of a case that passes.
note() {
    echo "$*" >>"$work/note"
}

fail() {
    echo "FAILED: $*"
    # The first reason is the one to report: what follows may be its consequence.
    [ -s "$work/failure" ] || echo "$*" >"$work/failure"
    exit 1
}

expect_eq() {
    [ "$2" = "$3" ] || fail "$1: expected '$2', got '$3'"
}

expect_at_least() {
    [ "$3" -ge "$2" ] || fail "$1: expected at least $2, got $3"
}

expect_at_most() {
    [ "$3" -le "$2" ] || fail "$1: expected at most $2, got $3"
}

# ---- waiting, always with a limit

uptime_seconds() {
    local up
    read -r up _ </proc/uptime
    echo "${up%.*}"
}

uptime_tenths() {
    local up
    read -r up _ </proc/uptime
    up=${up%?}
    echo "${up%.*}${up#*.}"
}

# wait_until SECONDS 'what' command…: polls the command until it succeeds.
wait_until() {
    local end what
    end=$(($(uptime_seconds) + $1))
    what=$2
    shift 2
    until "$@"; do
        [ "$(uptime_seconds)" -le "$end" ] || fail "waited in vain for: $what"
        sleep 0.1
    done
}

# Starts a command in the background; finish waits for it. A client of a dead server sleeps uninterruptibly, which
# neither timeout nor kill can end: hence never in the foreground.
# start NAME command…: output in $work/NAME.out, exit status in $work/NAME.rc, pid in $work/NAME.pid.
start() {
    local name=$1
    shift
    rm -f "$work/$name.rc" "$work/$name.pid"
    (
        # Neither the shell's trace nor its own exit belongs to the command.
        { set +ex; } 2>/dev/null
        "$@" &
        echo $! >"$work/$name.pid"
        wait $!
        echo $? >"$work/$name.rc.new"
        mv "$work/$name.rc.new" "$work/$name.rc"
    ) >"$work/$name.out" 2>&1 &
    while [ ! -s "$work/$name.pid" ]; do sleep 0.02; done
}

# finish NAME SECONDS: waits for the end of what start began; returns its exit status.
finish() {
    local end
    end=$(($(uptime_seconds) + $2))
    while [ ! -e "$work/$1.rc" ]; do
        if [ "$(uptime_seconds)" -gt "$end" ]; then
            show_task "$(cat "$work/$1.pid")"
            fail "'$1' did not end within $2 s"
        fi
        sleep 0.05
    done
    return "$(cat "$work/$1.rc")"
}

# run_limited SECONDS command…: runs the command to its end, prints its output, returns its exit status.
run_limited() {
    local seconds=$1 rc=0
    shift
    start limited "$@"
    finish limited "$seconds" || rc=$?
    cat "$work/limited.out"
    return $rc
}

# must SECONDS command…: like run_limited, but silent on success, and the case fails when the command does.
must() {
    local seconds=$1 rc=0
    shift
    start must "$@"
    finish must "$seconds" || rc=$?
    [ $rc = 0 ] || fail "'$*' exits $rc: $(tail -n 2 "$work/must.out" | tr '\n' ' ')"
}

# must_fail SECONDS command…: the command has to end with an error; its output stays in $work/must.out.
must_fail() {
    local seconds=$1 rc=0
    shift
    start must "$@"
    finish must "$seconds" || rc=$?
    [ $rc != 0 ] || fail "'$*' succeeds, but should not"
}

# ---- disks

# trace_for COMMAND…: sets trace to the words that make a server record what it says to the kernel; guest-cases checks
# each trace after the case. None where the command has its own, where the program is not ours, and after `traces=no`.
trace_for() {
    trace=
    case "${traces:-yes} $*" in
    no* | *--trace*) return 0 ;;
    "yes refublk add "* | "yes ublk-mem "* | "yes ublk-file "*) ;;
    *) return 0 ;;
    esac
    mkdir -p "$work/traces"
    trace="--trace $work/traces/$(ls "$work/traces" | wc -l)"
}

# start_disk mem --size 64M …: calls refublk add; sets disk to the node it printed and disk_id to its number.
start_disk() {
    local rc=0
    trace_for refublk add "$@"
    # shellcheck disable=SC2086 # words
    start add sh -c '"$@" 2>"$0"' "$work/add.err" refublk add "$@" $trace
    finish add "${add_limit:-40}" || rc=$?
    [ $rc = 0 ] || fail "refublk add $*: exits $rc: $(tail -n 2 "$work/add.err" | tr '\n' ' ')"
    disk=$(cat "$work/add.out")
    disk_id=$(device_of "$disk")
}

# start_server NAME command…: starts a server that stays in the foreground; sets disk, disk_id and server_pid.
start_server() {
    local name=$1
    shift
    trace_for "$@"
    # shellcheck disable=SC2086 # words
    start "$name" blockprobe run "$@" $trace
    wait_until 40 "'$*' prints its device" has_spoken "$name"
    disk=$(sed -n '/^\/dev\/ublkb/{p;q;}' "$work/$name.out")
    [ -n "$disk" ] || fail "$name: no device: $(tail -n 2 "$work/$name.out" | tr '\n' ' ')"
    disk_id=$(device_of "$disk")
    server_pid=$(cat "$work/$name.pid")
}

# Has the server that start named $1 printed its device, or ended?
has_spoken() {
    grep -q ^/dev/ublkb "$work/$1.out" || [ -e "$work/$1.rc" ]
}

# Prints the id of a ublk node. A node that is missing becomes a regular file as soon as something writes to it, and
# then passes every test: so it has to be a block device.
device_of() {
    case $1 in
    /dev/ublkb[0-9]*) ;;
    *) fail "not the path of a ublk disk: '$1'" ;;
    esac
    [ -b "$1" ] || fail "$1 is not a block device"
    echo "${1#/dev/ublkb}"
}

# stop_disk ID: asks for the end and sees that the nodes go.
stop_disk() {
    must 30 refublk stop "$1"
    expect_gone "$1"
}

# The nodes' removal from devtmpfs follows the command's answer.
expect_gone() {
    wait_until 5 "/dev/ublkb$1 and /dev/ublkc$1 are gone" has_no_node "$1"
}

has_no_node() {
    [ ! -e "/dev/ublkb$1" ] && [ ! -e "/dev/ublkc$1" ]
}

# Prints the pid of the process that has /dev/ublkcID open; in a mount namespace of its own the path may be shortened.
server_of() {
    ls -l /proc/[0-9]*/fd 2>/dev/null | awk -v node="ublkc$1" '
        /^\/proc\// { split($0, part, "/"); pid = part[3] }
        / -> / { path = $NF; sub(/.*\//, "", path); if (path == node) { print pid; exit } }' | grep . ||
        fail "no process holds /dev/ublkc$1"
}

# Has disk $1 served a read or a write since it came up? The partition scan alone reads a few.
has_io() {
    awk '{ exit !($1 + $5 > 50) }' "/sys/block/ublkb$1/stat"
}

# queue_value ID NAME: prints /sys/block/ublkbID/queue/NAME.
queue_value() {
    cat "/sys/block/ublkb$1/queue/$2"
}

# Prints the total of a field like VmRSS in kB of /proc/PID/status.
status_kb() {
    awk -v field="$2:" '$1 == field { print $2 }' "/proc/$1/status"
}

# backing_fs NAME TYPE SIZE: a file system in an image, mounted at $work/NAME. backing_gone NAME ends it.
backing_fs() {
    load_module loop
    load_module "$2"
    mkdir -p "$work/$1"
    truncate -s "$3" "$work/$1.img"
    must 60 "mkfs.$2" -q "$work/$1.img"
    must 20 mount -o loop "$work/$1.img" "$work/$1"
}

backing_gone() {
    must 20 umount "$work/$1"
    rm -f "$work/$1.img"
}

# make_tree FOLDER: a tree of real programs, many small files, an empty one, a deep path and a link; some 9 MB.
make_tree() {
    local i
    mkdir -p "$1/programs" "$1/small" "$1/a/b/c/d/e/f"
    find "$job/" /usr/sbin /usr/bin -type f -size -600k 2>/dev/null | sort | head -n 40 | while read -r i; do
        cp "$i" "$1/programs/"
    done
    dd if=/dev/urandom of="$1/random" bs=64k count=40 status=none
    split -b 8192 -a 3 "$1/random" "$1/small/part-"
    : >"$1/a/b/c/empty"
    echo 'the end of a long path' >"$1/a/b/c/d/e/f/file"
    ln -s ../random "$1/a/link"
}

# Prints a line with checksum and name per file of a tree.
sums_of() {
    (cd "$1" && find . -type f | sort | xargs md5sum)
}

# fill_file FILE SIZE: random content, so that no block looks like another or like a hole.
fill_file() {
    head -c "$2" /dev/urandom >"$1"
}

# checked DISK SECONDS OPTION…: blkshadow works on the disk, or verifies what a run has left there; any finding fails the
# case. What it says stays in $work/shadow.out. check_begins NAME DISK OPTION… starts it beside something else, and
# check_ends NAME SECONDS judges it.
checked() {
    local disk=$1 seconds=$2
    shift 2
    check_begins shadow "$disk" "$@"
    check_ends shadow "$seconds"
}

check_begins() {
    local name=$1 disk=$2
    shift 2
    start "$name" blkshadow --quiet --shrink-seconds 10 --discard-reads zero --output "$work/$name" "$@" "$disk"
}

check_ends() {
    local rc=0
    finish "$1" "$2" || rc=$?
    sed 's/^/  | /' "$work/$1.out"
    [ $rc = 0 ] || fail "blkshadow exits $rc: $(grep -E 'CORRUPTION|THE DEVICE' "$work/$1.out" | head -n 1)"
}

drop_caches() {
    sync
    echo 3 >/proc/sys/vm/drop_caches
}

# Prints the MD5 of a disk or file as it is below the page cache.
md5_of() {
    dd if="$1" iflag=direct bs=1M status=none 2>/dev/null | md5sum | cut -d' ' -f1
}

# ---- what belongs to a case, and its end

ublk_nodes() {
    ls -d /dev/ublkb* /dev/ublkc* 2>/dev/null | grep -v /dev/ublk-control | sort
}

# Prints the pids of the processes that case $1 started, daemons included: the variable goes with the environment,
# and a server is recognised by its program.
pids_of_case() {
    {
        grep -ls "REFUBLK_CASE=$1" /proc/[0-9]*/environ
        ls -l /proc/[0-9]*/exe 2>/dev/null | awk -v programs="$job/bin/" 'index($NF, programs) == 1 { print $(NF - 2) }'
    } | cut -d/ -f3 | sort -un
}

# allow_warning KERNEL TEXT: this kernel is known to print a WARNING with this text here, and it is no fault of ours.
allow_warning() {
    case $(uname -r) in
    "$1".*) echo "$2" >"$work/allowed" ;;
    esac
}

# ---- the guest

# load_module NAME: in the order that its dependencies want; absent modules are built in or not needed.
load_module() {
    local module
    if [ -e /modules/order ]; then
        for module in $(sed -n "s/^$1: //p" /modules/order); do
            [ -d "/sys/module/$module" ] || insmod "/modules/$module.ko" ${2:-} || return 1
        done
    else
        modprobe "$1" ${2:-}
    fi
}
