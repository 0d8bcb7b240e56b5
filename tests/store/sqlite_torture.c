/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The N-th system call, and the N-th allocation, of a whole life of a store fails; for each N in
 * turn until none does. Whatever failed, afterwards the store holds all that was acknowledged,
 * nothing by halves, and goes on.
 */
#include "sqlite_suites.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "faults.h"
#include "model.h"

/* What may be there: `sure` was acknowledged, `maybe` is where an unknown outcome would lead. */
typedef struct mark {
	uint64_t sure, maybe;
} mark;

typedef struct life {
	st_store s;
	const char *dir;
	uint64_t epoch;
	bool is_leading;
	mark head, applied, trimmed;
} life;

static void settle(mark *m, uint64_t to)
{
	m->sure = m->maybe = to;
}

static bool fits(const mark *m, uint64_t v)
{
	return v == m->sure || v == m->maybe;
}

/* An error must be whole; one of a call that reads or opens must not claim an unknown outcome. */
static void note(life *l, nc_code code, const nc_error *err)
{
	if (code == NC_OK)
		return;
	CHECK(err->code == code && err->domain[0] && err->message[0]);
	if (err->flags & NC_ERR_OUTCOME_UNKNOWN)
		l->is_leading = false;
}

static void live_lead(life *l)
{
	uint64_t head = UINT64_MAX;
	nc_error err = ST_ERROR;
	nc_code code = l->s.t->lead(l->s.inst, "n1", 60000, &l->epoch, &head, &err);
	note(l, code, &err);
	CHECK((code == NC_OK) == (head != UINT64_MAX));
	if (code != NC_OK)
		return;
	l->is_leading = true;
	CHECK(fits(&l->head, head));
	settle(&l->head, head);
}

static void live_append(life *l, uint32_t n)
{
	nc_error err = ST_ERROR;
	if (!l->is_leading)
		live_lead(l);
	if (!l->is_leading)
		return;
	nc_code code = st_append_model(&l->s, 1, l->epoch, l->head.sure, n, &err);
	note(l, code, &err);
	if (code == NC_OK)
		settle(&l->head, l->head.sure + n);
	else if (err.flags & NC_ERR_OUTCOME_UNKNOWN)
		l->head.maybe = l->head.sure + n;
}

static void live_materialise(life *l)
{
	nc_error err = ST_ERROR;
	nc_store_head h = { .struct_size = sizeof(h) };
	if (!l->is_leading || l->s.t->head(l->s.inst, &h, &err) != NC_OK)
		return;
	CHECK(fits(&l->applied, h.applied_seq));
	settle(&l->applied, h.applied_seq);
	uint64_t to = l->head.sure;
	nc_code code = st_materialise_model(&l->s, 1, l->epoch, h.applied_seq, to, &err);
	note(l, code, &err);
	if (code == NC_OK)
		settle(&l->applied, to);
	else if (err.flags & NC_ERR_OUTCOME_UNKNOWN)
		l->applied.maybe = to;
}

static void live_trim(life *l, uint64_t upto)
{
	nc_error err = ST_ERROR;
	if (!l->is_leading || l->applied.sure < upto)
		return;
	nc_code code = l->s.t->trim(l->s.inst, l->epoch, upto, &err);
	note(l, code, &err);
	/* It moves the beginning first, so a failure later on leaves it moved. */
	l->trimmed.maybe = upto;
	if (code == NC_OK)
		l->trimmed.sure = upto;
}

static nc_code read_ok(void *arg, uint64_t seq, nc_bytes rec)
{
	(void)arg;
	return CHECK(st_record_is(1, seq, rec)) ? NC_OK : NC_E_INTERNAL;
}

static nc_code scan_ok(void *arg, const nc_kv *kv)
{
	(void)arg;
	return CHECK(!kv->flags == !!kv->val.ptr) ? NC_OK : NC_E_INTERNAL;
}

static nc_code fault_ok(void *arg, uint32_t space, nc_bytes key, uint64_t seq, const char *what)
{
	(void)arg, (void)space, (void)key, (void)seq;
	return CHECK(what[0] != 0) ? NC_OK : NC_E_INTERNAL;
}

