# The simulated driver: spec/driver with data, memory, virtual time and a scheduler, under the server's own objects,
# with the checker's workload and shadow.
SIM_SOURCES := $(filter-out %_test.c,$(wildcard tests/integrity/sim/*.c))
SIM_SERVER := $(addprefix src/,core/desc core/request core/result core/tag core/tally core/command \
	backend/mem backend/file backend/file_backend \
	sys/serve sys/handle sys/step sys/complain sys/later sys/trace sys/log sys/check)
SIM_SHADOW := $(addprefix tests/integrity/blkshadow/,compare findings journal modes operation pages pattern plan \
	reserve run schedule scan seal set shadow stamp sweep verdict)
SIM_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(filter-out %/main.c,$(SIM_SOURCES))) \
	$(SIM_SERVER:%=$(BUILD)/%.o) $(SIM_SHADOW:%=$(BUILD)/%.o) $(SPEC:%=$(BUILD)/spec/%.o)
SIM_LIBS := -lmd -pthread
SEED ?= 1
OPS ?= 1000000

$(BUILD)/sim: $(BUILD)/tests/integrity/sim/main.o $(SIM_OBJECTS)
	$(QUIET)$(CC) $(CFLAGS_ALL) $(LDFLAGS) $^ $(SIM_LIBS) -o $@

$(BUILD)/sim_test: $(BUILD)/tests/integrity/sim/sim_test.o $(BUILD)/tests/unit/main.o $(SIM_OBJECTS)
	$(QUIET)$(CC) $(CFLAGS_ALL) $(LDFLAGS) $^ $(SIM_LIBS) $(CHECK_LIBS) -o $@

.PHONY: sim
sim: setup-test $(BUILD)/sim ## the server under the simulated driver: SEED=1 OPS=1000000
	@$(BUILD)/sim --seed $(SEED) --operations $(OPS)

.PHONY: test-sim
test-sim: setup-test $(BUILD)/sim $(BUILD)/sim_test ## small domains exhausted, 10 million operations under the sanitizers
	@$(MAKE) --no-print-directory VARIANT=asan build/asan/sim
	@tests/units $(BUILD)/sim_test
	@tests/integrity/sim/run $(BUILD)/sim build/asan/sim 10000000 150
