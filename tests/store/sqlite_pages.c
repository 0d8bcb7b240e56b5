/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole pages of noise, one after the other all over both files: whatever a page held, the store
 * serves the rest, invents nothing, and says what is lost.
 */
#include "sqlite_suites.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "faults.h"

static const nc_bytes none = { NULL, 0 };

#define RECORDS 2000u
#define KEYS    4000u /* in each of two spaces, and one key in a third */

static size_t make_value(uint32_t space, uint32_t key, char *buf)
{
	/* some longer than a page, so that there are overflow pages */
	size_t n = key % 97 == 0 ? 20000 : 40 + key % 300;
	for (size_t i = 0; i < n; i++)
		buf[i] = (char)(space * 31 + key * 7 + i);
	return n;
}

static bool fill_space(st_store *s, uint64_t epoch, uint32_t space)
{
	static char val[100][20000];
	char key[100][12];
	nc_kv kv[100];
	nc_error err = ST_ERROR;
	for (uint32_t at = 0; at < KEYS; at += 100) {
		for (uint32_t i = 0; i < 100; i++) {
			snprintf(key[i], sizeof(key[i]), "key%06u", at + i);
			kv[i] = (nc_kv){ .space = space,
				.key = { key[i], 9 },
				.rev = 1,
				.val = { val[i], make_value(space, at + i, val[i]) } };
		}
		if (!CHECK_OK(s->t->materialise(s->inst, epoch, RECORDS, kv, 100, &err), &err))
			return false;
	}
	return true;
}

static size_t make_record(uint64_t seq, char *buf)
{
	size_t n = seq % 53 == 0 ? 30000 : 100 + seq % 500;
	memset(buf, (int)seq, n);
	return n;
}

static bool fill_log(st_store *s, uint64_t epoch)
{
	static char room[20][30000];
	nc_bytes rec[20];
	nc_error err = ST_ERROR;
	for (uint64_t head = 0; head < RECORDS; head += 20) {
		for (uint64_t i = 0; i < 20; i++)
			rec[i] = (nc_bytes){ room[i], make_record(head + 1 + i, room[i]) };
		if (!CHECK_OK(s->t->append(s->inst, epoch, head, rec, 20, &err), &err))
			return false;
	}
	return true;
}

static bool make_store(const char *dir)
{
	st_store s;
	uint64_t epoch, head;
	nc_error err = ST_ERROR;
	nc_kv last = { .space = 90, .key = { "z", 1 }, .val = { "z", 1 }, .rev = 1 };
	if (!st_open(&s, dir))
		return false;
	bool ok = CHECK_OK(s.t->lead(s.inst, "n1", 60000, &epoch, &head, &err), &err) &&
		  fill_log(&s, epoch) && fill_space(&s, epoch, 7) && fill_space(&s, epoch, 8) &&
		  CHECK_OK(s.t->materialise(s.inst, epoch, RECORDS, &last, 1, &err), &err);
	st_destroy(&s);
	return ok;
}

/* ---- the state ---- */

typedef struct seen {
	uint32_t space, next; /* key that would come next */
	uint32_t right, corrupt, lost;
	bool is_lost; /* a lost part was passed and no key after it */
	bool is_wrong;
} seen;

static nc_code see(void *arg, const nc_kv *kv)
{
	seen *x = arg;
	static char want[20000];
	unsigned key = 0;
	if (kv->flags == NC_KV_LOST) {
		x->is_lost = true;
		return NC_OK;
	}
	char text[16] = "";
	memcpy(text, kv->key.ptr, kv->key.len < 15 ? kv->key.len : 15);
	if (sscanf(text, "key%06u", &key) != 1 || key < x->next || (key > x->next && !x->is_lost))
		x->is_wrong = true; /* invented, out of order, or silently left out */
	x->lost += key - x->next;
	x->next = key + 1;
	x->is_lost = false;
	if (kv->flags == NC_KV_CORRUPT) {
		x->corrupt++;
		return NC_OK;
	}
	size_t n = make_value(x->space, key, want);
	if (n != kv->val.len || memcmp(want, kv->val.ptr, n) != 0)
		x->is_wrong = true;
	x->right++;
	return NC_OK;
}

