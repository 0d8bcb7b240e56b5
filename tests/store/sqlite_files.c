/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store's files: configuration, versions, what is made and what is left, how large things get.
 */
#include "sqlite_suites.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "faults.h"
#include "model.h"

/* ---- configuration ---- */

static void a_configuration_that_is_wrong_is_refused_by_name(void)
{
	static const struct {
		const char *json, *says;
	} bad[] = {
		{ "{}", "path" },
		{ "{\"path\":\"\"}", "path" },
		{ "{\"path\":7}", "path" },
		{ "{\"path\":\"/x\",\"colour\":1}", "colour" },
		{ "{\"path\":\"/x\",\"synchronous\":\"maybe\"}", "maybe" },
		{ "{\"path\":\"/x\",\"readers\":0}", "readers" },
		{ "{\"path\":\"/x\",\"readers\":65}", "readers" },
		{ "{\"path\":\"/x\",\"readers\":\"4\"}", "readers" },
		{ "{\"path\":\"/x\",\"log_cache_kib\":-1}", "log_cache_kib" },
		{ "{\"path\":\"/x\",\"purpose\":null}", "purpose" },
		{ "[1]", "0" },
		{ "nonsense", "not an object" },
		{ "", "empty" },
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		st_store s = { 0 };
		nc_error err = ST_ERROR;
		CHECK_FAILS(st_create(&st_the_plugin, bad[i].json, &s, &err), NC_E_INVAL, &err);
		if (!CHECK(strstr(err.message, bad[i].says) != NULL))
			fprintf(stderr, "  %s: %s\n", bad[i].json, err.message);
		CHECK(s.inst == NULL);
	}
}

static void a_store_made_to_restore_serves_nothing(void)
{
	st_store s;
	const nc_store_restore *t;
	nc_store_head h = { .struct_size = sizeof(h) };
	uint64_t epoch, head;
	nc_error err = ST_ERROR;
	struct stat st;
	char dir[400];
	snprintf(dir, sizeof(dir), "%s/none", st_dir());
	NEED(st_open_restorer(&s, dir, &t));
	CHECK_FAILS(s.t->head(s.inst, &h, &err), NC_E_UNAVAILABLE, &err);
	CHECK_FAILS(s.t->lead(s.inst, "n", 1, &epoch, &head, &err), NC_E_UNAVAILABLE, &err);
	CHECK(stat(dir, &st) < 0);
	st_destroy(&s);
}

/* ---- versions ---- */

static void run_sql(const char *dir, const char *file, const char *sql)
{
	char path[500];
	sqlite3 *db = NULL;
	char *message = NULL;
	snprintf(path, sizeof(path), "%s/%s", dir, file);
	CHECK(sqlite3_open(path, &db) == SQLITE_OK);
	if (!CHECK(sqlite3_exec(db, sql, NULL, NULL, &message) == SQLITE_OK))
		fprintf(stderr, "  %s: %s\n", file, message);
	sqlite3_free(message);
	sqlite3_close(db);
}

static uint64_t file_sum(const char *dir, const char *file)
{
	char path[500];
	uint64_t sum = 14695981039346656037u;
	snprintf(path, sizeof(path), "%s/%s", dir, file);
	FILE *f = fopen(path, "rb");
	for (int c; f && (c = getc(f)) != EOF;)
		sum = (sum ^ (uint64_t)c) * 1099511628211u;
	if (f)
		fclose(f);
	return sum;
}

static void files_of_a_newer_version_are_refused_untouched(void)
{
	static const char *const names[] = { "log.db", "state.db" };
	for (size_t i = 0; i < 2; i++) {
		st_store s = { 0 };
		nc_error err = ST_ERROR;
		char dir[400];
		snprintf(dir, sizeof(dir), "%s/%s", st_dir(), names[i]);
		NEED(st_open(&s, dir));
		st_destroy(&s);
		run_sql(dir, names[i],
			"UPDATE meta SET a = 7 WHERE k = 1;"
			"ALTER TABLE meta ADD COLUMN later TEXT;");
		uint64_t sum = file_sum(dir, names[i]);
		CHECK_FAILS(st_try_open(&s, dir, &err), NC_E_UNSUPPORTED, &err);
		CHECK(strstr(err.message, "version 7") != NULL);
		CHECK(strstr(err.message, "up to 1") != NULL);
		CHECK(strstr(err.hint, "restore") != NULL);
		CHECK_U64(file_sum(dir, names[i]), sum);
	}
}

