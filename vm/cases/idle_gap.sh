# limit: 60
# What was written before an idle time is there after it: no buffer is given up while a tag may be filled.
size=8M
truncate -s $size disk.img
start_disk mem --size $size --max-io 1M
disk_a=$disk id_a=$disk_id
start_disk file --path "$work/disk.img" --max-io 1M
disk_b=$disk id_b=$disk_id
for one in a b; do
    truncate -s $size reference_$one
    eval "disk=\$disk_$one"
    must 40 scatter write --disk "$disk" --reference reference_$one --size $size --seed 3 --direct --pieces 20
done
say 'idle for 22 s'
sleep 22
for one in a b; do
    eval "disk=\$disk_$one"
    must 40 scatter compare --disk "$disk" --reference reference_$one --size $size --direct
    must 40 scatter write --disk "$disk" --reference reference_$one --size $size --seed 4 --direct --pieces 10
    must 40 scatter compare --disk "$disk" --reference reference_$one --size $size --direct
done
stop_disk "$id_a"
stop_disk "$id_b"
