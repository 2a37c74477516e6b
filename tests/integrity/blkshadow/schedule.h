/*
 * What is to be done: a plan, or a recorded list of operations with the order of their begins and ends. A file of it
 * replays with one command:
 *
 *	blkshadow schedule 2
 *	plan seed=… size=… …		what the run was made from
 *	limit NAME=VALUE …		how it is judged
 *	saved NAME=VALUE …		of a whole run: what its sectors are stamped with, and what it has found
 *	stress 0 freeze beside		the names of commands that the operations call by number (not in version 1)
 *	stress 1 restart pause		the run pauses for this one
 *	begin 17 write 4096 65536 direct fua job=0
 *	begin 18 stress 0 job=0
 *	end 17				missing where the operation failed
 */
#ifndef SCHEDULE_H
#define SCHEDULE_H

#include <stdio.h>

#include "plan.h"
#include "shadow.h"
#include "stamp.h"

/* An event of the recorded order: twice the operation's number, plus one for its end. */
#define SCHEDULE_BEGIN(number) ((number) * 2)
#define SCHEDULE_END(number) ((number) * 2 + 1)
#define SCHEDULE_NUMBER(event) ((event) / 2)
#define SCHEDULE_IS_END(event) ((event) & 1)

#define SCHEDULE_STRESSES_MAX 16u
#define SCHEDULE_STRESS_BYTES 32u

struct schedule {
	struct plan plan;
	char stresses[SCHEDULE_STRESSES_MAX][SCHEDULE_STRESS_BYTES];	/* the names of the plan's */
	bool pauses[SCHEDULE_STRESSES_MAX];	/* nothing else is in flight while it runs */
	enum shadow_discard discard;
	bool atomic_sector;		/* a mix within a sector is torn even while operations overlap */
	uint32_t count;			/* operations of the plan; 0 for as many as there is time for */
	uint32_t repeats;		/* how often a replay is to be tried: more than once for a flaky failure */
	struct stamp_identity identity;	/* of the run that was saved; run 0 for none */
	bool was_zero;			/* the device held nothing but zeroes before that run */
	/* A recorded schedule: */
	struct operation *list;		/* by number; NULL when the plan itself is the schedule */
	uint32_t list_count;
	uint32_t *events;
	uint32_t event_count;
};

/* Any operation of the schedule by its number. */
struct operation schedule_operation(const struct schedule *schedule, uint32_t number);

/* Makes a recorded schedule of the events; operations are taken from `from`. */
struct schedule schedule_record(const struct schedule *from, const uint32_t *events, uint32_t event_count);
void schedule_free(struct schedule *schedule);

/* Adds a stress to the plan's. False when there are too many, or the name is none: letters, digits, - and _, only once. */
bool schedule_name_stress(struct schedule *schedule, const char *name, size_t name_bytes, bool pauses);

/* 0 or negative errno. `device` is named in the file's comment. */
int schedule_write(const struct schedule *schedule, FILE *file, const char *device);

/* False, with the reason printed, when it is no schedule or does not fit itself. */
bool schedule_read(struct schedule *schedule, FILE *file, const char *name);

#endif
