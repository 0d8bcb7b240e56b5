/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the store does when it can't know: a sync that fails, on an append, on a checkpoint; and a
 * disk that turns read-only under it.
 */
#include "sqlite_suites.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "faults.h"
#include "model.h"

static bool open_led(st_store *s, uint64_t *epoch, uint32_t n)
{
	uint64_t head = 0;
	nc_error err = ST_ERROR;
	return st_open(s, st_dir()) &&
	       CHECK_OK(s->t->lead(s->inst, "n1", 60000, epoch, &head, &err), &err) &&
	       CHECK_OK(st_append_model(s, 1, *epoch, 0, n, &err), &err);
}

static nc_code no_record(void *arg, uint64_t seq, nc_bytes rec)
{
	(void)arg, (void)seq, (void)rec;
	return NC_OK;
}

static nc_code no_kv(void *arg, const nc_kv *kv)
{
	(void)arg, (void)kv;
	return NC_OK;
}

static nc_code no_fault(void *arg, uint32_t space, nc_bytes key, uint64_t seq, const char *what)
{
	(void)arg, (void)space, (void)key, (void)seq, (void)what;
	return NC_OK;
}

/* Every call but lead says that the store is out of use, and touches nothing. */
static void check_out_of_use(st_store *s, uint64_t epoch)
{
	nc_store_head h = { .struct_size = sizeof(h) };
	nc_error err = ST_ERROR;
	nc_bytes none = { NULL, 0 }, key = { "k", 1 };
	CHECK_FAILS(s->t->head(s->inst, &h, &err), NC_E_UNAVAILABLE, &err);
	CHECK_FAILS(s->t->read(s->inst, 0, 0, no_record, NULL, &err), NC_E_UNAVAILABLE, &err);
	CHECK_FAILS(
		s->t->scan(s->inst, 1, none, none, 0, no_kv, NULL, &err), NC_E_UNAVAILABLE, &err);
	CHECK_FAILS(s->t->get(s->inst, 1, key, no_kv, NULL, &err), NC_E_UNAVAILABLE, &err);
	CHECK_FAILS(s->t->check(s->inst, no_fault, NULL, &err), NC_E_UNAVAILABLE, &err);
	CHECK_FAILS(s->t->backup(s->inst, ST_OP, 1, &err), NC_E_UNAVAILABLE, &err);
	CHECK_FAILS(st_append_model(s, 1, epoch, 10, 1, &err), NC_E_UNAVAILABLE, &err);
	CHECK_FAILS(s->t->materialise(s->inst, epoch, 10, NULL, 0, &err), NC_E_UNAVAILABLE, &err);
	CHECK_FAILS(s->t->trim(s->inst, epoch, 0, &err), NC_E_UNAVAILABLE, &err);
	CHECK(strstr(err.hint, "ead") != NULL); /* lead again */
	CHECK(!(err.flags & NC_ERR_OUTCOME_UNKNOWN));
	char *health = st_health(s);
	CHECK(health && strstr(health, "unhealthy") != NULL);
	free(health);
}

static void after_a_failed_sync_only_a_lead_opens_the_store_again(void)
{
	st_store s;
	uint64_t epoch, again = 0, head = 0;
	nc_error err = ST_ERROR;
	NEED(open_led(&s, &epoch, 10));
	st_fault_arm(ST_CALL_SYNC, 1, EIO, false);
	CHECK_FAILS(st_append_model(&s, 1, epoch, 10, 5, &err), NC_E_UNAVAILABLE, &err);
	CHECK(st_fault_disarm());
	CHECK(err.flags & NC_ERR_OUTCOME_UNKNOWN);
	CHECK_U64((uint64_t)err.native, EIO);
	check_out_of_use(&s, epoch);
	/* The disk is still bad: the lead fails, and the store stays out of use. */
	st_fault_arm(ST_CALL_SYNC, 1, EIO, true);
	CHECK(s.t->lead(s.inst, "n1", 60000, &again, &head, &err) != NC_OK);
	CHECK(st_fault_disarm());
	check_out_of_use(&s, epoch);
	NEED(CHECK_OK(s.t->lead(s.inst, "n1", 60000, &again, &head, &err), &err));
	CHECK(again > epoch);
	CHECK(head == 10 || head == 15);
	CHECK(st_model_matches_log(1, &s, 1, head));
	CHECK_FAILS(st_append_model(&s, 1, epoch, head, 1, &err), NC_E_CONFLICT, &err);
	CHECK_OK(st_append_model(&s, 1, again, head, 1, &err), &err);
	CHECK(st_checks_clean(&s));
	st_destroy(&s);
}

