/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_PLUGIN_INST_HEALTH_H
#define NC_PLUGIN_INST_HEALTH_H

#include <jansson.h>

#include "plugin/inst.h"

struct nc_jw;
struct nc_plugins;

/* What an instance last said of itself. Guarded by the loader's lock. */
typedef struct nc_inst_health {
	nc_health_state state;
	int has_none;  /* it has no health of its own: not asked again before it is made anew */
	int was_asked; /* since it was made */
	uint64_t call; /* the last one; still known: it has not come back */
	int64_t at_us; /* nc_clock_mono_us of the last answer; 0 = none yet */
	char why[320]; /* its message, or why there is none */
	char *details; /* JSON text, or NULL */
} nc_inst_health;

/* Begin asking every instance now and then; the loader's io loop does. */
nc_code nc_ask_health_start(struct nc_plugins *p, nc_error *err);
void nc_ask_health_soon(struct nc_plugins *p); /* one was made: not only at the next round */
void nc_inst_health_forget(nc_pinst *inst);    /* it is lost or closed: what it said is over */
void nc_inst_health_done(nc_inst_health *h);
void nc_inst_health_render(struct nc_jw *w, nc_pinst *inst); /* a member "health" */

#endif
