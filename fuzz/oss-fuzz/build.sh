#!/bin/bash -eu
# The targets for OSS-Fuzz and ClusterFuzzLite: $SRC/refublk → $OUT, with the engine's compiler and flags (CC, CXX, CFLAGS,
# CXXFLAGS, LIB_FUZZING_ENGINE). `make fuzz-oss` runs it here with plain folders.
cd "$SRC/refublk"
. fuzz/lib.sh
make -j"$(nproc)" VARIANT=engine CC="$CC" FUZZ_LINK="$CXX $CXXFLAGS" FUZZ_ENGINE="$LIB_FUZZING_ENGINE" CFLAGS="$CFLAGS" fuzz-programs
fuzz/seed "$PWD/build/engine/seeds"
for target in $(fuzz_targets); do
	cp "build/engine/fuzz/$target" "$OUT/refublk_$target"
	printf '[libfuzzer]\nmax_len = %s\n' "$(fuzz_limit "$target")" >"$OUT/refublk_$target.options"
	[ ! -e "fuzz/dict/$target.dict" ] || cp "fuzz/dict/$target.dict" "$OUT/refublk_$target.dict"
	mkdir -p "build/engine/seeds/$target"
	cp "fuzz/corpus/$target"/* "build/engine/seeds/$target"
	rm -f "$OUT/refublk_${target}_seed_corpus.zip"
	(cd "build/engine/seeds/$target" && python3 -m zipfile -c "$OUT/refublk_${target}_seed_corpus.zip" ./*)
done
