# The protocol as data, and what is shown of it: see spec/README.md. Read by the Makefile.
RUNNER := $(BUILD)/spec/runner

.PHONY: rules vectors draw model model-deep proof plants mutants mcdc
rules: setup-test ## every rule of spec/rules.md has one home, evidence that is run, and its planted bug
	@vm/check-pairs >/dev/null
	@spec/draw --check >/dev/null
	@spec/check-rules
vectors: setup-test $(RUNNER) ## our runner answers the test vectors, and refuses the broken ones
	@spec/vectors.py $(RUNNER) --exact
draw: setup-test ## the state diagrams anew, after a table has changed
	@spec/draw
model: setup-test ## every order of events of driver and server, over the compiled core
	@spec/model/run
model-deep: setup-test ## the same with more tags and requests
	@spec/model/run --deep
proof: setup-test ## the core for every input, with CBMC
	@spec/proof/run
plants: setup-test unit-programs ## each planted bug is caught by its check
	@spec/check-plants
mutants: setup-test ## each small change of the core is noticed
	@spec/mutants
mcdc: setup-test ## every condition of the core decides by itself, every CHECK can fire
	@spec/mcdc

# The core alone, as a port of it to another language would be alone.
$(RUNNER): $(BUILD)/spec/runner.o $(BUILD)/spec/question.o $(BUILD)/spec/words.o $(CORE_SOURCES:%.c=$(BUILD)/%.o) $(BUILD)/src/sys/check.o
	$(QUIET)$(CC) $(CFLAGS_ALL) $(LDFLAGS) $^ -o $@
