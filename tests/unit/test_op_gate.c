/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "op/fair.h"
#include "op/gate.h"
#include "op_world.h"

/* Who may call when: limits, turns, breakers; first the gate alone, then an engine behind it. */

enum { S = 1000000 };

static nc_gate_ticket ticket(const char *provider, const char *host, const char *project)
{
	return (nc_gate_ticket){ .provider = provider, .host = host, .project = project };
}

static nc_gate_answer enter(nc_gate *g, nc_gate_ticket *t)
{
	int64_t us;
	return nc_gate_enter(g, t, 0, &us);
}

static void hung_host_costs_nobody_a_step(void)
{
	nc_gate *g = nc_gate_new(&(nc_gate_limits){ .per_host = 1 });
	static nc_gate_ticket hung[1000];
	for (size_t i = 0; i < NC_LEN(hung); i++) {
		hung[i] = ticket("p", "dead", "acme");
		CHECK_INT(enter(g, &hung[i]), i ? NC_GATE_WAIT : NC_GATE_IN);
	}
	nc_gate_ticket a = ticket("p", "well", "acme"), b = ticket("p", "well", "acme");
	CHECK_INT(enter(g, &a), NC_GATE_IN);
	CHECK_INT(enter(g, &b), NC_GATE_WAIT);
	CHECK(nc_gate_next(g, "p", 0) == NULL);
	nc_gate_leave(g, &a, NC_GATE_FINE, 0);
	CHECK(nc_gate_next(g, "p", 0) == &b); /* behind a thousand that wait elsewhere */
	CHECK(nc_gate_next(g, "p", 0) == NULL);
	nc_gate_leave(g, &hung[0], NC_GATE_FINE, 0);
	CHECK(nc_gate_next(g, "p", 0) == &hung[1]); /* first come first served */
	for (size_t i = 2; i < NC_LEN(hung); i++)
		nc_gate_forget(g, &hung[i]);
	nc_gate_leave(g, &hung[1], NC_GATE_FINE, 0);
	CHECK(nc_gate_next(g, NULL, 0) == NULL);
	nc_gate_leave(g, &b, NC_GATE_FINE, 0);
	nc_gate_free(g);
}

static void calls_that_take_long_count_for_their_host_alone(void)
{
	nc_gate *g = nc_gate_new(&(nc_gate_limits){
		.in_all = 4, .per_host = 2, .per_provider = 4, .per_project = 4 });
	static const char *const dead[] = { "x", "x", "y", "y" };
	nc_gate_ticket hung[4], more = ticket("p", "x", "acme"), well[3];
	int64_t us;
	for (size_t i = 0; i < NC_LEN(hung); i++) {
		hung[i] = ticket("p", dead[i], "acme");
		CHECK_INT(nc_gate_enter(g, &hung[i], (int64_t)i * S, &us), NC_GATE_IN);
	}
	CHECK_INT(nc_gate_enter(g, &more, 4 * S, &us), NC_GATE_WAIT);
	for (size_t i = 0; i < NC_LEN(well); i++) {
		well[i] = ticket(i ? "q" : "p", "z", "acme");
		CHECK_INT(nc_gate_enter(g, &well[i], 4 * S, &us), NC_GATE_WAIT);
	}
	CHECK_INT(nc_gate_due_us(g), NC_GATE_SLOW_US); /* of the first */
	CHECK(nc_gate_next(g, NULL, NC_GATE_SLOW_US - 1) == NULL);
	CHECK(nc_gate_next(g, NULL, NC_GATE_SLOW_US) == &well[0]);
	CHECK(nc_gate_next(g, NULL, NC_GATE_SLOW_US) == NULL);
	CHECK(nc_gate_next(g, NULL, NC_GATE_SLOW_US + 3 * S) == &well[1]);
	CHECK(nc_gate_next(g, NULL, NC_GATE_SLOW_US + 3 * S) == &well[2]);
	CHECK(nc_gate_next(g, NULL, NC_GATE_SLOW_US + 3 * S) == NULL); /* x stays full */
	/* Whoever comes back late gives a place at the host and none elsewhere. */
	nc_gate_leave(g, &hung[0], NC_GATE_FINE, NC_GATE_SLOW_US + 4 * S);
	CHECK(nc_gate_next(g, NULL, NC_GATE_SLOW_US + 4 * S) == &more);
	nc_gate_ticket last = ticket("q", "w", "acme");
	CHECK_INT(nc_gate_enter(g, &last, NC_GATE_SLOW_US + 4 * S, &us),
		NC_GATE_WAIT); /* in all: 4 */
	nc_gate_leave(g, &well[0], NC_GATE_FINE, NC_GATE_SLOW_US + 4 * S);
	CHECK(nc_gate_next(g, "p", NC_GATE_SLOW_US + 4 * S) == &last);
	for (size_t i = 1; i < NC_LEN(hung); i++)
		nc_gate_leave(g, &hung[i], NC_GATE_FINE, NC_GATE_SLOW_US + 4 * S);
	nc_gate_leave(g, &more, NC_GATE_FINE, NC_GATE_SLOW_US + 4 * S);
	nc_gate_leave(g, &last, NC_GATE_FINE, NC_GATE_SLOW_US + 4 * S);
	nc_gate_leave(g, &well[1], NC_GATE_FINE, NC_GATE_SLOW_US + 4 * S);
	nc_gate_leave(g, &well[2], NC_GATE_FINE, NC_GATE_SLOW_US + 4 * S);
	CHECK_INT(nc_gate_due_us(g), INT64_MAX);
	for (size_t i = 0; i < NC_LEN(hung); i++) /* all of it is free again */
		CHECK_INT(nc_gate_enter(g, &hung[i], 0, &us), NC_GATE_IN);
	for (size_t i = 0; i < NC_LEN(hung); i++)
		nc_gate_leave(g, &hung[i], NC_GATE_FINE, 0);
	nc_gate_free(g);
}

