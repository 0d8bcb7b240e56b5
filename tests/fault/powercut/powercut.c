/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cuts the power of SQLite's store: records it at work, builds what the disk may hold at random
 * moments, opens that, and compares with what the client had been told. With synchronous=off the
 * same test must find losses, else it tests nothing. The recorded side is this program once more,
 * under the preloaded recorder.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ledger.h"
#include "model.h"
#include "record.h"
#include "replay.h"
#include "util.h"
#include "workload.h"

static const char usage[] = "usage: powercut --plugin FOLDER --recorder powercut_record.so\n"
			    "environment: NC_SEED, NC_TEST_LONG=1\n";

typedef struct run {
	st_plugin plugin;
	const char *plugin_folder, *recorder, *self;
	char dir[256];
	uint64_t seed, dice;
} run;

static uint64_t roll(run *r)
{
	r->dice += 0x9e3779b97f4a7c15u;
	uint64_t x = r->dice;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static void make_path(const run *r, char out[400], const char *name)
{
	snprintf(out, 400, "%s/%s", r->dir, name);
}

static void make_config(char out[600], const char *folder, const char *rest)
{
	snprintf(out, 600, "{\"path\":\"%s\"%s}", folder, rest);
}

/* ---- recording ---- */

typedef struct recording {
	char root[400], log[400], store[400]; /* all gone when the next one is made */
	uint64_t seed;
} recording;

static void set_env(const run *r, const recording *rec)
{
	setenv("LD_PRELOAD", r->recorder, 1);
	setenv("NC_RECORD_ROOT", rec->root, 1);
	setenv("NC_RECORD_LOG", rec->log, 1);
	/* The sanitizer wants to come first; the recorder passes everything on to it. */
	const char *options = getenv("ASAN_OPTIONS");
	char all[1000];
	snprintf(all, sizeof(all), "%s%sverify_asan_link_order=0", options ? options : "",
		options ? ":" : "");
	setenv("ASAN_OPTIONS", all, 1);
}

/* Runs this program as `role` under the recorder. */
static bool record(run *r, recording *rec, char *const argv[])
{
	int status = 0;
	unlink(rec->log);
	pid_t pid = fork();
	if (pid == 0) {
		set_env(r, rec);
		execv("/proc/self/exe", argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
		fprintf(stderr, "the recorded program ended with status %d\n", status);
		return false;
	}
	return true;
}

static void begin_recording(run *r, recording *rec)
{
	make_path(r, rec->root, "recorded");
	make_path(r, rec->log, "log");
	make_path(r, rec->store, "recorded/store");
	st_remove_tree(rec->root);
	if (mkdir(rec->root, 0700) < 0)
		perror(rec->root);
	rec->seed = roll(r);
}

static bool record_mixed(run *r, recording *rec, const char *options, uint32_t appends)
{
	char config[600], seed[24], count[12];
	begin_recording(r, rec);
	make_config(config, rec->store, options);
	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)rec->seed);
	snprintf(count, sizeof(count), "%u", appends);
	char role[] = "--mixed", self[] = "powercut", folder[300];
	snprintf(folder, sizeof(folder), "%s", r->plugin_folder);
	char *argv[] = { self, role, folder, config, seed, count, NULL };
	return record(r, rec, argv);
}

/* ---- verifying ---- */

