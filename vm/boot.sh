# Starts a guest, follows its results, and judges boots that end without them. Sourced by vm/run.

boot_limit=90
machine_pid=
accel_options=

# Whether guests start under KVM on this machine. The device node alone proves nothing: a guest is tried once and the
# answer kept.
choose_accelerator() {
    local answer_file
    [ -z "$accel_options" ] || return 0
    accel_options='-accel tcg,thread=multi -cpu max'
    [ -w /dev/kvm ] || return 0
    answer_file=$cache_dir/kvm-$( { cat /etc/machine-id 2>/dev/null || hostname; uname -rv; qemu-system-x86_64 --version; } |
        sha256sum | cut -c1-16)
    [ -s "$answer_file" ] || try_kvm "$answer_file"
    [ "$(cat "$answer_file")" != yes ] || accel_options='-accel kvm -cpu host'
}

try_kvm() {
    local console
    console=$(mktemp "$build_dir/.kvm-XXXXXX")
    echo "trying whether guests start under KVM" >&2
    # The outer shell keeps the report of a QEMU that aborts to itself.
    bash -c 'timeout -k 1 20 "$@"; true' kvm qemu-system-x86_64 -accel kvm -cpu host -smp 2 -m 1024 -nodefaults \
        -display none -no-reboot -serial "file:$console" -kernel "$kernel_dir/vmlinuz" \
        -append 'console=ttyS0 panic=-1' </dev/null >/dev/null 2>&1
    # Without a root file system a kernel that works ends with this panic.
    if grep -q 'Unable to mount root' "$console"; then echo yes >"$1.new"; else echo no >"$1.new"; fi
    mv "$1.new" "$1"
    rm -f "$console"
}

prepare_guest() {
    need_tool qemu-system-x86_64 qemu-system-x86
    need_tool cpio cpio
    kernel_dir=$("$vm_dir/fetch" "$kernel")
    choose_accelerator
    base_archive "$kernel_dir"
}

prepare_host() {
    [ "$(id -u)" = 0 ] || die "KERNEL=host needs root"
    [ -e /dev/ublk-control ] || modprobe ublk_drv 2>/dev/null || die "this system has no ublk (modprobe ublk_drv fails)"
}

# start_guest OPTIONS CASE…: starts QEMU with its result port as file descriptor $result_fd.
start_guest() {
    local smp=2 mem=2048 option accel
    for option in $1; do
        case $option in
        smp=*) smp=${option#smp=} ;;
        mem=*) mem=${option#mem=} ;;
        shared | own | case=*) ;;
        *) die "unknown boot option '$option'" ;;
        esac
    done
    shift
    # Many emulated CPUs on few real ones boot sooner in one thread, and then never trip over patched code.
    accel=$accel_options
    [ "$smp" -le 4 ] || accel=${accel_options/thread=multi/thread=single}
    boots=$((boots + 1))
    console=$logs_dir/boot-$boots.console
    rm -f "$console"
    job_archive "$cases_dir" "$@"
    cat "$base" "$job_file" >"$build_dir/initrd-$$.cpio"
    exec {result_fd}< <(exec setpriv --pdeathsig KILL qemu-system-x86_64 $accel -smp "$smp" -m "$mem" \
        -nodefaults -display none -no-reboot -serial "file:$console" -serial stdio \
        -kernel "$kernel_dir/vmlinuz" -initrd "$build_dir/initrd-$$.cpio" \
        -append "console=ttyS0 loglevel=4 panic=-1 oops=panic printk.devkmsg=on ${trace:+REFUBLK_TRACE=1} ${deep:+REFUBLK_DEEP=1}" \
        </dev/null 2>"$console.qemu")
    machine_pid=$!
}

# The same job on the running system, in a private folder.
start_host() {
    shift
    host_dir=$(mktemp -d /tmp/refublk-vm-XXXXXX)
    boots=$((boots + 1))
    console=/dev/null
    fill_job "$host_dir/job" "$cases_dir" "$@"
    exec {result_fd}< <(export REFUBLK_SCRATCH="$host_dir/cases" REFUBLK_TRACE="$trace" REFUBLK_DEEP="$deep" PATH="$host_dir/job/bin:$PATH"
        exec sh "$host_dir/job/guest-cases" "$host_dir/job" </dev/null 2>&1)
    machine_pid=$!
}

end_machine() {
    [ -z "$machine_pid" ] || [ "$kernel" != host ] || { kill -TERM "$machine_pid" 2>/dev/null && wait_for_machine; } || :
    [ -z "$machine_pid" ] || kill -9 "$machine_pid" 2>/dev/null || :
    [ -z "$machine_pid" ] || wait "$machine_pid" 2>/dev/null || :
    machine_pid=
    rm -f "$build_dir/initrd-$$.cpio" "$build_dir/job-$$.cpio"
    [ -z "${host_dir:-}" ] || rm -rf "$host_dir"
}

