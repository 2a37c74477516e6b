/*
 * What went wrong, from the findings: first what lies in each failing sector, then, with all of them known, what must
 * have happened.
 */
#ifndef VERDICT_H
#define VERDICT_H

#include "run.h"

enum verdict_kind {
	VERDICT_LOST,			/* a write, as a whole, has left the old content there */
	VERDICT_TORN,			/* part of a write is there, part is older; or a sector is part new, part old */
	VERDICT_STALE,			/* a read returned old content, or none, where a second look found the right one */
	VERDICT_MISDIRECTED,		/* content of another place, which lacks it; or of the wrong place, by a read */
	VERDICT_DUPLICATED,		/* content of another place, which is as it should be */
	VERDICT_ZEROED,			/* zeroes that nobody asked for */
	VERDICT_FLIPPED,		/* the right content but for a few bits */
	VERDICT_CHANGED,		/* content from before the run, which nobody wrote to, is another now */
	VERDICT_FOREIGN,		/* content that this run has never written */
	VERDICT_KINDS
};

/* What lies in a sector. */
enum verdict_sight {
	SIGHT_ZEROES,
	SIGHT_OLD,			/* of the run or from before it, at its place, but no longer legal */
	SIGHT_ELSEWHERE,		/* of the run, intact, but of another sector */
	SIGHT_FLIPPED,
	SIGHT_MIX,			/* a part of the right content, and something else */
	SIGHT_OTHER_RUN,		/* intact, but of another run, attempt or device */
	SIGHT_UNTOUCHED,		/* nothing: the read has left its buffer as it was */
	SIGHT_NOISE
};

struct verdict {
	enum verdict_kind kind;
	enum verdict_sight sight;
	uint32_t found_operation;	/* SIGHT_OLD, SIGHT_ELSEWHERE: whose content it is; 0 for one from before the run */
	uint64_t found_sector;		/* SIGHT_ELSEWHERE, SIGHT_OTHER_RUN: where it belongs */
	unsigned bits;			/* SIGHT_FLIPPED */
};

struct verdicts {
	struct verdict *list;		/* one for each finding of the run, in its order */
	uint64_t counts[VERDICT_KINDS];
	enum verdict_kind main;
	char pattern[256];		/* one line: what the failing sectors have in common */
};

const char *verdict_name(enum verdict_kind kind);

/* The findings are sorted, one for each sector (sweep.h); there is at least one. Ends the program without memory. */
void verdict_reach(struct run *run, struct verdicts *verdicts);
void verdict_free(struct verdicts *verdicts);

/* "operation 17, a write of … (0.031 s to 0.032 s)", or what else the reference stands for. Returns `text`. */
const char *verdict_describe_origin(const struct run *run, uint32_t reference, char *text, size_t text_bytes);

/* What was found in the sector, in words. Returns `text`. */
const char *verdict_describe_sight(const struct run *run, const struct verdict *verdict, char *text, size_t text_bytes);

#endif
