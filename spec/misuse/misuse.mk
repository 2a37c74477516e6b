# The misuse matrix: spec/misuse.tsv against spec/driver, and in the VM against real kernels.
MISUSE_SOURCES := $(wildcard spec/misuse/*.c)

$(BUILD)/misuse: $(MISUSE_SOURCES:%.c=$(BUILD)/%.o) $(SPEC:%=$(BUILD)/spec/%.o)
	$(QUIET)$(CC) $(CFLAGS_ALL) $(LDFLAGS) $^ $(LIBS) -o $@

.PHONY: misuse
misuse: setup-build $(BUILD)/misuse ## every cell of the misuse matrix is what spec/driver answers
	@$(BUILD)/misuse check spec/misuse.tsv

.PHONY: vm-misuse
vm-misuse: setup-vm vm-programs ## the misuse matrix and seeded arguments on real kernels
	@vm/run --cases spec/misuse 6.12,7.2,7.3 misuse

rules: misuse
vm-programs: build/plain/misuse
