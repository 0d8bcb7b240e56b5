/* SPDX-License-Identifier: Apache-2.0 */
/* Many threads at one simulated provider: outcomes do not depend on who comes first, stops meet
 * calls at every moment, queries and acts go side by side. */
#include <stdlib.h>
#include <string.h>

#include "sim_stage.h"

enum { THREADS = 6, EACH = 60 };

typedef struct part {
	sim_stage *s;
	unsigned number;
	const char *prefix;
	int32_t outcomes[EACH]; /* -1: refused */
	bool with_stops;
} part;

/* Each guest has ids and keys made from its place, so that two runs ask the same. */
static void run_one(part *p, unsigned i)
{
	unsigned n = p->number * EACH + i;
	kit_stage mine = p->s->stage;
	char key[NC_OP_KEY_MAX + 1];
	kit_op *op;

	(void)snprintf(mine.id, sizeof(mine.id), "vm_%u", n);
	(void)snprintf(mine.uuid, sizeof(mine.uuid), "%08x-0000-5000-8000-000000000000", n);
	(void)snprintf(key, sizeof(key), "%s_%u", p->prefix, n);
	op = kit_try(&mine, kit_verb_find("compute.create"), &(kit_how){ .key = key });
	if (p->with_stops && i % 3)
		kit_op_stop(p->s->host, op, i % 3 == 1 ? NC_CANCEL : NC_DETACH);
	if (!op->is_refused)
		(void)kit_op_wait(p->s->host, op, 10000);
	p->outcomes[i] = op->is_refused ? -1 : op->outcome;
}

static void *part_main(void *arg)
{
	part *p = arg;

	for (unsigned i = 0; i < EACH; i++) {
		run_one(p, i);
		if (i % 10 == 0) {
			struct nc_sink *sink =
				kit_query(&p->s->stage, "compute.inventory", "", "{}");

			if (sink)
				kit_sink_free(sink);
		}
	}
	return NULL;
}

static void run_parts(sim_stage *s, const char *prefix, bool at_once, bool with_stops, part *parts)
{
	pthread_t threads[THREADS];

	for (unsigned t = 0; t < THREADS; t++) {
		parts[t] =
			(part){ .s = s, .number = t, .prefix = prefix, .with_stops = with_stops };
		if (!at_once)
			(void)part_main(&parts[t]);
		else if (pthread_create(&threads[t], NULL, part_main, &parts[t]) != 0)
			abort();
	}
	for (unsigned t = 0; at_once && t < THREADS; t++)
		pthread_join(threads[t], NULL);
}

#define FAULTY                                                                                     \
	"{\"hosts\":4,\"enforce_capacity\":false,\"seed\":11,\"failure_rate\":0.2,\"partial_"      \
	"rate\":0.1,\"lost_reply_before\":0.1,"                                                    \
	"\"lost_reply_after\":0.1,\"latency_ms\":{\"*\":{\"min\":0,\"max\":6}}}"

static void outcomes_do_not_depend_on_the_order_of_threads(void)
{
	static part one[THREADS], many[THREADS];
	sim_stage a, b;
	int seen[8] = { 0 };

	REQUIRE(sim_stage_open(&a, FAULTY, NULL));
	run_parts(&a, "op", false, false, one);
	sim_stage_close(&a);
	REQUIRE(sim_stage_open(&b, FAULTY, NULL));
	run_parts(&b, "op", true, false, many);
	sim_stage_close(&b);
	for (unsigned t = 0; t < THREADS; t++)
		for (unsigned i = 0; i < EACH; i++) {
			CHECK_INT(many[t].outcomes[i], one[t].outcomes[i]);
			seen[one[t].outcomes[i] + 1]++;
		}
	CHECK(seen[NC_DONE + 1] && seen[NC_FAILED_NO_EFFECT + 1] && seen[NC_FAILED_PARTIAL + 1] &&
		seen[NC_UNKNOWN + 1]);
}

static void stops_meet_calls_at_every_moment(void)
{
	static part parts[THREADS];
	sim_stage s;
	size_t n_there = 0, n_kept = 0;

	REQUIRE(sim_stage_open(&s,
		"{\"hosts\":4,\"enforce_capacity\":false,\"truth\":\"$T\",\"latency_ms\":{\"*\":{"
		"\"min\":0,\"max\":3}},"
		"\"guest_boot_ms\":2,\"self_poweroff_per_hour\":3600}",
		NULL));
	run_parts(&s, "op", true, true, parts);
	kit_sleep_ms(50); /* what was detached ends */
	for (unsigned t = 0; t < THREADS; t++)
		for (unsigned i = 0; i < EACH; i++)
			n_kept += parts[t].outcomes[i] == NC_DONE ||
				  parts[t].outcomes[i] == NC_DETACHED;
	n_there = sim_stage_count(&s, "compute.inventory", "");
	CHECK_UINT(n_there, n_kept); /* cancelled is not there, everything else is */
	sim_stage_close(&s);
}

static void an_instance_ends_in_the_middle_of_everything(void)
{
	for (int round = 0; round < 10; round++) {
		sim_stage s;

		REQUIRE(sim_stage_open(&s,
			"{\"hosts\":4,\"enforce_capacity\":false,\"latency_ms\":{\"*\":{\"min\":0,"
			"\"max\":20}},\"guest_boot_ms\":5}",
			NULL));
		for (unsigned i = 0; i < 20; i++) {
			kit_stage mine = s.stage;

			REQUIRE(kit_stage_prepare(&s.stage, 0));
			mine = s.stage;
			(void)kit_try(&mine, kit_verb_find("compute.create"),
				&(kit_how){ .wait = false });
		}
		sim_stage_close(&s);
		for (size_t i = 0; i < s.host->n_ops; i++)
			CHECK(!s.host->ops[i]->is_accepted || s.host->ops[i]->n_complete == 1);
	}
}

NC_TESTS(sim_threads){
	T(outcomes_do_not_depend_on_the_order_of_threads),
	T(stops_meet_calls_at_every_moment),
	T(an_instance_ends_in_the_middle_of_everything),
};
