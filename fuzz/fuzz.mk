# Fuzzing: targets, engines, campaigns. A target is fuzz/NAME_fuzz.c and the sources below; `make VARIANT=X fuzz-programs`
# builds all of them for one engine into build/X/fuzz.

FUZZ_TARGETS := desc command tag device file params serve later options state talk trace vectors matrix schedule stamp session

FUZZ_CORE := src/sys/check.c
FUZZ_SOURCES.desc := src/core/desc.c
FUZZ_SOURCES.command := src/core/command.c src/core/result.c src/core/request.c
FUZZ_SOURCES.tag := fuzz/rows.c spec/words.c src/core/tag.c src/core/tally.c
FUZZ_SOURCES.device := fuzz/rows.c spec/words.c src/core/device.c src/core/device_phase.c
FUZZ_SOURCES.file := src/backend/file.c
FUZZ_SOURCES.params := src/core/params.c src/core/adopt.c
FUZZ_SOURCES.serve := fuzz/world.c fuzz/world_mail.c spec/driver.c src/sys/serve.c src/sys/handle.c src/sys/step.c src/sys/complain.c \
	src/sys/log.c src/sys/trace.c $(filter-out src/core/device% src/core/params.c,$(CORE_SOURCES))
FUZZ_SOURCES.later := src/sys/later.c
FUZZ_SOURCES.options := $(wildcard src/cli/options*.c) src/cli/size.c src/cli/say.c
FUZZ_SOURCES.state := src/cli/state.c
FUZZ_SOURCES.talk := src/cli/talk.c src/cli/await.c src/sys/clock.c
FUZZ_SOURCES.trace := $(addprefix src/cli/,record.c possible.c judge.c weigh.c weigh_command.c audit.c) spec/driver.c spec/driver_names.c src/sys/later.c \
	$(CORE_SOURCES)
FUZZ_SOURCES.vectors := fuzz/runner.c spec/question.c spec/words.c $(CORE_SOURCES)
FUZZ_SOURCES.matrix := spec/misuse/matrix.c spec/misuse/expect.c $(SPEC:%=spec/%.c)
FUZZ_SOURCES.schedule := $(addprefix tests/integrity/blkshadow/,schedule.c operation.c plan.c)
FUZZ_SOURCES.stamp := $(addprefix tests/integrity/blkshadow/,stamp.c operation.c)
FUZZ_SOURCES.session = $(filter-out %/main.c,$(SIM_SOURCES)) $(SIM_SERVER:%=%.c) $(SIM_SHADOW:%=%.c) $(SPEC:%=spec/%.c)
FUZZ_LIBS.state := -ljansson
FUZZ_LIBS.session := -lmd
FUZZ_TABLES := spec/tag.tsv spec/device.tsv

# What an engine needs: its compiler, its flags, what is linked in place of replay.c, which gives files to a target.
FUZZ_SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_MAKE.plain :=
FUZZ_MAKE.asan :=
FUZZ_CLANG = $(firstword $(foreach version,-19 -20 -21 -22,$(shell command -v clang$(version) 2>/dev/null)) clang)
FUZZ_MAKE.libfuzzer = CC=$(FUZZ_CLANG) CFLAGS="-O2 -g -fsanitize=fuzzer-no-link $(FUZZ_SANITIZE)" FUZZ_ENGINE="-fsanitize=fuzzer" \
	FUZZ_UNTRACED="-fno-sanitize-coverage=trace-cmp" FUZZ_UNCOUNTED="-fno-sanitize=fuzzer-no-link"
FUZZ_MAKE.afl := CC=afl-clang-fast CFLAGS="-O2 -g" FUZZ_ENGINE="-fsanitize=fuzzer"
FUZZ_MAKE.aflasan := CC=afl-clang-fast CFLAGS="-O1 -g $(FUZZ_SANITIZE)" FUZZ_ENGINE="-fsanitize=fuzzer"
FUZZ_MAKE.aflcmplog := CC="env AFL_LLVM_CMPLOG=1 afl-clang-fast" CFLAGS="-O2 -g" FUZZ_ENGINE="-fsanitize=fuzzer"
FUZZ_MAKE.coverage = CC=$(FUZZ_CLANG) CFLAGS="-O1 -g -fprofile-instr-generate -fcoverage-mapping -fcoverage-mcdc"
FUZZ_ENGINE ?= $(BUILD)/fuzz/replay.o
FUZZ_LINK ?= $(CC)

FUZZ_PROGRAMS := $(FUZZ_TARGETS:%=$(BUILD)/fuzz/%)
FUZZ_OBJECTS = $(BUILD)/fuzz/fuzz.o $(FUZZ_CORE:%.c=$(BUILD)/%.o) $(FUZZ_SOURCES.$(1):%.c=$(BUILD)/%.o)