typedef struct waiter {
	st_store *s;
	nc_code code;
} waiter;

static void *wait_long(void *arg)
{
	waiter *w = arg;
	nc_error err = ST_ERROR;
	w->code = w->s->t->read(w->s->inst, 10, 60000, no_record, NULL, &err);
	return NULL;
}

static void a_failed_sync_wakes_who_waits_for_records(void)
{
	st_store s;
	uint64_t epoch;
	nc_error err = ST_ERROR;
	pthread_t thread;
	NEED(open_led(&s, &epoch, 10));
	waiter w = { .s = &s };
	uint64_t start = st_now_ms();
	NEED(CHECK(!pthread_create(&thread, NULL, wait_long, &w)));
	st_sleep_ms(100);
	st_fault_arm(ST_CALL_SYNC, 1, EIO, false);
	CHECK(st_append_model(&s, 1, epoch, 10, 5, &err) != NC_OK);
	st_fault_disarm();
	pthread_join(thread, NULL);
	CHECK_CODE(w.code, NC_E_UNAVAILABLE);
	CHECK(st_now_ms() - start < 20000);
	st_destroy(&s);
}

static void destroying_ends_a_waiting_read(void)
{
	st_store s;
	uint64_t epoch;
	pthread_t thread;
	NEED(open_led(&s, &epoch, 10));
	waiter w = { .s = &s };
	st_store same = s;
	w.s = &same;
	uint64_t start = st_now_ms();
	NEED(CHECK(!pthread_create(&thread, NULL, wait_long, &w)));
	st_sleep_ms(100);
	st_destroy(&s);
	pthread_join(thread, NULL);
	CHECK_CODE(w.code, NC_E_UNAVAILABLE);
	CHECK(st_now_ms() - start < 20000);
}

/* Enough bytes that the checkpoint thread has something to do; the appends' own syncs go well,
 * because only every other sync is the thread's. */
static void a_checkpoint_whose_sync_fails_takes_the_store_out_of_use(void)
{
	st_store s;
	uint64_t epoch, head = 10;
	nc_error err = ST_ERROR;
	nc_code code = NC_OK;
	static char big[1 << 20];
	nc_bytes rec = { big, sizeof(big) };
	NEED(open_led(&s, &epoch, 10));
	/* The state is not synced by its commits: what syncs now is its checkpoint. */
	nc_kv kv[30];
	char keys[30];
	for (int i = 0; i < 30; i++) {
		keys[i] = (char)('A' + i);
		kv[i] = (nc_kv){ .space = 9, .key = { &keys[i], 1 }, .val = { big, 200 << 10 } };
	}
	st_fault_arm(ST_CALL_SYNC, 1, EIO, false);
	uint64_t end = st_now_ms() + 20000;
	while (code == NC_OK && st_now_ms() < end) {
		code = s.t->materialise(s.inst, epoch, 10, kv, 30, &err);
		st_sleep_ms(5);
	}
	CHECK(st_fault_disarm());
	CHECK_FAILS(code, NC_E_UNAVAILABLE, &err);
	check_out_of_use(&s, epoch);
	NEED(CHECK_OK(s.t->lead(s.inst, "n1", 60000, &epoch, &head, &err), &err));
	CHECK_U64(head, 10);
	CHECK_OK(s.t->append(s.inst, epoch, head, &rec, 1, &err), &err);
	CHECK(st_checks_clean(&s));
	st_destroy(&s);
}