# next_line DEADLINE: sets line. Returns 1 at the end of the stream, 2 when the deadline passes first.
next_line() {
    local part rc
    line=
    while :; do
        rc=0
        IFS= read -r -t 1 -u "$result_fd" part || rc=$?
        line=$line$part
        [ $rc -ne 0 ] || { line=${line%$'\r'}; return 0; }
        [ $rc -gt 128 ] || return 1
        [ $SECONDS -lt "$1" ] || return 2
    done
}

# follow_machine: reads the results of one boot. Sets outcome (done, dirty, ended, hung) and current (the case that
# had begun and not ended).
follow_machine() {
    local deadline=$((SECONDS + boot_limit)) rc word rest name verdict seconds message
    current=
    outcome=
    while [ -z "$outcome" ]; do
        rc=0
        next_line $deadline || rc=$?
        case $rc in
        1) outcome=ended; break ;;
        2) outcome=hung; break ;;
        esac
        case $line in
        "@$nonce "*) ;;
        *)
            [ -z "$current" ] || printf '%s\n' "$line" >>"$logs_dir/$current.log"
            [ $live = no ] || printf '%s\n' "$line"
            continue
            ;;
        esac
        read -r _ word rest <<<"$line"
        case $word in
        ready) deadline=$((SECONDS + 30)) ;;
        begin)
            current=$rest
            case_begin=$SECONDS
            : >"$logs_dir/$current.log"
            deadline=$((SECONDS + $(case_header "$current" limit 60) + 45))
            ;;
        end)
            read -r name verdict seconds message <<<"$rest"
            record "$name" "$verdict" "$seconds" "$message$boot_remark"
            current=
            deadline=$((SECONDS + 60))
            ;;
        dirty) outcome=dirty ;;
        done) outcome=done ;;
        esac
    done
}

# Why a boot ended early, in words, from the console.
boot_trouble() {
    if [ $outcome = hung ]; then
        echo "the guest hung"
    elif grep -q 'Oops: int3' "$console" 2>/dev/null && [[ $accel_options == *tcg* ]]; then
        # The kernel patches its own code by way of int3. QEMU's emulation of several CPUs at a time now and then runs
        # such an int3 too late; no real CPU does.
        echo "the emulator tripped over a patched instruction"
    elif grep -qE 'Kernel panic|Oops|BUG:' "$console" 2>/dev/null; then
        echo "the guest panicked: $(grep -aoE '(Kernel panic|Oops|BUG:).*' "$console" | head -n 1 | tr -d '\r')"
    else
        echo "the guest ended without its marker"
    fi
}

# A guest that hangs or panics in a case is that case's failure; one that does so before any case, or ends without a
# word, may be the emulator's.
is_worth_a_repeat() {
    case $1 in
    'the guest ended without its marker' | 'the emulator tripped'*) return 0 ;;
    *) [ -z "$current" ] ;;
    esac
}

show_console() {
    echo "           the console's last lines (all of it: ${console#"$repo_dir"/}):"
    tail -n 25 "$console" 2>/dev/null | tr -d '\r' | cut -c1-200 | sed 's/^/           > /'
    sed 's/^/           > /' "$console.qemu" 2>/dev/null | head -n 5
}

# run_group OPTIONS CASE…: boots until each case has a result. A boot that ends without its marker is repeated once,
# and said; a case that hangs or panics the guest has failed.
run_group() {
    local options=$1 case repeated=no trouble rest
    shift
    boots=${boots:-0}
    boot_remark=
    while [ $# -gt 0 ]; do
        [ $repeated = yes ] || boot_remark=
        if [ "$kernel" = host ]; then start_host "$options" "$@"; else start_guest "$options" "$@"; fi
        follow_machine
        trouble=$(boot_trouble)
        [ $outcome != done ] || wait_for_machine
        end_machine
        exec {result_fd}<&-
        if [ $outcome = ended ] || [ $outcome = hung ]; then
            if [ $repeated = no ] && is_worth_a_repeat "$trouble"; then
                repeated=yes
                boot_remark=" (second boot: $trouble)"
                echo "$kernel: $trouble${current:+ in case $current}: booting once more"
                show_console
            elif [ -n "$current" ]; then
                record "$current" FAIL $((SECONDS - case_begin)) "$trouble${boot_remark:+, and so did the boot before}"
                show_console
            else
                show_console
                for case; do
                    [ -n "${verdict_of[$case]:-}" ] || record "$case" FAIL 0 "no boot: $trouble"
                done
            fi
        elif [ $outcome = dirty ] && [ "$kernel" = host ]; then
            for case; do
                [ -n "${verdict_of[$case]:-}" ] || record "$case" FAIL 0 "not run: the case before left things behind"
            done
        fi
        rest=()
        for case; do
            [ -n "${verdict_of[$case]:-}" ] || rest+=("$case")
        done
        set -- ${rest[@]+"${rest[@]}"}
    done
}

# A guest after its last result, or an interrupted host, has a moment to leave by itself.
wait_for_machine() {
    local tries=0 most=30
    [ "$kernel" != host ] || most=150
    while kill -0 "$machine_pid" 2>/dev/null && [ $tries -lt $most ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
}
