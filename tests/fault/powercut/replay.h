/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_POWERCUT_REPLAY_H
#define NC_POWERCUT_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the power cut leaves. A recording is walked forward to a moment; then the files as a disk
 * may hold them at that moment are built, as often as wanted:
 *
 *   - all that was synced before the moment;
 *   - of each later write, sector by sector (512 bytes), a random part, where a sector that holds
 *     a write also holds the ones before it;
 *   - of changes of names since the last sync of a folder, a random number of the first ones, as
 *     a file system's journal keeps them.
 *
 * One thread.
 */
typedef struct replay replay;

/* NULL with a line on stderr: the recording can't be read, or makes no sense. */
replay *replay_open(const char *log);
void replay_free(replay *r);
size_t replay_events(const replay *r);
/* The first event of this kind (nc_record_op) at or after `at`, or the number of all. */
size_t replay_find(const replay *r, size_t at, uint32_t op);

typedef void (*replay_mark)(void *arg, const void *data, uint32_t len);
/* Forward to just before event `to` (events are counted from 0); marks on the way are passed. */
void replay_advance(replay *r, size_t to, replay_mark mark, void *arg);

/* How much of what was not synced gets to the disk. */
typedef enum {
	REPLAY_NOTHING, /* none */
	REPLAY_ALL,     /* all: the process was killed, the machine lives */
	REPLAY_SOME,    /* a random part, of a random size */
} replay_luck;
/* The files below `dir`, which must be empty or absent. 0, or -1 with a line on stderr. */
int replay_build(const replay *r, const char *dir, replay_luck luck, uint64_t seed);

#endif
