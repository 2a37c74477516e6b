# The battery: planted faults on the simulated driver, each with the verdict that it must get.
BATTERY_SOURCES := $(wildcard tests/integrity/battery/*.c)

$(BUILD)/battery: $(BATTERY_SOURCES:%.c=$(BUILD)/%.o) $(SIM_OBJECTS)
	$(QUIET)$(CC) $(CFLAGS_ALL) $(LDFLAGS) $^ $(SIM_LIBS) -o $@

.PHONY: battery
battery: setup-test $(BUILD)/battery ## planted faults under the simulated driver: fault, verdict, operations left, seconds
	@$(BUILD)/battery tests/integrity/battery/faults.tsv $(FAULT)