static void projects_and_their_hosts_take_turns(void)
{
	nc_gate *g = nc_gate_new(&(nc_gate_limits){ .per_provider = 1 });
	nc_gate_ticket first = ticket("p", "x", "big"), t[6];
	static const char *const hosts[] = { "x", "x", "y", "x", "x", "y" };
	static const int order[] = { 0, 4, 2, 5, 1, 3 };
	enter(g, &first);
	for (size_t i = 0; i < NC_LEN(t); i++) {
		t[i] = ticket("p", hosts[i], i < 4 ? "big" : "small");
		CHECK_INT(enter(g, &t[i]), NC_GATE_WAIT);
	}
	nc_gate_ticket *inside = &first;
	for (size_t i = 0; i < NC_LEN(order); i++) {
		nc_gate_leave(g, inside, NC_GATE_FINE, 0);
		inside = nc_gate_next(g, "p", 0);
		if (!CHECK(inside == &t[order[i]]))
			printf("    turn %zu\n", i);
		REQUIRE(inside != NULL);
	}
	nc_gate_leave(g, inside, NC_GATE_FINE, 0);
	nc_gate_free(g);
}

static void limit_of_a_project_counts_at_each_provider(void)
{
	nc_gate *g = nc_gate_new(&(nc_gate_limits){ .per_project = 1 });
	nc_gate_ticket a = ticket("p", "x", "acme"), b = ticket("p", "y", "acme");
	nc_gate_ticket c = ticket("q", "x", "acme"), d = ticket("p", "y", "other");
	CHECK_INT(enter(g, &a), NC_GATE_IN);
	CHECK_INT(enter(g, &b), NC_GATE_WAIT);
	CHECK_INT(enter(g, &c), NC_GATE_IN);
	CHECK_INT(enter(g, &d), NC_GATE_IN);
	nc_gate_leave(g, &d, NC_GATE_FINE, 0);
	CHECK(nc_gate_next(g, "p", 0) == NULL);
	nc_gate_leave(g, &a, NC_GATE_FINE, 0);
	CHECK(nc_gate_next(g, "p", 0) == &b);
	nc_gate_leave(g, &b, NC_GATE_FINE, 0);
	nc_gate_leave(g, &c, NC_GATE_FINE, 0);
	nc_gate_free(g);
}

static void limit_of_all_has_providers_take_turns(void)
{
	nc_gate *g = nc_gate_new(&(nc_gate_limits){ .in_all = 1 });
	nc_gate_ticket t[5];
	static const char *const providers[] = { "p", "p", "p", "q", "r" };
	static const int order[] = { 0, 1, 3, 4, 2 };
	for (size_t i = 0; i < NC_LEN(t); i++) {
		t[i] = ticket(providers[i], "x", "acme");
		CHECK_INT(enter(g, &t[i]), i ? NC_GATE_WAIT : NC_GATE_IN);
	}
	for (size_t i = 0; i + 1 < NC_LEN(t); i++) {
		nc_gate_leave(g, &t[order[i]], NC_GATE_FINE, 0);
		CHECK(nc_gate_next(g, t[order[i]].provider, 0) == &t[order[i + 1]]);
	}
	nc_gate_leave(g, &t[2], NC_GATE_FINE, 0);
	nc_gate_free(g);
}