static void a_disk_that_turns_read_only_refuses_and_is_read(void)
{
	st_store s;
	uint64_t epoch;
	nc_error err = ST_ERROR;
	st_model m;
	NEED(open_led(&s, &epoch, 50));
	NEED(CHECK_OK(st_materialise_model(&s, 1, epoch, 0, 50, &err), &err));
	st_model_init(&m, 1);
	st_model_advance(&m, 50);
	nc_kv kv = { .space = 9, .key = { "new", 3 }, .val = { "v", 1 }, .rev = 50 };
	st_fault_arm(ST_CALL_WRITE | ST_CALL_SIZE | ST_CALL_NAME, 1, EROFS, true);
	for (int i = 0; i < 3; i++) {
		CHECK_FAILS(st_append_model(&s, 1, epoch, 50, 5, &err), NC_E_UNAVAILABLE, &err);
		CHECK(!(err.flags & NC_ERR_OUTCOME_UNKNOWN));
		CHECK_U64((uint64_t)err.native, EROFS);
		CHECK(strstr(err.hint, "writable") != NULL);
		CHECK_FAILS(
			s.t->materialise(s.inst, epoch, 50, &kv, 1, &err), NC_E_UNAVAILABLE, &err);
		CHECK_FAILS(s.t->trim(s.inst, epoch, 10, &err), NC_E_UNAVAILABLE, &err);
		CHECK(st_model_matches_log(1, &s, 1, 50));
		CHECK(st_model_matches_state(&m, &s));
	}
	char *health = st_health(&s);
	CHECK(health && strstr(health, "degraded") != NULL);
	free(health);
	CHECK(st_fault_disarm());
	CHECK_OK(st_append_model(&s, 1, epoch, 50, 5, &err), &err);
	CHECK(st_model_matches_log(1, &s, 1, 55));
	st_destroy(&s);
}

static void a_stranger_who_holds_the_file_is_waited_for_and_then_named(void)
{
	st_store s;
	uint64_t epoch;
	nc_error err = ST_ERROR;
	char path[500];
	sqlite3 *stranger = NULL;
	NEED(open_led(&s, &epoch, 10));
	snprintf(path, sizeof(path), "%s/log.db", st_dir());
	CHECK(sqlite3_open(path, &stranger) == SQLITE_OK);
	CHECK(sqlite3_exec(stranger, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
	CHECK_FAILS(st_append_model(&s, 1, epoch, 10, 5, &err), NC_E_BUSY, &err);
	CHECK(err.flags == NC_ERR_RETRYABLE && err.hint[0]);
	sqlite3_exec(stranger, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(stranger);
	CHECK_OK(st_append_model(&s, 1, epoch, 10, 5, &err), &err);
	CHECK(st_model_matches_log(1, &s, 1, 15));
	st_destroy(&s);
}

/* ---- a lead in the midst of long calls ---- */

typedef struct caller {
	st_store *s;
	int fd;
	nc_code code;
	nc_error err;
} caller;

static void *run_backup(void *arg)
{
	caller *c = arg;
	c->code = c->s->t->backup(c->s->inst, (nc_op){ 0 }, c->fd, &c->err);
	return NULL;
}

static void a_lead_after_a_failed_sync_waits_for_no_backup(void)
{
	st_store s;
	uint64_t epoch, head = 0;
	nc_error err = ST_ERROR;
	int fd[2];
	char first;
	pthread_t thread;
	NEED(open_led(&s, &epoch, 200));
	NEED(CHECK(!pipe(fd)));
	caller c = { .s = &s, .fd = fd[1], .err = ST_ERROR };
	NEED(CHECK(!pthread_create(&thread, NULL, run_backup, &c)));
	CHECK(read(fd[0], &first, 1) == 1); /* and no more: the stream is stuck */
	st_fault_arm(ST_CALL_SYNC, 1, EIO, false);
	CHECK(st_append_model(&s, 1, epoch, 200, 1, &err) != NC_OK);
	CHECK(st_fault_disarm());
	CHECK_OK(s.t->lead(s.inst, "n1", 60000, &epoch, &head, &err), &err);
	pthread_join(thread, NULL);
	CHECK_FAILS(c.code, NC_E_UNAVAILABLE, &c.err);
	CHECK_OK(st_append_model(&s, 1, epoch, head, 1, &err), &err);
	close(fd[0]);
	close(fd[1]);
	st_destroy(&s);
}

const st_test st_broken_tests[] = {
	ST_TEST(after_a_failed_sync_only_a_lead_opens_the_store_again, 0),
	ST_TEST(a_failed_sync_wakes_who_waits_for_records, 0),
	ST_TEST(destroying_ends_a_waiting_read, 0),
	ST_TEST(a_checkpoint_whose_sync_fails_takes_the_store_out_of_use, 0),
	ST_TEST(a_disk_that_turns_read_only_refuses_and_is_read, 0),
	ST_TEST(a_stranger_who_holds_the_file_is_waited_for_and_then_named, 0),
	ST_TEST(a_lead_after_a_failed_sync_waits_for_no_backup, 0),
	{ NULL, NULL, 0 },
};
