# refublk. `make help` lists the targets. Sources stand in the order of the data's path.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := build
.DELETE_ON_ERROR:

VERSION := 0.1.0
CC ?= gcc
VARIANT ?= plain
BUILD := build/$(VARIANT)

CORE := desc request result tag tally command params device
BACKEND := null mem file file_open
SYS := port_uring serve later trace buffers thread queue control report log check errnos start
CLI := main options size

CORE_SOURCES := $(CORE:%=src/core/%.c)
BACKEND_SOURCES := $(BACKEND:%=src/backend/%.c)
SYS_SOURCES := $(SYS:%=src/sys/%.c)
CLI_SOURCES := $(CLI:%=src/cli/%.c)

WARNINGS := -Wall -Wextra -Wconversion -Wsign-conversion -Wswitch-enum -Wshadow -Wmissing-prototypes -Wvla
INCLUDES := -Isrc -Isrc/core -Isrc/sys -Isrc/backend -Isrc/cli
OPTIMISE.plain := -O2 -g
OPTIMISE.asan := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
OPTIMISE.tsan := -O1 -g -fsanitize=thread
ERROR := $(if $(CI),-Werror)
CFLAGS_ALL := $(WARNINGS) $(ERROR) $(OPTIMISE.$(VARIANT)) -fPIC -fvisibility=hidden -D_GNU_SOURCE -DREFUBLK_VERSION='"$(VERSION)"' $(INCLUDES) $(CPPFLAGS) $(CFLAGS)
LIBS := -luring -pthread
CLI_LIBS := -ljansson

OBJECTS := $(CORE_SOURCES:%.c=$(BUILD)/%.o) $(BACKEND_SOURCES:%.c=$(BUILD)/%.o) $(SYS_SOURCES:%.c=$(BUILD)/%.o)
CLI_OBJECTS := $(CLI_SOURCES:%.c=$(BUILD)/%.o)

# ---- build ----------------------------------------------------------------------------------

$(BUILD)/src/core/%.o: src/core/%.c | Makefile
	@mkdir -p $(@D)
	$(CC) -std=c11 -ffreestanding -Wpadded $(CFLAGS_ALL) -MMD -MP -c $< -o $@

$(BUILD)/%.o: %.c | Makefile
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(CFLAGS_ALL) -MMD -MP -c $< -o $@

$(BUILD)/librefublk.a: $(OBJECTS)
	rm -f $@ && ar rcs $@ $^

-include $(shell find build -name '*.d' 2>/dev/null)