static const char old_log[] =
	"PRAGMA page_size = 4096;"
	"CREATE TABLE meta (k INTEGER PRIMARY KEY, a INTEGER, b INTEGER, t TEXT);"
	"CREATE TABLE rec (seq INTEGER PRIMARY KEY, data BLOB);"
	"INSERT INTO meta VALUES (1, 0, 0, ''), (2, 3, 500, ''), (3, 100, 0, ''), (4, 0, 0, 'x');"
	"WITH RECURSIVE n(i) AS (SELECT 101 UNION ALL SELECT i + 1 FROM n WHERE i < 500)"
	" INSERT INTO rec SELECT i, CAST('record ' || i AS BLOB) FROM n;";
static const char old_state[] =
	"CREATE TABLE meta (k INTEGER PRIMARY KEY, a INTEGER, b INTEGER, t TEXT);"
	"CREATE TABLE kv (space INTEGER, key BLOB, val BLOB, rev INTEGER, PRIMARY KEY (space, key))"
	" WITHOUT ROWID;"
	"INSERT INTO meta VALUES (1, 0, 0, ''), (5, 400, 0, '');"
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)"
	" INSERT INTO kv SELECT i % 3, CAST(printf('k%04d', i) AS BLOB),"
	" CAST('value ' || i AS BLOB), i FROM n;";

static nc_code check_old_record(void *arg, uint64_t seq, nc_bytes rec)
{
	char want[32];
	int n = snprintf(want, sizeof(want), "record %llu", (unsigned long long)seq);
	CHECK(rec.len == (size_t)n && !memcmp(rec.ptr, want, rec.len));
	++*(unsigned *)arg;
	return NC_OK;
}

static nc_code check_old_kv(void *arg, const nc_kv *kv)
{
	char want[32];
	int n = snprintf(want, sizeof(want), "value %llu", (unsigned long long)kv->rev);
	CHECK(!kv->flags && kv->val.len == (size_t)n && !memcmp(kv->val.ptr, want, kv->val.len));
	++*(unsigned *)arg;
	return NC_OK;
}

static void check_migrated(st_store *s)
{
	nc_store_head h = { .struct_size = sizeof(h) };
	nc_bytes none = { NULL, 0 };
	nc_error err = ST_ERROR;
	unsigned records = 0, keys = 0;
	CHECK_OK(s->t->head(s->inst, &h, &err), &err);
	CHECK(h.epoch == 3 && h.head == 500 && h.trimmed_seq == 100 && h.applied_seq == 400);
	CHECK_OK(s->t->read(s->inst, 100, 0, check_old_record, &records, &err), &err);
	CHECK_U64(records, 400);
	for (uint32_t space = 0; space < 3; space++)
		CHECK_OK(
			s->t->scan(s->inst, space, none, none, 0, check_old_kv, &keys, &err), &err);
	CHECK_U64(keys, 300);
	CHECK(st_checks_clean(s));
}

/* The copies that lie beside: how many, and the name of one. */
static unsigned find_copies(const char *dir, const char *prefix, char *ret_name, size_t cap)
{
	unsigned n = 0;
	DIR *d = opendir(dir);
	for (struct dirent *e; d && (e = readdir(d));) {
		if (strncmp(e->d_name, prefix, strlen(prefix)) != 0)
			continue;
		snprintf(ret_name, cap, "%s", e->d_name);
		n++;
	}
	if (d)
		closedir(d);
	return n;
}

static void files_of_an_older_version_are_copied_and_migrated(void)
{
	st_store s;
	char name[300] = "";
	uint64_t epoch, head;
	nc_error err = ST_ERROR;
	run_sql(st_dir(), "log.db", old_log);
	run_sql(st_dir(), "state.db", old_state);
	NEED(st_open(&s, st_dir()));
	check_migrated(&s);
	CHECK_OK(s.t->lead(s.inst, "n1", 60000, &epoch, &head, &err), &err);
	CHECK(epoch == 4 && head == 500);
	st_destroy(&s);
	CHECK_U64(find_copies(st_dir(), "state.db.v0-", name, sizeof(name)), 1);
	CHECK_U64(find_copies(st_dir(), "log.db.v0-", name, sizeof(name)), 1);
	/* The copy is the old file, in full. */
	run_sql(st_dir(), name,
		"CREATE TEMP TABLE t (n CHECK (n = 400));"
		"INSERT INTO t SELECT count(*) FROM rec;"
		"CREATE TEMP TABLE v (a CHECK (a = 0));"
		"INSERT INTO v SELECT a FROM meta WHERE k = 1;");
	NEED(st_open(&s, st_dir()));
	CHECK_U64(find_copies(st_dir(), "log.db.v0-", name, sizeof(name)), 1);
	st_destroy(&s);
}

