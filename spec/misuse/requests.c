#include "requests.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "matrix.h"
#include "rig.h"

enum { PATIENCE_MS = 10000, SLICE_MS = 5, UNTOUCHED = 0x5a };

struct requests_state requests_now;

/* ---- data ---------------------------------------------------------------------------------- */

static unsigned char server_byte(uint64_t position, unsigned char salt)
{
	return (unsigned char)(position * 29 + (position >> 9) * 5 + salt);
}

unsigned char *requests_memory(const char *address)
{
	if (strcmp(address, "lent") == 0)
		return server_memory->lent;
	if (strcmp(address, "torn") == 0)
		return server_memory->torn;
	if (strcmp(address, "dark") == 0)
		return server_memory->dark;
	return server_memory->own[0];
}

void requests_fill(unsigned char *memory, unsigned char salt)
{
	for (uint64_t at = requests_now.from; at < requests_now.to; at++)
		memory[at - requests_now.from] = server_byte(at, salt);
}

/* A WRITE that is delivered brings its client's data; one that asks for data does not touch the buffer. */
static void check_delivered(const struct server_completion *done, const char *address)
{
	const unsigned char *memory = requests_memory(address);
	uint64_t bytes = (uint64_t)done->desc.nr_sectors * 512, start = done->desc.start_sector * 512;

	if (requests_now.op != CLIENT_WRITE)
		return;
	for (uint64_t i = 0; i < bytes && i < sizeof(server_memory->lent); i++)
		if (memory[i] != (done->result == 0 ? client_written(start + i) : UNTOUCHED))
			requests_now.wrong = true;
}

static void check_read(void)
{
	const unsigned char *bytes = client_read_bytes();

	for (uint64_t i = 0; requests_now.op == CLIENT_READ && i < CLIENT_BYTES; i++)
		if (bytes[i] != server_byte(CLIENT_OFFSET_BYTES + i, requests_now.salt[i]))
			requests_now.wrong = true;
}

static bool moves_data(void)
{
	return requests_now.op == CLIENT_READ || requests_now.op == CLIENT_WRITE;
}

/* ---- requests ------------------------------------------------------------------------------ */

void requests_begin(enum client_op op)
{
	memset(&requests_now, 0, sizeof(requests_now));
	memset(server_memory->own[0], UNTOUCHED, sizeof(server_memory->own[0]));
	memset(server_memory->lent, UNTOUCHED, sizeof(server_memory->lent));
	requests_now.op = op;
	client_start(rig_id, op);
}

bool requests_deliver(const char *address)
{
	struct server_completion done = server_take(PATIENCE_MS);

	if (done.result != UBLK_IO_RES_OK && done.result != UBLK_IO_RES_NEED_GET_DATA)
		return false;
	if (!requests_now.open) {
		requests_now.desc = done.desc;
		requests_now.from = CLIENT_OFFSET_BYTES;
		requests_now.to = CLIENT_OFFSET_BYTES + CLIENT_BYTES;
	}
	requests_now.open = true;
	requests_now.asks = done.result == UBLK_IO_RES_NEED_GET_DATA;
	check_delivered(&done, address);
	return true;
}

/* 7.x completes it at once. */
bool requests_ask(void)
{
	int32_t result = server_push((struct server_command){ .op = UBLK_U_IO_NEED_GET_DATA, .address = rig_own(0) });

	if (result == UBLK_IO_RES_OK) {
		requests_now.asks = false;
		check_delivered(&(struct server_completion){ .desc = requests_now.desc }, "own");
	}
	return result == UBLK_IO_RES_OK || result == SERVER_NOTHING;
}

void requests_committed(int32_t result, unsigned char salt)
{
	uint64_t bytes = result > 0 ? (uint64_t)result : 0;

	if (bytes > requests_now.to - requests_now.from)
		bytes = requests_now.to - requests_now.from;
	for (uint64_t i = 0; requests_now.op == CLIENT_READ && i < bytes; i++)
		requests_now.salt[requests_now.from - CLIENT_OFFSET_BYTES + i] = salt;
	if (moves_data())
		requests_now.from += bytes;
}

int32_t requests_whole(void)
{
	return moves_data() ? (int32_t)(requests_now.to - requests_now.from) : 0;
}

/* Asks for the data that has to be asked for. False when it does not come. */
static bool has_data(void)
{
	return !requests_now.asks || (requests_ask() && (!requests_now.asks || requests_deliver("own")));
}

void requests_fail(void)
{
	int result;

	if (!requests_now.open || !has_data())
		return;
	(void)server_push((struct server_command){ .op = UBLK_U_IO_COMMIT_AND_FETCH_REQ, .result = -EIO, .address = rig_own(0) });
	requests_now.open = false;
	(void)client_done(PATIENCE_MS, &result);
}

bool requests_finish(int *result)
{
	for (int spent = 0; spent < PATIENCE_MS; spent += SLICE_MS) {
		if (requests_now.open && !has_data())
			return false;
		if (requests_now.open) {
			if (requests_now.op == CLIENT_READ)
				requests_fill(server_memory->own[0], REQUESTS_OWN);
			(void)server_push((struct server_command){ .op = UBLK_U_IO_COMMIT_AND_FETCH_REQ, .result = requests_whole(),
								   .address = rig_own(0) });
			requests_committed(requests_whole(), REQUESTS_OWN);
			requests_now.open = false;
		}
		if (client_done(SLICE_MS, result))
			return true;
		rig_serve(0);
	}
	return false;
}

/* All of it or the rest, as far as it is not done. */
static void comes_again(const struct server_completion *done)
{
	requests_now.open = true;
	requests_now.asks = done->result == UBLK_IO_RES_NEED_GET_DATA;
	requests_now.desc = done->desc;
	if (done->desc.start_sector * 512 != requests_now.from ||
	    done->desc.nr_sectors != (requests_now.to - requests_now.from) / 512)
		requests_now.wrong = true;
	if (!requests_now.asks)
		check_delivered(done, "own");
}

void requests_fate(char *text)
{
	int result = 0;
	bool ended = false;
	struct server_completion done = { .result = SERVER_NOTHING };

	for (int spent = 0; spent < PATIENCE_MS && !ended && done.result == SERVER_NOTHING; spent += SLICE_MS) {
		ended = client_done(0, &result);
		if (!ended)
			done = server_take(SLICE_MS);
	}
	requests_now.open = false;
	if (ended && result == 0) {
		check_read();
		sprintf(text, "held %s%s", requests_now.from == requests_now.to || !requests_whole() ? "done" : "lost",
			requests_now.wrong ? " wrong-data" : "");
	} else if (ended) {
		sprintf(text, "held failed:%s", matrix_errno(-result));
	} else if (done.result == UBLK_IO_RES_OK || done.result == UBLK_IO_RES_NEED_GET_DATA) {
		bool rest = done.desc.start_sector * 512 != CLIENT_OFFSET_BYTES;

		comes_again(&done);
		if (!requests_finish(&result))
			result = -ETIME;
		check_read();
		sprintf(text, "held %s%s%s", rest ? "rest" : "again", requests_now.wrong ? " wrong-data" : "",
			result ? " then-failed" : "");
	} else {
		sprintf(text, "held and no more (%d)", done.result);
	}
}
