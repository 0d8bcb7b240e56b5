/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "op/gate.h"

/* The gate before the drivers: the limit over all providers, and who goes in when there is room. */

static nc_gate_ticket ticket(const char *provider, const char *host)
{
	return (nc_gate_ticket){ .provider = provider, .host = host, .project = "p" };
}

static nc_gate_answer enter(nc_gate *g, nc_gate_ticket *t)
{
	int64_t retry_us = 0;

	return nc_gate_enter(g, t, 1, &retry_us);
}

static void the_limit_over_all_providers_holds_and_they_take_turns(void)
{
	nc_gate *g = nc_gate_new(&(nc_gate_limits){ .in_all = 2 });
	nc_gate_ticket a = ticket("x", "1"), b = ticket("x", "2"), c = ticket("x", "3"),
		       d = ticket("y", "1"), e = ticket("x", "4");

	REQUIRE(g);
	CHECK(enter(g, &a) == NC_GATE_IN);
	CHECK(enter(g, &b) == NC_GATE_IN);
	CHECK(enter(g, &c) == NC_GATE_WAIT);
	CHECK(enter(g, &d) == NC_GATE_WAIT);
	CHECK(enter(g, &e) == NC_GATE_WAIT);
	CHECK(nc_gate_next(g, "x", 9) == NULL);
	nc_gate_leave(g, &a, NC_GATE_FINE, 2);
	CHECK(nc_gate_next(g, "x", 9) == &c);
	CHECK(nc_gate_next(g, "x", 9) == NULL);
	/* One of the other provider's, though it is the first's that leaves. */
	nc_gate_leave(g, &b, NC_GATE_FINE, 3);
	CHECK(nc_gate_next(g, "x", 9) == &d);
	nc_gate_leave(g, &d, NC_GATE_FINE, 4);
	CHECK(nc_gate_next(g, "y", 9) == &e);
	nc_gate_leave(g, &c, NC_GATE_FINE, 5);
	nc_gate_leave(g, &e, NC_GATE_FINE, 6);
	CHECK(nc_gate_next(g, "x", 9) == NULL);
	nc_gate_free(g);
}

static void a_higher_limit_lets_those_in_who_waited_for_the_lower(void)
{
	nc_gate *g = nc_gate_new(&(nc_gate_limits){ .in_all = 1 });
	nc_gate_ticket a = ticket("x", "1"), b = ticket("y", "1"), c = ticket("z", "1");

	REQUIRE(g);
	CHECK(enter(g, &a) == NC_GATE_IN);
	CHECK(enter(g, &b) == NC_GATE_WAIT);
	CHECK(enter(g, &c) == NC_GATE_WAIT);
	nc_gate_configure(g, &(nc_gate_limits){ .in_all = 5 }, 2);
	CHECK(nc_gate_next(g, "x", 9) == &b);
	CHECK(nc_gate_next(g, "x", 9) == &c);
	CHECK(nc_gate_next(g, "x", 9) == NULL);
	nc_gate_leave(g, &a, NC_GATE_FINE, 2);
	nc_gate_leave(g, &b, NC_GATE_FINE, 2);
	nc_gate_leave(g, &c, NC_GATE_FINE, 2);
	nc_gate_free(g);
}

static void a_full_host_holds_up_nobody_elsewhere(void)
{
	nc_gate *g = nc_gate_new(&(nc_gate_limits){ .in_all = 3, .per_host = 1 });
	nc_gate_ticket a = ticket("x", "1"), b = ticket("x", "1"), c = ticket("x", "2");

	REQUIRE(g);
	CHECK(enter(g, &a) == NC_GATE_IN);
	CHECK(enter(g, &b) == NC_GATE_WAIT);
	CHECK(enter(g, &c) == NC_GATE_IN);
	nc_gate_leave(g, &c, NC_GATE_FINE, 2);
	CHECK(nc_gate_next(g, "x", 9) == NULL);
	nc_gate_leave(g, &a, NC_GATE_FINE, 3);
	CHECK(nc_gate_next(g, "x", 9) == &b);
	nc_gate_leave(g, &b, NC_GATE_FINE, 4);
	nc_gate_free(g);
}

NC_TESTS(gate){
	T(the_limit_over_all_providers_holds_and_they_take_turns),
	T(a_higher_limit_lets_those_in_who_waited_for_the_lower),
	T(a_full_host_holds_up_nobody_elsewhere),
};
