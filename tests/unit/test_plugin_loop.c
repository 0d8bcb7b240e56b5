/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "plugin/loop.h"
#include "plugin/slots.h"
#include "testing.h"

/* ---- slots ---- */

static void a_handle_is_never_issued_twice_and_a_stale_one_is_seen(void)
{
	nc_slots s;
	uint64_t first, second;
	nc_slots_init(&s, sizeof(int), 1);
	int *p = nc_slots_take(&s, &first);
	REQUIRE(p != NULL);
	*p = 7;
	CHECK(nc_slots_take(&s, &second) == NULL);
	CHECK(nc_slots_get(&s, first) == p);
	nc_slots_release(&s, first);
	nc_slots_release(&s, first);
	CHECK_UINT(s.used, 0);
	CHECK(nc_slots_get(&s, first) == NULL);
	CHECK(nc_slots_was_issued(&s, first));
	p = nc_slots_take(&s, &second);
	REQUIRE(p != NULL);
	CHECK_INT(*p, 0);
	CHECK(first != second && nc_slots_get(&s, first) == NULL && nc_slots_get(&s, second) == p);
	CHECK(nc_slots_get(&s, 0) == NULL && nc_slots_get(&s, UINT64_MAX) == NULL);
	CHECK(!nc_slots_was_issued(&s, second + (UINT64_C(1) << 20)));
	CHECK(!nc_slots_was_issued(&s, 0));
	nc_slots_done(&s);
}

static void places_keep_their_address_while_the_table_grows(void)
{
	enum { N = 1000 };
	nc_slots s;
	static int *places[N];
	static uint64_t handles[N];
	nc_slots_init(&s, sizeof(int), N);
	for (int i = 0; i < N; i++) {
		places[i] = nc_slots_take(&s, &handles[i]);
		REQUIRE(places[i] != NULL);
		*places[i] = i;
	}
	for (int i = 0; i < N; i += 2)
		nc_slots_release(&s, handles[i]);
	int n = 0;
	uint64_t handle;
	for (uint32_t it = 0; nc_slots_next(&s, &it, &handle);)
		n++;
	CHECK_INT(n, N / 2);
	for (int i = 1; i < N; i += 2)
		CHECK(nc_slots_get(&s, handles[i]) == places[i] && *places[i] == i);
	nc_slots_done(&s);
}

static void taking_survives_every_failed_allocation(void)
{
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		nc_slots s;
		uint64_t handle;
		rc = NC_OK;
		nc_slots_init(&s, 100, 500);
		for (int i = 0; i < 200 && rc == NC_OK; i++)
			rc = nc_slots_take(&s, &handle) ? NC_OK : NC_E_NOMEM;
		nc_slots_done(&s);
	}
}

/* ---- the loop ---- */

typedef struct record {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	char text[256];
	unsigned n;
	nc_loop *loop;
	uint64_t timer;
} record;

static void record_init(record *r)
{
	memset(r, 0, sizeof(*r));
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->changed, NULL);
}

static void note(record *r, const char *what)
{
	pthread_mutex_lock(&r->lock);
	strncat(r->text, what, sizeof(r->text) - strlen(r->text) - 1);
	r->n++;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
}

static void wait_for(record *r, unsigned n)
{
	pthread_mutex_lock(&r->lock);
	while (r->n < n)
		pthread_cond_wait(&r->changed, &r->lock);
	pthread_mutex_unlock(&r->lock);
}

static nc_loop *start(uint32_t max_timers)
{
	nc_loop *l = NULL;
	nc_error err = NC_ERROR_INIT;
	CHECK_OK(nc_loop_new("test", max_timers, &l, &err), &err);
	CHECK_OK(nc_loop_start(l, &err), &err);
	return l;
}

static void on_named(const nc_closure *c, uint64_t timer)
{
	char name[2] = { (char)c->arg, 0 };
	(void)timer;
	note(c->ctx, name);
}

static void timers_fire_in_order_of_their_time(void)
{
	record r;
	record_init(&r);
	nc_loop *l = start(16);
	static const struct {
		uint64_t ms;
		char name;
	} timers[] = { { 30, 'c' }, { 10, 'a' }, { 20, 'b' }, { 40, 'd' } };
	for (size_t i = 0; i < NC_LEN(timers); i++)
		CHECK_CODE(
			nc_loop_timer_start(l, timers[i].ms * 1000000, 0, on_named,
				(nc_closure){ .ctx = &r, .arg = (uint64_t)timers[i].name }, NULL),
			NC_OK);
	wait_for(&r, 4);
	CHECK_STR(r.text, "abcd");
	CHECK_UINT(nc_loop_timers(l), 0);
	nc_loop_free(l);
}

