# limit: 200
# boot: smp=16
# The rows of matrix.tsv with 16 queues.
rows_like='^16	'
. "$job/cases/matrix.sh"