static void raised_limit_lets_those_in_who_wait(void)
{
	nc_gate_limits limits = { .per_host = 1 };
	nc_gate *g = nc_gate_new(&limits);
	nc_gate_ticket t[4];
	for (int i = 0; i < 4; i++) {
		t[i] = ticket("p", "x", "acme");
		enter(g, &t[i]);
	}
	limits.per_host = 3;
	nc_gate_configure(g, &limits, 0);
	CHECK(nc_gate_next(g, NULL, 0) == &t[1]);
	CHECK(nc_gate_next(g, NULL, 0) == &t[2]);
	CHECK(nc_gate_next(g, NULL, 0) == NULL);
	limits.per_host = 1;
	nc_gate_configure(g, &limits, 0);
	nc_gate_leave(g, &t[0], NC_GATE_FINE, 0);
	nc_gate_leave(g, &t[1], NC_GATE_FINE, 0);
	CHECK(nc_gate_next(g, NULL, 0) == NULL);
	nc_gate_leave(g, &t[2], NC_GATE_FINE, 0);
	CHECK(nc_gate_next(g, NULL, 0) == &t[3]);
	nc_gate_leave(g, &t[3], NC_GATE_FINE, 0);
	nc_gate_free(g);
}

static void breaker_opens_tries_one_and_closes(void)
{
	nc_gate *g = nc_gate_new(&(nc_gate_limits){
		.per_host = 4, .breaker_failures = 3, .breaker_open_us = 10 * S });
	nc_gate_ticket t[8];
	int64_t us;
	for (int i = 0; i < 8; i++)
		t[i] = ticket("p", "x", "acme");
	for (int i = 0; i < 3; i++) {
		CHECK_UINT(nc_gate_breakers_open(g, S), 0);
		CHECK_INT(nc_gate_enter(g, &t[i], S, &us), NC_GATE_IN);
		nc_gate_leave(g, &t[i], NC_GATE_FAULT, S);
	}
	CHECK_UINT(nc_gate_breakers_open(g, S), 1);
	CHECK(nc_gate_due_us(g) == INT64_MAX); /* nobody waits */
	for (int i = 0; i < 4; i++) {
		CHECK_INT(nc_gate_enter(g, &t[i], 2 * S, &us), NC_GATE_WAIT);
		CHECK_INT(us, 9 * S);
	}
	CHECK_INT(nc_gate_due_us(g), 11 * S);
	CHECK(nc_gate_next(g, "p", 11 * S - 1) == NULL);
	CHECK(nc_gate_next(g, "p", 11 * S) == &t[0]); /* one tries */
	CHECK(nc_gate_next(g, "p", 12 * S) == NULL);
	CHECK_INT(nc_gate_due_us(g), 11 * S + NC_GATE_SLOW_US); /* not for the breaker's sake */
	nc_gate_leave(g, &t[0], NC_GATE_FAULT, 12 * S);         /* in vain */
	CHECK_INT(nc_gate_due_us(g), 22 * S);
	CHECK(nc_gate_next(g, "p", 22 * S) == &t[1]);
	nc_gate_leave(g, &t[1], NC_GATE_SILENT, 22 * S); /* not sent: another may */
	CHECK(nc_gate_next(g, "p", 22 * S) == &t[2]);
	nc_gate_leave(g, &t[2], NC_GATE_FINE, 23 * S);
	CHECK_UINT(nc_gate_breakers_open(g, 23 * S), 0);
	CHECK(nc_gate_next(g, "p", 23 * S) == &t[3]);
	CHECK_INT(nc_gate_enter(g, &t[4], 23 * S, &us), NC_GATE_IN);
	nc_gate_leave(g, &t[3], NC_GATE_FINE, 23 * S);
	nc_gate_leave(g, &t[4], NC_GATE_FAULT, 23 * S); /* one is none */
	CHECK_UINT(nc_gate_breakers_open(g, 23 * S), 0);
	nc_gate_free(g);
}

