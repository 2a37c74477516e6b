/* Any bytes as a state file. What is accepted holds what the file says, member by member; it is written and read again: the
 * same file, byte for byte, the second time. What is refused says why, in one line. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "state.h"

enum { ID = 7, OTHER_ID = 8, BYTES_MAX = 16384 };

static char folder[] = "/dev/shm/refublk-fuzz-XXXXXX", elsewhere[] = "/tmp/refublk-fuzz-XXXXXX";
static int folder_fd = -1;

static void clean(void)
{
	(void)state_remove(folder_fd, ID);
	(void)rmdir(folder);
	(void)rmdir(elsewhere);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *made = mkdtemp(folder);

	(void)argc;
	(void)argv;
	if (!made)
		made = mkdtemp(elsewhere);
	folder_fd = made ? open(made, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	FUZZ_NEED(folder_fd >= 0, "a folder of its own");
	atexit(clean);
	return 0;
}

static void put(const uint8_t *data, size_t size)
{
	int fd = openat(folder_fd, "7.json", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	FUZZ_NEED(fd >= 0 && write(fd, data, size) == (ssize_t)size, "room for a file");
	close(fd);
}

static size_t get(char *text)
{
	int fd = openat(folder_fd, "7.json", O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, text, BYTES_MAX);

	FUZZ_NEED(size > 0, "a file was written");
	close(fd);
	return (size_t)size;
}

static void judge_refusal(int status, const char *why)
{
	FUZZ_NEED(status == -EBADMSG, "damaged, since it is there");
	FUZZ_NEED(why[0] != '\0' && strlen(why) < STATE_WHY_BYTES, "and says why");
}

static void judge_again(const struct state *state)
{
	static char first[BYTES_MAX], second[BYTES_MAX];
	static struct state again;
	char why[STATE_WHY_BYTES];
	size_t first_bytes, second_bytes;

	FUZZ_NEED(state_write(folder_fd, state) == 0, "what was read can be written");
	first_bytes = get(first);
	FUZZ_NEED(state_read(folder_fd, ID, &again, why) == 0, "and read");
	FUZZ_NEED(state_write(folder_fd, &again) == 0, "and written again");
	second_bytes = get(second);
	FUZZ_NEED(first_bytes == second_bytes && memcmp(first, second, first_bytes) == 0, "as the same");
}

static bool ends(const char *word, size_t size)
{
	return memchr(word, '\0', size) != NULL;
}

static bool says_number(const json_t *json, const char *name, uint64_t number)
{
	const json_t *member = json_object_get(json, name);

	return json_is_integer(member) && (uint64_t)json_integer_value(member) == number;
}

static bool says_word(const json_t *json, const char *name, const char *word)
{
	const char *said = json_string_value(json_object_get(json, name));

	return said && strcmp(said, word) == 0;
}

static bool says_flag(const json_t *json, const char *name, bool flag)
{
	const json_t *member = json_object_get(json, name);

	return json_is_boolean(member) && json_is_true(member) == flag;
}

static void judge_members(const json_t *json, const struct state *state)
{
	const json_t *server = json_object_get(json, "server");

	FUZZ_NEED(state->id == ID && says_number(json, "id", ID) &&
		  says_number(json, "maker", (uint32_t)state->maker_pid), "whose file it is");
	FUZZ_NEED(says_number(server, "pid", (uint32_t)state->server.pid) &&
		  says_number(server, "started_ticks", state->server.started_ticks), "whose server it is");
	FUZZ_NEED(says_number(json, "size_bytes", state->size_bytes) && says_number(json, "block_bytes", state->block_bytes) &&
		  says_number(json, "memory_limit_bytes", state->memory_limit_bytes) && says_number(json, "queues", state->queues) &&
		  says_number(json, "max_io_bytes", state->max_io_bytes) && says_number(json, "depth", state->depth_tags),
		  "a number is what the file says");
	FUZZ_NEED(says_word(json, "program", state->program) && says_word(json, "backend", state->backend) &&
		  says_word(json, "recovery", state->recovery) && says_word(json, "shm", state->shm) &&
		  says_word(json, "path", state->path), "a word is what the file says");
	FUZZ_NEED(says_flag(json, "read_only", state->read_only) && says_flag(json, "no_discard", state->no_discard) &&
		  says_flag(json, "get_data", state->get_data) && says_flag(json, "buffered", state->buffered) &&
		  says_flag(json, "foreground", state->foreground), "a flag is what the file says");
}

static void judge_accepted(const uint8_t *data, size_t size, const struct state *state)
{
	json_t *json = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);

	FUZZ_NEED(json != NULL, "what is accepted is JSON");
	judge_members(json, state);
	json_decref(json);
}

/* The same for every input. */
static void judge_folder(struct state *state)
{
	char why[STATE_WHY_BYTES];
	int32_t ids[4];

	FUZZ_NEED(state_ids(folder_fd, ids, 4) == 1 && ids[0] == ID, "a device has a file");
	FUZZ_NEED(state_read(folder_fd, OTHER_ID, state, why) == -ENOENT, "another has none");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct state state;
	static bool looked;
	char why[STATE_WHY_BYTES];
	int status;

	put(data, size);
	if (!looked)
		judge_folder(&state);
	looked = true;
	status = state_read(folder_fd, ID, &state, why);
	if (status != 0) {
		judge_refusal(status, why);
		return 0;
	}
	FUZZ_NEED(state.queues <= INT32_MAX && state.depth_tags <= INT32_MAX && state.block_bytes <= INT32_MAX &&
		  state.max_io_bytes <= INT32_MAX && state.maker_pid > 0 && state.server.pid > 0, "what is accepted is in range");
	FUZZ_NEED(ends(state.path, sizeof(state.path)) && ends(state.backend, sizeof(state.backend)) &&
		  ends(state.recovery, sizeof(state.recovery)) && ends(state.shm, sizeof(state.shm)) &&
		  ends(state.program, sizeof(state.program)), "a word ends");
	judge_accepted(data, size, &state);
	judge_again(&state);
	return 0;
}
