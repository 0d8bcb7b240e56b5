/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SS_WALK_H
#define SS_WALK_H

#include "conn.h"
#include "midkey.h"

/* A walk over the keys of a space, past whatever is damaged on the way. */
typedef struct ss_walk {
	ss_conn *c;
	uint32_t space;
	nc_bytes to;   /* empty = the end of the space */
	uint32_t left; /* values still wanted; UINT32_MAX = all */
	nc_kv_cb cb;
	void *arg;
	ss_place at;      /* where it goes on */
	bool saw_damage;  /* a page could not be read, or a value was not whole */
	bool is_recorded; /* what cb is told now is a loss that the file itself records */
} ss_walk;

/* From `at` on. Stops at cb's first answer other than NC_OK and gives it back. */
nc_code ss_walk_space(ss_walk *w, nc_error *err);

/* The first space from *space on that can be told: SQLITE_ROW, or SQLITE_DONE when there is none.
 * *ret_lost: how many numbers before it could not be looked at, the last of which counts as one. */
int ss_walk_next_space(ss_conn *c, uint64_t *space, uint64_t *ret_lost);

#endif