static void hung_call_opens_the_breaker_of_its_target_alone(void)
{
	nc_gate_limits limits = { .breaker_failures = 5, .breaker_open_us = 10 * S };
	nc_gate *g = nc_gate_new(&limits);
	nc_gate_ticket hung = ticket("p", "x", "acme"), next = ticket("p", "x", "acme");
	nc_gate_ticket other = ticket("p", "y", "acme"), far = ticket("q", "x", "acme");
	CHECK_INT(enter(g, &hung), NC_GATE_IN);
	CHECK_INT(enter(g, &next), NC_GATE_IN); /* sent before anybody knew */
	nc_gate_break(g, "p", nc_str("nobody"), S);
	nc_gate_break(g, "none", nc_str("x"), S);
	CHECK_UINT(nc_gate_breakers_open(g, S), 0);
	nc_gate_break(g, "p", nc_str("x"), S);
	CHECK_UINT(nc_gate_breakers_open(g, S), 1);
	nc_gate_leave(g, &hung, NC_GATE_FAULT, S); /* its end comes after */
	nc_gate_leave(g, &next, NC_GATE_SILENT, S);
	CHECK_UINT(nc_gate_breakers_open(g, S), 1);
	CHECK_INT(enter(g, &hung), NC_GATE_WAIT);
	CHECK_INT(enter(g, &other), NC_GATE_IN);
	CHECK_INT(enter(g, &far), NC_GATE_IN);
	CHECK_INT(nc_gate_due_us(g), NC_GATE_SLOW_US); /* the two that are inside */
	CHECK(nc_gate_next(g, "p", NC_GATE_SLOW_US) == NULL);
	CHECK_INT(nc_gate_due_us(g), 11 * S);
	CHECK(nc_gate_next(g, "p", 11 * S) == &hung);
	nc_gate_leave(g, &hung, NC_GATE_FINE, 12 * S);
	CHECK_UINT(nc_gate_breakers_open(g, 12 * S), 0);
	limits.breaker_failures = 0;
	nc_gate_configure(g, &limits, 12 * S);
	nc_gate_break(g, "p", nc_str("x"), 12 * S);
	CHECK_UINT(nc_gate_breakers_open(g, 12 * S), 0); /* breakers are not wanted */
	nc_gate_leave(g, &other, NC_GATE_FINE, 12 * S);
	nc_gate_leave(g, &far, NC_GATE_FINE, 12 * S);
	nc_gate_free(g);
}

static void call_that_was_not_sent_says_nothing_to_the_breaker(void)
{
	nc_gate *g =
		nc_gate_new(&(nc_gate_limits){ .breaker_failures = 2, .breaker_open_us = 10 * S });
	nc_gate_ticket a = ticket("p", "x", "acme");
	static const nc_gate_verdict verdicts[] = { NC_GATE_FAULT, NC_GATE_SILENT, NC_GATE_FAULT };
	for (size_t i = 0; i < NC_LEN(verdicts); i++) {
		CHECK_INT(enter(g, &a), NC_GATE_IN);
		nc_gate_leave(g, &a, verdicts[i], S);
	}
	CHECK_UINT(nc_gate_breakers_open(g, S), 1); /* two in a row, and silence between */
	nc_gate_free(g);
}

/* ---- the provider as a whole ---- */

static const nc_gate_limits three = { .breaker_failures = 3, .breaker_open_us = 10 * S };

/* One call there, and how it went. 0 = it had to wait, and does no more. */
static int call(nc_gate *g, const char *host, nc_gate_verdict v, int64_t now_us)
{
	nc_gate_ticket t = ticket("p", host, "acme");
	int64_t us;

	if (nc_gate_enter(g, &t, now_us, &us) == NC_GATE_IN) {
		nc_gate_leave(g, &t, v, now_us);
		return 1;
	}
	nc_gate_forget(g, &t);
	return 0;
}

static void provider_that_can_not_be_reached_is_left_alone_as_a_whole(void)
{
	nc_gate *g = nc_gate_new(&three);
	nc_gate_ticket t[3], far = ticket("q", "x", "acme");
	int64_t us;
	CHECK(call(g, "x", NC_GATE_AWAY, S));
	CHECK(call(g, "y", NC_GATE_AWAY, S));
	CHECK(!nc_gate_is_broken(g, "p"));
	CHECK(call(g, "x", NC_GATE_AWAY, S));
	CHECK(nc_gate_is_broken(g, "p"));
	CHECK_UINT(nc_gate_breakers_open(g, S), 1);
	CHECK(nc_gate_due_us(g) == INT64_MAX); /* nobody waits */
	for (int i = 0; i < 3; i++) {
		t[i] = ticket("p", i ? "z" : "", "acme"); /* where nothing has failed */
		CHECK_INT(nc_gate_enter(g, &t[i], 2 * S, &us), NC_GATE_WAIT);
		CHECK_INT(us, 9 * S);
	}
	CHECK_INT(nc_gate_enter(g, &far, 2 * S, &us), NC_GATE_IN);
	nc_gate_leave(g, &far, NC_GATE_FINE, 2 * S);
	CHECK_INT(nc_gate_due_us(g), 11 * S);
	CHECK(nc_gate_next(g, NULL, 11 * S - 1) == NULL);
	CHECK(nc_gate_next(g, NULL, 11 * S) == &t[0]); /* one tries */
	CHECK(nc_gate_next(g, NULL, 11 * S) == NULL);
	nc_gate_leave(g, &t[0], NC_GATE_AWAY, 12 * S); /* in vain */
	CHECK(nc_gate_next(g, "p", 12 * S) == NULL);
	CHECK_INT(nc_gate_due_us(g), 22 * S);
	CHECK(nc_gate_next(g, "p", 22 * S) == &t[1]);
	CHECK(nc_gate_next(g, "p", 22 * S) == NULL);
	nc_gate_leave(g, &t[1], NC_GATE_FINE, 22 * S);
	CHECK(!nc_gate_is_broken(g, "p"));
	CHECK(nc_gate_next(g, "p", 22 * S) == &t[2]);
	nc_gate_leave(g, &t[2], NC_GATE_AWAY, 22 * S); /* counted from the start again */
	CHECK(!nc_gate_is_broken(g, "p"));
	nc_gate_free(g);
}

