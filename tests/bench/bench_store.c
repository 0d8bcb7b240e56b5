/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store layer alone, over the SQLite plugin and over memory, beside what the disk and SQLite
 * themselves do in the same run.
 *
 *   bench_kernel_store FOLDER PLUGIN.so [SECONDS]
 *
 * A transaction is what a create is made of: two objects of 1.2 KB with six index keys each, and an
 * event. Prints a table; "yardstick" lines are not ours.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "memstore.h"
#include "novacron/plugin.h"
#include "store/db.h"

enum { BODY = 1200, ITEMS = 100000, SUBMITTERS_MAX = 64 };
enum { K_VM = 1, K_OP = 2, N_INDEXES = 6 };

static const nc_index_def indexes[N_INDEXES] = { { "name", 1 }, { "project", 0 }, { "status", 0 },
	{ "host", 0 }, { "label", 0 }, { "network", 0 } };
static const nc_kind_def kinds[] = {
	{ .number = K_VM, .n_indexes = N_INDEXES, .name = "vm", .indexes = indexes, .shape = 1 },
	{ .number = K_OP,
		.n_indexes = N_INDEXES,
		.name = "operation",
		.indexes = indexes,
		.shape = 1 },
};

static double now_s(void)
{
	return (double)nc_clock_mono_ns() / 1e9;
}

static void die(const char *what, const nc_error *err)
{
	fprintf(stderr, "bench_kernel_store: %s: %s\n", what, err ? err->message : "");
	exit(1);
}

/* Of all threads, the materialiser's and SQLite's too. */
static double cpu_s(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static double rss_mib(void)
{
	long pages = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "r");
	if (!f || fscanf(f, "%ld %ld", &pages, &resident) != 2)
		resident = 0;
	if (f)
		fclose(f);
	return (double)resident * (double)sysconf(_SC_PAGESIZE) / (1 << 20);
}

/* ---- yardsticks ---- */

static void yardstick_sync(const char *folder)
{
	char path[4096], block[4096] = { 0 };
	snprintf(path, sizeof(path), "%s/sync", folder);
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	if (fd < 0)
		die("sync file", NULL);
	double t0 = now_s();
	int n = 0;
	for (; now_s() - t0 < 1; n++) {
		if (pwrite(fd, block, sizeof(block), (off_t)n * 4096) < 0 || fdatasync(fd) != 0)
			die("fdatasync", NULL);
	}
	printf("  %-44s %8.0f us\n", "yardstick: fdatasync of 4 KiB", 1e6 / n);
	close(fd);
	unlink(path);
}

static void must(sqlite3 *db, int rc)
{
	if (rc != SQLITE_OK && rc != SQLITE_DONE) {
		fprintf(stderr, "bench_kernel_store: sqlite: %s\n", sqlite3_errmsg(db));
		exit(1);
	}
}

/* As many rows as our transactions have, in as many commits. */
static void yardstick_sqlite(const char *folder, int group)
{
	char path[4096], row[BODY] = { 0 };
	sqlite3 *db;
	sqlite3_stmt *put;
	snprintf(path, sizeof(path), "%s/yard.db", folder);
	must(NULL, sqlite3_open(path, &db));
	must(db, sqlite3_exec(db,
			 "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;"
			 "CREATE TABLE o(id INTEGER PRIMARY KEY, v BLOB)",
			 NULL, NULL, NULL));
	must(db, sqlite3_prepare_v2(db, "INSERT INTO o VALUES(NULL,?)", -1, &put, NULL));
	double t0 = now_s();
	long txns = 0;
	while (now_s() - t0 < 2) {
		must(db, sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL));
		for (int i = 0; i < group * 3; i++) {
			sqlite3_bind_blob(put, 1, row, i % 3 == 2 ? 200 : BODY, SQLITE_STATIC);
			must(db, sqlite3_step(put));
			sqlite3_reset(put);
		}
		must(db, sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
		txns += group;
	}
	printf("  yardstick: SQLite, 3 rows, %2d to a commit      %8.0f /s\n", group,
		(double)txns / (now_s() - t0));
	sqlite3_finalize(put);
	sqlite3_close(db);
	unlink(path);
	for (const char *const *end = (const char *const[]){ "-wal", "-shm", NULL }; *end; end++) {
		char side[4200];
		snprintf(side, sizeof(side), "%s%s", path, *end);
		unlink(side);
	}
}

