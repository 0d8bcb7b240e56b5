/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What guests do by themselves. When is drawn from seed, guest and boot, so that a run can be
 * repeated. An event that can't be had for want of memory is only a guest that runs on.
 */
#define NC_PLUG_DOMAIN "sim"
#include "event.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fate.h"
#include "guest.h"
#include "txn.h"
#include "verb.h"

static void add_event(
	struct nc_inst *inst, const sim_guest_doc *doc, sim_event_what what, double in_ms)
{
	size_t n = strlen(doc->native_id) + 1;
	sim_event *e = malloc(sizeof(*e) + n);

	if (!e || !sim_heap_reserve(&inst->heap, 1)) {
		free(e);
		return;
	}
	memset(e, 0, sizeof(*e));
	e->timer.kind = SIM_TIMER_EVENT;
	e->what = what;
	e->boots = doc->boots;
	memcpy(e->native_id, doc->native_id, n);
	sim_heap_put(&inst->heap, &e->timer, sim_mono_ns() + (uint64_t)(in_ms * 1e6));
	sim_wake(inst); /* it may be due before what the timer thread waits for */
}

/* Time to the first of events that come so often an hour. */
static double draw_ms(
	const struct nc_inst *inst, const sim_guest_doc *doc, double per_hour, const char *salt)
{
	double u =
		sim_chance((uint64_t)inst->cfg->seed, doc->native_id, salt, (uint64_t)doc->boots);

	return -log(1.0 - u) / per_hour * 3600000.0;
}

void sim_events_after_boot(struct nc_inst *inst, const char *native_id)
{
	const sim_guest *g = sim_world_guest(&inst->world, native_id);
	const sim_config *cfg = inst->cfg;

	if (!g || g->doc->power != SIM_POWER_RUNNING)
		return;
	if (cfg->guest_boot_ms) {
		int64_t left = g->doc->booted_at_ms + cfg->guest_boot_ms - sim_now_ms();

		add_event(inst, g->doc, SIM_EVENT_BOOTED, left > 0 ? (double)left : 0.0);
	}
	if (cfg->self_poweroff_per_hour > 0)
		add_event(inst, g->doc, SIM_EVENT_OFF,
			draw_ms(inst, g->doc, cfg->self_poweroff_per_hour, "off"));
	if (cfg->crash_per_hour > 0)
		add_event(inst, g->doc, SIM_EVENT_CRASH,
			draw_ms(inst, g->doc, cfg->crash_per_hour, "crash"));
}

void sim_events_after_replay(struct nc_inst *inst)
{
	const sim_map *m = &inst->world.by_id[SIM_GUEST];

	for (size_t i = 0; i < m->cap; i++)
		if (m->slots[i].key)
			sim_events_after_boot(inst, m->slots[i].key);
}

/* The guest as it is now, for nc.report. Without memory nobody is told; inventory will. */
static void make_news(struct nc_inst *inst, const sim_guest_doc *doc, sim_news *ret)
{
	nc_msg_mem mem = { 0 };
	nc_compute_guest msg;

	if (sim_guest_message(inst, doc, &mem, &msg) == NC_OK &&
		nc_msg_write(&nc_compute_guest_msg, &msg, &ret->json, NULL) == NC_OK) {
		ret->obs_seq = (uint64_t)doc->obs_seq;
		memcpy(ret->target, doc->host, strlen(doc->host) + 1);
	} else {
		nc_plug_buf_reset(&ret->json);
	}
	nc_msg_done(&mem);
}

/* Write that it changed: a boot that ends moves only obs_seq, as addresses have appeared. */
static bool change(struct nc_inst *inst, const sim_guest_doc *old, int32_t power)
{
	sim_guest_doc draft = *old;
	sim_txn txn;
	nc_code rc;

	draft.power = power;
	sim_txn_init(&txn, inst);
	sim_txn_put_guest(&txn, &draft);
	rc = sim_txn_commit(&txn, NULL, NULL, NULL);
	sim_txn_done(&txn);
	return rc == NC_OK;
}

void sim_event_happen(struct nc_inst *inst, sim_event *e, sim_news *ret)
{
	static const int32_t powers[] = {
		[SIM_EVENT_BOOTED] = SIM_POWER_RUNNING,
		[SIM_EVENT_OFF] = SIM_POWER_STOPPED,
		[SIM_EVENT_CRASH] = SIM_POWER_CRASHED,
	};
	sim_guest *g = sim_world_guest(&inst->world, e->native_id);

	/* Stopped, paused, gone or booted again since: this event is of another life. */
	if (g && g->doc->boots == e->boots && g->doc->power == SIM_POWER_RUNNING &&
		change(inst, g->doc, powers[e->what]))
		make_news(inst, g->doc, ret);
	free(e);
}

void sim_event_tell(struct nc_inst *inst, sim_news *news)
{
	/* A report that is refused is the host's to make good, by inventory. */
	if (news->json.len && inst->report)
		(void)inst->report->report(inst->host->ctx, nc_plug_str(news->target),
			news->obs_seq, nc_plug_buf_bytes(&news->json));
	nc_plug_buf_done(&news->json);
}
