# limit: 150
# boot: own mem=768
# While a disk is worked on, the machine around it is not at rest: a CPU goes and comes back, memory runs short, the server
# is frozen and interrupted. Then a stop and a new start. Nothing may be lost.
size=8M
truncate -s $size disk.img
start_disk file --path "$work/disk.img" --queues 2 --max-io 128K
pid=$(server_of "$disk_id")
check_begins shadow "$disk" --seconds 12 --max 256K --save "$work/run"
wait_until 30 'the disk is worked on' has_io "$disk_id"

say 'a CPU goes'
online=/sys/devices/system/cpu/cpu1/online
echo 0 >$online
sleep 2
expect_eq 'CPUs' 1 "$(nproc)"
echo 1 >$online
say 'memory runs short'
free_kb=$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)
head -c $(((free_kb - 70000) * 1024)) /dev/zero >ballast || :
echo 3 >/proc/sys/vm/drop_caches
sleep 1
rm ballast
say 'the server stands still, and is interrupted'
for turn in 1 2 3; do
    kill -STOP "$pid"
    sleep 1
    kill -CONT "$pid"
    kill -URG "$pid"
done
[ ! -e shadow.rc ] || say 'the checker was through before the end of it'
check_ends shadow 90

say 'stopped and started again'
stop_disk "$disk_id"
start_disk file --path "$work/disk.img" --queues 1
checked "$disk" 30 --verify "$work/run"
stop_disk "$disk_id"
