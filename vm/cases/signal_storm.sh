# limit: 120
# Signals that do not end the server interrupt its system calls, while it starts, serves and stops.
size=8M

# The signals to send: those that the process catches or ignores, and those whose default does nothing. The ones that
# ask it to end are left out. What it blocks does not count: while a thread is made, that is everything.
harmless_signals() {
    local mask number
    echo CONT URG WINCH CHLD
    mask=$(awk '/^Sig(Ign|Cgt):/ { print $2 }' "/proc/$1/status")
    for number in 10 12 14 13; do
        for word in $mask; do
            [ $((0x${word#????????} >> (number - 1) & 1)) = 0 ] || { echo $number; break; }
        done
    done
}

# Sends the signals until the file named "$work/calm" appears.
storm() {
    local signal
    while [ ! -e "$work/calm" ] && [ -d "/proc/$1" ]; do
        for signal in STOP CONT $(harmless_signals "$1"); do
            kill -"$signal" "$1" 2>/dev/null || break
        done
        kill -CONT "$1" 2>/dev/null || :
        sleep 0.02
    done
    kill -CONT "$1" 2>/dev/null || :
}

begin_storm() {
    rm -f calm
    storm "$1" &
    storm_pid=$!
}

end_storm() {
    : >calm
    wait $storm_pid
}

for kind in mem file; do
    say "$kind: a storm while it starts"
    truncate -s $size disk.img
    case $kind in
    mem) start server refublk add mem --size $size --queues 2 --foreground ;;
    file) start server refublk add file --path "$work/disk.img" --queues 2 --foreground ;;
    esac
    server_pid=$(cat server.pid)
    begin_storm "$server_pid"
    wait_until 40 'the device' has_spoken server
    disk=$(sed -n '/^\/dev\/ublkb/{p;q;}' server.out)
    [ -n "$disk" ] || fail "the start fails: $(tail -n 2 server.out | tr '\n' ' ')"
    disk_id=$(device_of "$disk")
    say "$kind: a storm under load"
    checked "$disk" 60 --operations 200 --max 256K
    [ ! -e server.rc ] || fail "a harmless signal ended the server: $(tail -n 2 server.out)"
    say "$kind: a storm while it stops"
    kill -TERM "$server_pid"
    finish server 30 || fail "the server exits $?: $(tail -n 2 server.out | tr '\n' ' ')"
    end_storm
    expect_gone "$disk_id"
done