static void a_migration_that_fails_leaves_the_old_files(void)
{
	st_store s;
	uint64_t n = 1;
	unsigned failed = 0;
	for (bool came = true; came; n += 1 + n / 15) {
		nc_error err = ST_ERROR;
		char dir[400];
		snprintf(dir, sizeof(dir), "%s/%llu", st_dir(), (unsigned long long)n);
		CHECK(mkdir(dir, 0700) == 0);
		run_sql(dir, "log.db", old_log);
		run_sql(dir, "state.db", old_state);
		st_fault_arm(ST_CALL_WRITE | ST_CALL_SYNC | ST_CALL_NAME, n, ENOSPC, true);
		nc_code code = st_try_open(&s, dir, &err);
		came = st_fault_disarm();
		failed += code != NC_OK;
		if (code == NC_OK)
			st_destroy(&s);
		NEED(st_open(&s, dir));
		check_migrated(&s);
		st_destroy(&s);
		st_remove_tree(dir);
	}
	CHECK(failed > 5);
}

static void a_file_that_is_no_store_is_refused(void)
{
	st_store s = { 0 };
	nc_error err = ST_ERROR;
	char path[500];
	snprintf(path, sizeof(path), "%s/log.db", st_dir());
	FILE *f = fopen(path, "wb");
	for (int i = 0; f && i < 20000; i++)
		fputc(i * 31, f);
	if (f)
		fclose(f);
	uint64_t sum = file_sum(st_dir(), "log.db");
	CHECK_FAILS(st_try_open(&s, st_dir(), &err), NC_E_PROTO, &err);
	CHECK(strstr(err.message, "log.db") != NULL);
	CHECK_U64(file_sum(st_dir(), "log.db"), sum);
}

/* ---- two files that don't belong together ---- */

static void a_state_that_is_not_of_this_log_is_not_led(void)
{
	st_store s;
	uint64_t epoch, head;
	nc_error err = ST_ERROR;
	char path[500];
	NEED(st_open(&s, st_dir()));
	CHECK_OK(s.t->lead(s.inst, "n1", 60000, &epoch, &head, &err), &err);
	CHECK_OK(st_append_model(&s, 1, epoch, 0, 20, &err), &err);
	CHECK_OK(st_materialise_model(&s, 1, epoch, 0, 20, &err), &err);
	CHECK_OK(s.t->trim(s.inst, epoch, 10, &err), &err);
	st_destroy(&s);
	snprintf(path, sizeof(path), "%s/state.db", st_dir());
	CHECK(unlink(path) == 0);
	NEED(st_open(&s, st_dir()));
	CHECK_FAILS(s.t->lead(s.inst, "n1", 60000, &epoch, &head, &err), NC_E_PROTO, &err);
	CHECK(err.hint[0]);
	CHECK(st_model_matches_log(1, &s, 11, 20));
	st_destroy(&s);
}

static void a_lost_state_of_a_whole_log_is_made_again(void)
{
	st_store s;
	uint64_t epoch, head;
	nc_error err = ST_ERROR;
	st_model m;
	char path[500];
	NEED(st_open(&s, st_dir()));
	CHECK_OK(s.t->lead(s.inst, "n1", 60000, &epoch, &head, &err), &err);
	CHECK_OK(st_append_model(&s, 1, epoch, 0, 20, &err), &err);
	CHECK_OK(st_materialise_model(&s, 1, epoch, 0, 20, &err), &err);
	st_destroy(&s);
	snprintf(path, sizeof(path), "%s/state.db", st_dir());
	CHECK(unlink(path) == 0);
	NEED(st_open(&s, st_dir()));
	CHECK_OK(s.t->lead(s.inst, "n1", 60000, &epoch, &head, &err), &err);
	CHECK_OK(st_materialise_model(&s, 1, epoch, 0, 20, &err), &err);
	st_model_init(&m, 1);
	st_model_advance(&m, 20);
	CHECK(st_model_matches_state(&m, &s));
	st_destroy(&s);
}

