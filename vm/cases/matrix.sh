# limit: 200
# The rows of matrix.tsv, which cover every pair of values (vm/check-pairs proves it). Those with 16 queues are the case
# matrix_16, because they need a guest with 16 CPUs.
size=8M
row=0
grep -v '^#' "$job/matrix.tsv" | tail -n +2 | grep "${rows_like:-^[12]	}" >rows
while read -r queues depth block max_io transfer access backend; do
    row=$((row + 1))
    say "row $row: $queues queues, depth $depth, block $block, max I/O $max_io, $transfer, $access, $backend"
    options="--queues $queues --depth $depth --block-size $block --max-io $max_io --memory-limit 1G"
    [ "$transfer" = copy ] || options="$options --get-data"
    direct=--direct
    if [ "$access" = buffered ]; then
        direct=
        [ "$backend" = mem ] || options="$options --buffered"
    fi
    if [ "$backend" = mem ]; then
        start_disk mem --size $size $options
        truncate -s $size reference
    else
        fill_file disk.img $size
        cp disk.img reference
        start_disk file --path "$work/disk.img" $options
    fi
    expect_eq 'queues' "$queues" "$(ls "/sys/block/ublkb$disk_id/mq" | wc -l)"
    expect_eq 'tags' "$depth" "$(cat "/sys/block/ublkb$disk_id/mq/0/nr_tags")"
    must 60 scatter write --disk "$disk" --reference reference --size $size --seed $row --pieces 6 --threads 3 \
        --align "$block" --min "$block" $direct
    drop_caches
    must 60 scatter compare --disk "$disk" --reference reference --size $size --align "$block" --min "$block" --direct
    stop_disk "$disk_id"
    rm -f reference disk.img
done <rows
note "$row rows"
