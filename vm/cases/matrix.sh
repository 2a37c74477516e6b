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
    [ "$backend" = mem ] || [ "$access" = direct ] || options="$options --buffered"
    if [ "$backend" = mem ]; then
        start_disk mem --size $size $options
    else
        truncate -s $size disk.img
        start_disk file --path "$work/disk.img" $options
    fi
    expect_eq 'queues' "$queues" "$(ls "/sys/block/ublkb$disk_id/mq" | wc -l)"
    expect_eq 'tags' "$depth" "$(cat "/sys/block/ublkb$disk_id/mq/0/nr_tags")"
    most=4M
    [ "$max_io" = 4M ] || most=512K
    checked "$disk" 60 --operations 40 --jobs 3 --depth 2 --max $most --cache "$access" --seed $row
    stop_disk "$disk_id"
    rm -f disk.img
done <rows
note "$row rows"
