/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recorded side of the power-cut test: a client of the store that writes down in the recording
 * what it asks for and what it is told. One thread appends, one materialises and trims, one reads,
 * checks and backs up; now and then all of it is closed and opened again.
 */
#include "workload.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "ledger.h"
#include "model.h"
#include "record.h"

#define BATCH_MAX 40u

typedef struct work {
	const st_plugin *plugin;
	const char *config;
	st_store s;
	uint64_t seed, dice, epoch;
	pthread_mutex_t lock;
	uint64_t head; /* under lock, as is: */
	bool is_over;
} work;

static void mark(ledger_what what, uint64_t value)
{
	ledger_mark m = { what, value };
	if (nc_record_mark)
		nc_record_mark(&m, sizeof(m));
}

static int failed(const char *doing, const nc_error *err)
{
	fprintf(stderr, "workload could not %s: %d %s\n", doing, err->code, err->message);
	exit(3);
}

static uint64_t roll(uint64_t *dice)
{
	*dice = *dice * 6364136223846793005u + 1442695040888963407u;
	return *dice >> 33;
}

static uint64_t get_head(work *w, bool *ret_is_over)
{
	pthread_mutex_lock(&w->lock);
	uint64_t head = w->head;
	*ret_is_over = w->is_over;
	pthread_mutex_unlock(&w->lock);
	return head;
}

static void set_head(work *w, uint64_t head)
{
	pthread_mutex_lock(&w->lock);
	w->head = head;
	pthread_mutex_unlock(&w->lock);
}

static void lead(work *w)
{
	uint64_t head = 0;
	nc_error err = ST_ERROR;
	mark(LEDGER_TRY_LEAD, 0);
	if (w->s.t->lead(w->s.inst, "n1", 60000, &w->epoch, &head, &err) != NC_OK)
		failed("lead", &err);
	mark(LEDGER_LED, w->epoch);
	set_head(w, head);
}

static void append(work *w, uint64_t head, uint32_t n)
{
	nc_error err = ST_ERROR;
	mark(LEDGER_TRY_HEAD, head + n);
	if (st_append_model(&w->s, w->seed, w->epoch, head, n, &err) != NC_OK)
		failed("append", &err);
	mark(LEDGER_HEAD, head + n);
	set_head(w, head + n);
}

static void trim(work *w, uint64_t upto)
{
	nc_error err = ST_ERROR;
	mark(LEDGER_TRY_TRIM, upto);
	if (w->s.t->trim(w->s.inst, w->epoch, upto, &err) != NC_OK)
		failed("trim", &err);
	mark(LEDGER_TRIMMED, upto);
}

static void *materialise(void *arg)
{
	work *w = arg;
	nc_error err = ST_ERROR;
	nc_store_head h = { .struct_size = sizeof(h) };
	uint64_t dice = w->dice;
	if (w->s.t->head(w->s.inst, &h, &err) != NC_OK)
		failed("read the head", &err);
	for (bool is_over = false; !is_over;) {
		uint64_t head = get_head(w, &is_over), applied = h.applied_seq;
		uint64_t to =
			head - applied > ST_MODEL_BATCH_MAX ? applied + ST_MODEL_BATCH_MAX : head;
		if (to == applied) {
			usleep(200);
			continue;
		}
		mark(LEDGER_TRY_APPLIED, to);
		if (st_materialise_model(&w->s, w->seed, w->epoch, applied, to, &err) != NC_OK)
			failed("materialise", &err);
		mark(LEDGER_APPLIED, to);
		h.applied_seq = to;
		if (roll(&dice) % 12 == 0)
			trim(w, to - roll(&dice) % (to < 400 ? to : 400));
	}
	return NULL;
}

static nc_code skip_record(void *arg, uint64_t seq, nc_bytes rec)
{
	(void)rec;
	*(uint64_t *)arg = seq;
	return NC_OK;
}

static void *look_on(void *arg)
{
	work *w = arg;
	nc_error err = ST_ERROR;
	uint64_t dice = w->dice + 1, last = 0;
	int sink = open("/dev/null", O_WRONLY | O_CLOEXEC);
	for (bool is_over = false; !is_over;) {
		get_head(w, &is_over);
		if (w->s.t->read(w->s.inst, last, 2, skip_record, &last, &err) == NC_E_NOTFOUND)
			last += 300;
		if (roll(&dice) % 40 == 0 &&
			w->s.t->backup(w->s.inst, (nc_op){ 0 }, sink, &err) != NC_OK)
			failed("back up", &err);
	}
	close(sink);
	return NULL;
}

/* From an opening to a closing. */
static void one_life(work *w, uint32_t appends)
{
	pthread_t materialiser, looker;
	nc_error err = ST_ERROR;
	bool unused;
	if (st_create(w->plugin, w->config, &w->s, &err) != NC_OK)
		failed("open", &err);
	lead(w);
	w->is_over = false;
	if (pthread_create(&materialiser, NULL, materialise, w) ||
		pthread_create(&looker, NULL, look_on, w))
		exit(3);
	for (uint32_t i = 0; i < appends; i++) {
		uint64_t head = get_head(w, &unused);
		if (roll(&w->dice) % 60 == 0)
			usleep(5000); /* a checkpoint catches up, and the WAL starts over */
		append(w, head,
			roll(&w->dice) % 3 ? 1 : 1 + (uint32_t)(roll(&w->dice) % BATCH_MAX));
	}
	pthread_mutex_lock(&w->lock);
	w->is_over = true;
	pthread_mutex_unlock(&w->lock);
	pthread_join(materialiser, NULL);
	pthread_join(looker, NULL);
	st_destroy(&w->s);
}

int workload_mixed(const st_plugin *p, const char *config, uint64_t seed, uint32_t appends)
{
	work w = { .plugin = p,
		.config = config,
		.seed = seed,
		.dice = seed * 7 + 1,
		.lock = PTHREAD_MUTEX_INITIALIZER };
	while (appends) {
		uint32_t n = 50 + (uint32_t)(roll(&w.dice) % 400);
		n = n < appends ? n : appends;
		one_life(&w, n);
		appends -= n;
	}
	return 0;
}

int workload_restore(const st_plugin *p, const char *config, const char *folder, const char *file)
{
	st_store s;
	nc_error err = ST_ERROR;
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || st_create(p, config, &s, &err) != NC_OK)
		return failed("open", &err);
	const nc_store_restore *t = s.plugin->get_extension(s.inst, NC_EXT_STORE_RESTORE);
	mark(LEDGER_TRY_RESTORE, 0);
	if (!t || t->restore(s.inst, fd, folder, &err) != NC_OK)
		return failed("restore", &err);
	mark(LEDGER_RESTORED, 0);
	close(fd);
	st_destroy(&s);
	return 0;
}