$(BUILD)/fuzz/shadow/%.o: fuzz/shadow/%.c Makefile
	@mkdir -p $(@D)
	$(QUIET)$(CC) -std=gnu11 $(filter-out $(INCLUDES),$(CFLAGS_ALL)) -iquote fuzz -iquote tests/integrity/blkshadow -MMD -MP -c $< -o $@

# The runner of the vectors is a program: its main becomes a function.
$(BUILD)/fuzz/runner.o: spec/runner.c Makefile
	@mkdir -p $(@D)
	$(QUIET)$(CC) -std=gnu11 $(CFLAGS_ALL) -Wno-missing-prototypes -Dmain=runner_main -MMD -MP -c $< -o $@

$(BUILD)/fuzz/tag_fuzz.o $(BUILD)/fuzz/device_fuzz.o: $(FUZZ_TABLES)

# Where the input is a number or a choice, no comparison knows a value that a mutation could copy; the sanitizer's own
# checks are comparisons, too. To tell libFuzzer of each costs more than a third of the speed: only readers of text do.
$(addprefix $(BUILD)/,spec/driver%.o tests/integrity/sim/%.o src/core/%.o src/sys/%.o src/backend/%.o): CFLAGS_ALL += $(FUZZ_UNTRACED)
# What is new is what the judged code did: the edges of who judges it in the same run are not counted.
$(addprefix $(BUILD)/fuzz/,world.o world_mail.o serve_fuzz.o session_fuzz.o) \
	$(patsubst %,$(BUILD)/tests/integrity/blkshadow/%.o,compare findings journal modes pages pattern run scan seal set shadow sweep verdict): CFLAGS_ALL += $(FUZZ_UNCOUNTED)

define FUZZ_RULE
$(BUILD)/fuzz/$(1): $(if $(filter schedule stamp,$(1)),$(BUILD)/fuzz/shadow/$(1)_fuzz.o,$(BUILD)/fuzz/$(1)_fuzz.o) \
		$(call FUZZ_OBJECTS,$(1)) $(if $(filter %.o,$(FUZZ_ENGINE)),$(FUZZ_ENGINE))
	$$(QUIET)$$(FUZZ_LINK) $$(CFLAGS_ALL) $$(LDFLAGS) $$(filter %.o,$$^) $$(filter-out %.o,$$(FUZZ_ENGINE)) $$(FUZZ_LIBS.$(1)) -pthread -o $$@
endef
$(foreach target,$(FUZZ_TARGETS),$(eval $(call FUZZ_RULE,$(target))))

.PHONY: fuzz-programs
fuzz-programs: $(FUZZ_PROGRAMS)
fuzz-build.%:
	@$(MAKE) --no-print-directory VARIANT=$* $(FUZZ_MAKE.$*) fuzz-programs

# ---- campaigns ------------------------------------------------------------------------------

TIME ?= 60
JOBS ?= 2
TARGETS ?=

.PHONY: setup-fuzz fuzz fuzz-quick fuzz-plants fuzz-oss fuzz-cov fuzz-afl fuzz-afl-status fuzz-replay fuzz-merge
fuzz: setup-fuzz fuzz-build.libfuzzer ## libFuzzer on every target: TIME=60 seconds each, JOBS=2 at a time, TARGETS=
	@JOBS=$(JOBS) fuzz/run $(TIME) $(TARGETS)
fuzz-afl: setup-fuzz fuzz-build.afl fuzz-build.aflasan fuzz-build.aflcmplog ## AFL++ likewise, JOBS processes per target; goes on where it ended
	@fuzz/afl $(TIME) $(JOBS) $(TARGETS)
fuzz-afl-status:
	@fuzz/afl status $(TARGETS)
fuzz-replay: setup-test fuzz-build.plain fuzz-build.asan ## every input that is kept, without a fuzzer
	@fuzz/replay plain asan
fuzz-quick: setup-test fuzz-build.plain fuzz-build.libfuzzer ## what `make test` runs: replay, then 4 seconds of fuzzing each
	@fuzz/quick 4
fuzz-cov: setup-test fuzz-build.coverage ## lines, branches and MC/DC that the corpora alone reach, as HTML and a line
	@fuzz/cov $(FUZZ_CLANG)
fuzz-oss: setup-test ## the build for OSS-Fuzz and ClusterFuzzLite, as a container would run it
	@fuzz/oss-fuzz/test
fuzz-plants: setup-fuzz fuzz-build.libfuzzer fuzz-build.afl ## each planted bug is found within 60 s by either engine: PLANTS=
	@fuzz/check-plants $(PLANTS)
fuzz-merge: setup-fuzz fuzz-build.libfuzzer ## fuzz/corpus anew: seeds and what campaigns have gathered, the fewest that reach it all
	@fuzz/merge $(TARGETS)
setup-fuzz:
	@tests/setup fuzz