/* ---- the plugin ---- */

static const void *no_extension(nc_host_ctx *ctx, const char *id)
{
	(void)ctx;
	(void)id;
	return NULL;
}

static void no_log(nc_host_ctx *ctx, int32_t level, const char *event, nc_bytes json)
{
	(void)ctx;
	(void)level;
	(void)event;
	(void)json;
}

static const nc_host host = {
	.struct_size = sizeof(nc_host), .abi = NC_ABI, .get_extension = no_extension, .log = no_log
};

typedef struct backend {
	const char *name;
	const nc_plugin *plugin; /* NULL = memory */
	nc_inst *inst;
	const nc_store *table;
} backend;

static backend open_plugin(const char *so, const char *folder)
{
	backend b = { .name = "sqlite" };
	char config[5000];
	nc_error err = NC_ERROR_INIT;
	void *lib = dlopen(so, RTLD_NOW | RTLD_LOCAL);
	if (!lib)
		die(dlerror(), NULL);
	nc_plugin_entry_fn entry;
	*(void **)(void *)&entry = dlsym(lib, NC_ENTRY_SYMBOL);
	const nc_entry *e = entry ? entry(NC_ABI) : NULL;
	if (!e)
		die("the plugin refuses us", NULL);
	b.plugin = e->plugin;
	snprintf(config, sizeof(config), "{\"path\":\"%s\"}", folder);
	if (b.plugin->create(&host, nc_str(config), &b.inst, &err) != NC_OK)
		die("create", &err);
	b.table = b.plugin->get_extension(b.inst, NC_EXT_STORE);
	if (!b.table)
		die("not a store", NULL);
	return b;
}

static backend open_memory(void)
{
	return (backend){ .name = "memory", .inst = memstore_new(), .table = &memstore_table };
}

static void close_backend(backend *b)
{
	if (b->plugin)
		b->plugin->destroy(b->inst);
	else
		memstore_free(b->inst);
}

static nc_db *open_db(const backend *b)
{
	nc_error err = NC_ERROR_INIT;
	nc_db *db;
	nc_db_options o = { .table = b->table,
		.inst = b->inst,
		.node = "bench",
		.kinds = kinds,
		.n_kinds = NC_LEN(kinds) };
	if (nc_db_open(&o, &db, &err) != NC_OK)
		die("open", &err);
	return db;
}

/* ---- writing ---- */

typedef struct submitter {
	pthread_t thread;
	nc_db *db;
	int which;
	uint64_t done;
	uint32_t *us; /* of each */
	size_t cap;
} submitter;

static _Atomic int is_over;
static int run_seconds;

static void put_object(nc_txn *t, uint16_t kind, const char *prefix, int who, uint64_t n)
{
	static const char body[BODY];
	static const char *const states[] = { "running", "stopped", "creating", "failed" };
	char id[48], text[N_INDEXES][64];
	nc_key keys[N_INDEXES];
	snprintf(id, sizeof(id), "%s_01M7XXA78SAPRQWC%02d%08llu", prefix, who,
		(unsigned long long)n);
	snprintf(text[0], sizeof(text[0]), "prj_01M7XXA78S/%s-%d-%llu", prefix, who,
		(unsigned long long)n);
	snprintf(text[1], sizeof(text[1]), "prj_01M7XXA78SAPRQWC8JE99RQ%03llu",
		(unsigned long long)n % 100);
	snprintf(text[2], sizeof(text[2]), "%s", states[n % 4]);
	snprintf(text[3], sizeof(text[3]), "hst_01M7XXA78SAPRQWC8JE99RQ%03llu",
		(unsigned long long)(n * 7919 % 500));
	snprintf(text[4], sizeof(text[4]), "tier=%llu", (unsigned long long)n % 7);
	snprintf(text[5], sizeof(text[5]), "net_01M7XXA78SAPRQWC8JE99RQ%03llu",
		(unsigned long long)n % 40);
	for (uint16_t i = 0; i < N_INDEXES; i++)
		keys[i] = (nc_key){ i, (uint16_t)strlen(text[i]), text[i] };
	nc_txn_put(t, kind, nc_str(id), keys, N_INDEXES, (nc_bytes){ body, BODY }, NC_HOT);
}