static bool __attribute__((format(printf, 1, 2))) wrong(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	fputs("  ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	return false;
}

static bool head_is_right(const nc_store_head *h, const ledger *l)
{
	if (h->epoch < l->epoch || h->epoch > l->epoch + (l->is_leading_tried ? 1 : 0))
		return wrong("epoch %llu, was told %llu", (unsigned long long)h->epoch,
			(unsigned long long)l->epoch);
	if (h->head != l->head && h->head != l->try_head)
		return wrong("head %llu, was told %llu, asked for %llu",
			(unsigned long long)h->head, (unsigned long long)l->head,
			(unsigned long long)l->try_head);
	if (h->applied_seq > h->head || h->applied_seq > l->try_applied)
		return wrong("applied %llu at head %llu, asked for %llu",
			(unsigned long long)h->applied_seq, (unsigned long long)h->head,
			(unsigned long long)l->try_applied);
	if (h->trimmed_seq > h->applied_seq || h->trimmed_seq > l->try_trimmed)
		return wrong("trimmed %llu at applied %llu, asked for %llu",
			(unsigned long long)h->trimmed_seq, (unsigned long long)h->applied_seq,
			(unsigned long long)l->try_trimmed);
	return true;
}

/* The log over the state must give the state as of the head. */
static bool replays(st_store *s, uint64_t seed, uint64_t epoch, const nc_store_head *h)
{
	nc_error err = ST_ERROR;
	st_model m;
	for (uint64_t at = h->applied_seq, to; at < h->head; at = to) {
		to = h->head - at > ST_MODEL_BATCH_MAX ? at + ST_MODEL_BATCH_MAX : h->head;
		if (st_materialise_model(s, seed, epoch, at, to, &err) != NC_OK)
			return wrong("materialise: %s", err.message);
	}
	st_model_init(&m, seed);
	st_model_advance(&m, h->head);
	return st_model_matches_state(&m, s) || wrong("the state after the replay is not right");
}

static bool goes_on(st_store *s, uint64_t seed, const nc_store_head *h)
{
	uint64_t epoch = 0, head = 0;
	nc_error err = ST_ERROR;
	if (s->t->lead(s->inst, "n2", 60000, &epoch, &head, &err) != NC_OK)
		return wrong("lead: %s", err.message);
	if (epoch <= h->epoch || head != h->head)
		return wrong("lead gave epoch %llu head %llu", (unsigned long long)epoch,
			(unsigned long long)head);
	if (!replays(s, seed, epoch, h))
		return false;
	if (st_append_model(s, seed, epoch, head, 3, &err) != NC_OK)
		return wrong("append: %s", err.message);
	return st_model_matches_log(seed, s, h->trimmed_seq + 1, head + 3) && st_checks_clean(s);
}

static bool holds(st_store *s, uint64_t seed, const nc_store_head *h)
{
	st_model m;
	st_model_init(&m, seed);
	st_model_advance(&m, h->applied_seq);
	return st_model_matches_log(seed, s, h->trimmed_seq + 1, h->head) &&
	       st_model_matches_state(&m, s) && st_checks_clean(s);
}

static bool open_image(const run *r, const char *folder, st_store *s, nc_store_head *h)
{
	char config[600];
	nc_error err = ST_ERROR;
	*h = (nc_store_head){ .struct_size = sizeof(*h) };
	make_config(config, folder, "");
	s->inst = NULL;
	if (st_create(&r->plugin, config, s, &err) != NC_OK)
		return wrong("open: %s", err.message);
	if (s->t->head(s->inst, h, &err) != NC_OK)
		return wrong("head: %s", err.message);
	return true;
}

static bool verify_mixed(const run *r, const char *folder, uint64_t seed, const ledger *l)
{
	st_store s;
	nc_store_head h;
	bool ok = open_image(r, folder, &s, &h) && head_is_right(&h, l) && holds(&s, seed, &h) &&
		  goes_on(&s, seed, &h);
	st_destroy(&s);
	return ok;
}

/* ---- cutting ---- */

typedef bool (*verify_fn)(const run *r, const char *folder, uint64_t seed, const ledger *l);

static int by_size(const void *a, const void *b)
{
	const size_t *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

/* Anywhere, or just before or after a sync, or just after something was acknowledged. */
static size_t choose_moment(run *r, const replay *p)
{
	static const uint32_t ops[] = { 0, 0, NC_RECORD_SYNC_BEGIN, NC_RECORD_SYNC_END,
		NC_RECORD_MARK, NC_RECORD_RENAME };
	uint32_t op = ops[roll(r) % (sizeof(ops) / sizeof(ops[0]))];
	size_t at = roll(r) % (replay_events(p) + 1);
	return op ? replay_find(p, at, op) + roll(r) % 2 : at;
}

/* How many of the cuts were not survived. */
static unsigned cut(run *r, const recording *rec, unsigned cuts, verify_fn verify)
{
	size_t moment[256];
	char image[400], folder[420];
	ledger l = { 0 };
	unsigned losses = 0;
	replay *p = replay_open(rec->log);
	if (!p)
		return cuts;
	for (unsigned i = 0; i < cuts; i++)
		moment[i] = choose_moment(r, p);
	qsort(moment, cuts, sizeof(moment[0]), by_size);
	make_path(r, image, "image");
	snprintf(folder, sizeof(folder), "%s/store", image);
	for (unsigned i = 0; i < cuts; i++) {
		uint64_t dice = roll(r);
		replay_luck luck = dice % 6 == 0   ? REPLAY_NOTHING
				   : dice % 6 == 1 ? REPLAY_ALL
						   : REPLAY_SOME;
		replay_advance(p, moment[i], ledger_note, &l);
		st_remove_tree(image);
		bool ok =
			replay_build(p, image, luck, dice) == 0 && verify(r, folder, rec->seed, &l);
		if (!ok)
			fprintf(stderr, "  cut before event %zu of %zu, luck %d, dice %llu\n",
				moment[i], replay_events(p), (int)luck, (unsigned long long)dice);
		losses += !ok;
	}
	st_remove_tree(image);
	replay_free(p);
	return losses;
}

static unsigned cut_mixed(run *r, unsigned recordings, unsigned cuts, uint32_t appends)
{
	recording rec;
	unsigned losses = 0;
	for (unsigned i = 0; i < recordings; i++)
		losses += record_mixed(r, &rec, "", appends) ? cut(r, &rec, cuts, verify_mixed)
							     : cuts;
	printf("%s %u power cuts of a store at work: %u with losses\n", losses ? "FAIL" : "ok  ",
		recordings * cuts, losses);
	fflush(stdout);
	return losses;
}

/* The counter-test: its complaints are what is wanted, and are not shown. */
static unsigned cut_without_sync(run *r, unsigned cuts, uint32_t appends)
{
	recording rec;
	unsigned losses = 0;
	if (record_mixed(r, &rec, ",\"synchronous\":\"off\"", appends)) {
		int shown = dup(STDERR_FILENO), hidden = open("/dev/null", O_WRONLY | O_CLOEXEC);
		dup2(hidden, STDERR_FILENO);
		losses = cut(r, &rec, cuts, verify_mixed);
		dup2(shown, STDERR_FILENO);
		close(shown);
		close(hidden);
	}
	printf("%s %u power cuts with synchronous=off: %u with losses, which there must be\n",
		losses ? "ok  " : "FAIL", cuts, losses);
	fflush(stdout);
	return losses ? 0 : 1;
}

/* ---- restore ---- */

#define OLD_RECORDS 60u
#define NEW_RECORDS 90u

static bool make_store(
	const run *r, const char *folder, uint64_t seed, uint32_t n, const char *backup)
{
	st_store s;
	nc_store_head h;
	uint64_t epoch = 0, head = 0;
	nc_error err = ST_ERROR;
	bool ok = open_image(r, folder, &s, &h) &&
		  s.t->lead(s.inst, "n1", 60000, &epoch, &head, &err) == NC_OK &&
		  st_append_model(&s, seed, epoch, 0, n, &err) == NC_OK &&
		  st_materialise_model(&s, seed, epoch, 0, n / 2, &err) == NC_OK;
	if (ok && backup) {
		int fd = open(backup, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		ok = fd >= 0 && s.t->backup(s.inst, (nc_op){ 0 }, fd, &err) == NC_OK;
		close(fd);
	}
	st_destroy(&s);
	return ok || wrong("could not make a store: %s", err.message);
}

/* One of the two stores, whole; the new one for sure once the restore was told to be over. */
static bool verify_restore(const run *r, const char *folder, uint64_t seed, const ledger *l)
{
	st_store s;
	nc_store_head h;
	bool ok = open_image(r, folder, &s, &h);
	bool is_new = h.head == NEW_RECORDS, is_old = h.head == OLD_RECORDS;
	if (ok && !l->head) /* cut before the old store was whole */
		ok = true;
	else if (ok && ((!is_new && !is_old) || (is_new && !l->is_restore_tried) ||
			       (is_old && l->is_restored)))
		ok = wrong("head %llu", (unsigned long long)h.head);
	else
		ok = ok && holds(&s, is_new ? seed + 1 : seed, &h) &&
		     goes_on(&s, is_new ? seed + 1 : seed, &h);
	st_destroy(&s);
	return ok;
}

static bool record_restore(run *r, recording *rec)
{
	char other[400], file[400], config[600], seed[24], folder[300], store[400];
	begin_recording(r, rec);
	make_path(r, other, "other");
	make_path(r, file, "backup");
	st_remove_tree(other);
	if (!make_store(r, other, rec->seed + 1, NEW_RECORDS, file))
		return false;
	make_config(config, rec->store, ",\"purpose\":\"restore\"");
	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)rec->seed);
	snprintf(folder, sizeof(folder), "%s", r->plugin_folder);
	snprintf(store, sizeof(store), "%s", rec->store);
	char role[] = "--restore", self[] = "powercut";
	char *argv[] = { self, role, folder, config, seed, store, file, NULL };
	return record(r, rec, argv);
}

static unsigned cut_restores(run *r, unsigned recordings, unsigned cuts)
{
	recording rec;
	unsigned losses = 0;
	for (unsigned i = 0; i < recordings; i++)
		losses += record_restore(r, &rec) ? cut(r, &rec, cuts, verify_restore) : cuts;
	printf("%s %u power cuts of a restore: %u with losses\n", losses ? "FAIL" : "ok  ",
		recordings * cuts, losses);
	fflush(stdout);
	return losses;
}

/* ---- roles ---- */

static int role_mixed(char **argv)
{
	st_plugin p;
	if (st_plugin_load(&p, argv[2]) < 0)
		return 2;
	return workload_mixed(&p, argv[3], strtoull(argv[4], NULL, 0), (uint32_t)atoi(argv[5]));
}

/* Both the old store's making and its replacement are recorded. */
static int role_restore(char **argv)
{
	run r = { .seed = strtoull(argv[4], NULL, 0) };
	ledger_mark made = { LEDGER_HEAD, OLD_RECORDS };
	if (st_plugin_load(&r.plugin, argv[2]) < 0 ||
		!make_store(&r, argv[5], r.seed, OLD_RECORDS, NULL))
		return 2;
	if (nc_record_mark)
		nc_record_mark(&made, sizeof(made));
	return workload_restore(&r.plugin, argv[3], argv[5], argv[6]);
}

static int run_all(run *r)
{
	const char *seed = getenv("NC_SEED") ? getenv("NC_SEED") : getenv("NC_TEST_SEED");
	const char *text = getenv("NC_TEST_LONG");
	bool is_long = text && *text && *text != '0';
	r->seed = seed ? strtoull(seed, NULL, 0) : (uint64_t)time(NULL) * 1000003u;
	r->dice = r->seed;
	printf("# NC_SEED=%llu\n", (unsigned long long)r->seed);
	fflush(stdout);
	snprintf(r->dir, sizeof(r->dir), "%s/nc-powercut-XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (!mkdtemp(r->dir)) {
		perror(r->dir);
		return 2;
	}
	unsigned losses = is_long ? cut_mixed(r, 25, 40, 1500) : cut_mixed(r, 4, 25, 700);
	losses += is_long ? cut_restores(r, 10, 40) : cut_restores(r, 2, 20);
	losses += is_long ? cut_without_sync(r, 40, 700) : cut_without_sync(r, 20, 400);
	st_remove_tree(r->dir);
	return losses ? 1 : 0;
}

int main(int argc, char **argv)
{
	run r = { .self = argv[0] };
	if (argc == 6 && !strcmp(argv[1], "--mixed"))
		return role_mixed(argv);
	if (argc == 7 && !strcmp(argv[1], "--restore"))
		return role_restore(argv);
	for (int i = 1; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "--plugin"))
			r.plugin_folder = argv[i + 1];
		else if (!strcmp(argv[i], "--recorder"))
			r.recorder = argv[i + 1];
	}
	if (!r.plugin_folder || !r.recorder) {
		fputs(usage, stderr);
		return 2;
	}
	return st_plugin_load(&r.plugin, r.plugin_folder) < 0 ? 2 : run_all(&r);
}
