/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CONFIG_SNAPSHOT_H
#define NC_CONFIG_SNAPSHOT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "config/config.h"
#include "config/schema.h"

/*
 * Inside config/ only: the snapshot while it is being built. Whoever builds it holds the one
 * reference and may write; once handed out it never changes again.
 */
typedef struct nc_config_place {
	const char *source; /* file or variable; NULL = the default holds */
	uint32_t line, column;
} nc_config_place;

typedef struct nc_config_snapshot {
	nc_config pub; /* first: a nc_config pointer is a snapshot pointer */
	_Atomic uint32_t refs;
	nc_arena *arena;        /* everything pub points to */
	nc_config_place *place; /* per key, in table order */
	const char **origin;    /* the same as text, filled at the end of the load */
} nc_config_snapshot;

nc_config_snapshot *nc_config_snapshot_new(void); /* all zero, one reference; NULL = no memory */
void nc_config_snapshot_drop(nc_config_snapshot *s);
NC_DEFINE_CLEANUP(nc_config_snapshot *, nc_config_snapshot_drop);

void *nc_config_slot(nc_config *c, const nc_config_key *k);
const void *nc_config_slot_const(const nc_config *c, const nc_config_key *k);
bool nc_config_value_is_equal(const nc_config_key *k, const nc_config *a, const nc_config *b);
/* Deep: the copy lives in dst's arena. NC_OK or NC_E_NOMEM. */
nc_code nc_config_value_copy(
	const nc_config_key *k, nc_config_snapshot *dst, const nc_config_snapshot *src);

#endif
