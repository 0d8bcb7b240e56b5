/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Appends per second of a store plugin, beside SQLite itself doing as many commits of as many rows
 * in the same run: a table with the same page size, a write-ahead log, synchronous=FULL, SQLite's
 * own checkpoints, and nothing else; and beside the disk itself. "Busy": a second thread
 * materialises and trims meanwhile. --json prints a line of JSON for each in place of the table.
 *
 *   bench_store [--json] [SECONDS [PLUGIN-FOLDER]]   (NC_BUILD, TMPDIR)
 */
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host.h"
#include "util.h"

#define RECORD      2048u
#define BATCH_MAX   512u
#define SAMPLES_MAX 400000u

typedef struct result {
	double records_s, commits_s;
	double p50_us, p99_us, max_us;
} result;

static char payload[BATCH_MAX][RECORD];
static double samples[SAMPLES_MAX];
static double seconds = 2;
static bool is_json;

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

static result sum_up(size_t n, uint32_t batch, double took)
{
	qsort(samples, n, sizeof(samples[0]), by_size);
	return (result){ (double)n * batch / took, (double)n / took, samples[n / 2] * 1e6,
		samples[n * 99 / 100] * 1e6, samples[n - 1] * 1e6 };
}

static void die(const char *what)
{
	fprintf(stderr, "%s\n", what);
	exit(1);
}

/* ---- the plugin ---- */

typedef struct deriver {
	st_store *s;
	uint64_t epoch;
	pthread_mutex_t lock;
	uint64_t head; /* under lock, as is: */
	bool is_over;
} deriver;

/* What a kernel does beside: 500 values a step, and a log that keeps its last 20,000 records. */
static void *derive(void *arg)
{
	deriver *d = arg;
	nc_error err = ST_ERROR;
	static char keys[500][24];
	static nc_kv kv[500];
	for (uint64_t applied = 0, n = 0;;) {
		pthread_mutex_lock(&d->lock);
		uint64_t head = d->head;
		bool is_over = d->is_over;
		pthread_mutex_unlock(&d->lock);
		if (is_over)
			return NULL;
		uint64_t to = head - applied > 500 ? applied + 500 : head;
		for (uint64_t i = 0; i < to - applied; i++, n++) {
			int len = snprintf(keys[i], sizeof(keys[i]), "%020llu",
				(unsigned long long)(n * 7919 % 100000));
			kv[i] = (nc_kv){ .space = 1,
				.key = { keys[i], (size_t)len },
				.val = { payload[i], 700 },
				.rev = to };
		}
		if (d->s->t->materialise(
			    d->s->inst, d->epoch, to, kv, (uint32_t)(to - applied), &err) != NC_OK)
			die(err.message);
		applied = to;
		if (applied > 20000 &&
			d->s->t->trim(d->s->inst, d->epoch, applied - 20000, &err) != NC_OK)
			die(err.message);
		st_sleep_ms(2);
	}
}

static result run_plugin(const st_plugin *p, const char *dir, uint32_t batch, bool is_busy)
{
	char config[700];
	st_store s;
	nc_bytes rec[BATCH_MAX];
	uint64_t head = 0;
	nc_error err = ST_ERROR;
	pthread_t thread;
	deriver d = { .s = &s, .lock = PTHREAD_MUTEX_INITIALIZER };
	snprintf(config, sizeof(config), "{\"path\":\"%s\"}", dir);
	if (st_create(p, config, &s, &err) != NC_OK ||
		s.t->lead(s.inst, "bench", 60000, &d.epoch, &head, &err) != NC_OK)
		die(err.message);
	if (is_busy && pthread_create(&thread, NULL, derive, &d))
		die("no thread");
	for (uint32_t i = 0; i < batch; i++)
		rec[i] = (nc_bytes){ payload[i], RECORD };
	size_t n = 0;
	double start = now(), at = start;
	while (at - start < seconds && n < SAMPLES_MAX) {
		if (s.t->append(s.inst, d.epoch, head, rec, batch, &err) != NC_OK)
			die(err.message);
		head += batch;
		double end = now();
		samples[n++] = end - at;
		at = end;
		if (is_busy) {
			pthread_mutex_lock(&d.lock);
			d.head = head;
			pthread_mutex_unlock(&d.lock);
		}
	}
	if (is_busy) {
		pthread_mutex_lock(&d.lock);
		d.is_over = true;
		pthread_mutex_unlock(&d.lock);
		pthread_join(thread, NULL);
	}
	st_destroy(&s);
	return sum_up(n, batch, at - start);
}

/* ---- SQLite alone ---- */

static void must(sqlite3 *db, int rc)
{
	if (rc != SQLITE_OK && rc != SQLITE_DONE)
		die(sqlite3_errmsg(db));
}