static nc_txn *make_txn(nc_db *db, int who, uint64_t n)
{
	static const char event[200];
	nc_txn *t = nc_txn_new(db);
	put_object(t, K_VM, "vm", who, n);
	put_object(t, K_OP, "op", who, n);
	nc_txn_append(t, NC_LANE_EVENT, (nc_bytes){ event, sizeof(event) });
	return t;
}

static void *submit(void *arg)
{
	submitter *s = arg;
	nc_error err = NC_ERROR_INIT;
	while (!is_over) {
		int64_t t0 = nc_clock_mono_us();
		if (nc_txn_commit(make_txn(s->db, s->which, s->done), NULL, &err) != NC_OK)
			die("commit", &err);
		if (s->done < s->cap)
			s->us[s->done] = (uint32_t)(nc_clock_mono_us() - t0);
		s->done++;
	}
	return NULL;
}

static int by_us(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

static void report(const char *name, int n, submitter *s, double seconds, double cpu)
{
	uint64_t total = 0, kept = 0;
	for (int i = 0; i < n; i++)
		total += s[i].done;
	uint32_t *all = malloc((total + 1) * sizeof(*all));
	for (int i = 0; i < n; i++) {
		uint64_t have = NC_MIN(s[i].done, (uint64_t)s[i].cap);
		memcpy(all + kept, s[i].us, have * sizeof(*all));
		kept += have;
	}
	qsort(all, kept, sizeof(*all), by_us);
	printf("  %-7s %2d submitters: %8.0f txns/s   p50 %6.2f ms   p99 %6.2f ms   max %6.2f ms   "
	       "CPU %.0f us each\n",
		name, n, (double)total / seconds, all[kept / 2] / 1e3,
		all[kept - 1 - kept / 100] / 1e3, all[kept - 1] / 1e3, cpu * 1e6 / (double)total);
	free(all);
}

static void bench_commits(const backend *b, int n, int seconds, int first)
{
	static submitter s[SUBMITTERS_MAX];
	nc_db *db = open_db(b);
	is_over = 0;
	double t0 = now_s(), c0 = cpu_s();
	for (int i = 0; i < n; i++) {
		s[i] = (submitter){ .db = db, .which = first + i, .cap = 1 << 18 };
		s[i].us = malloc(s[i].cap * sizeof(uint32_t));
		pthread_create(&s[i].thread, NULL, submit, &s[i]);
	}
	sleep((unsigned)seconds);
	is_over = 1;
	for (int i = 0; i < n; i++)
		pthread_join(s[i].thread, NULL);
	report(b->name, n, s, now_s() - t0, cpu_s() - c0);
	for (int i = 0; i < n; i++)
		free(s[i].us);
	double t1 = now_s();
	nc_db_health h;
	nc_db_get_health(db, &h);
	nc_error err = NC_ERROR_INIT;
	if (nc_db_flush(db, &err) != NC_OK)
		die("flush", &err);
	printf("  %-44s %8.0f ms   (%llu records)\n", "  left for the materialiser",
		1e3 * (now_s() - t1), (unsigned long long)(h.seq - h.applied));
	nc_db_close(db);
}

/* ---- loading ---- */

static void fill(nc_db *db)
{
	nc_error err = NC_ERROR_INIT;
	for (uint64_t i = 0; i < ITEMS;) {
		nc_txn *t = nc_txn_new(db);
		for (int j = 0; j < 500; j++, i++)
			put_object(t, K_VM, "vm", 0, i);
		if (nc_txn_commit(t, NULL, &err) != NC_OK)
			die("fill", &err);
	}
	if (nc_db_flush(db, &err) != NC_OK)
		die("flush", &err);
}

static void bench_reads(nc_db *db)
{
	enum { N = 1000000 };
	char id[48], name[64];
	uint64_t found = 0;
	double t0 = now_s();
	for (uint64_t i = 0; i < N; i++) {
		snprintf(id, sizeof(id), "vm_01M7XXA78SAPRQWC%02d%08llu", 0,
			(unsigned long long)(i * 7919 % ITEMS));
		const nc_root *r = nc_db_read_begin(db);
		found += nc_root_get(r, K_VM, nc_str(id)) != NULL;
		nc_db_read_end(db);
	}
	double get = now_s() - t0;
	t0 = now_s();
	for (uint64_t i = 0; i < N; i++) {
		snprintf(name, sizeof(name), "prj_01M7XXA78S/vm-0-%llu",
			(unsigned long long)(i * 7919 % ITEMS));
		const nc_root *r = nc_db_read_begin(db);
		found += nc_root_find(r, K_VM, 0, nc_str(name)) != NULL;
		nc_db_read_end(db);
	}
	double find = now_s() - t0;
	if (found != 2 * N)
		die("reads", NULL);
	printf("  %-44s %8.0f ns / %.0f ns\n", "get by id / by unique name, of 100,000",
		get * 1e9 / N, find * 1e9 / N);
}

static void bench_fill(const backend *b)
{
	nc_db *db = open_db(b);
	fill(db);
	nc_db_close(db);
}

static void bench_load(const backend *b)
{
	double before = rss_mib(), t0 = now_s();
	nc_db *db = open_db(b);
	double seconds = now_s() - t0, bytes = (double)ITEMS * (BODY + 6 * 24 + 30) / (1 << 20);
	printf("  %-44s %8.0f ms   RSS +%.0f MiB for %.0f MiB of objects\n",
		"open with 100,000 objects, 6 keys each", seconds * 1e3, rss_mib() - before, bytes);
	bench_reads(db);
	nc_db_close(db);
}

static void bench_writes(const backend *b)
{
	bench_commits(b, 1, run_seconds, 0);
	bench_commits(b, 64, run_seconds, 1);
}

/* In a process of its own, so that memory counts from nothing. */
static void in_child(const char *so, const char *path, void (*part)(const backend *b))
{
	pid_t pid = fork();
	int status = 1;
	if (pid == 0) {
		backend b = so ? open_plugin(so, path) : open_memory();
		part(&b);
		close_backend(&b);
		exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		exit(1);
}

static void clean(const char *path)
{
	char command[4200];
	snprintf(command, sizeof(command), "rm -rf '%s'", path);
	if (system(command) != 0)
		exit(1);
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: bench_kernel_store FOLDER PLUGIN.so [SECONDS]\n");
		return 2;
	}
	char path[4096];
	run_seconds = argc > 3 ? atoi(argv[3]) : 5;
	snprintf(path, sizeof(path), "%s/state", argv[1]);
	setvbuf(stdout, NULL, _IOLBF, 0);
	nc_log_set_level(L_WARN);
	yardstick_sync(argv[1]);
	yardstick_sqlite(argv[1], 1);
	yardstick_sqlite(argv[1], 32);
	clean(path);
	in_child(argv[2], path, bench_writes);
	in_child(NULL, path, bench_writes);
	clean(path);
	in_child(argv[2], path, bench_fill);
	in_child(argv[2], path, bench_load);
	clean(path);
	return 0;
}
