# What a case must leave, for guest-cases: no ublk node it made, no process of its own, no complaint of the kernel.
# shellcheck shell=sh

name_pids() {
    local pid
    for pid; do
        printf '%s(%s) ' "$(cat "/proc/$pid/comm" 2>/dev/null)" "$pid"
    done
}

# The kernel's lines since the case's mark that no healthy run has. A warning that is allowed goes with its trace.
kernel_complaints() {
    local allowed='' traces=''
    [ ! -s "$work/allowed" ] || { allowed=$(cat "$work/allowed"); traces='Call Trace'; }
    dmesg | awk -v mark="$1" -v allowed="$allowed" -v traces="$traces" '
        index($0, mark) { seen = 1; next }
        allowed != "" && index($0, "WARNING:") && index($0, allowed) { next }
        traces != "" && index($0, traces) { next }
        seen' |
        grep -E 'BUG:|Oops|WARNING:|blocked for more than|general protection fault|refcount_t:|Call Trace' | head -n 1
}

# The check at each case's end: prints what is left of it, nothing when all is clean.
left_behind() {
    local nodes pids complaint mounts name=${1##* } end
    end=$(($(uptime_seconds) + 2))
    while :; do
        nodes=$(ublk_nodes | grep -vxF "$nodes_before")
        pids=$(pids_of_case "$nonce-$name")
        # What was told to go may still be on its way out.
        [ -n "$nodes$pids" ] && [ "$(uptime_seconds)" -lt $end ] || break
        sleep 0.1
    done
    mounts=$(awk -v folder="$work/" 'index($2, folder) == 1 { print $2 }' /proc/mounts)
    complaint=$(kernel_complaints "$1")
    [ -z "$mounts" ] || printf 'mount %s ' $mounts
    [ -z "$nodes" ] || printf 'node %s ' $nodes
    [ -z "$pids" ] || printf 'process %s' "$(name_pids $pids)"
    [ -z "$complaint" ] || printf 'kernel says %s' "$complaint"
}

# Prints what is wrong with a trace of case $1; nothing when all are lawful. That of a killed server may stop anywhere.
unlawful_trace() {
    local file option=
    ! grep -q 'kill -9' "$job/cases/$1.sh" || option=--unfinished
    for file in "$work"/traces/*; do
        # shellcheck disable=SC2086 # none or one
        [ ! -e "$file" ] || refublk trace check "$file" $option >"$work/verdict" 2>&1 || tail -n 1 "$work/verdict"
    done | head -n 1
}

# Is nothing of case $1 there that could disturb the next one?
is_clean() {
    [ -z "$(ublk_nodes | grep -vxF "$nodes_before")$(pids_of_case "$1")" ]
}

# Ends what a failed case left: servers first, because a client in I/O can't be ended before its server.
clean_after_failure() {
    local pid tries=0 node
    for node in $(ublk_nodes | grep -vxF "$nodes_before" | grep ublkc); do
        pid=$(sh -c '. "$0/guest.sh"; work=/tmp server_of "$1"' "$job" "${node#/dev/ublkc}" 2>/dev/null) &&
            kill -9 "$pid" 2>/dev/null
    done
    while [ $tries -lt 50 ]; do
        [ $tries != 1 ] || unmount_all "$1"
        [ $tries != 2 ] || ( refublk del --all --force >/dev/null 2>&1 & )
        pid=$(pids_of_case "$1")
        [ -z "$pid" ] || [ $((tries % 10)) != 3 ] || kill -9 $pid 2>/dev/null
        ! is_clean "$1" || return 0
        tries=$((tries + 1))
        sleep 0.2
    done
}

# Mounts of a case live in its work folder. A lazy unmount does not wait for the dead.
unmount_all() {
    local target
    grep " $work/" /proc/mounts | while read -r _ target _; do
        umount -l "$target" 2>/dev/null &
    done
}

show_task() {
    echo "task $1 ($(cat "/proc/$1/comm" 2>/dev/null)): $(sed -n 's/^State:[[:space:]]*//p' "/proc/$1/status" 2>/dev/null)"
    cat "/proc/$1/stack" 2>/dev/null
}

show_stuck_tasks() {
    local pid
    echo "---- what case ${1#*-} left running"
    for pid in $(pids_of_case "$1"); do
        show_task "$pid"
    done
    echo "---- the kernel's last lines"
    dmesg | tail -n 15
}