static void live_reads(life *l)
{
	static int sink = -1;
	nc_bytes none = { NULL, 0 };
	nc_error err = ST_ERROR;
	const nc_store *t = l->s.t;
	if (sink < 0)
		sink = open("/dev/null", O_WRONLY | O_CLOEXEC);
	note(l, t->read(l->s.inst, l->trimmed.maybe, 0, read_ok, NULL, &err), &err);
	note(l, t->salvage(l->s.inst, l->trimmed.maybe + 1, read_ok, NULL, &err), &err);
	note(l, t->scan(l->s.inst, 1, none, none, 0, scan_ok, NULL, &err), &err);
	note(l, t->get(l->s.inst, 1, (nc_bytes){ "\0", 1 }, scan_ok, NULL, &err), &err);
	note(l, t->check(l->s.inst, fault_ok, NULL, &err), &err);
	note(l, t->backup(l->s.inst, ST_OP, sink, &err), &err);
}

static bool live_open(life *l)
{
	nc_error err = ST_ERROR;
	nc_code code = st_try_open(&l->s, l->dir, &err);
	note(l, code, &err);
	CHECK((code == NC_OK) == (l->s.inst != NULL));
	l->is_leading = false;
	return code == NC_OK;
}

/* Two openings, so that what the first left is what the second finds. */
static void live(life *l)
{
	for (int i = 0; i < 2; i++) {
		if (!live_open(l))
			continue;
		live_append(l, 1);
		live_append(l, 9);
		live_materialise(l);
		live_reads(l);
		live_append(l, 5);
		live_trim(l, 4 + (uint64_t)i * 6);
		live_append(l, 2);
		live_materialise(l);
		st_destroy(&l->s);
	}
}

static bool is_whole(life *l)
{
	nc_store_head h = { .struct_size = sizeof(h) };
	nc_error err = ST_ERROR;
	st_model m;
	if (!CHECK(live_open(l)) || !CHECK_OK(l->s.t->head(l->s.inst, &h, &err), &err))
		return false;
	st_model_init(&m, 1);
	st_model_advance(&m, h.applied_seq);
	bool ok = CHECK(fits(&l->head, h.head)) && CHECK(fits(&l->applied, h.applied_seq)) &&
		  CHECK(h.trimmed_seq >= l->trimmed.sure && h.trimmed_seq <= l->trimmed.maybe) &&
		  CHECK(st_model_matches_log(1, &l->s, h.trimmed_seq + 1, h.head)) &&
		  CHECK(st_model_matches_state(&m, &l->s)) && CHECK(st_checks_clean(&l->s));
	live_append(l, 3);
	ok = ok && CHECK(l->is_leading && l->head.sure == h.head + 3);
	st_destroy(&l->s);
	return ok;
}

/* One life under one failure; whether the failure came. */
static bool try_one(unsigned calls, uint64_t n, int errnum, bool is_sticky, bool *ret_ok)
{
	char dir[400];
	snprintf(dir, sizeof(dir), "%s/%llu", st_dir(), (unsigned long long)n);
	life l = { .dir = dir };
	st_fault_arm(calls, n, errnum, is_sticky);
	live(&l);
	bool came = st_fault_disarm();
	*ret_ok = is_whole(&l);
	st_remove_tree(dir);
	return came;
}

/* The first ones, then a growing, random stride: other runs see others. With NC_TEST_LONG each system
 * call, and so many allocations that what comes after them does again what they were for. */
static uint64_t stride(uint64_t n)
{
	uint64_t each = st_opts.is_long ? 5000 : 40, parts = st_opts.is_long ? 200 : 10;
	return n < each ? 1 : 1 + st_random() % (n / parts);
}

static void try_each(unsigned calls, int errnum, bool is_sticky)
{
	uint64_t runs = 0, n = 1 + st_random() % 3;
	bool ok = true;
	while (ok && try_one(calls, n, errnum, is_sticky, &ok)) {
		runs++;
		n += stride(n);
	}
	if (!ok)
		fprintf(stderr, "  at call %llu, errno %d, %s\n", (unsigned long long)n, errnum,
			is_sticky ? "and all after it" : "alone");
	printf("# %llu runs, the last at call %llu\n", (unsigned long long)runs,
		(unsigned long long)n);
	CHECK(runs > 20);
}

static void each_system_call_fails_with_an_io_error(void)
{
	try_each(ST_CALL_ALL_SYSTEM, EIO, false);
}

static void each_system_call_is_interrupted(void)
{
	try_each(ST_CALL_ALL_SYSTEM, EINTR, false);
}

static void each_system_call_and_all_after_it_fail(void)
{
	/* Locks apart: where all of them fail SQLite tries for ten seconds each time. */
	try_each(ST_CALL_ALL_SYSTEM & ~ST_CALL_LOCK, EIO, true);
}

