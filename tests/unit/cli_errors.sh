#!/usr/bin/env bash
# Every malformed call of the programs: exit 2, exactly one line on stderr, nothing on stdout, nothing created. Needs no
# ublk driver and no root:   tests/unit/cli_errors.sh [FOLDER with refublk, ublk-mem, ublk-file]
set -u
programs=$(cd "${1:-$(dirname "$0")/../..}" && pwd)
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
mkdir here
calls=0 failures=0

complain() {
	failures=$((failures + 1))
	printf 'FAILED: %s: %s\n' "$1" "$2"
}

# What a call could leave behind.
traces() {
	ls here
	ls -d /dev/ublk[bc]* /run/refublk/* 2>/dev/null
}

# call STATUS LINES_ON_STDERR WORDS…: runs it in an empty folder.
call() {
	local status=$1 lines=$2 name before rc
	shift 2
	name="$*"
	calls=$((calls + 1))
	before=$(traces)
	(cd here && timeout 20 "$programs/$1" "${@:2}" >../out 2>../err </dev/null)
	rc=$?
	[ $rc = "$status" ] || complain "$name" "exit status $rc instead of $status: $(head -n 1 err)"
	[ "$(wc -l <err)" = "$lines" ] || complain "$name" "$(wc -l <err) lines on stderr instead of $lines"
	[ "$status" = 0 ] || [ ! -s out ] || complain "$name" 'something on stdout'
	[ "$(traces)" = "$before" ] || complain "$name" "something was created: $(traces)"
}

# wrong NAMED WORDS…: the complaint has to name what is wrong.
wrong() {
	local named=$1
	shift
	call 2 1 "$@"
	grep -qF -- "$named" err || complain "$*" "does not name $named: $(cat err)"
}

wrong 'no command' refublk
wrong nonsense refublk nonsense
wrong --nonsense refublk --nonsense
wrong backend refublk add
wrong nonsense refublk add nonsense --size 1M
wrong backend refublk add --size 1M mem
for add in 'refublk add mem' 'refublk add null' 'ublk-mem'; do
	# shellcheck disable=SC2086 # the words of a call
	{
		wrong --size $add
		wrong --size $add --size
		wrong --size $add --size=
		wrong --size $add --size 1X
		wrong 'the size' $add --size 12345
		wrong --depth $add --size 1M --depth 0
		wrong depth $add --size 1M --depth 4097
		wrong limit $add --size 64M --depth 4096 --max-io 32M --queues 16
		wrong limit $add --size 64M --memory-limit 4K
		wrong --trace $add --size 1M --trace ''
		wrong --path $add --size 1M --path x
		wrong --buffered $add --size 1M --buffered
		wrong --nonsense $add --size 1M --nonsense
		wrong ambiguous $add --size 1M --m 4
		wrong --read-only $add --size 1M --read-only=yes
		wrong -z $add --size 1M -z
		wrong extra $add --size 1M extra
	}
done
# The parser is one for all: the whole grid for one command, what is particular for the others.
for size in 0 -1 -1K x 1X 1.5G ' 1M' '1 M' 0x10 99999999999999999999 16E; do
	wrong --size refublk add mem --size "$size"
	wrong --size refublk add mem --size="$size"
done
for size in 1 511 513 12345 15E; do
	wrong "the size" refublk add mem --size "$size"
done
for name in queues depth; do
	for value in 0 -1 x 1K '' 1.0; do
		wrong --$name refublk add mem --size 1M --$name "$value"
	done
	for value in 4097 65536 65537 4294967295 4294967296 4294967297 18446744073709551615; do
		wrong "$name" refublk add mem --size 1M --$name "$value"
	done
	wrong --$name refublk add mem --size 1M --$name 18446744073709551616
done
for value in 0 -1 x ''; do
	wrong --block-size refublk add mem --size 1M --block-size "$value"
	wrong --max-io refublk add mem --size 1M --max-io "$value"
	wrong --memory-limit refublk add mem --size 1M --memory-limit "$value"
done
for value in 1 256 511 513 1000 3K 8K 4G 1T; do
	wrong block refublk add mem --size 1M --block-size "$value"
done
for value in 1 512 4095 4097 33M 64M 32769K 4G 8G; do
	wrong 'largest I/O' refublk add mem --size 1M --max-io "$value"
done
for value in -1 -2 x '' 1K 1.0; do
	wrong --id refublk add mem --size 1M --id "$value"
done
wrong --foreground ublk-mem --size 1M --foreground
for add in 'refublk add file' 'ublk-file'; do
	# shellcheck disable=SC2086
	{
		wrong --path $add
		wrong --path $add --size 1M
		wrong --path $add --path
		wrong --path $add --path ''
		wrong --size $add --path new.img --size 0
		wrong 'the size' $add --path new.img --size 1000
		wrong depth $add --path new.img --size 1M --depth 5000
		wrong block $add --path new.img --size 1M --block-size 8K
		wrong 'largest I/O' $add --path new.img --size 1M --max-io 64M --trace new.trace
		wrong extra $add --path new.img extra
	}
done
for add in 'refublk add mem' 'ublk-mem'; do
	# shellcheck disable=SC2086
	{
		wrong --shm $add --size 1M --recovery wait
		wrong --recovery $add --size 1M --shm name
		wrong 'wait, reissue and fail' $add --size 1M --shm name --recovery sometimes
		for name in ../x a/b "$(printf '%065d' 0)" 'a b'; do
			wrong 'no name' $add --size 1M --recovery wait --shm "$name"
		done
		wrong --shm $add --size 1M --recovery wait --shm ''
	}
done
wrong --shm refublk add file --path new.img --size 1M --shm name
wrong 'wait, reissue and fail' refublk add file --path new.img --size 1M --recovery always
wrong 'no device' refublk recover
wrong --size refublk recover 1 --size 1M
wrong --recovery refublk recover 1 --recovery wait
wrong nonsense refublk recover 1 nonsense
wrong x refublk recover x
wrong --path refublk recover 1 --path x
wrong --buffered refublk recover 1 --buffered
wrong --path refublk recover 1 file
wrong --shm refublk recover 1 mem
wrong --shm refublk recover 1 file --path x --shm name
wrong --path refublk recover 1 mem --path x --shm name
wrong exclude refublk recover --all 1
wrong exclude refublk recover --all --foreground
wrong backend refublk recover --all --path x
for end in stop del; do
	wrong 'no device' refublk $end
	wrong 'no device' refublk $end --force
	for target in x -- 1K /dev/sda /dev/ublkb /dev/ublkb0p1 3x 99999999999; do
		[ $target = -- ] || wrong $target refublk $end $target
	done
	wrong -1 refublk $end -1
	wrong 2 refublk $end 1 2
	wrong 3 refublk $end --all 3
	wrong --size refublk $end --size 1M
done
wrong 'no device' refublk resize
wrong 'new size' refublk resize 1
wrong unit refublk resize 1 3x
wrong '0 is not' refublk resize 1 0
wrong 2M refublk resize 1 1M 2M
wrong x refublk resize x 1M
wrong --all refublk resize --all 1M
wrong 'no device' refublk upgrade
wrong x refublk upgrade x
wrong 2 refublk upgrade 1 2
wrong --force refublk upgrade --force 1
wrong 'no device' refublk info
wrong x refublk info x
wrong 2 refublk info 1 2
wrong --all refublk info --all
for look in list features doctor; do
	wrong 3 refublk $look 3
	wrong --force refublk $look --force
done
wrong --json refublk doctor --json
wrong 'trace check' refublk trace
wrong 'trace check' refublk trace nonsense
wrong 'no trace' refublk trace check
wrong missing refublk trace check missing
wrong directory refublk trace check .
wrong 'is empty' refublk trace check /dev/null
wrong 'no trace' refublk trace check /dev/zero
wrong second refublk trace check first second
wrong --json refublk trace check --json first

# What is right, so that the above does not pass because everything fails.
call 0 0 refublk --version
call 0 0 refublk --help
for help in 'add mem' 'add file' 'add null' add list info stop del recover resize upgrade features doctor 'trace check'; do
	# shellcheck disable=SC2086
	call 0 0 refublk $help --help
	grep -q Usage out || complain "$help --help" 'no usage'
done
call 0 0 ublk-mem --help
call 0 0 ublk-file --help
call 0 0 ublk-mem --version

echo "$calls calls, $failures failures"
[ $failures = 0 ]