/* ---- sizes and traces ---- */

static uint64_t file_size(const char *name)
{
	char path[500];
	struct stat st;
	snprintf(path, sizeof(path), "%s/%s", st_dir(), name);
	return stat(path, &st) ? 0 : (uint64_t)st.st_size;
}

typedef struct reading {
	st_store *s;
	pthread_mutex_t lock;
	bool stop; /* under lock */
} reading;

static nc_code skip_record(void *arg, uint64_t seq, nc_bytes rec)
{
	(void)rec;
	*(uint64_t *)arg = seq;
	return NC_OK;
}

static void *read_on(void *arg)
{
	reading *r = arg;
	nc_error err = ST_ERROR;
	uint64_t last = 0;
	for (bool stop = false; !stop;) {
		if (r->s->t->read(r->s->inst, last, 20, skip_record, &last, &err) == NC_E_NOTFOUND)
			last += 200;
		pthread_mutex_lock(&r->lock);
		stop = r->stop;
		pthread_mutex_unlock(&r->lock);
	}
	return NULL;
}

static void neither_the_log_nor_its_wal_grows_without_end(void)
{
	st_store s;
	uint64_t epoch, head, most_wal = 0, most_log = 0;
	nc_error err = ST_ERROR;
	pthread_t thread;
	static char big[4][64 << 10];
	nc_bytes rec[4];
	NEED(st_open(&s, st_dir()));
	reading r = { .s = &s, .lock = PTHREAD_MUTEX_INITIALIZER };
	NEED(CHECK_OK(s.t->lead(s.inst, "n1", 60000, &epoch, &head, &err), &err));
	NEED(CHECK(!pthread_create(&thread, NULL, read_on, &r)));
	for (int i = 0; i < 4; i++)
		rec[i] = (nc_bytes){ big[i], sizeof(big[i]) };
	for (; head < 2400; head += 4) { /* 150 MB */
		NEED(CHECK_OK(s.t->append(s.inst, epoch, head, rec, 4, &err), &err));
		if (head % 100 == 0 && head > 100) {
			CHECK_OK(s.t->materialise(s.inst, epoch, head, NULL, 0, &err), &err);
			CHECK_OK(s.t->trim(s.inst, epoch, head - 50, &err), &err);
		}
		uint64_t wal = file_size("log.db-wal"), log = file_size("log.db");
		most_wal = wal > most_wal ? wal : most_wal;
		most_log = log > most_log ? log : most_log;
	}
	pthread_mutex_lock(&r.lock);
	r.stop = true;
	pthread_mutex_unlock(&r.lock);
	pthread_join(thread, NULL);
	printf("# 150 MB appended: log.db up to %llu MB, its WAL up to %llu MB\n",
		(unsigned long long)most_log >> 20, (unsigned long long)most_wal >> 20);
	/* A reader that gets no time for a while holds it back too. */
	CHECK(most_wal < 60u << 20);
	CHECK(most_log < 30u << 20);
	st_destroy(&s);
}

static void a_closed_store_is_two_files_and_its_lock(void)
{
	st_store s;
	uint64_t epoch, head;
	nc_error err = ST_ERROR;
	char path[500];
	struct stat st;
	NEED(st_open(&s, st_dir()));
	CHECK_OK(s.t->lead(s.inst, "n1", 60000, &epoch, &head, &err), &err);
	CHECK_OK(st_append_model(&s, 1, epoch, 0, 20, &err), &err);
	/* What a process that was killed in a backup would leave. */
	snprintf(path, sizeof(path), "%s/backup-3-log.db.nctmp", st_dir());
	FILE *f = fopen(path, "wb");
	if (CHECK(f != NULL))
		fclose(f);
	st_destroy(&s);
	NEED(st_open(&s, st_dir()));
	CHECK(stat(path, &st) < 0);
	st_destroy(&s);
	unsigned n = 0;
	DIR *d = opendir(st_dir());
	for (struct dirent *e; d && (e = readdir(d));) {
		if (e->d_name[0] == '.')
			continue;
		n++;
		snprintf(path, sizeof(path), "%s/%.200s", st_dir(), e->d_name);
		CHECK(stat(path, &st) == 0 && (st.st_mode & 0077) == 0);
		if (!CHECK(!strcmp(e->d_name, "log.db") || !strcmp(e->d_name, "state.db") ||
			    !strcmp(e->d_name, "lock")))
			fprintf(stderr, "  %s\n", e->d_name);
	}
	if (d)
		closedir(d);
	CHECK_U64(n, 3);
}

