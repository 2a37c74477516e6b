# What the scripts here share; read from the repository's top.
# shellcheck shell=bash

# Every target that is asked for, or all.
fuzz_targets() {
	if [ $# -gt 0 ]; then printf '%s\n' "$@"; else
		sed -n 's/^FUZZ_TARGETS := //p' fuzz/fuzz.mk | tr ' ' '\n'
	fi
}

# The longest input that is of use: fuzz_limit TARGET
fuzz_limit() {
	case $1 in
	desc | command) echo 64 ;;
	device | params | file | later) echo 128 ;;
	serve | tag) echo 256 ;;
	stamp) echo 600 ;;
	options) echo 1024 ;;
	state | vectors | schedule) echo 2048 ;;
	trace) echo 4096 ;;
	matrix) echo 8192 ;;
	*) echo 512 ;;
	esac
}

# Flags of libFuzzer: fuzz_flags TARGET
fuzz_flags() {
	echo "-max_len=$(fuzz_limit "$1")" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1
	[ ! -e "fuzz/dict/$1.dict" ] || echo "-dict=fuzz/dict/$1.dict"
	# A session reaches so much that to count how rare each of it is takes a fifth of the time.
	[ "$1" != session ] || echo "-entropic=0"
}
