# For the case that tests/integrity/battery/vm makes: one row of the table each.
limit=60 harmless_seeds=3 rows=0 wrong=0

on_kernel() {
    case $(uname -r) in
    "$1"[.-]*) ;;
    *) return 1 ;;
    esac
}

# served KIND FAULT SEED: blkshadow's report on that disk is the file KIND.
served() {
    start_server "$1-server" planted "$1" "$2"
    # shellcheck disable=SC2046 # words
    start "$1" sh -c 'report=$1; shift; "$@" >"$report"' sh "$work/$1" blkshadow --quiet --json --stall 10 --shrink-seconds 10 \
        --discard-reads zero --output "$work/$1-left" $(planted workload "$2" "$3") "$disk"
    finish "$1" 120 || :
    # It may be over by itself.
    kill -TERM "$server_pid" 2>/dev/null || :
    finish "$1-server" 30 || :
    expect_gone "$disk_id"
}

# json FILE KEY: the first value of a key, which stands in a line of its own.
json() {
    sed -n 's/^ *"'"$2"'": "\{0,1\}\([^",]*\)"\{0,1\},\{0,1\}$/\1/p' "$1" | head -n 1
}

# What a report comes to: of a corruption, the verdict on the operations that are left.
verdict_in() {
    case $(json "$1" result) in
    corrupt*) { sed -n '/"shrunk"/,$p' "$1" | sed -n 's/.*"verdict": "\([^"]*\)".*/\1/p'; json "$1" verdict; } | head -n 1 ;;
    stalled) echo failed ;;
    *) json "$1" result ;;
    esac
}

# row FAULT VERDICT SEED: from this seed on, which has shown it on the simulated driver.
row() {
    local fault=$1 expected=$2 seed=$3 tries=0 found=passed begin tenths=0 caught left
    begin=$(uptime_tenths)
    while [ "$found" = passed ] && [ $tenths -lt $((limit * 10)) ]; do
        [ "$expected" != passed ] || [ $tries -lt $harmless_seeds ] || break
        [ $tries = 0 ] || seed=$((seed + 1))
        tries=$((tries + 1))
        served clean "$fault" "$seed"
        expect_eq "$fault, seed $seed, nothing planted" passed "$(verdict_in clean)"
        tenths=$(($(uptime_tenths) - begin))
        served faulty "$fault" "$seed"
        found=$(verdict_in faulty)
        # Shrinking comes after it was caught. Of a device that stalls, the report has no seconds: nothing came after it.
        caught=$(json faulty seconds | awk '{ printf "%d", $1 * 10 }')
        tenths=$((caught ? tenths + caught : $(uptime_tenths) - begin))
    done
    left=$(json faulty to)
    rows=$((rows + 1))
    printf '%-20s %-16s %5s %6d.%d %8d\n' "$fault" "$found" "${left:--}" $((tenths / 10)) $((tenths % 10)) "$seed"
    if [ "$found" != "$expected" ] || [ $tenths -gt $((limit * 10)) ] && [ "$expected" != passed ]; then
        wrong=$((wrong + 1))
        echo "    WRONG, expected within $limit s: $expected"
        cat faulty.out faulty-server.out
    fi
}

end_of_table() {
    [ $wrong = 0 ] || fail "$wrong of $rows faults without their verdict"
    note "$rows faults, each with its verdict"
}
