#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "trace.h"

#define VERSION 2u
#define QUEUES_MAX 4096u
#define TAGS_MAX 4096u
#define LATER_MAX 64u
#define COMMIT_AND_FETCH 0xc0107521u

/* A request under way. */
struct place {
	struct trace_request request;
	uint64_t user, token;		/* of its io; of its call */
	bool open;
};

struct queue {
	struct place *places;		/* one for each tag */
	struct place *asking;		/* whose step said that an io follows */
	unsigned depth;
};

/* The last ones that fit, newest last: as many as are needed. */
struct kept {
	struct trace_request list[LATER_MAX + 1];
	unsigned count;
};

struct reader {
	struct queue *queues[QUEUES_MAX];
	struct kept same, touching;
	const struct trace_wanted *wanted;
	uint64_t line;
	bool headed;
};

static const char *const call_names[OPERATION_KINDS] = {
	[OPERATION_READ] = "read",	 [OPERATION_WRITE] = "write",	      [OPERATION_FLUSH] = "flush",
	[OPERATION_DISCARD] = "discard", [OPERATION_ZEROES] = "write_zeroes",
};

static void *checked(void *memory)
{
	if (!memory)
		err(3, "no memory for the trace");
	return memory;
}

static struct place *place_of(const struct reader *reader, unsigned number, unsigned tag)
{
	struct queue *queue = reader->queues[number];

	return queue && tag < queue->depth ? &queue->places[tag] : NULL;
}

static void keep(struct kept *kept, const struct trace_request *request, unsigned later)
{
	if (later > LATER_MAX)
		return;
	if (kept->count > later) {
		memmove(kept->list, kept->list + 1, later * sizeof *kept->list);
		kept->count = later;
	}
	kept->list[kept->count++] = *request;
}

static void take_if_it_fits(struct reader *reader, const struct trace_request *request)
{
	const struct operation *operation = &reader->wanted->operation;
	uint64_t at_bytes = reader->wanted->sector * OPERATION_SECTOR_BYTES;

	if (request->kind != operation->kind || at_bytes < request->offset_bytes ||
	    at_bytes >= request->offset_bytes + request->length_bytes)
		return;
	if (request->offset_bytes == operation->offset_bytes && request->length_bytes == operation->length_bytes)
		keep(&reader->same, request, reader->wanted->later_same);
	keep(&reader->touching, request, reader->wanted->later_touching);
}

/* The queue's first line. */
static bool read_head(struct reader *reader, unsigned number, const char *fields)
{
	const char *depth_at = strstr(fields, " depth=");
	unsigned version, depth;
	struct queue *queue;

	if (sscanf(fields, "%u", &version) != 1 || version != VERSION || !depth_at ||
	    sscanf(depth_at, " depth=%u", &depth) != 1 || depth > TAGS_MAX)
		return false;
	if (reader->queues[number])
		free(reader->queues[number]->places);
	else
		reader->queues[number] = checked(calloc(1, sizeof *queue));
	queue = reader->queues[number];
	*queue = (struct queue){.depth = depth, .places = checked(calloc(depth ? depth : 1, sizeof *queue->places))};
	reader->headed = true;
	return true;
}

static void read_call(struct reader *reader, unsigned number, const char *fields)
{
	struct trace_request request = {.line = reader->line, .queue = number};
	struct place *place;
	uint64_t token;
	char name[16];

	if (sscanf(fields, "%u %15s %" SCNu64 " %" SCNu64 " %*x %*x %" SCNx64, &request.tag, name, &request.offset_bytes,
		   &request.length_bytes, &token) != 5)
		return;
	while (request.kind < OPERATION_KINDS && strcmp(name, call_names[request.kind]) != 0)
		request.kind++;
	place = place_of(reader, number, request.tag);
	if (place)
		*place = (struct place){.request = request, .token = token, .open = true};
}

static void read_io(struct reader *reader, unsigned number, const char *fields)
{
	struct queue *queue = reader->queues[number];
	uint64_t user, offset_bytes, length_bytes;
	struct trace_request *request;
	char name[16];

	if (!queue || !queue->asking ||
	    sscanf(fields, "%" SCNx64 " %15s %*d %" SCNu64 " %" SCNu64, &user, name, &offset_bytes, &length_bytes) != 4)
		return;
	request = &queue->asking->request;
	queue->asking->user = user;
	queue->asking = NULL;
	/* It has no range. */
	if (strcmp(name, "fdatasync") == 0)
		return;
	if (!request->ios++ || offset_bytes < request->io_first_bytes)
		request->io_first_bytes = offset_bytes;
	if (offset_bytes + length_bytes > request->io_end_bytes)
		request->io_end_bytes = offset_bytes + length_bytes;
	request->io_bytes += length_bytes;
}

static void read_completion(struct reader *reader, unsigned number, const char *fields)
{
	struct queue *queue = reader->queues[number];
	uint64_t user;
	int64_t result;

	if (!queue || sscanf(fields, "%" SCNx64 " %" SCNd64, &user, &result) != 2)
		return;
	for (unsigned tag = 0; tag < queue->depth; tag++)
		if (queue->places[tag].open && queue->places[tag].request.ios && queue->places[tag].user == user)
			queue->places[tag].request.io_result = result;
}

static void read_step(struct reader *reader, unsigned number, const char *fields)
{
	struct trace_request *request;
	struct place *place;
	unsigned tag;
	char word[16];
	int used;

	if (sscanf(fields, "%u %15s %n", &tag, word, &used) != 2)
		return;
	place = place_of(reader, number, tag);
	if (!place)
		return;
	request = &place->request;
	if (strcmp(word, "io") == 0)
		reader->queues[number]->asking = place;
	else if (strcmp(word, "done") == 0)
		sscanf(fields + used, "%" SCNu64 " %u", &request->done_bytes, &request->error);
}

