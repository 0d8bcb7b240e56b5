/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conformance: all that may be called at the same time, called at the same time. Runs under
 * ThreadSanitizer too.
 */
#include "suites.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#define RUN_MS 1500u

typedef struct shared {
	st_store s;
	uint64_t seed, epoch;
	pthread_mutex_t lock;
	uint64_t head, applied, trimmed; /* under lock: at least so much is there */
	bool stop;                       /* under lock */
} shared;

static void get_marks(shared *x, uint64_t *head, uint64_t *applied, uint64_t *trimmed)
{
	pthread_mutex_lock(&x->lock);
	*head = x->head;
	*applied = x->applied;
	*trimmed = x->trimmed;
	pthread_mutex_unlock(&x->lock);
}

static bool is_over(shared *x)
{
	pthread_mutex_lock(&x->lock);
	bool stop = x->stop;
	pthread_mutex_unlock(&x->lock);
	return stop;
}

static void set_mark(shared *x, uint64_t *mark, uint64_t value)
{
	pthread_mutex_lock(&x->lock);
	*mark = value;
	pthread_mutex_unlock(&x->lock);
}

static void *do_append(void *arg)
{
	shared *x = arg;
	nc_error err = ST_ERROR;
	uint64_t epoch, head;
	for (uint64_t at = 0, n = 1; !is_over(x); n = n % 30 + 1) {
		if (!CHECK_OK(
			    st_append_model(&x->s, x->seed, x->epoch, at, (uint32_t)n, &err), &err))
			break;
		at += n;
		set_mark(x, &x->head, at);
		if (n == 7) {
			CHECK_OK(x->s.t->lead(x->s.inst, "n1", 60000, &epoch, &head, &err), &err);
			CHECK_U64(epoch, x->epoch);
			CHECK_U64(head, at);
		}
	}
	return NULL;
}

static void *do_materialise(void *arg)
{
	shared *x = arg;
	nc_error err = ST_ERROR;
	uint64_t head, applied, trimmed;
	for (int i = 0; !is_over(x); i++) {
		get_marks(x, &head, &applied, &trimmed);
		uint64_t to =
			head - applied > ST_MODEL_BATCH_MAX ? applied + ST_MODEL_BATCH_MAX : head;
		if (!CHECK_OK(st_materialise_model(&x->s, x->seed, x->epoch, applied, to, &err),
			    &err))
			break;
		set_mark(x, &x->applied, to);
		if (i % 10 || to < 200)
			continue;
		set_mark(x, &x->trimmed, to - 200); /* readers must expect it from now on */
		CHECK_OK(x->s.t->trim(x->s.inst, x->epoch, to - 200, &err), &err);
	}
	return NULL;
}

typedef struct tail {
	uint64_t seed, next;
	bool is_right;
} tail;

static nc_code follow(void *arg, uint64_t seq, nc_bytes rec)
{
	tail *t = arg;
	t->is_right = seq == t->next && st_record_is(t->seed, seq, rec);
	t->next = seq + 1;
	return t->is_right ? NC_OK : NC_E_INTERNAL;
}

static void *do_tail(void *arg)
{
	shared *x = arg;
	nc_error err = ST_ERROR;
	uint64_t head, applied, trimmed;
	tail t = { x->seed, 1, true };
	while (!is_over(x)) {
		nc_code code = x->s.t->read(x->s.inst, t.next - 1, 50, follow, &t, &err);
		get_marks(x, &head, &applied, &trimmed);
		if (code == NC_E_NOTFOUND && trimmed >= t.next) {
			t.next = trimmed + 1;
			continue;
		}
		if (!CHECK_OK(code, &err) || !CHECK(t.is_right))
			break;
	}
	return NULL;
}

static nc_code count_kv(void *arg, const nc_kv *kv)
{
	++*(unsigned *)arg;
	return kv->flags ? NC_E_INTERNAL : NC_OK;
}

static void *do_scan(void *arg)
{
	shared *x = arg;
	nc_error err = ST_ERROR;
	nc_bytes none = { NULL, 0 }, key = { "\0\0\0", 3 };
	while (!is_over(x)) {
		unsigned n = 0;
		if (!CHECK_OK(x->s.t->scan(x->s.inst, 1, none, none, 0, count_kv, &n, &err), &err))
			break;
		CHECK(n <= ST_MODEL_KEYS);
		nc_code code = x->s.t->get(x->s.inst, 1, key, count_kv, &n, &err);
		CHECK(code == NC_OK || code == NC_E_NOTFOUND);
	}
	return NULL;
}

static void *do_head(void *arg)
{
	shared *x = arg;
	nc_error err = ST_ERROR;
	uint64_t head, applied, trimmed;
	while (!is_over(x)) {
		nc_store_head h = { .struct_size = sizeof(h) };
		get_marks(x, &head, &applied, &trimmed);
		if (!CHECK_OK(x->s.t->head(x->s.inst, &h, &err), &err))
			break;
		CHECK(h.head >= head && h.applied_seq >= applied && h.applied_seq <= h.head);
		CHECK_U64(h.epoch, x->epoch);
		st_sleep_ms(1);
	}
	return NULL;
}

static nc_code any_fault(void *arg, uint32_t space, nc_bytes key, uint64_t seq, const char *what)
{
	(void)arg, (void)key;
	fprintf(stderr, "  fault: space %u seq %llu: %s\n", space, (unsigned long long)seq, what);
	return NC_OK;
}

static void *do_check_and_backup(void *arg)
{
	shared *x = arg;
	nc_error err = ST_ERROR;
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	while (!is_over(x)) {
		CHECK_OK(x->s.t->check(x->s.inst, any_fault, NULL, &err), &err);
		CHECK_OK(x->s.t->backup(x->s.inst, ST_OP, fd, &err), &err);
	}
	close(fd);
	return NULL;
}

static void everything_at_once(void)
{
	static void *(*const jobs[])(void *) = { do_append, do_materialise, do_tail, do_tail,
		do_scan, do_scan, do_head, do_check_and_backup };
	enum { JOBS = sizeof(jobs) / sizeof(jobs[0]) };
	pthread_t thread[JOBS];
	shared x = { .seed = st_random(), .lock = PTHREAD_MUTEX_INITIALIZER };
	nc_error err = ST_ERROR;
	uint64_t head = 0;
	NEED(st_open(&x.s, st_dir()));
	NEED(CHECK_OK(x.s.t->lead(x.s.inst, "n1", 60000, &x.epoch, &head, &err), &err));
	for (size_t i = 0; i < JOBS; i++)
		NEED(CHECK(!pthread_create(&thread[i], NULL, jobs[i], &x)));
	st_sleep_ms(st_opts.is_long ? 10 * RUN_MS : RUN_MS);
	pthread_mutex_lock(&x.lock);
	x.stop = true;
	pthread_mutex_unlock(&x.lock);
	for (size_t i = 0; i < JOBS; i++)
		pthread_join(thread[i], NULL);
	st_model m;
	st_model_init(&m, x.seed);
	st_model_advance(&m, x.applied);
	CHECK(x.applied > 0);
	CHECK(st_model_matches_state(&m, &x.s));
	CHECK(st_model_matches_log(x.seed, &x.s, x.trimmed + 1, x.head));
	CHECK(st_checks_clean(&x.s));
	st_destroy(&x.s);
}

const st_test st_thread_tests[] = {
	ST_TEST(everything_at_once, 0),
	{ NULL, NULL, 0 },
};