static void faults_without_a_host_are_the_providers_own(void)
{
	nc_gate *g = nc_gate_new(&three);
	for (int i = 0; i < 3; i++)
		CHECK(call(g, "", NC_GATE_FAULT, S));
	CHECK(nc_gate_is_broken(g, "p"));
	CHECK_UINT(nc_gate_breakers_open(g, S), 2);
	CHECK(!call(g, "x", NC_GATE_FINE, 2 * S));
	CHECK(call(g, "x", NC_GATE_FINE, 11 * S));
	CHECK(!nc_gate_is_broken(g, "p"));
	/* While hosts answer, only what is asked without one is held back. */
	for (int i = 0; i < 3; i++) {
		CHECK(call(g, "", NC_GATE_FAULT, (12 + 20 * i) * S));
		CHECK(call(g, "x", NC_GATE_FINE, (12 + 20 * i) * S));
	}
	CHECK(!nc_gate_is_broken(g, "p"));
	CHECK_UINT(nc_gate_breakers_open(g, 52 * S), 1);
	nc_gate_free(g);
}

static void who_mends_the_provider_is_not_kept_from_it(void)
{
	nc_gate *g = nc_gate_new(&three);
	nc_gate_ticket own = ticket("p", "", ""), next = ticket("p", "", "");
	int64_t us;
	own.is_own = 1;
	for (int i = 0; i < 3; i++)
		CHECK(call(g, "", NC_GATE_AWAY, S));
	CHECK_INT(nc_gate_enter(g, &next, S, &us), NC_GATE_WAIT);
	CHECK_INT(nc_gate_enter(g, &own, S, &us), NC_GATE_IN); /* also before those who wait */
	CHECK(nc_gate_next(g, "p", S) == NULL);
	nc_gate_leave(g, &own, NC_GATE_FINE, S);
	CHECK(nc_gate_next(g, "p", S) == &next);
	nc_gate_leave(g, &next, NC_GATE_FINE, S);
	nc_gate_free(g);
}

static void hosts_that_fail_or_hang_are_not_the_provider(void)
{
	static const char *const hosts[] = { "a", "b", "c", "d", "e" };
	nc_gate *g = nc_gate_new(&three);
	for (int i = 0; i < 9; i++) /* one host that is off */
		call(g, "off", NC_GATE_AWAY, S);
	CHECK(!nc_gate_is_broken(g, "p"));
	CHECK_UINT(nc_gate_breakers_open(g, S), 1);
	CHECK(call(g, "x", NC_GATE_FINE, S));
	for (int i = 0; i < 3; i++) /* several that do not answer */
		for (size_t h = 0; h < NC_LEN(hosts); h++)
			CHECK(call(g, hosts[h], NC_GATE_FAULT, S));
	for (size_t h = 0; h < NC_LEN(hosts); h++)
		nc_gate_break(g, "p", nc_str(hosts[h]), S);
	nc_gate_break(g, "p", nc_str("x"), S);
	CHECK(!nc_gate_is_broken(g, "p"));
	CHECK(call(g, "y", NC_GATE_FINE, S));
	/* Several that are off, among others that answer. */
	for (int i = 0; i < 3; i++)
		for (size_t h = 0; h < NC_LEN(hosts); h++) {
			call(g, hosts[h], NC_GATE_AWAY, S);
			CHECK(call(g, "y", NC_GATE_FINE, S));
		}
	CHECK(!nc_gate_is_broken(g, "p"));
	nc_gate_free(g);
}