/* Scans a space of a damaged store; how many keys it could not serve, or UINT32_MAX. */
static uint32_t scan_damaged(st_store *s, uint32_t space)
{
	seen x = { .space = space };
	nc_error err = ST_ERROR;
	nc_code code = s->t->scan(s->inst, space, none, none, 0, see, &x, &err);
	if (x.next < KEYS && x.is_lost)
		x.lost += KEYS - x.next;
	else if (x.next < KEYS)
		x.is_wrong = true;
	if (!CHECK_OK(code, &err) || !CHECK(!x.is_wrong) ||
		!CHECK_U64(x.right + x.corrupt + x.lost, KEYS))
		return UINT32_MAX;
	return x.corrupt + x.lost;
}

typedef struct faults {
	unsigned n;
} faults;

static nc_code count_fault(void *arg, uint32_t space, nc_bytes key, uint64_t seq, const char *what)
{
	(void)space, (void)key, (void)seq;
	((faults *)arg)->n++;
	return what[0] ? NC_OK : NC_E_INTERNAL;
}

static nc_code count_kv(void *arg, const nc_kv *kv)
{
	*(unsigned *)arg += kv->flags == 0;
	return NC_OK;
}

static bool copy_file(const char *from_dir, const char *to_dir, const char *name)
{
	char command[1000];
	snprintf(command, sizeof(command), "mkdir -p '%s' && cp '%s/%s' '%s/'", to_dir, from_dir,
		name, to_dir);
	return system(command) == 0; /* NOLINT(cert-env33-c) */
}

static bool make_damaged(const char *from, const char *to, const char *file, long page)
{
	char what[64];
	st_remove_tree(to);
	snprintf(what, sizeof(what), "page:%s:%ld", file, page);
	return CHECK(copy_file(from, to, "log.db") && copy_file(from, to, "state.db")) &&
	       st_corrupt(to, what);
}

static long pages_of(const char *dir, const char *name, long page_size)
{
	char path[500];
	struct stat st;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return stat(path, &st) ? 0 : (long)(st.st_size / page_size);
}

/* What no rebuild has on record yet. */
static nc_code count_new(void *arg, uint32_t space, nc_bytes key, uint64_t seq, const char *what)
{
	((faults *)arg)->n += !strstr(what, "was lost when");
	return count_fault(&(faults){ 0 }, space, key, seq, what);
}

/*
 * The next lead makes the file anew: the same is served and the same is missing, writes go well
 * again, and a backup holds no damage but what is on record.
 */
static void check_rebuilt(st_store *s, const char *dir, uint32_t lost_before)
{
	char backup[500], copy[500];
	uint64_t epoch, head;
	faults f = { 0 };
	nc_error err = ST_ERROR;
	st_store other;
	nc_kv kv = { .space = 7, .key = { "key000500", 9 }, .val = { "new", 3 }, .rev = RECORDS };
	snprintf(backup, sizeof(backup), "%s/backup", dir);
	snprintf(copy, sizeof(copy), "%s-copy", dir);
	NEED(CHECK_OK(s->t->lead(s->inst, "n1", 60000, &epoch, &head, &err), &err));
	uint32_t seven = scan_damaged(s, 7), eight = scan_damaged(s, 8);
	CHECK_U64((uint64_t)seven + eight, lost_before);
	s->t->check(s->inst, count_new, &f, &err);
	CHECK_U64(f.n, 0);
	CHECK_OK(s->t->materialise(s->inst, epoch, RECORDS, &kv, 1, &err), &err);
	if (!st_opts.is_long && st_random() % 3) /* dear, and much the same for each page */
		return;
	NEED(st_backup_file(s, backup));
	CHECK_OK(st_restore_file(copy, backup, &err), &err);
	if (st_open(&other, copy)) {
		CHECK(scan_damaged(&other, 8) == eight);
		st_destroy(&other);
	}
	st_remove_tree(copy);
}

