# limit: 60
# The examples of the documentation serve: the RAM disk of forty lines, and the one that answers later from a thread
# of its own. They end with SIGINT like any program.
for program in ramdisk later; do
    say "$program"
    start_server $program $program
    checked "$disk" 30 --operations 150 --max 256K
    kill -INT "$server_pid"
    finish $program 10 || fail "$program ends with an error"
    expect_gone "$disk_id"
done
