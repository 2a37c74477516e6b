# limit: 200
# boot: own mem=768
# Neither the machine around a disk nor its server is at rest: each trouble is an operation of one run of blkshadow's, at a
# place that the seed chooses, most of them with others in flight. Nothing may be lost.
size=8M
truncate -s $size disk.img
start_disk file --path "$work/disk.img" --queues 2 --max-io 128K --recovery reissue
must 10 refublk features
granted=
! grep -q QUIESCE must.out || granted="$granted upgrade"
! grep -q UPDATE_SIZE must.out || granted="$granted resize"

cat >trouble <<'END'
. "$job/guest.sh"
set -eu
work=$work/troubles
id=$1 online=/sys/devices/system/cpu/cpu1/online
mkdir -p "$work"
case $2 in
cpu)
    echo 0 >$online
    sleep 2
    expect_eq 'CPUs' 1 "$(nproc)"
    echo 1 >$online
    ;;
memory)
    free_kb=$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)
    head -c $(((free_kb - 70000) * 1024)) /dev/zero >"$work/ballast" || :
    echo 3 >/proc/sys/vm/drop_caches
    sleep 1
    rm "$work/ballast"
    ;;
frozen)
    pid=$(server_of "$id")
    kill -STOP "$pid"
    sleep 2
    kill -CONT "$pid"
    ;;
signals)
    pid=$(server_of "$id")
    for turn in 1 2 3 4 5 6 7 8; do kill -URG "$pid"; sleep 0.1; done
    ;;
kill)
    kill -9 "$(server_of "$id")"
    must 50 refublk recover "$id"
    ;;
upgrade) must 60 refublk upgrade "$id" ;;
resize)
    must 20 refublk resize "$id" 12M
    sleep 1
    must 20 refublk resize --force "$id" 8M
    ;;
restart)
    must 30 refublk stop "$id"
    expect_gone "$id"
    must 40 refublk add file --path "$job_work/disk.img" --id "$id" --queues 2 --max-io 128K --recovery reissue
    ;;
esac
END
export job_work="$work"

set --
for trouble in cpu memory frozen signals kill $granted restart; do
    how=--stress
    [ $trouble != restart ] || how=--pause
    set -- "$@" $how "$trouble=sh $work/trouble $disk_id $trouble"
done
checked "$disk" 150 --operations 2000 --max 256K "$@"
expect_eq 'troubles that took place' $(($# / 2)) "$(grep -c ': the stress ' shadow.out)"
note "$(($# / 2)) troubles: $(sed -n 's/.*the stress \([a-z]*\), .*/\1/p' shadow.out | tr '\n' ' ')"
stop_disk "$disk_id"