/* A store that opens at all serves; one that does not says what is wrong. */
static void try_state_page(const char *dir, long page, uint32_t *worst)
{
	st_store s;
	nc_error err = ST_ERROR;
	faults f = { 0 };
	unsigned last = 0;
	nc_code code = st_try_open(&s, dir, &err);
	if (code != NC_OK) {
		CHECK_FAILS(code, NC_E_PROTO, &err);
		CHECK(page <= 2); /* the file's header, the meta table */
		return;
	}
	uint32_t seven = scan_damaged(&s, 7), eight = scan_damaged(&s, 8);
	NEED(seven != UINT32_MAX && eight != UINT32_MAX);
	*worst = seven + eight > *worst ? seven + eight : *worst;
	CHECK_OK(s.t->scan(s.inst, 90, none, none, 0, count_kv, &last, &err), &err);
	CHECK_FAILS(s.t->check(s.inst, count_fault, &f, &err), NC_E_PROTO, &err);
	CHECK(f.n > 0);
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	CHECK_FAILS(s.t->backup(s.inst, ST_OP, fd, &err), NC_E_PROTO, &err);
	CHECK(strstr(err.message, "damaged") != NULL);
	close(fd);
	check_rebuilt(&s, dir, seven + eight);
	st_destroy(&s);
}

static void a_page_of_noise_in_the_state_costs_what_it_held(void)
{
	char good[400], bad[400];
	uint32_t worst = 0;
	snprintf(good, sizeof(good), "%s/good", st_dir());
	snprintf(bad, sizeof(bad), "%s/bad", st_dir());
	NEED(make_store(good));
	long pages = pages_of(good, "state.db", 16384), tried = 0;
	CHECK(pages > 100);
	for (long page = 1; page <= pages; tried++) {
		NEED(make_damaged(good, bad, "state.db", page));
		uint32_t here = 0;
		try_state_page(bad, page, &here);
		worst = here > worst ? here : worst;
		page += st_opts.is_long || page < 8 ? 1 : 1 + (long)(st_random() % 24);
	}
	printf("# %ld of %ld pages, at worst %u of %u keys lost with one\n", tried, pages, worst,
		2 * KEYS);
}

/* One lead that should rebuild, under one failure; whether the failure came. */
static bool try_rebuild(const char *dir, uint64_t n, int errnum, bool is_sticky, uint32_t lost)
{
	st_store s;
	uint64_t epoch, head;
	unsigned calls = errnum == ENOMEM ? ST_CALL_ALLOC : ST_CALL_ALL_SYSTEM & ~ST_CALL_LOCK;
	nc_error err = ST_ERROR;
	if (!st_open(&s, dir) || scan_damaged(&s, 7) == UINT32_MAX)
		return false;
	st_fault_arm(calls, n, errnum, is_sticky);
	nc_code code = s.t->lead(s.inst, "n1", 60000, &epoch, &head, &err);
	bool came = st_fault_disarm();
	CHECK(code == NC_OK || came);
	st_destroy(&s);
	if (!st_open(&s, dir))
		return false;
	if (!CHECK_U64((uint64_t)scan_damaged(&s, 7) + scan_damaged(&s, 8), lost))
		fprintf(stderr, "  at call %llu, errno %d\n", (unsigned long long)n, errnum);
	CHECK_OK(s.t->lead(s.inst, "n1", 60000, &epoch, &head, &err), &err);
	CHECK_U64(head, RECORDS);
	st_destroy(&s);
	return came;
}

/* A rebuild is some ninety thousand allocations for thousands of keys, one like the other, and takes a
 * quarter of a second under sanitizers: never each of them. */
static uint64_t stride(uint64_t n)
{
	uint64_t each = st_opts.is_long ? 100 : 5, parts = st_opts.is_long ? 20 : 1;
	return n < each ? 1 : 1 + st_random() % (n / parts);
}

static void try_rebuilds(const char *good, const char *bad, int errnum, bool is_sticky)
{
	uint64_t n = 1 + st_random() % 3, runs = 0;
	uint32_t lost = 0;
	for (bool came = true; came; runs++) {
		st_store s;
		NEED(make_damaged(good, bad, "state.db", 40));
		if (!runs) {
			NEED(st_open(&s, bad));
			lost = scan_damaged(&s, 7) + scan_damaged(&s, 8);
			CHECK(lost > 0 && lost < KEYS);
			st_destroy(&s);
		}
		came = try_rebuild(bad, n, errnum, is_sticky, lost);
		n += stride(n);
	}
	printf("# %llu rebuilds, the last at call %llu\n", (unsigned long long)runs,
		(unsigned long long)n);
	CHECK(runs > 8);
}