static bool file_contains(const char *name, const char *needle)
{
	char path[500];
	bool is_found = false;
	snprintf(path, sizeof(path), "%s/%s", st_dir(), name);
	FILE *f = fopen(path, "rb");
	size_t n = strlen(needle), at = 0;
	for (int c; f && !is_found && (c = getc(f)) != EOF;) {
		at = c == needle[at] ? at + 1 : c == needle[0];
		is_found = at == n;
	}
	if (f)
		fclose(f);
	return is_found;
}

static void a_deleted_value_is_overwritten_in_the_file(void)
{
	static const char secret[] = "zq-this-was-sealed-in-here";
	st_store s;
	uint64_t epoch, head;
	nc_error err = ST_ERROR;
	nc_kv kv = { .space = 4, .key = { "k", 1 }, .val = { secret, sizeof(secret) - 1 } };
	NEED(st_open(&s, st_dir()));
	CHECK_OK(s.t->lead(s.inst, "n1", 60000, &epoch, &head, &err), &err);
	CHECK_OK(s.t->materialise(s.inst, epoch, 0, &kv, 1, &err), &err);
	st_destroy(&s);
	CHECK(file_contains("state.db", secret));
	NEED(st_open(&s, st_dir()));
	CHECK_OK(s.t->lead(s.inst, "n1", 60000, &epoch, &head, &err), &err);
	kv.val = (nc_bytes){ NULL, 0 };
	CHECK_OK(s.t->materialise(s.inst, epoch, 0, &kv, 1, &err), &err);
	st_destroy(&s);
	CHECK(!file_contains("state.db", secret));
	CHECK(!file_contains("state.db-wal", secret));
}

/* A rotation of the key trims the log, so that nothing sealed under the old key is left. */
static void a_trimmed_record_is_overwritten_in_the_file(void)
{
	static const char secret[] = "zq-this-was-sealed-in-here";
	st_store s;
	uint64_t epoch, head;
	nc_error err = ST_ERROR;
	nc_bytes rec = { secret, sizeof(secret) - 1 };
	NEED(st_open(&s, st_dir()));
	CHECK_OK(s.t->lead(s.inst, "n1", 60000, &epoch, &head, &err), &err);
	CHECK_OK(s.t->append(s.inst, epoch, 0, &rec, 1, &err), &err);
	st_destroy(&s);
	CHECK(file_contains("log.db", secret));
	NEED(st_open(&s, st_dir()));
	CHECK_OK(s.t->lead(s.inst, "n1", 60000, &epoch, &head, &err), &err);
	CHECK_OK(st_append_model(&s, 1, epoch, 1, 1, &err), &err);
	CHECK_OK(s.t->materialise(s.inst, epoch, 2, NULL, 0, &err), &err);
	CHECK_OK(s.t->trim(s.inst, epoch, 1, &err), &err);
	st_destroy(&s);
	CHECK(!file_contains("log.db", secret));
	CHECK(!file_contains("log.db-wal", secret));
}

const st_test st_files_tests[] = {
	ST_TEST(a_configuration_that_is_wrong_is_refused_by_name, 0),
	ST_TEST(a_store_made_to_restore_serves_nothing, 0),
	ST_TEST(files_of_a_newer_version_are_refused_untouched, 0),
	ST_TEST(files_of_an_older_version_are_copied_and_migrated, 0),
	ST_TEST(a_migration_that_fails_leaves_the_old_files, 0),
	ST_TEST(a_file_that_is_no_store_is_refused, 0),
	ST_TEST(a_state_that_is_not_of_this_log_is_not_led, 0),
	ST_TEST(a_lost_state_of_a_whole_log_is_made_again, 0),
	ST_TEST(neither_the_log_nor_its_wal_grows_without_end, 0),
	ST_TEST(a_closed_store_is_two_files_and_its_lock, 0),
	ST_TEST(a_deleted_value_is_overwritten_in_the_file, 0),
	ST_TEST(a_trimmed_record_is_overwritten_in_the_file, 0),
	{ NULL, NULL, 0 },
};