static void the_disk_fills_up_at_each_write(void)
{
	try_each(ST_CALL_WRITE | ST_CALL_SIZE | ST_CALL_NAME, ENOSPC, false);
	try_each(ST_CALL_WRITE | ST_CALL_SIZE | ST_CALL_NAME, ENOSPC, true);
}

static void the_disk_turns_read_only_at_each_write(void)
{
	try_each(ST_CALL_WRITE | ST_CALL_SIZE | ST_CALL_NAME, EROFS, true);
}

static void each_sync_fails(void)
{
	try_each(ST_CALL_SYNC, EIO, false);
	try_each(ST_CALL_SYNC, EIO, true);
}

static void each_allocation_fails(void)
{
	try_each(ST_CALL_ALLOC, ENOMEM, false);
}

static void each_allocation_and_all_after_it_fail(void)
{
	try_each(ST_CALL_ALLOC, ENOMEM, true);
}

/* ---- restore ---- */

static bool make_backup(const char *dir, const char *file, uint32_t n)
{
	life l = { .dir = dir };
	if (!live_open(&l))
		return false;
	live_append(&l, n);
	live_materialise(&l);
	bool ok = CHECK(l.head.sure == n) && st_backup_file(&l.s, file);
	st_destroy(&l.s);
	return ok;
}

static uint64_t head_in(const char *dir)
{
	life l = { .dir = dir };
	nc_store_head h = { .struct_size = sizeof(h) };
	nc_error err = ST_ERROR;
	if (!CHECK(live_open(&l)))
		return 0;
	CHECK_OK(l.s.t->head(l.s.inst, &h, &err), &err);
	CHECK(st_model_matches_log(1, &l.s, 1, h.head));
	CHECK(st_checks_clean(&l.s));
	st_destroy(&l.s);
	return h.head;
}

/* The folder holds the old store or the new one, whole, whatever call of the restore fails. */
static void try_restores(unsigned calls, int errnum, bool is_sticky)
{
	char old_dir[400], new_dir[400], file[400], unused[400];
	snprintf(old_dir, sizeof(old_dir), "%s/old", st_dir());
	snprintf(new_dir, sizeof(new_dir), "%s/new", st_dir());
	snprintf(file, sizeof(file), "%s/backup", st_dir());
	snprintf(unused, sizeof(unused), "%s/unused", st_dir());
	st_remove_tree(new_dir);
	NEED(make_backup(new_dir, file, 30));
	uint64_t n = 1;
	for (bool came = true; came; n += st_opts.is_long || n < 40 ? 1 : 1 + n / 20) {
		st_store s;
		const nc_store_restore *t;
		nc_error err = ST_ERROR;
		int fd = open(file, O_RDONLY | O_CLOEXEC);
		NEED(make_backup(old_dir, unused, 20) && st_open_restorer(&s, old_dir, &t));
		st_fault_arm(calls, n, errnum, is_sticky);
		nc_code code = t->restore(s.inst, fd, old_dir, &err);
		came = st_fault_disarm();
		close(fd);
		st_destroy(&s);
		uint64_t head = head_in(old_dir);
		if (!CHECK(head == 30 || (head == 20 && code != NC_OK)))
			fprintf(stderr, "  at call %llu: %d %s\n", (unsigned long long)n, code,
				err.message);
		st_remove_tree(old_dir);
	}
	printf("# restores: the last at call %llu\n", (unsigned long long)n);
	CHECK(n > 10);
}

static void a_restore_cut_off_anywhere_leaves_one_whole_store(void)
{
	try_restores(ST_CALL_WRITE | ST_CALL_SYNC | ST_CALL_NAME | ST_CALL_SIZE, EIO, false);
	try_restores(ST_CALL_WRITE | ST_CALL_SYNC | ST_CALL_NAME | ST_CALL_SIZE, EIO, true);
	try_restores(ST_CALL_ALLOC, ENOMEM, false);
}

const st_test st_torture_tests[] = {
	ST_TEST(each_system_call_fails_with_an_io_error, 0),
	ST_TEST(each_system_call_is_interrupted, 0),
	ST_TEST(each_system_call_and_all_after_it_fail, 0),
	ST_TEST(the_disk_fills_up_at_each_write, 0),
	ST_TEST(the_disk_turns_read_only_at_each_write, 0),
	ST_TEST(each_sync_fails, 0),
	ST_TEST(each_allocation_fails, 0),
	ST_TEST(each_allocation_and_all_after_it_fail, 0),
	ST_TEST(a_restore_cut_off_anywhere_leaves_one_whole_store, 0),
	{ NULL, NULL, 0 },
};
