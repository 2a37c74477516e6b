# limit: 240
# kernels: 6.12 7.2 7.3
# Every command in every state of a tag and a device, every delicate answer, and any arguments: as spec/misuse.tsv and
# spec/driver say.
# A queue that was fetched in part and loses its server.
allow_warning 6.12 ublk_ch_uring_cmd
say 'spec/misuse.tsv against this kernel'
run_limited 200 misuse run "$job/misuse.tsv" || fail 'the lines above say where this kernel does not answer as written'
note "$(grep -c . "$work/limited.out") parts of the matrix agree"

say 'ADD_DEV and SET_PARAMS with seeded values'
run_limited 60 misuse seeded || fail 'the lines above say which arguments spec/driver has no row for'
# What a seed has found: batch I/O with one tag.
SEED=18193280397252561777 run_limited 60 misuse seeded 1 || fail 'what was found before is found again'