static void read_letter(struct reader *reader, unsigned number, const char *fields)
{
	struct queue *queue = reader->queues[number];
	uint64_t token, done_bytes;
	unsigned error;

	if (!queue || sscanf(fields, "%" SCNx64 " %" SCNu64 " %u", &token, &done_bytes, &error) != 3)
		return;
	for (unsigned tag = 0; tag < queue->depth; tag++)
		if (queue->places[tag].open && queue->places[tag].token == token) {
			queue->places[tag].request.done_bytes = done_bytes;
			queue->places[tag].request.error = error;
		}
}

/* The payload is the driver's: queue and tag of 16 bits, the result of 32, the lowest byte first. */
static void read_command(struct reader *reader, unsigned number, const char *fields)
{
	unsigned op, bytes[8];
	struct place *place;

	if (sscanf(fields, "%*x %x %2x%2x%2x%2x%2x%2x%2x%2x", &op, &bytes[0], &bytes[1], &bytes[2], &bytes[3], &bytes[4],
		   &bytes[5], &bytes[6], &bytes[7]) != 9 || op != COMMIT_AND_FETCH)
		return;
	place = place_of(reader, number, bytes[2] | bytes[3] << 8);
	if (!place || !place->open)
		return;
	place->request.committed = (int32_t)(bytes[4] | bytes[5] << 8 | bytes[6] << 16 | bytes[7] << 24);
	place->open = false;
	take_if_it_fits(reader, &place->request);
}

static bool read_line(struct reader *reader, const char *line)
{
	static const struct {
		const char *word;
		void (*read)(struct reader *reader, unsigned number, const char *fields);
	} records[] = {
		{"call", read_call},	 {"io", read_io},	  {"completion", read_completion},
		{"step", read_step},	 {"letter", read_letter}, {"command", read_command},
	};
	unsigned number;
	char word[16];
	int used;

	/* A line that does not parse was cut short when the disk was full. */
	if (sscanf(line, "%*u %u %*d %15s %n", &number, word, &used) != 2 || number >= QUEUES_MAX)
		return true;
	if (strcmp(word, "refublk-trace") == 0)
		return read_head(reader, number, line + used);
	for (unsigned at = 0; at < sizeof records / sizeof records[0]; at++)
		if (strcmp(word, records[at].word) == 0)
			records[at].read(reader, number, line + used);
	return true;
}

static void close_reader(struct reader *reader)
{
	for (unsigned number = 0; number < QUEUES_MAX; number++) {
		if (reader->queues[number])
			free(reader->queues[number]->places);
		free(reader->queues[number]);
	}
	free(reader);
}

enum trace_answer trace_find(FILE *file, const struct trace_wanted *wanted, struct trace_request *found)
{
	struct reader *reader = checked(calloc(1, sizeof *reader));
	enum trace_answer answer = TRACE_NOTHING;
	bool good = true;
	char line[1024];

	reader->wanted = wanted;
	errno = 0;
	while (good && fgets(line, sizeof line, file)) {
		reader->line++;
		good = read_line(reader, line);
	}
	if (!good || !reader->headed || ferror(file))
		answer = TRACE_UNREADABLE;
	else if (reader->same.count > wanted->later_same || reader->touching.count > wanted->later_touching)
		answer = TRACE_FOUND;
	/* The oldest of those that were kept. */
	if (answer == TRACE_FOUND)
		*found = reader->same.count > wanted->later_same ? reader->same.list[0] : reader->touching.list[0];
	close_reader(reader);
	return answer;
}

/* What the server did not do as it was asked; NULL when there is nothing of the kind. */
static const char *fault_of(const struct trace_request *request)
{
	uint64_t end_bytes = request->offset_bytes + request->length_bytes;
	bool transfer = request->kind == OPERATION_READ || request->kind == OPERATION_WRITE;

	if (request->ios && (request->io_first_bytes < request->offset_bytes || request->io_end_bytes > end_bytes))
		return "THE SERVER WENT TO ANOTHER PLACE";
	if (request->ios && (request->io_first_bytes > request->offset_bytes || request->io_end_bytes < end_bytes ||
			     request->io_bytes < request->length_bytes))
		return "THE SERVER LEFT PART OF IT OUT";
	if (!request->error && transfer && request->done_bytes != request->length_bytes)
		return "THE BACKEND DID LESS THAN ALL, AND CALLED IT DONE";
	if (!request->error && (transfer ? request->committed != (int64_t)request->done_bytes : request->committed < 0))
		return "WHAT WAS COMMITTED IS NOT WHAT THE BACKEND ANSWERED";
	return NULL;
}

const char *trace_describe(const struct trace_request *request, char *text, size_t text_bytes)
{
	const char *fault = fault_of(request);
	char below[160] = "served without an io";

	if (request->ios)
		snprintf(below, sizeof below, "%u io%s of %" PRIu64 " bytes from %" PRIu64 " to %" PRIu64 ", the last answered %" PRId64,
			 request->ios, request->ios == 1 ? "" : "s", request->io_bytes, request->io_first_bytes,
			 request->io_end_bytes, request->io_result);
	snprintf(text, text_bytes,
		 "queue %u, tag %u, line %" PRIu64 ": %s of %" PRIu64 " bytes at %" PRIu64 "; %s; backend: %" PRIu64
		 " bytes, error %u; committed %" PRId64 ": %s",
		 request->queue, request->tag, request->line, call_names[request->kind], request->length_bytes,
		 request->offset_bytes, below, request->done_bytes, request->error, request->committed,
		 fault ? fault : "as it was asked to, so look below the server, or at its memory");
	return text;
}
