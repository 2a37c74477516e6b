# refublk. `make help` lists the targets. Sources stand in the order of the data's path.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := build
.DELETE_ON_ERROR:
.SECONDARY:

VERSION := 0.1.0
CC ?= gcc
SOVERSION := 0
VARIANT ?= plain
BUILD := build/$(VARIANT)
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
QUIET := $(if $(V),,@)

CORE := desc request result tag tally command params adopt device device_phase
BACKEND := null mem mem_shm file file_backend file_open file_resize file_probe file_holder
WRAPPERS := fault delay
SYS := port_uring ring serve handle step complain later trace buffers thread queue public start takeover run resize handover act node control report reason admin log check errnos clock
CLI := main await options options_names size say text add recover disk service talk listen daemon namespace journal signals sync state process mountinfo family openers holders inventory list stop resize upgrade fill features module kconfig doctor record possible judge weigh weigh_command audit trace_check

# The oracle of the driver: shares nothing with the core.
SPEC := driver driver_device driver_commands driver_names driver_args

CORE_SOURCES := $(CORE:%=src/core/%.c)
BACKEND_SOURCES := $(BACKEND:%=src/backend/%.c)
SYS_SOURCES := $(SYS:%=src/sys/%.c)
CLI_SOURCES := $(CLI:%=src/cli/%.c)

WARNINGS := -Wall -Wextra -Wconversion -Wsign-conversion -Wswitch-enum -Wshadow -Wmissing-prototypes -Wvla
# Quoted includes only: <check.h> is libcheck's and "check.h" is ours, <sys/queue.h> is the system's.
INCLUDES := -iquote src -iquote src/core -iquote src/sys -iquote src/backend -iquote src/cli -iquote spec
OPTIMISE.plain := -O2 -g
OPTIMISE.asan := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
OPTIMISE.tsan := -O1 -g -fsanitize=thread
OPTIMISE.clang := -O2 -g
OPTIMISE.faults := -O2 -g -DREFUBLK_TEST_FAULTS
ERROR := $(if $(CI),-Werror)
CFLAGS_ALL := $(WARNINGS) $(ERROR) $(OPTIMISE.$(VARIANT)) -fPIC -fvisibility=hidden -D_GNU_SOURCE -DREFUBLK_VERSION='"$(VERSION)"' $(INCLUDES) $(CPPFLAGS) $(CFLAGS)
LIBS := -luring -pthread
CLI_LIBS := -ljansson
CHECK_LIBS := -lcheck -lsubunit -lrt -lm
THREADED := serve_later_test queue_test

LIBRARY_OBJECTS := $(CORE_SOURCES:%.c=$(BUILD)/%.o) $(SYS_SOURCES:%.c=$(BUILD)/%.o)
OBJECTS := $(LIBRARY_OBJECTS) $(BACKEND_SOURCES:%.c=$(BUILD)/%.o)
CLI_OBJECTS := $(CLI_SOURCES:%.c=$(BUILD)/%.o)

