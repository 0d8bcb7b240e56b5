/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_EVENT_H
#define SIM_EVENT_H

#include "inst.h"

/*
 * What guests do by themselves: finish booting, power off, crash. An event belongs to one boot of
 * a guest and means nothing after the next. Under the lock, but for sim_event_tell.
 */
typedef enum sim_event_what { SIM_EVENT_BOOTED, SIM_EVENT_OFF, SIM_EVENT_CRASH } sim_event_what;

typedef struct sim_event {
	sim_timer timer; /* kind SIM_TIMER_EVENT */
	sim_event_what what;
	int64_t boots;
	char native_id[];
} sim_event;

/* What to tell through nc.report, once the lock is released. */
typedef struct sim_news {
	char target[256];
	uint64_t obs_seq;
	nc_plug_buf json; /* empty: nothing to tell */
} sim_news;

void sim_events_after_boot(struct nc_inst *inst, const char *native_id);
/* It is due and out of the heap; freed here. */
void sim_event_happen(struct nc_inst *inst, sim_event *e, sim_news *ret);
void sim_event_tell(struct nc_inst *inst, sim_news *news);
/* Boots of guests that were running when the truth was read. */
void sim_events_after_replay(struct nc_inst *inst);

#endif