static void a_stopped_timer_does_not_fire_and_its_id_is_stale(void)
{
	record r;
	uint64_t timer, other;
	record_init(&r);
	nc_loop *l = start(1);
	nc_closure c = { .ctx = &r, .arg = 'x' };
	CHECK_CODE(nc_loop_timer_start(l, 50000000, 0, on_named, c, &timer), NC_OK);
	CHECK_CODE(nc_loop_timer_start(l, 0, 0, on_named, c, &other), NC_E_UNAVAILABLE);
	CHECK_CODE(nc_loop_timer_stop(l, timer), NC_OK);
	CHECK_CODE(nc_loop_timer_stop(l, timer), NC_E_NOTFOUND);
	c.arg = 'y';
	CHECK_CODE(nc_loop_timer_start(l, 0, 0, on_named, c, &other), NC_OK);
	wait_for(&r, 1);
	nc_clock_sleep_us(60000);
	CHECK_STR(r.text, "y");
	nc_loop_free(l);
}

static void on_period(const nc_closure *c, uint64_t timer)
{
	record *r = c->ctx;
	note(r, ".");
	if (r->n == 3)
		nc_loop_timer_stop(r->loop, timer);
}

static void a_period_goes_on_until_it_is_stopped_from_within(void)
{
	record r;
	record_init(&r);
	nc_loop *l = r.loop = start(4);
	CHECK_CODE(nc_loop_timer_start(
			   l, 1000000, 1000000, on_period, (nc_closure){ .ctx = &r }, NULL),
		NC_OK);
	wait_for(&r, 3);
	nc_clock_sleep_us(10000);
	CHECK_STR(r.text, "...");
	CHECK_UINT(nc_loop_timers(l), 0);
	nc_loop_free(l);
}

static void on_again(const nc_closure *c, uint64_t timer)
{
	record *r = c->ctx;
	(void)timer;
	if (r->n < 5)
		(void)nc_loop_timer_start(r->loop, 0, 0, on_again, *c, NULL);
	note(r, "t");
}

static void on_readable(const nc_closure *c, int fd, uint32_t events)
{
	char byte;
	CHECK(events & EPOLLIN); /* on the loop's thread, but nothing else runs now */
	if (read(fd, &byte, 1) == 1)
		note(c->ctx, byte == 'q' ? "q" : "r");
}

static void a_timer_of_no_time_leaves_room_for_descriptors(void)
{
	record r;
	int fds[2];
	record_init(&r);
	REQUIRE(pipe(fds) == 0);
	nc_loop *l = r.loop = start(4);
	CHECK_CODE(
		nc_loop_fd_add(l, fds[0], EPOLLIN, on_readable, (nc_closure){ .ctx = &r }), NC_OK);
	CHECK_CODE(nc_loop_fd_add(l, fds[0], EPOLLIN, on_readable, (nc_closure){ .ctx = &r }),
		NC_E_EXISTS);
	CHECK(write(fds[1], "a", 1) == 1);
	wait_for(&r, 1);
	CHECK_CODE(nc_loop_timer_start(l, 0, 0, on_again, (nc_closure){ .ctx = &r }, NULL), NC_OK);
	wait_for(&r, 6);
	CHECK(write(fds[1], "q", 1) == 1);
	wait_for(&r, 7);
	CHECK_STR(r.text, "rtttttq");
	CHECK_CODE(nc_loop_fd_del(l, fds[0]), NC_OK);
	CHECK_CODE(nc_loop_fd_del(l, fds[0]), NC_E_NOTFOUND);
	CHECK_CODE(nc_loop_fd_mod(l, fds[0], EPOLLIN), NC_E_NOTFOUND);
	CHECK(write(fds[1], "z", 1) == 1);
	nc_clock_sleep_us(5000);
	CHECK_UINT(r.n, 7);
	CHECK_CODE(
		nc_loop_fd_add(l, -1, EPOLLIN, on_readable, (nc_closure){ .ctx = &r }), NC_E_INVAL);
	nc_loop_free(l);
	close(fds[0]);
	close(fds[1]);
}

static void a_descriptor_closed_too_early_and_opened_anew_is_watched_again(void)
{
	record r;
	int fds[2], again[2];
	record_init(&r);
	REQUIRE(pipe(fds) == 0);
	nc_loop *l = start(4);
	nc_closure c = { .ctx = &r };
	CHECK_CODE(nc_loop_fd_add(l, fds[0], EPOLLIN, on_readable, c), NC_OK);
	close(fds[0]); /* against the rule: without del */
	close(fds[1]);
	REQUIRE(pipe(again) == 0);
	CHECK_CODE(nc_loop_fd_add(l, again[0], EPOLLIN, on_readable, c), NC_OK);
	CHECK_UINT(nc_loop_fds(l), 1);
	CHECK(write(again[1], "a", 1) == 1);
	wait_for(&r, 1);
	nc_loop_free(l);
	close(again[0]);
	close(again[1]);
}

