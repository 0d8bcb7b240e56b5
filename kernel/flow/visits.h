/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_FLOW_VISITS_H
#define NC_FLOW_VISITS_H

#include "flow/internal.h"

/*
 * The keeper's visits: each provider is opened, looked at and settled with by one thread at a time,
 * up to NC_VISITS_MAX side by side. Nobody waits for one: a provider that hangs until its time-outs
 * holds up itself.
 */
#define NC_VISITS_MAX 64

nc_code nc_visits_new(nc_flow *f, nc_visits **ret, nc_error *err);
/* None begins any more; returns when those under way have ended. */
void nc_visits_stop(nc_visits *v);
void nc_visits_free(nc_visits *v); /* after stop */

/* Visit every provider there is. One that is being visited is left to that, or visited ANEW after
 * it, because something has happened. Does not wait. */
typedef enum { NC_VISIT_DUE, NC_VISIT_ANEW } nc_visit_why;
void nc_visits_all(nc_visits *v, nc_visit_why why);

/* The instances of those under way now: what a visit was told may be older than a report that came
 * meanwhile. */
typedef struct nc_visited {
	char (*instances)[64];
	size_t n;
} nc_visited;
nc_code nc_visits_now(nc_visits *v, nc_visited *ret);
void nc_visited_done(nc_visited *list);

#endif