static void trial_at_a_host_that_hangs_holds_up_no_other(void)
{
	nc_gate *g = nc_gate_new(&three);
	nc_gate_ticket hung = ticket("p", "dead", "acme"), well = ticket("p", "well", "acme");
	int64_t us;
	CHECK(call(g, "x", NC_GATE_AWAY, 0));
	CHECK(call(g, "y", NC_GATE_AWAY, 0));
	CHECK(call(g, "x", NC_GATE_AWAY, 0));
	CHECK_INT(nc_gate_enter(g, &hung, 10 * S, &us), NC_GATE_IN);
	CHECK_INT(nc_gate_enter(g, &well, 10 * S, &us), NC_GATE_WAIT);
	CHECK_INT(nc_gate_due_us(g), 10 * S + NC_GATE_SLOW_US);
	CHECK(nc_gate_next(g, NULL, 10 * S + NC_GATE_SLOW_US) == &well);
	nc_gate_leave(g, &well, NC_GATE_FINE, 21 * S);
	CHECK(!nc_gate_is_broken(g, "p"));
	nc_gate_leave(g, &hung, NC_GATE_FAULT, 60 * S);
	CHECK(!nc_gate_is_broken(g, "p"));
	nc_gate_free(g);
}

/* Against a plain count: nobody is forgotten, no limit is passed. */
static void gate_keeps_its_limits_and_forgets_nobody(void)
{
	static const char *const hosts[] = { "a", "b", "c" };
	static const char *const projects[] = { "k", "l" };
	nc_gate_limits limits = { .in_all = 5,
		.per_host = 2,
		.per_provider = 4,
		.per_project = 3,
		.breaker_failures = 2,
		.breaker_open_us = 5 };
	nc_gate *g = nc_gate_new(&limits);
	static nc_gate_ticket t[64];
	int64_t now = 0;
	memset(t, 0, sizeof(t));
	for (int round = 0; round < 200000; round++) {
		nc_gate_ticket *x = &t[nc_test_random() % NC_LEN(t)];
		int64_t us;
		now += (int64_t)(nc_test_random() % 3);
		if (x->is_inside)
			nc_gate_leave(g, x, (nc_gate_verdict)(nc_test_random() % 4), now);
		else if (x->is_waiting && nc_test_random() % 8 == 0)
			nc_gate_forget(g, x);
		else if (!x->is_waiting) {
			*x = ticket(
				"p", hosts[nc_test_random() % 3], projects[nc_test_random() % 2]);
			nc_gate_enter(g, x, now, &us);
		}
		const char *provider = x->provider; /* as the engine does: of whoever left */
		while (nc_gate_next(g, provider, now))
			;
		if (nc_gate_due_us(g) <= now)
			while (nc_gate_next(g, NULL, now))
				;
		unsigned inside = 0;
		for (size_t h = 0; h < 3; h++) {
			unsigned n = 0;
			for (size_t i = 0; i < NC_LEN(t); i++)
				n += t[i].is_inside && t[i].host == hosts[h] &&
				     *t[i].provider == 'p';
			if (n > limits.per_host)
				REQUIRE(n <= limits.per_host);
			inside += n;
		}
		if (inside > limits.per_provider)
			REQUIRE(inside <= limits.per_provider);
		unsigned all = 0;
		for (size_t i = 0; i < NC_LEN(t); i++)
			all += t[i].is_inside;
		if (all > limits.in_all)
			REQUIRE(all <= limits.in_all);
	}
	for (int round = 0; round < 1000; round++) { /* and in the end all get through */
		now += 10;
		for (size_t i = 0; i < NC_LEN(t); i++)
			if (t[i].is_inside)
				nc_gate_leave(g, &t[i], NC_GATE_FINE, now);
		while (nc_gate_next(g, NULL, now))
			;
	}
	for (size_t i = 0; i < NC_LEN(t); i++)
		CHECK(!t[i].is_inside && !t[i].is_waiting);
	nc_gate_free(g);
}

static void entering_survives_each_failed_allocation(void)
{
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		nc_gate *g = nc_gate_new(&(nc_gate_limits){ .per_host = 1 });
		nc_gate_ticket a = ticket("p", "x", "acme"), b = a;
		int64_t us;
		rc = g ? NC_OK : NC_E_NOMEM;
		if (g && nc_gate_enter(g, &a, 0, &us) == NC_GATE_NOMEM)
			rc = NC_E_NOMEM;
		if (rc == NC_OK) {
			CHECK_INT(nc_gate_enter(g, &b, 0, &us), NC_GATE_WAIT);
			nc_gate_leave(g, &a, NC_GATE_FINE, 0);
			CHECK(nc_gate_next(g, "p", 0) == &b);
			nc_gate_leave(g, &b, NC_GATE_FINE, 0);
		}
		nc_gate_free(g);
	}
	NC_TORTURE(rc)
	{
		nc_fair *f = nc_fair_new();
		nc_list a, b;
		rc = f ? NC_OK : NC_E_NOMEM;
		if (f) { /* pushing can't fail */
			nc_list_init(&a);
			nc_list_init(&b);
			nc_fair_push(f, "x", &a);
			nc_fair_push(f, "y", &b);
			CHECK_UINT(nc_fair_count(f), 2);
			CHECK(nc_fair_pop(f) == &a);
			CHECK(nc_fair_pop(f) == &b);
			CHECK(nc_fair_pop(f) == NULL);
		}
		nc_fair_free(f);
	}
}

