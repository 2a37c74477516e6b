# limit: 240
# kernels: 6.12 7.2 7.3
# Every command in every state of a tag and a device, every delicate answer, and any arguments: as spec/misuse.tsv and
# spec/driver say.
# A queue that was fetched in part and loses its server.
allow_warning 6.12 ublk_ch_uring_cmd
say 'spec/misuse.tsv against this kernel'
must 200 misuse run "$job/misuse.tsv"
note "$(grep -c . "$work/must.out") parts of the matrix agree"

say 'ADD_DEV and SET_PARAMS with seeded values'
must 60 misuse seeded
