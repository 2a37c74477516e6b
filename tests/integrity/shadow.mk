# The power cuts: blkshadow's record of a run against a log of what has reached the disk below.
POWERCUT_SOURCES := $(filter-out %_test.c,$(wildcard tests/integrity/powercut/*.c))
POWERCUT_SHARED := schedule plan operation stamp

$(BUILD)/tests/integrity/powercut/%.o: tests/integrity/powercut/%.c Makefile
	@mkdir -p $(@D)
	$(QUIET)$(CC) -std=gnu11 $(filter-out $(INCLUDES),$(CFLAGS_ALL)) -iquote tests/integrity/powercut -iquote tests/integrity/blkshadow -iquote tests/unit -MMD -MP -c $< -o $@

$(BUILD)/powercut: $(POWERCUT_SOURCES:%.c=$(BUILD)/%.o) $(POWERCUT_SHARED:%=$(BUILD)/tests/integrity/blkshadow/%.o)
	$(QUIET)$(CC) $(CFLAGS_ALL) $(LDFLAGS) $^ -o $@

$(BUILD)/shadow/cut_test: $(BUILD)/tests/integrity/powercut/cut_test.o $(BUILD)/tests/unit/main.o $(patsubst %.c,$(BUILD)/%.o,$(filter-out %/main.c,$(POWERCUT_SOURCES))) $(POWERCUT_SHARED:%=$(BUILD)/tests/integrity/blkshadow/%.o)
	@mkdir -p $(@D)
	$(QUIET)$(CC) $(CFLAGS_ALL) $(LDFLAGS) $^ $(CHECK_LIBS) -o $@

test-shadow: $(BUILD)/shadow/cut_test
vm-programs: $(BUILD)/powercut

.PHONY: clean-disks shadow-bench
clean-disks: setup-vm vm-programs ## blkshadow for an hour on disks that do nothing wrong (SECONDS=3600): no false alarm
	@tests/integrity/clean $(or $(SECONDS),3600)
shadow-bench: setup-vm build ## blkshadow beside fio with verify=md5
	@tests/integrity/shadow-bench
