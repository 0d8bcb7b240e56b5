/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_OP_FAIR_H
#define NC_OP_FAIR_H

/*
 * A queue in which projects take turns: one that has queued ten thousand holds up nobody else.
 * First come first served within a project. Not thread-safe: the engine's lock guards it.
 */

#include "base/queue.h"
#include "novacron/abi.h"

typedef struct nc_fair nc_fair;
nc_fair *nc_fair_new(void);
void nc_fair_free(nc_fair *f); /* the nodes are their owners' */
/* Falls back to one common lane when there is no memory for a new project's own. */
void nc_fair_push(nc_fair *f, const char *project, nc_list *node);
nc_list *nc_fair_pop(nc_fair *f); /* NULL = empty */
size_t nc_fair_count(const nc_fair *f);

#endif
