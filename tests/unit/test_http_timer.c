/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "http/timer.h"
#include "testing.h"

/* The wheel against a plain list of deadlines, over a simulated clock. */

typedef struct probe {
	nc_http_timer timer;
	int64_t fired_us;
	int fired;
	struct probe *victim; /* stopped when this one fires */
	int64_t again_us;     /* set again when this one fires */
} probe;

static nc_http_wheel wheel;
static int64_t now_us;

static void on_fire(nc_http_timer *t)
{
	probe *p = NC_CONTAINER(t, probe, timer);
	p->fired++;
	p->fired_us = now_us;
	if (p->victim)
		nc_http_timer_stop(&p->victim->timer);
	if (p->again_us)
		nc_http_timer_set(&wheel, t, now_us + p->again_us);
}

static void set_up(probe *p, size_t n)
{
	now_us = 123456789;
	nc_http_wheel_init(&wheel, now_us);
	memset(p, 0, n * sizeof(*p));
	for (size_t i = 0; i < n; i++)
		nc_http_timer_init(&p[i].timer, on_fire);
}

/* Go on as a reactor would, waking when the wheel says so; the number of times. */
static int run_until(int64_t end_us)
{
	int wakes = 0;
	while (now_us < end_us) {
		int64_t wait = nc_http_wheel_wait_us(&wheel, now_us);
		CHECK(wait != 0); /* nothing is overdue after advance: it must not spin */
		if (wait < 0 || wait > end_us - now_us)
			wait = end_us - now_us;
		now_us += wait;
		nc_http_wheel_advance(&wheel, now_us);
		wakes++;
	}
	return wakes;
}

static void deadlines_fire_never_early_and_at_most_a_tick_late(void)
{
	enum { N = 500 };
	static probe p[N];
	static int64_t due[N];
	set_up(p, N);
	for (size_t i = 0; i < N; i++) {
		due[i] = now_us + (int64_t)(nc_test_random() % 90000000); /* several turns */
		nc_http_timer_set(&wheel, &p[i].timer, due[i]);
	}
	run_until(now_us + 100000000);
	for (size_t i = 0; i < N; i++) {
		CHECK_INT(p[i].fired, 1);
		CHECK(p[i].fired_us >= due[i]);
		CHECK(p[i].fired_us <= due[i] + NC_WHEEL_TICK_US);
		CHECK(!nc_http_timer_is_set(&p[i].timer));
	}
	CHECK_INT(nc_http_wheel_wait_us(&wheel, now_us), -1);
}

static void a_moved_or_stopped_timer_does_not_fire_at_its_old_time(void)
{
	probe p[2];
	set_up(p, 2);
	int64_t start = now_us;
	nc_http_timer_set(&wheel, &p[0].timer, start + 100000);
	nc_http_timer_set(&wheel, &p[1].timer, start + 100000);
	nc_http_timer_set(&wheel, &p[0].timer, start + 900000);
	nc_http_timer_stop(&p[1].timer);
	nc_http_timer_stop(&p[1].timer);
	run_until(start + 800000);
	CHECK_INT(p[0].fired, 0);
	run_until(start + 1000000);
	CHECK_INT(p[0].fired, 1);
	CHECK_INT(p[1].fired, 0);
}

static void a_timer_may_stop_its_neighbour_and_set_itself_again(void)
{
	probe p[3];
	set_up(p, 3);
	int64_t start = now_us;
	for (size_t i = 0; i < 3; i++)
		nc_http_timer_set(&wheel, &p[i].timer, start + 50000);
	p[0].victim = &p[1];
	p[2].again_us = 50000;
	run_until(start + 60000 + NC_WHEEL_TICK_US);
	CHECK_INT(p[0].fired, 1);
	CHECK_INT(p[1].fired, 0);
	CHECK_INT(p[2].fired, 1);
	p[2].again_us = 0;
	run_until(start + 200000);
	CHECK_INT(p[2].fired, 2);
}

static void what_is_overdue_fires_at_the_next_tick(void)
{
	probe p[1];
	set_up(p, 1);
	nc_http_timer_set(&wheel, &p[0].timer, now_us - 1000000);
	run_until(now_us + 2 * NC_WHEEL_TICK_US);
	CHECK_INT(p[0].fired, 1);
}

static void after_a_long_sleep_everything_due_fires_at_once(void)
{
	probe p[3];
	set_up(p, 3);
	int64_t start = now_us;
	nc_http_timer_set(&wheel, &p[0].timer, start + 1000);
	nc_http_timer_set(&wheel, &p[1].timer, start + 40000000);
	nc_http_timer_set(&wheel, &p[2].timer, start + 90000000);
	now_us = start + 60000000;
	nc_http_wheel_advance(&wheel, now_us);
	CHECK_INT(p[0].fired, 1);
	CHECK_INT(p[1].fired, 1);
	CHECK_INT(p[2].fired, 0);
	run_until(start + 91000000);
	CHECK_INT(p[2].fired, 1);
}

static void a_far_deadline_wakes_only_once_a_turn_of_the_wheel(void)
{
	probe p[1];
	set_up(p, 1);
	nc_http_timer_set(&wheel, &p[0].timer, now_us + 75000000);
	int wakes = run_until(now_us + 76000000);
	CHECK_INT(p[0].fired, 1);
	CHECK(wakes <= 8);
}

NC_TESTS(http_timer){
	T(deadlines_fire_never_early_and_at_most_a_tick_late),
	T(a_moved_or_stopped_timer_does_not_fire_at_its_old_time),
	T(a_timer_may_stop_its_neighbour_and_set_itself_again),
	T(what_is_overdue_fires_at_the_next_tick),
	T(after_a_long_sleep_everything_due_fires_at_once),
	T(a_far_deadline_wakes_only_once_a_turn_of_the_wheel),
};