static void projects_take_turns_for_workers(void)
{
	nc_fair *f = nc_fair_new();
	nc_list big[100], small;
	for (size_t i = 0; i < NC_LEN(big); i++) {
		nc_list_init(&big[i]);
		nc_fair_push(f, "big", &big[i]);
	}
	nc_list_init(&small);
	nc_fair_push(f, "small", &small);
	CHECK(nc_fair_pop(f) == &big[0]);
	CHECK(nc_fair_pop(f) == &small);
	CHECK(nc_fair_pop(f) == &big[1]);
	nc_fair_free(f);
}

/* ---- an engine behind it ---- */

static void more_hung_calls_than_workers_delay_nobody_else(void)
{
	op_world w;
	nc_ops_options limits = { .workers = 2, .per_host = 4, .per_provider = 64 };
	enum { HUNG = 60 };
	const char *hung[HUNG];
	ow_answer script[HUNG];
	REQUIRE(ow_open(&w, &limits));
	for (int i = 0; i < HUNG; i++)
		script[i] = (ow_answer){ .verb = "one", .when = OW_LATE };
	ow_script(&w, script, HUNG);
	for (int i = 0; i < HUNG; i++)
		hung[i] = ow_begin(&w, "t.calls", "p", "dead", "acme");
	REQUIRE(ow_wait_calls(&w, "one", 4));
	for (int i = 0; i < 20; i++) {
		const char *id = ow_begin(&w, "t.single", "p", i % 2 ? "well" : "fine", "acme");
		CHECK(ow_wait_state(&w, id, NC_OPER_SUCCEEDED));
	}
	CHECK_INT(ow_count(&w, "one"), 4); /* the limit of the host that hangs */
	nc_op_live live;
	CHECK_OK(nc_ops_get_live(w.ops, hung[HUNG - 1], &live), NULL);
	CHECK_HAS(live.waiting_for, "its turn at p on dead");
	ow_script(&w, NULL, 0);
	for (int i = 0; i < w.n_calls; i++)
		ow_answer_call(&w, &w.calls[i], (ow_answer){ .outcome = NC_DONE });
	for (int i = 0; i < HUNG; i++)
		CHECK(ow_wait_state(&w, hung[i], NC_OPER_SUCCEEDED));
	ow_free(&w);
}

static void breaker_keeps_calls_from_a_host_that_is_down(void)
{
	op_world w;
	nc_ops_options limits = {
		.per_host = 1, .breaker_failures = 2, .breaker_open_us = INT64_C(3600) * S
	};
	ow_answer down = {
		.verb = "make", .outcome = NC_FAILED_NO_EFFECT, .code = NC_E_UNAVAILABLE
	};
	REQUIRE(ow_open(&w, &limits));
	OW_SCRIPT(&w, down, down);
	for (int i = 0; i < 2; i++) {
		const char *id = ow_begin(&w, "t.single", "p", "x", "acme");
		CHECK(ow_wait_state(&w, id, NC_OPER_FAILED));
	}
	nc_ops_stats s;
	nc_ops_get_stats(w.ops, &s);
	CHECK_UINT(s.breakers_open, 1);
	const char *a = ow_begin(&w, "t.single", "p", "x", "acme");
	const char *b = ow_begin(&w, "t.single", "p", "x", "acme");
	const char *c = ow_begin(&w, "t.single", "p", "y", "acme");
	CHECK(ow_wait_state(&w, c, NC_OPER_SUCCEEDED));
	nc_op_live live;
	ow_settle(&w, 100);
	CHECK_OK(nc_ops_get_live(w.ops, a, &live), NULL);
	CHECK_HAS(live.waiting_for, "breaker open for p on x");
	CHECK_INT(ow_count(&w, "make"), 3);
	nc_clock_advance_us(INT64_C(3600) * S);
	CHECK(ow_wait_state(&w, a, NC_OPER_SUCCEEDED));
	CHECK(ow_wait_state(&w, b, NC_OPER_SUCCEEDED));
	nc_ops_get_stats(w.ops, &s);
	CHECK_UINT(s.breakers_open, 0);
	ow_free(&w);
}