typedef struct named_task {
	nc_task task;
	record *r;
	char name[2];
} named_task;

static void run_named(nc_task *task)
{
	named_task *t = NC_CONTAINER(task, named_task, task);
	note(t->r, t->name);
	free(t);
}

static void post(nc_loop *l, record *r, char name)
{
	named_task *t = calloc(1, sizeof(*t));
	if (!t)
		return;
	*t = (named_task){ .task.run = run_named, .r = r, .name = { name, 0 } };
	nc_loop_post(l, &t->task);
}

static void set_int(void *arg)
{
	*(int *)arg = 1;
}

static void tasks_run_in_order_and_all_of_them_before_the_end(void)
{
	record r;
	int has_run = 0;
	record_init(&r);
	nc_loop *l = start(4);
	CHECK(!nc_loop_is_current(l));
	for (char c = 'a'; c <= 'j'; c++)
		post(l, &r, c);
	nc_loop_call(l, set_int, &has_run);
	CHECK_INT(has_run, 1);
	CHECK_STR(r.text, "abcdefghij");
	post(l, &r, 'k');
	nc_loop_free(l);
	CHECK_STR(r.text, "abcdefghijk");
}

static void block(void *arg)
{
	record *r = arg;
	note(r, "(");
	pthread_mutex_lock(&r->lock);
	while (r->n < 2)
		pthread_cond_wait(&r->changed, &r->lock);
	pthread_mutex_unlock(&r->lock);
}

static void *call_block(void *arg)
{
	record *r = arg;
	nc_loop_call(r->loop, block, r);
	return NULL;
}

static void a_loop_that_is_held_up_is_not_waited_for_for_ever(void)
{
	record r;
	pthread_t thread;
	record_init(&r);
	nc_loop *l = r.loop = start(4);
	REQUIRE(pthread_create(&thread, NULL, call_block, &r) == 0);
	wait_for(&r, 1);
	CHECK(nc_loop_busy_since_us(l) != 0);
	CHECK(!nc_loop_stop_within(l, 10000));
	note(&r, ")");
	CHECK(nc_loop_stop_within(l, 10000000));
	pthread_join(thread, NULL);
	/* Stopped, it is still safe to use. */
	CHECK_CODE(nc_loop_timer_start(l, 0, 0, on_named, (nc_closure){ .ctx = &r }, NULL), NC_OK);
	nc_loop_free(l);
	CHECK_STR(r.text, "()");
}

static void making_a_loop_survives_every_failed_allocation(void)
{
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		nc_loop *l = NULL;
		rc = nc_loop_new("test", 4, &l, NULL);
		CHECK((rc == NC_OK) == (l != NULL));
		if (rc == NC_OK)
			rc = nc_loop_timer_start(
				l, 0, 0, on_named, (nc_closure){ .ctx = NULL }, NULL);
		nc_loop_free(l);
	}
}

static void on_nothing(const nc_closure *c, int fd, uint32_t events)
{
	(void)c;
	(void)fd;
	(void)events;
}

static void watching_survives_every_failed_allocation(void)
{
	nc_code rc = NC_OK;
	int ends[2];
	REQUIRE(pipe(ends) == 0);
	NC_TORTURE(rc)
	{
		nc_loop *l = NULL;
		rc = nc_loop_new("test", 4, &l, NULL);
		if (rc != NC_OK)
			continue;
		rc = nc_loop_fd_add(l, ends[0], EPOLLIN, on_nothing, (nc_closure){ .ctx = NULL });
		CHECK_UINT(nc_loop_fds(l), rc == NC_OK);
		CHECK_CODE(
			nc_loop_fd_mod(l, ends[0], EPOLLIN), rc == NC_OK ? NC_OK : NC_E_NOTFOUND);
		CHECK_CODE(nc_loop_fd_del(l, ends[0]), rc == NC_OK ? NC_OK : NC_E_NOTFOUND);
		nc_loop_free(l);
	}
	close(ends[0]);
	close(ends[1]);
}

NC_TESTS(plugin_loop){
	T(a_handle_is_never_issued_twice_and_a_stale_one_is_seen),
	T(places_keep_their_address_while_the_table_grows),
	T(taking_survives_every_failed_allocation),
	T(timers_fire_in_order_of_their_time),
	T(a_stopped_timer_does_not_fire_and_its_id_is_stale),
	T(a_period_goes_on_until_it_is_stopped_from_within),
	T(a_timer_of_no_time_leaves_room_for_descriptors),
	T(a_descriptor_closed_too_early_and_opened_anew_is_watched_again),
	T(tasks_run_in_order_and_all_of_them_before_the_end),
	T(a_loop_that_is_held_up_is_not_waited_for_for_ever),
	T(making_a_loop_survives_every_failed_allocation),
	T(watching_survives_every_failed_allocation),
};
