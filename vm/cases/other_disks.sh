# limit: 100
# No false alarm: the checker passes disks that are not ours. brd, loop, null_blk with memory, and dm-linear across two.
each=${each:---operations 120 --max 128K}
load_module loop
load_module dm_mod
load_module null_blk nr_devices=0
grep -q " /sys/kernel/config " /proc/mounts || mount -t configfs configfs /sys/kernel/config
export DM_DISABLE_UDEV=1
size=8M

# check_other WHAT DISK [OPTION…]: what a discard leaves is for the device to say.
check_other() {
    say "$1"
    other=$2
    shift 2
    # shellcheck disable=SC2086 # words
    checked "$other" "${limit:-40}" $each --discard-reads undefined "$@"
}

if load_module brd 'rd_nr=1 rd_size=8192'; then
    # 6.12's brd frees a page that a write beside the discard has just looked up: BUG at drivers/block/brd.c:136.
    case $(uname -r) in
    6.12.*) check_other brd /dev/ram0 --discards 0 ;;
    *) check_other brd /dev/ram0 ;;
    esac
    rmmod brd
fi

nullb=/sys/kernel/config/nullb/checked
mkdir $nullb
for setting in memory_backed=1 size=8 submit_queues=2 discard=1 blocksize=512; do
    echo "${setting#*=}" >"$nullb/${setting%=*}"
done
echo 1 >$nullb/power
# The disk has the folder's name.
wait_until 10 /dev/checked test -b /dev/checked
check_other null_blk /dev/checked
rmdir $nullb

truncate -s $size one other
loop_one=$(losetup -f --show "$work/one")
loop_other=$(losetup -f --show "$work/other")
check_other loop "$loop_one"
printf '0 8192 linear %s 0\n8192 8192 linear %s 8192\n' "$loop_one" "$loop_other" >table
must 20 dmsetup create both table
check_other 'dm-linear across two' "/dev/dm-$(dmsetup info -c --noheadings -o minor both)"
must 20 dmsetup remove both
losetup -d "$loop_one"
losetup -d "$loop_other"