static void commit_rows(sqlite3 *db, sqlite3_stmt *st[3], uint64_t first, uint32_t batch)
{
	must(db, sqlite3_step(st[0]));
	sqlite3_reset(st[0]);
	for (uint32_t i = 0; i < batch; i++) {
		sqlite3_bind_int64(st[1], 1, (int64_t)(first + i));
		sqlite3_bind_blob(st[1], 2, payload[i], RECORD, SQLITE_STATIC);
		must(db, sqlite3_step(st[1]));
		sqlite3_reset(st[1]);
	}
	must(db, sqlite3_step(st[2]));
	sqlite3_reset(st[2]);
}

static result run_sqlite(const char *dir, uint32_t batch)
{
	static const char *const sql[3] = { "BEGIN IMMEDIATE", "INSERT INTO t VALUES (?1, ?2)",
		"COMMIT" };
	char path[700];
	sqlite3 *db = NULL;
	sqlite3_stmt *st[3];
	snprintf(path, sizeof(path), "%s/raw.db", dir);
	must(db, sqlite3_open(path, &db));
	must(db, sqlite3_exec(db,
			 "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL;"
			 "PRAGMA synchronous = FULL; PRAGMA secure_delete = OFF;"
			 "CREATE TABLE t (seq INTEGER PRIMARY KEY, data BLOB)",
			 NULL, NULL, NULL));
	for (int i = 0; i < 3; i++)
		must(db, sqlite3_prepare_v2(db, sql[i], -1, &st[i], NULL));
	size_t n = 0;
	double start = now(), at = start;
	while (at - start < seconds && n < SAMPLES_MAX) {
		commit_rows(db, st, n * batch + 1, batch);
		double end = now();
		samples[n++] = end - at;
		at = end;
	}
	for (int i = 0; i < 3; i++)
		sqlite3_finalize(st[i]);
	sqlite3_close(db);
	return sum_up(n, batch, at - start);
}

/* ---- the disk alone ---- */

static result run_disk(const char *dir, uint32_t batch)
{
	char path[700];
	snprintf(path, sizeof(path), "%s/raw.file", dir);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	size_t n = 0;
	double start = now(), at = start;
	while (at - start < seconds && n < SAMPLES_MAX) {
		off_t off = (off_t)(n * batch * RECORD % (64u << 20));
		if (pwrite(fd, payload, (size_t)batch * RECORD, off) < 0 || fdatasync(fd) < 0)
			die("write");
		double end = now();
		samples[n++] = end - at;
		at = end;
	}
	close(fd);
	return sum_up(n, batch, at - start);
}

static void print(const char *name, uint32_t batch, result r)
{
	if (is_json)
		printf("{\"what\":\"%s\",\"batch\":%u,\"records_per_second\":%.0f,"
		       "\"commits_per_second\":%.0f,\"p50_us\":%.0f,\"p99_us\":%.0f}\n",
			name, batch, r.records_s, r.commits_s, r.p50_us, r.p99_us);
	else
		printf("%-18s %5u %12.0f %12.0f %9.0f %9.0f %9.0f\n", name, batch, r.records_s,
			r.commits_s, r.p50_us, r.p99_us, r.max_us);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static const uint32_t batches[] = { 1, 8, 64, 512 };
	const char *build = getenv("NC_BUILD"), *tmp = getenv("TMPDIR");
	char folder[600], dir[600];
	st_plugin p;
	if (argc > 1 && strcmp(argv[1], "--json") == 0) {
		is_json = true;
		argc--;
		argv++;
	}
	snprintf(folder, sizeof(folder), "%s/plugins/store-sqlite", build ? build : "build/dev");
	if (argc > 1)
		seconds = atof(argv[1]);
	if (argc > 2)
		snprintf(folder, sizeof(folder), "%s", argv[2]);
	if (argc > 3 || seconds <= 0 || st_plugin_load(&p, folder) < 0)
		die("usage: bench_store [--json] [SECONDS [PLUGIN-FOLDER]]   (NC_BUILD, TMPDIR)");
	for (size_t i = 0; i < sizeof(payload); i++)
		((char *)payload)[i] = (char)(i * 2654435761u >> 13);
	if (!is_json)
		printf("records of %u bytes, %g s each\n%-18s %5s %12s %12s %9s %9s %9s\n", RECORD,
			seconds, "", "batch", "records/s", "commits/s", "p50 us", "p99 us",
			"max us");
	for (size_t i = 0; i < sizeof(batches) / sizeof(batches[0]); i++) {
		for (int what = 0; what < 4; what++) {
			static const char *const names[] = { "store", "store, busy", "sqlite alone",
				"disk alone" };
			snprintf(dir, sizeof(dir), "%s/nc-bench-XXXXXX", tmp ? tmp : "/tmp");
			if (!mkdtemp(dir))
				die("no folder");
			result r = what == 2   ? run_sqlite(dir, batches[i])
				   : what == 3 ? run_disk(dir, batches[i])
					       : run_plugin(&p, dir, batches[i], what == 1);
			print(names[what], batches[i], r);
			st_remove_tree(dir);
		}
	}
	return 0;
}