UNIT_TESTS := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*_test.c))
UNIT_PROGRAMS := $(UNIT_TESTS:%=$(BUILD)/unit/%)
EXAMPLES := $(patsubst src/examples/%.c,%,$(wildcard src/examples/*.c))

# ---- build ----------------------------------------------------------------------------------

.PHONY: build
build: setup-build refublk ublk-mem ublk-file blkshadow ## the programs ./refublk ./ublk-mem ./ublk-file ./blkshadow

refublk blkshadow: %: build/plain/%
	ln -sf $< $@

ublk-mem ublk-file: refublk
	ln -sf $< $@

$(BUILD)/src/core/%.o: src/core/%.c Makefile
	@mkdir -p $(@D)
	$(QUIET)$(CC) -std=c11 -ffreestanding -Wpadded $(CFLAGS_ALL) -MMD -MP -c $< -o $@

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(QUIET)$(CC) -std=gnu11 $(CFLAGS_ALL) -MMD -MP -c $< -o $@

# Everything but the command line, internal names included: for the programs and the unit tests.
$(BUILD)/parts.a: $(OBJECTS)
	$(QUIET)rm -f $@ && ar rcs $@ $^

$(BUILD)/cli.a: $(filter-out %/main.o,$(CLI_OBJECTS))
	$(QUIET)rm -f $@ && ar rcs $@ $^

# What `refublk trace check` holds a trace against: the oracle as it is, beside the core and apart from it.
$(BUILD)/driver.a: $(SPEC:%=$(BUILD)/spec/%.o)
	$(QUIET)rm -f $@ && ar rcs $@ $^

# Backends around backends that only tests use: no program of ours links them.
$(BUILD)/wrappers.a: $(WRAPPERS:%=$(BUILD)/src/backend/%.o)
	$(QUIET)rm -f $@ && ar rcs $@ $^

$(BUILD)/refublk: $(BUILD)/src/cli/main.o $(BUILD)/cli.a $(BUILD)/parts.a $(BUILD)/driver.a
	$(QUIET)$(CC) $(CFLAGS_ALL) $(LDFLAGS) $^ $(LIBS) $(CLI_LIBS) -o $@

# The installed library: public names only, in the static one too.
$(BUILD)/librefublk.a: $(LIBRARY_OBJECTS)
	$(QUIET)ld -r -o $(BUILD)/librefublk.o $^
	$(QUIET)objcopy --localize-hidden $(BUILD)/librefublk.o
	$(QUIET)rm -f $@ && ar rcs $@ $(BUILD)/librefublk.o

$(BUILD)/librefublk.so.$(VERSION): $(LIBRARY_OBJECTS)
	$(QUIET)$(CC) -shared -Wl,-soname,librefublk.so.$(SOVERSION) -Wl,-z,defs $(CFLAGS_ALL) $(LDFLAGS) $^ $(LIBS) -o $@

$(BUILD)/examples/%: src/examples/%.c $(BUILD)/librefublk.a
	@mkdir -p $(@D)
	$(QUIET)$(CC) -std=gnu11 $(WARNINGS) $(ERROR) -O2 -g -Isrc $< $(BUILD)/librefublk.a $(LIBS) -o $@

$(BUILD)/lives: tests/integrity/lives/lives.c $(BUILD)/librefublk.a
	$(QUIET)$(CC) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) $(ERROR) -O2 -g -Isrc $< $(BUILD)/librefublk.a $(LIBS) -o $@

# The checker: it has no part and sees no header of what it judges.
SHADOW_SOURCES := $(filter-out %_test.c,$(wildcard tests/integrity/blkshadow/*.c))
SHADOW_TESTS := $(patsubst tests/integrity/blkshadow/%.c,%,$(wildcard tests/integrity/blkshadow/*_test.c))
SHADOW_LIBS := -luring -ljansson -lmd -lm -pthread

$(BUILD)/tests/integrity/blkshadow/%.o: tests/integrity/blkshadow/%.c Makefile
	@mkdir -p $(@D)
	$(QUIET)$(CC) -std=gnu11 $(filter-out $(INCLUDES),$(CFLAGS_ALL)) -iquote tests/integrity/blkshadow -iquote tests/unit -MMD -MP -c $< -o $@

$(BUILD)/blkshadow: $(SHADOW_SOURCES:%.c=$(BUILD)/%.o)
	$(QUIET)$(CC) $(CFLAGS_ALL) $(LDFLAGS) $^ $(SHADOW_LIBS) -o $@

$(BUILD)/shadow/%_test: $(BUILD)/tests/integrity/blkshadow/%_test.o $(BUILD)/tests/unit/main.o \
		$(patsubst %.c,$(BUILD)/%.o,$(filter-out %/main.c,$(SHADOW_SOURCES)) $(wildcard tests/integrity/blkshadow/support/*.c))
	@mkdir -p $(@D)
	$(QUIET)$(CC) $(CFLAGS_ALL) $(LDFLAGS) $^ $(SHADOW_LIBS) $(CHECK_LIBS) -o $@

.PHONY: setup-build setup-vm setup-test
setup-build setup-vm setup-test: setup-%:
	@tests/setup $*

# ---- use ------------------------------------------------------------------------------------

.PHONY: demo
demo: setup-vm build ## a RAM disk and a file disk on a real kernel, in plain words
	@vm/demo

.PHONY: install
install: build $(BUILD)/librefublk.a $(BUILD)/librefublk.so.$(VERSION) ## programs, library, header, unit, man pages below $(DESTDIR)$(PREFIX)
	install -D -m 755 build/plain/refublk $(DESTDIR)$(PREFIX)/sbin/refublk
	ln -sf refublk $(DESTDIR)$(PREFIX)/sbin/ublk-mem
	ln -sf refublk $(DESTDIR)$(PREFIX)/sbin/ublk-file
	install -D -m 755 build/plain/blkshadow $(DESTDIR)$(PREFIX)/sbin/blkshadow
	install -D -m 644 src/refublk.h $(DESTDIR)$(PREFIX)/include/refublk.h
	install -D -m 644 $(BUILD)/librefublk.a $(DESTDIR)$(LIBDIR)/librefublk.a
	install -D -m 644 $(BUILD)/librefublk.so.$(VERSION) $(DESTDIR)$(LIBDIR)/librefublk.so.$(VERSION)
	ln -sf librefublk.so.$(VERSION) $(DESTDIR)$(LIBDIR)/librefublk.so.$(SOVERSION)
	ln -sf librefublk.so.$(SOVERSION) $(DESTDIR)$(LIBDIR)/librefublk.so
	install -d $(DESTDIR)$(LIBDIR)/pkgconfig
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@VERSION@|$(VERSION)|' src/refublk.pc.in >$(DESTDIR)$(LIBDIR)/pkgconfig/refublk.pc
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed -e 's|@PREFIX@|$(PREFIX)|g' src/systemd/refublk@.service.in >$(DESTDIR)$(PREFIX)/lib/systemd/system/refublk@.service
	for page in src/man/*.[1-8] tests/integrity/blkshadow/blkshadow.8; do install -D -m 644 $$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/}; done

.PHONY: clean
clean: ## removes what was built; kernels stay in the cache
	rm -rf build refublk ublk-mem ublk-file blkshadow

# ---- tests ----------------------------------------------------------------------------------

.PHONY: test
test: ## everything within the budgets of CONTRIBUTING.md
	@tests/run

.PHONY: test-deep
test-deep: ## what does not fit into `make test`
	@tests/run --deep

# A test program: its own file, what stands in for a seam (objects go before the archive), the parts.
SEAM.delay_test := file_rig
SEAM.file_test := file_world
SEAM.file_io_test := file_rig
SEAM.file_open_test := file_rig
SEAM.file_disk_test := file_rig
SEAM.serve_test := port_script serve_rig
SEAM.serve_order_test := port_script serve_rig
SEAM.serve_lend_test := port_script serve_rig
SEAM.serve_break_test := port_script serve_rig
SEAM.serve_later_test := port_script serve_rig
SEAM.trace_test := port_script serve_rig
SEAM.queue_test := port_quiet
SEAM.run_test := plane_script plane_queue run_rig
SEAM.run_recover_test := plane_script plane_queue run_rig
SEAM.admin_test := plane_script plane_queue
SEAM.resize_test := plane_script plane_queue
SEAM.handover_test := plane_script plane_queue
SEAM.serve_part_test := port_script serve_rig
SEAM.file_resize_test := file_rig
SEAM.driver_test := table
SEAM.tables_test := table
$(BUILD)/unit/%_test: $(BUILD)/tests/unit/%_test.o $(BUILD)/tests/unit/main.o $(BUILD)/wrappers.a $(BUILD)/cli.a $(BUILD)/parts.a $(BUILD)/driver.a
	@mkdir -p $(@D)
	$(QUIET)$(CC) $(CFLAGS_ALL) $(LDFLAGS) $(filter %.o,$^) $(BUILD)/wrappers.a $(BUILD)/cli.a $(BUILD)/parts.a $(BUILD)/driver.a $(LIBS) $(CLI_LIBS) $(CHECK_LIBS) -o $@
$(BUILD)/unit/driver_test $(BUILD)/unit/driver_facts_test: $(SPEC:%=$(BUILD)/spec/%.o)
$(BUILD)/unit/tables_test: $(BUILD)/spec/words.o
$(foreach test,$(UNIT_TESTS),$(eval $(BUILD)/unit/$(test): $(SEAM.$(test):%=$(BUILD)/tests/unit/support/%.o)))

.PHONY: unit-programs threaded-programs test-unit test-asan test-tsan test-valgrind
unit-programs: $(UNIT_PROGRAMS)
threaded-programs: $(THREADED:%=$(BUILD)/unit/%)
test-unit: setup-test unit-programs build ## unit tests, mirrors of src/
	@tests/units $(UNIT_PROGRAMS)
	@tests/unit/cli_errors.sh
	@tests/unit/trace_check.py
	@spec/check-troubleshooting
test-asan: setup-test ## the same under AddressSanitizer and UBSan
	@$(MAKE) --no-print-directory VARIANT=asan unit-programs
	@ASAN_OPTIONS=detect_stack_use_after_return=1 tests/units $(UNIT_TESTS:%=build/asan/unit/%)
test-tsan: setup-test ## the threaded ones under ThreadSanitizer
	@$(MAKE) --no-print-directory VARIANT=tsan threaded-programs
	@tests/units $(THREADED:%=build/tsan/unit/%)
test-valgrind: setup-test unit-programs ## the same under valgrind
	@tests/units --valgrind $(UNIT_PROGRAMS)

.PHONY: pure
pure: $(CORE_SOURCES:%.c=$(BUILD)/%.o) ## the core needs nothing but four memory functions and CHECK
	@spec/check-pure $^

.PHONY: check-uapi
check-uapi: setup-vm ## our uapi.h against the newest header that Debian packages
	@spec/check-uapi "$$(vm/fetch headers)"

.PHONY: test-shadow
test-shadow: setup-test $(SHADOW_TESTS:%=$(BUILD)/shadow/%) $(BUILD)/blkshadow ## the integrity checker, against planted faults and clean files
	@tests/units $(SHADOW_TESTS:%=$(BUILD)/shadow/%) $(BUILD)/shadow/cut_test
	@tests/integrity/blkshadow/check-alone $(BUILD)
	@tests/integrity/blkshadow/check-command $(BUILD)

include spec/spec.mk
include spec/misuse/misuse.mk
include tests/integrity/shadow.mk

# What the cases run beside the program itself; refublk-faults is the program with the faults that some plant.
.PHONY: vm-programs
vm-programs: build build/plain/lives $(EXAMPLES:%=build/plain/examples/%)
	@$(MAKE) --no-print-directory VARIANT=faults build/faults/refublk
	@cp build/faults/refublk build/plain/refublk-faults

.PHONY: vm-simple-e2e vm-e2e integrity-test
vm-simple-e2e: setup-vm build ## one small VM case on the newest kernel
	@vm/run 7.3 smoke
vm-e2e integrity-test: setup-vm vm-programs ## every VM case on every kernel, and a table
	@vm/all

.PHONY: bench
bench: setup-vm build ## our speed as a ratio to the kernel's own server, in one guest
	@vm/bench/run

include tests/integrity/sim/sim.mk tests/integrity/battery/battery.mk fuzz/fuzz.mk

.PHONY: help
help: ## this list
	@sed -nE 's/^([a-z][a-z0-9 -]*):[^#]*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | awk -F'\t' '{printf "  %-24s %s\n", $$1, $$2}'

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
