# limit: 60
# The examples of the documentation serve: the RAM disk of forty lines, and the one that answers later from a thread
# of its own. They end with SIGINT like any program.
size=8M
for program in ramdisk later; do
    say "$program"
    start_server $program $program
    truncate -s $size reference
    must 10 dd if=/dev/zero of="$disk" bs=1M count=8 oflag=direct conv=notrunc
    must 30 scatter write --disk "$disk" --reference reference --size $size --seed 7 --direct --pieces 20 --threads 2
    drop_caches
    must 30 scatter compare --disk "$disk" --reference reference --size $size --direct
    kill -INT "$server_pid"
    finish $program 10 || fail "$program ends with an error"
    expect_gone "$disk_id"
    rm reference
done