static void breaker_keeps_calls_from_a_provider_that_is_away(void)
{
	op_world w;
	nc_ops_options limits = { .breaker_failures = 2, .breaker_open_us = INT64_C(3600) * S };
	ow_answer away = {
		.verb = "make", .outcome = NC_FAILED_NO_EFFECT, .code = NC_E_UNAVAILABLE
	};
	REQUIRE(ow_open(&w, &limits));
	OW_SCRIPT(&w, away, away);
	CHECK(ow_wait_state(&w, ow_begin(&w, "t.single", "p", "x", "acme"), NC_OPER_FAILED));
	CHECK(ow_wait_state(&w, ow_begin(&w, "t.single", "p", "y", "acme"), NC_OPER_FAILED));
	const char *a = ow_begin(&w, "t.single", "p", "z", "acme");
	const char *b = ow_begin(&w, "t.single", "q", "z", "acme");
	CHECK(ow_wait_state(&w, b, NC_OPER_SUCCEEDED));
	nc_op_live live;
	ow_settle(&w, 100);
	CHECK_OK(nc_ops_get_live(w.ops, a, &live), NULL);
	CHECK_STR(live.waiting_for, "breaker open for p, trying again soon");
	CHECK_INT(ow_count(&w, "make"), 3);
	nc_clock_advance_us(INT64_C(3600) * S);
	CHECK(ow_wait_state(&w, a, NC_OPER_SUCCEEDED));
	nc_ops_stats s;
	nc_ops_get_stats(w.ops, &s);
	CHECK_UINT(s.breakers_open, 0);
	ow_free(&w);
}

static void one_hung_call_keeps_the_next_from_its_host(void)
{
	op_world w;
	nc_ops_options limits = { .breaker_failures = 5, .breaker_open_us = INT64_C(3600) * S };
	nc_op_live live;
	REQUIRE(ow_open(&w, &limits));
	OW_SCRIPT(&w, { .verb = "make", .when = OW_LATE });
	ow_begin(&w, "t.single", "p", "x", "acme");
	REQUIRE(ow_wait_calls(&w, "make", 1));
	nc_ops_target_stuck(w.ops, "p", nc_str("x"));
	const char *a = ow_begin(&w, "t.single", "p", "x", "acme");
	const char *b = ow_begin(&w, "t.single", "p", "y", "acme");
	CHECK(ow_wait_state(&w, b, NC_OPER_SUCCEEDED));
	ow_settle(&w, 100);
	CHECK_OK(nc_ops_get_live(w.ops, a, &live), NULL);
	CHECK_HAS(live.waiting_for, "breaker open for p on x");
	CHECK_INT(ow_count(&w, "make"), 2);
	nc_clock_advance_us(INT64_C(3600) * S);
	CHECK(ow_wait_state(&w, a, NC_OPER_SUCCEEDED));
	ow_free(&w);
}

static void raised_limits_are_used_at_once(void)
{
	op_world w;
	nc_ops_options limits = { .per_host = 1 };
	REQUIRE(ow_open(&w, &limits));
	ow_answer late = { .verb = "make", .when = OW_LATE };
	OW_SCRIPT(&w, late, late, late, late);
	for (int i = 0; i < 4; i++)
		ow_begin(&w, "t.single", "p", "x", "acme");
	REQUIRE(ow_wait_calls(&w, "make", 1));
	ow_settle(&w, 100);
	CHECK_INT(ow_count(&w, "make"), 1);
	limits = w.opt;
	limits.per_host = 4;
	w.opt = limits;
	nc_ops_configure(w.ops, &limits);
	CHECK(ow_wait_calls(&w, "make", 4));
	ow_free(&w);
}

NC_TESTS(op_gate){
	T(hung_host_costs_nobody_a_step),
	T(calls_that_take_long_count_for_their_host_alone),
	T(projects_and_their_hosts_take_turns),
	T(limit_of_a_project_counts_at_each_provider),
	T(limit_of_all_has_providers_take_turns),
	T(raised_limit_lets_those_in_who_wait),
	T(breaker_opens_tries_one_and_closes),
	T(hung_call_opens_the_breaker_of_its_target_alone),
	T(call_that_was_not_sent_says_nothing_to_the_breaker),
	T(provider_that_can_not_be_reached_is_left_alone_as_a_whole),
	T(faults_without_a_host_are_the_providers_own),
	T(who_mends_the_provider_is_not_kept_from_it),
	T(hosts_that_fail_or_hang_are_not_the_provider),
	T(trial_at_a_host_that_hangs_holds_up_no_other),
	T(gate_keeps_its_limits_and_forgets_nobody),
	T(entering_survives_each_failed_allocation),
	T(projects_take_turns_for_workers),
	T(more_hung_calls_than_workers_delay_nobody_else),
	T(breaker_keeps_calls_from_a_host_that_is_down),
	T(breaker_keeps_calls_from_a_provider_that_is_away),
	T(one_hung_call_keeps_the_next_from_its_host),
	T(raised_limits_are_used_at_once),
};
