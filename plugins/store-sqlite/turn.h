/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SS_TURN_H
#define SS_TURN_H

#include <pthread.h>

#include "util.h"

/*
 * Whose turn it is to write log.db, which SQLite lets one connection do at a time: appends go
 * before trims. Also the trims that must wait for a backup's copying.
 */
typedef struct ss_turn {
	pthread_mutex_t turn_lock; /* guards all that follows; nothing else is taken under it */
	pthread_cond_t turn_cond;
	bool is_taken;
	bool is_trim_waiting; /* there is one such thread */
	uint32_t passed;      /* appends that went before it */
	uint32_t appends_waiting;
	uint32_t copies; /* backups that copy just now */
	bool is_trimming;
} ss_turn;

void ss_turn_init(ss_turn *t);
void ss_turn_done(ss_turn *t);
ss_turn *ss_turn_take_append(ss_turn *t);
ss_turn *ss_turn_take_trim(ss_turn *t); /* after appends, but not for ever */
void ss_turn_givep(ss_turn **t);

/* Trims and copies keep each other out; any number of copies go together. */
ss_turn *ss_turn_trim_begin(ss_turn *t);
void ss_turn_trim_endp(ss_turn **t);
ss_turn *ss_turn_copy_begin(ss_turn *t);
void ss_turn_copy_endp(ss_turn **t);

#endif
