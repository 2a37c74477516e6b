# The battery: planted faults on the simulated driver, each with the verdict that it must get; the most telling ones on
# real kernels too.
BATTERY_SOURCES := $(filter-out %/planted.c,$(wildcard tests/integrity/battery/*.c))
BATTERY_PLANTS := $(filter-out %/main.c,$(BATTERY_SOURCES)) tests/integrity/battery/planted.c
BATTERY_SHADOW := $(addprefix tests/integrity/blkshadow/,plan operation)

$(BUILD)/battery: $(BATTERY_SOURCES:%.c=$(BUILD)/%.o) $(SIM_OBJECTS)
	$(QUIET)$(CC) $(CFLAGS_ALL) $(LDFLAGS) $^ $(SIM_LIBS) -o $@

# Its hand between server and driver is the linker's.
$(BUILD)/planted: $(BATTERY_PLANTS:%.c=$(BUILD)/%.o) $(BATTERY_SHADOW:%=$(BUILD)/%.o) $(BUILD)/parts.a
	$(QUIET)$(CC) $(CFLAGS_ALL) $(LDFLAGS) -Wl,--wrap=port_push,--wrap=port_pop $^ $(LIBS) -o $@

.PHONY: battery
battery: setup-test $(BUILD)/battery ## planted faults under the simulated driver: fault, verdict, operations left, seconds
	@$(BUILD)/battery tests/integrity/battery/faults.tsv $(FAULT)

.PHONY: vm-battery
vm-battery: setup-vm vm-programs $(BUILD)/battery $(BUILD)/planted ## the most telling of them on real kernels, under blkshadow
	@tests/integrity/battery/vm $(BUILD) $(FAULT)
