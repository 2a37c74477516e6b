# limit: 40
# The effect of what a queue thread sets for itself: it may not wait for its own device when memory is short, its
# memory is locked, it stays on its CPUs.
start_disk mem --size 8M --queues 2 --depth 64 --max-io 256K
pid=$(server_of "$disk_id")
flushers=0
: >cpus
for task in /proc/"$pid"/task/*; do
    flags=$(sed 's/.*) //' "$task/stat" | cut -d' ' -f7)
    # PF_MEMALLOC_NOIO and PF_LOCAL_THROTTLE
    [ $((flags & 0x180000)) = $((0x180000)) ] || continue
    flushers=$((flushers + 1))
    sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' "$task/status" >>cpus
done
expect_eq 'threads with the flags of an I/O flusher' 2 $flushers
expect_eq 'different sets of CPUs' "$([ "$(nproc)" -gt 1 ] && echo 2 || echo 1)" "$(sort -u cpus | wc -l)"
expect_at_least 'locked memory in kB' $((2 * 64 * 256)) "$(status_kb "$pid" VmLck)"
# Pinned without a CPU taken away: the disk's queues cover what is there.
note "CPUs: $(paste -sd' ' cpus), locked $(status_kb "$pid" VmLck) kB"
stop_disk "$disk_id"
