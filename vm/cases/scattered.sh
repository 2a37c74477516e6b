# limit: 120
# Sequential and scattered writes against a reference that starts from the same content.
seed=$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')
size=16M

# check_disk NAME BLOCK: writes the same to $disk and to a reference in three ways, compares, stops the disk.
check_disk() {
    local limits="--size $size --disk $disk --reference $work/reference --max 4M --align $2 --min $2"
    must 30 dd if="$disk" of=reference bs=1M iflag=direct status=none
    say "$1: sequential direct, scattered direct by two threads, scattered buffered at odd bytes; seed $seed"
    must 60 scatter write $limits --seed "$seed" --direct --sequential
    must 60 scatter write $limits --seed "$((seed + 1))" --direct --pieces 12 --threads 2
    must 60 scatter write $limits --seed "$((seed + 2))" --pieces 12 --align 1 --min 1
    drop_caches
    must 60 scatter compare $limits --seed "$seed" --direct
    expect_eq "MD5 of $1" "$(md5sum <reference | cut -d' ' -f1)" "$(md5_of "$disk")"
    stop_disk "$disk_id"
}

start_disk mem --size $size --queues 2 --max-io 1M
check_disk 'RAM disk' 512

start_disk mem --size $size --max-io 4M --depth 8 --get-data
check_disk 'RAM disk, get-data' 512

backing_fs store ext4 32M
fill_file store/disk.img $size
start_disk file --path "$work/store/disk.img" --queues 2 --max-io 512K
check_disk 'file on ext4' 512
expect_eq 'MD5 of the backing file' "$(md5sum <reference)" "$(md5sum <store/disk.img)"
backing_gone store

fill_file disk.img $size
start_disk file --path "$work/disk.img" --buffered --block-size 4096
check_disk 'file on tmpfs, buffered' 4096
expect_eq 'MD5 of the backing file' "$(md5sum <reference)" "$(md5sum <disk.img)"