static void a_rebuild_that_fails_anywhere_leaves_the_old_file_or_the_new_one(void)
{
	char good[400], bad[400];
	snprintf(good, sizeof(good), "%s/good", st_dir());
	snprintf(bad, sizeof(bad), "%s/bad", st_dir());
	NEED(make_store(good));
	try_rebuilds(good, bad, EIO, false);
	try_rebuilds(good, bad, ENOSPC, true);
	try_rebuilds(good, bad, ENOMEM, false);
}

/* ---- the log ---- */

typedef struct records {
	uint64_t next, right;
	bool is_wrong;
} records;

static nc_code see_record(void *arg, uint64_t seq, nc_bytes rec)
{
	records *x = arg;
	static char want[30000];
	size_t n = make_record(seq, want);
	x->is_wrong |= seq != x->next || n != rec.len || memcmp(want, rec.ptr, n) != 0;
	x->next = seq + 1;
	x->right++;
	return NC_OK;
}

/* Reads on behind each record that can't be read. */
static uint64_t read_damaged(st_store *s)
{
	records x = { .next = 1 };
	nc_error err = ST_ERROR;
	while (x.next <= RECORDS) {
		nc_code code = s->t->read(s->inst, x.next - 1, 0, see_record, &x, &err);
		if (code == NC_OK)
			break;
		char seq[24];
		snprintf(seq, sizeof(seq), "%llu", (unsigned long long)x.next);
		if (!CHECK_FAILS(code, NC_E_PROTO, &err) ||
			!CHECK(strstr(err.message, seq) != NULL))
			break;
		x.next++;
	}
	CHECK(!x.is_wrong);
	return x.right;
}

static void try_log_page(const char *dir, long page, uint64_t *ret_lost)
{
	st_store s;
	nc_error err = ST_ERROR;
	faults f = { 0 };
	nc_code code = st_try_open(&s, dir, &err);
	if (code != NC_OK) {
		CHECK_FAILS(code, NC_E_PROTO, &err);
		CHECK(page <= 2);
		return;
	}
	if (page > 2)
		*ret_lost = RECORDS - read_damaged(&s);
	CHECK_FAILS(s.t->check(s.inst, count_fault, &f, &err), NC_E_PROTO, &err);
	CHECK(f.n > 0);
	CHECK(scan_damaged(&s, 7) == 0);
	st_destroy(&s);
}

static void a_page_of_noise_in_the_log_costs_what_it_held(void)
{
	char good[400], bad[400];
	uint64_t worst = 0;
	snprintf(good, sizeof(good), "%s/good", st_dir());
	snprintf(bad, sizeof(bad), "%s/bad", st_dir());
	NEED(make_store(good));
	long pages = pages_of(good, "log.db", 8192), tried = 0;
	CHECK(pages > 100);
	for (long page = 1; page <= pages; tried++) {
		uint64_t lost = 0;
		NEED(make_damaged(good, bad, "log.db", page));
		try_log_page(bad, page, &lost);
		worst = lost > worst ? lost : worst;
		page += st_opts.is_long || page < 8 ? 1 : 1 + (long)(st_random() % 24);
	}
	printf("# %ld of %ld pages, at worst %llu of %u records lost with one\n", tried, pages,
		(unsigned long long)worst, RECORDS);
}

const st_test st_pages_tests[] = {
	ST_TEST(a_page_of_noise_in_the_state_costs_what_it_held, ST_CORRUPTS),
	ST_TEST(a_rebuild_that_fails_anywhere_leaves_the_old_file_or_the_new_one, ST_CORRUPTS),
	ST_TEST(a_page_of_noise_in_the_log_costs_what_it_held, ST_CORRUPTS),
	{ NULL, NULL, 0 },
};
