/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plugin that keeps every rule and does what its request says, so that the tests of the loader can
 * have any behaviour they need: {"do":"sync"}, {"do":"hang"} … It looks words up in the text instead
 * of parsing it; its callers write what it reads.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/types.h>

#define BAD_CREATE        good_create
#define BAD_DESTROY       good_destroy
#define BAD_VERB          good_verb
#define BAD_INVENTORY     good_inventory
#define BAD_STREAM        good_stream
#define BAD_GET_EXTENSION good_extension
#define BAD_TABLE         &good_table

#include "novacron/plugin.h"

static const nc_plugin good_table;
static nc_code good_create(const nc_host *, nc_bytes, nc_inst **, nc_error *);
static void good_destroy(nc_inst *);
static nc_code good_verb(nc_inst *, nc_op, nc_bytes, nc_bytes, nc_error *);
#include "novacron/stream.h"
static nc_code good_inventory(nc_inst *, nc_op, nc_bytes, nc_bytes, nc_sink *, nc_error *);
static nc_code good_stream(nc_inst *, nc_op, nc_bytes, nc_bytes, int32_t, nc_error *);
static const void *good_extension(nc_inst *, const char *);

#include "plugin.h"

typedef struct good {
	nc_inst base; /* first */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int is_released, is_ending;
	const char *status; /* health; NULL: it hangs */
	unsigned n_threads;
	nc_op parked; /* completed by the next "complete" */
	char secret[128];
	const nc_secrets *secrets;
	const nc_kvstore *kv;
	const nc_report *report;
	const nc_timer *timer;
	const nc_fdwatch *fdwatch;
	const nc_metrics *metrics;
	const nc_threadcheck *threads;
	int pipe[2];
	nc_op watched;
	nc_op draining;
} good;

static good *of(nc_inst *self)
{
	return (good *)(void *)self;
}

static int has(nc_bytes text, const char *word)
{
	return text.len > 0 && memmem(text.ptr, text.len, word, strlen(word)) != NULL;
}

static void set_error(nc_error *err, nc_code code, const char *message)
{
	if (!err)
		return;
	memset(err, 0, sizeof(*err));
	err->struct_size = sizeof(*err);
	err->code = code;
	snprintf(err->domain, sizeof(err->domain), "good");
	snprintf(err->message, sizeof(err->message), "%s", message);
}

static nc_bytes text(const char *s)
{
	return (nc_bytes){ s, strlen(s) };
}

static void finish(good *g, nc_op op, int32_t outcome, nc_code code, const char *message)
{
	nc_error err;
	set_error(&err, code, message);
	g->base.h->op_complete(
		g->base.h->ctx, op, outcome, code == NC_OK ? NULL : &err, (nc_bytes){ NULL, 0 });
}

/* ---- life ---- */

static void find_services(good *g)
{
	const nc_host *h = g->base.h;
	g->secrets = h->get_extension(h->ctx, NC_EXT_SECRETS);
	g->kv = h->get_extension(h->ctx, NC_EXT_KV);
	g->report = h->get_extension(h->ctx, NC_EXT_REPORT);
	g->timer = h->get_extension(h->ctx, NC_EXT_TIMER);
	g->fdwatch = h->get_extension(h->ctx, NC_EXT_FDWATCH);
	g->metrics = h->get_extension(h->ctx, NC_EXT_METRICS);
	g->threads = h->get_extension(h->ctx, NC_EXT_THREADCHECK);
}

/* The string after "password":", which is a handle. */
static void find_secret(good *g, nc_bytes config)
{
	static const char key[] = "\"password\":\"";
	const char *at = memmem(config.ptr, config.len, key, sizeof(key) - 1);
	if (!at)
		return;
	at += sizeof(key) - 1;
	size_t n = strcspn(at, "\"");
	if (n < sizeof(g->secret))
		memcpy(g->secret, at, n);
}

static nc_code good_create(const nc_host *h, nc_bytes config, nc_inst **out, nc_error *err)
{
	if (has(config, "refuse")) {
		set_error(err, NC_E_DENIED, "this account is closed");
		return NC_E_DENIED;
	}
	good *g = calloc(1, sizeof(*g));
	if (!g)
		return NC_E_NOMEM;
	g->base.h = h;
	g->pipe[0] = g->pipe[1] = -1;
	pthread_mutex_init(&g->lock, NULL);
	g->status = "healthy";
	pthread_cond_init(&g->changed, NULL);
	find_services(g);
	find_secret(g, config);
	*out = &g->base;
	return NC_OK;
}

static void good_destroy(nc_inst *self)
{
	good *g = of(self);
	pthread_mutex_lock(&g->lock);
	g->is_ending = g->is_released = 1;
	pthread_cond_broadcast(&g->changed);
	while (g->n_threads > 0)
		pthread_cond_wait(&g->changed, &g->lock);
	pthread_mutex_unlock(&g->lock);
	for (int i = 0; i < 2; i++)
		if (g->pipe[i] >= 0)
			close(g->pipe[i]);
	pthread_cond_destroy(&g->changed);
	pthread_mutex_destroy(&g->lock);
	free(g);
}

static nc_code good_reconfigure(nc_inst *self, nc_bytes config, nc_error *err)
{
	good *g = of(self);
	(void)err;
	if (!g->threads || g->threads->thread_class(g->base.h->ctx) != NC_THREAD_CONTROL)
		return NC_E_INTERNAL;
	find_secret(g, config);
	return has(config, "\"label\":\"bad\"") ? NC_E_INVAL : NC_OK;
}

/* As "health" wished: well, ill, mad, or deaf until "release". */
static nc_code good_health(nc_inst *self, nc_sink *json, nc_error *err)
{
	good *g = of(self);
	char text[120];
	pthread_mutex_lock(&g->lock);
	while (!g->status && !g->is_released)
		pthread_cond_wait(&g->changed, &g->lock);
	const char *status = g->status ? g->status : "healthy";
	pthread_mutex_unlock(&g->lock);
	if (!g->threads || g->threads->thread_class(self->h->ctx) != NC_THREAD_WORKER)
		return NC_E_INTERNAL;
	if (strcmp(status, "fails") == 0) {
		set_error(err, NC_E_UNAVAILABLE, "nobody is at home");
		return NC_E_INTERNAL;
	}
	int n = snprintf(text, sizeof(text),
		"{\"status\":\"%s\",\"message\":\"so it is\",\"details\":{\"fever\":1}}", status);
	return self->h->sink_write(json, text, (size_t)n);
}

static nc_code good_drain(nc_inst *self, nc_op op, nc_error *err)
{
	good *g = of(self);
	(void)err;
	pthread_mutex_lock(&g->lock);
	nc_op parked = g->parked;
	g->parked.v = 0;
	pthread_mutex_unlock(&g->lock);
	if (parked.v)
		finish(g, parked, NC_DETACHED, NC_E_CANCELLED, "detached by drain");
	complete_done(self, op, NULL);
	return NC_OK;
}

static void good_op_stop(nc_inst *self, nc_op op, int32_t reason)
{
	good *g = of(self);
	(void)op;
	(void)reason;
	pthread_mutex_lock(&g->lock);
	pthread_cond_broadcast(&g->changed);
	pthread_mutex_unlock(&g->lock);
}

/* ---- what a request can ask for ---- */

typedef struct what {
	good *g;
	nc_op op;
	nc_bytes target, req;
	nc_error *err;
} what;

static nc_code do_sync(const what *w)
{
	char out[400];
	const nc_host *h = w->g->base.h;
	snprintf(out, sizeof(out), "{\"target\":\"%.*s\",\"key\":\"%s\",\"deadline\":%d}",
		(int)w->target.len, (const char *)w->target.ptr, h->op_key(h->ctx, w->op),
		h->op_deadline_ns(h->ctx, w->op) != 0);
	complete_done(&w->g->base, w->op, out);
	return NC_OK;
}

static nc_code do_refuse(const what *w)
{
	set_error(w->err, NC_E_CONFLICT, "the name is taken");
	w->err->native = 42;
	return NC_E_CONFLICT;
}

static nc_code do_fail(const what *w)
{
	finish(w->g, w->op, NC_FAILED_PARTIAL, NC_E_QUOTA, "the disk was made, the guest was not");
	return NC_OK;
}

/* Deaf until "release": what a hung host looks like. */
static nc_code do_hang(const what *w)
{
	good *g = w->g;
	pthread_mutex_lock(&g->lock);
	while (!g->is_released)
		pthread_cond_wait(&g->changed, &g->lock);
	pthread_mutex_unlock(&g->lock);
	return do_sync(w);
}

static nc_code do_release(const what *w)
{
	good *g = w->g;
	pthread_mutex_lock(&g->lock);
	g->is_released = !has(w->req, "again");
	pthread_cond_broadcast(&g->changed);
	pthread_mutex_unlock(&g->lock);
	return do_sync(w);
}

static nc_code do_health(const what *w)
{
	static const char *const words[] = { "healthy", "degraded", "unhealthy", "mad", "fails" };
	good *g = w->g;
	pthread_mutex_lock(&g->lock);
	g->status = NULL;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (has(w->req, words[i]))
			g->status = words[i];
	pthread_cond_broadcast(&g->changed);
	pthread_mutex_unlock(&g->lock);
	return do_sync(w);
}

/* Blocks, but listens. */
static nc_code do_wait(const what *w)
{
	good *g = w->g;
	const nc_host *h = g->base.h;
	int32_t reason;
	pthread_mutex_lock(&g->lock);
	while ((reason = h->op_stop_reason(h->ctx, w->op)) == NC_RUN && !g->is_ending)
		pthread_cond_wait(&g->changed, &g->lock);
	pthread_mutex_unlock(&g->lock);
	if (reason == NC_DETACH)
		finish(g, w->op, NC_DETACHED, NC_E_CANCELLED, "detached");
	else if (reason == NC_DEADLINE)
		finish(g, w->op, NC_FAILED_PARTIAL, NC_E_TIMEOUT, "out of time");
	else
		finish(g, w->op, NC_CANCELLED, NC_E_CANCELLED, "cancelled");
	return NC_OK;
}

/* Accepted, and completed by whoever asks for "complete". */
static nc_code do_park(const what *w)
{
	pthread_mutex_lock(&w->g->lock);
	w->g->parked = w->op;
	pthread_mutex_unlock(&w->g->lock);
	return NC_OK;
}

static nc_code do_complete(const what *w)
{
	pthread_mutex_lock(&w->g->lock);
	nc_op parked = w->g->parked;
	w->g->parked.v = 0;
	pthread_mutex_unlock(&w->g->lock);
	if (parked.v)
		complete_done(&w->g->base, parked, "{\"parked\":true}");
	return do_sync(w);
}

static void on_timer(nc_inst *self, uint64_t timer, uint64_t user)
{
	good *g = of(self);
	char out[64];
	(void)timer;
	snprintf(out, sizeof(out), "{\"class\":%d}", g->threads->thread_class(g->base.h->ctx));
	complete_done(self, (nc_op){ user }, out);
}

static nc_code do_timer(const what *w)
{
	uint64_t timer;
	return w->g->timer->start(w->g->base.h->ctx, 1000000, 0, on_timer, w->op.v, &timer);
}

static void on_fd(nc_inst *self, int32_t fd, uint32_t events, uint64_t user)
{
	good *g = of(self);
	char out[64], c;
	if (read(fd, &c, 1) != 1)
		return;
	g->fdwatch->del(g->base.h->ctx, fd);
	snprintf(out, sizeof(out), "{\"events\":%u}", events);
	complete_done(self, (nc_op){ user }, out);
}

static nc_code do_fdwatch(const what *w)
{
	good *g = w->g;
	if (g->pipe[0] < 0 && pipe(g->pipe) < 0)
		return NC_E_UNAVAILABLE;
	nc_code rc = g->fdwatch->add(g->base.h->ctx, g->pipe[0], NC_FD_READ, on_fd, w->op.v);
	if (rc == NC_OK && write(g->pipe[1], "x", 1) != 1)
		rc = NC_E_UNAVAILABLE;
	return rc;
}

static nc_code do_progress(const what *w)
{
	const nc_host *h = w->g->base.h;
	h->op_progress(h->ctx, w->op, 100, "copy");
	h->op_progress(h->ctx, w->op, 50, "copy");
	h->op_progress(h->ctx, w->op, 900, "copy");
	h->op_progress(h->ctx, w->op, 10, "boot");
	return do_sync(w);
}

static void on_durable(nc_inst *self, nc_op op, nc_code code, uint64_t user)
{
	good *g = of(self);
	char out[96];
	snprintf(out, sizeof(out), "{\"code\":%d,\"user\":%d,\"class\":%d}", code, (int)user,
		g->threads->thread_class(g->base.h->ctx));
	complete_done(self, op, out);
}

static nc_code do_checkpoint(const what *w)
{
	const nc_host *h = w->g->base.h;
	return h->op_checkpoint(h->ctx, w->op, text("token-1"), on_durable, 7);
}

static nc_code do_big(const what *w)
{
	size_t n = 200u << 10;
	char *big = malloc(n);
	if (!big)
		return NC_E_NOMEM;
	memset(big, 'x', n);
	big[0] = big[n - 1] = '"';
	w->g->base.h->op_complete(w->g->base.h->ctx, w->op, NC_DONE, NULL, (nc_bytes){ big, n });
	free(big);
	return NC_OK;
}

static nc_code do_secret(const what *w)
{
	good *g = w->g;
	char value[256], out[600], handle[128];
	size_t n = 0;
	nc_error err;
	set_error(&err, NC_OK, "");
	snprintf(handle, sizeof(handle), "%s", g->secret);
	if (has(w->req, "named"))
		snprintf(handle, sizeof(handle), "acme/key");
	if (has(w->req, "other"))
		snprintf(handle, sizeof(handle), "somebody/elses");
	nc_code rc =
		g->secrets->open(g->base.h->ctx, text(handle), value, sizeof(value) - 1, &n, &err);
	value[n] = 0;
	snprintf(out, sizeof(out), "{\"code\":%d,\"handle\":\"%s\",\"n\":%zu%s%s%s}", rc, handle, n,
		has(w->req, "leak") ? ",\"value\":\"" : "", has(w->req, "leak") ? value : "",
		has(w->req, "leak") ? "\"" : "");
	if (has(w->req, "shout"))
		g->base.h->log(g->base.h->ctx, NC_LOG_ERROR, "good.secret", text(value));
	complete_done(&g->base, w->op, out);
	return NC_OK;
}

static nc_code do_kv(const what *w)
{
	good *g = w->g;
	nc_host_ctx *ctx = g->base.h->ctx;
	nc_error err;
	char out[200];
	set_error(&err, NC_OK, "");
	nc_code put = g->kv->put(ctx, text("colour"), text("blue"), &err);
	nc_sink *sink = g->kv->sink_new(ctx, 64);
	nc_code get = g->kv->get(ctx, text("colour"), sink, &err);
	nc_bytes got = g->kv->sink_bytes(sink);
	int n = snprintf(out, sizeof(out), "{\"put\":%d,\"get\":%d,\"value\":\"%.*s\"", put, get,
		(int)got.len, got.len ? (const char *)got.ptr : "");
	g->kv->sink_free(sink);
	nc_code del = g->kv->del(ctx, text("colour"), &err);
	sink = g->kv->sink_new(ctx, 64);
	nc_code again = g->kv->get(ctx, text("colour"), sink, &err);
	g->kv->sink_free(sink);
	snprintf(out + n, sizeof(out) - (size_t)n, ",\"del\":%d,\"again\":%d}", del, again);
	complete_done(&g->base, w->op, out);
	return NC_OK;
}

static nc_code do_report(const what *w)
{
	good *g = w->g;
	unsigned n = has(w->req, "flood") ? 20000 : 1;
	for (unsigned i = 0; i < n; i++)
		g->report->report(g->base.h->ctx, w->target, i + 1, text("{\"name\":\"a\"}"));
	return do_sync(w);
}

static nc_code do_log(const what *w)
{
	const nc_host *h = w->g->base.h;
	h->log(h->ctx, NC_LOG_WARN, "good.hello", text("{\"a\":1}"));
	w->g->metrics->counter_add(h->ctx, "calls_total", "kind=log", 1);
	w->g->metrics->gauge_set(h->ctx, "level", NULL, 2.6);
	return do_sync(w);
}

__attribute__((no_sanitize("undefined"))) static nc_code do_crash(const what *w)
{
	volatile int *nowhere = NULL;
	(void)w;
	*nowhere = 1;
	return NC_OK;
}

static const struct {
	const char *word;
	nc_code (*run)(const what *);
} wishes[] = {
	{ "\"sync\"", do_sync },
	{ "\"refuse\"", do_refuse },
	{ "\"fail\"", do_fail },
	{ "\"hang\"", do_hang },
	{ "\"release\"", do_release },
	{ "\"health\"", do_health },
	{ "\"wait\"", do_wait },
	{ "\"park\"", do_park },
	{ "\"complete\"", do_complete },
	{ "\"timer\"", do_timer },
	{ "\"fdwatch\"", do_fdwatch },
	{ "\"progress\"", do_progress },
	{ "\"checkpoint\"", do_checkpoint },
	{ "\"big\"", do_big },
	{ "\"secret\"", do_secret },
	{ "\"kv\"", do_kv },
	{ "\"report\"", do_report },
	{ "\"log\"", do_log },
	{ "\"crash\"", do_crash },
};

static nc_code good_verb(nc_inst *self, nc_op op, nc_bytes target, nc_bytes req, nc_error *err)
{
	what w = { of(self), op, target, req, err };
	for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++)
		if (has(req, wishes[i].word))
			return wishes[i].run(&w);
	set_error(err, NC_E_INVAL, "no such wish");
	return NC_E_INVAL;
}

/* ---- queries ---- */

static nc_code good_inventory(
	nc_inst *self, nc_op op, nc_bytes target, nc_bytes req, nc_sink *sink, nc_error *err)
{
	char line[100];
	nc_code rc = NC_OK;
	(void)op;
	(void)target;
	if (has(req, "refuse")) {
		set_error(err, NC_E_UNAVAILABLE, "the host is off");
		return NC_E_UNAVAILABLE;
	}
	if (has(req, "big")) {
		char *big = calloc(1, 300000);
		rc = big ? self->h->sink_write(sink, big, 300000) : NC_E_NOMEM;
		free(big);
		return rc;
	}
	for (unsigned i = 0; i < 100 && rc == NC_OK; i++) {
		int n = snprintf(line, sizeof(line), "{\"name\":\"guest-%u\"}", i);
		rc = self->h->sink_write(sink, line, (size_t)n);
	}
	return rc;
}

/* Asks for a tenth of a second whether it is still wanted. */
static nc_code recover_slowly(nc_inst *self, nc_op op, nc_sink *sink, int32_t *ret_state)
{
	const struct timespec soon = { .tv_nsec = 2000000 };
	for (int i = 0; i < 50; i++) {
		if (self->h->op_stop_reason(self->h->ctx, op) != NC_RUN)
			return NC_E_CANCELLED;
		(void)nanosleep(&soon, NULL);
	}
	*ret_state = NC_REC_DONE;
	return self->h->sink_write(sink, "{\"was\":\"slow\"}", 14);
}

static nc_code good_recover(nc_inst *self, nc_op op, nc_bytes target, nc_bytes req,
	int32_t *ret_state, nc_sink *sink, nc_error *err)
{
	good *g = of(self);
	(void)target;
	*ret_state = NC_REC_UNKNOWN;
	if (has(req, "slow"))
		return recover_slowly(self, op, sink, ret_state);
	if (has(req, "absent"))
		*ret_state = NC_REC_ABSENT;
	if (has(req, "failed")) {
		set_error(err, NC_E_QUOTA, "it had failed");
		*ret_state = NC_REC_FAILED;
	}
	if (has(req, "\"done\"")) {
		self->h->sink_write(sink, "{\"was\":\"done\"}", 14);
		*ret_state = NC_REC_DONE;
	}
	if (has(req, "running")) {
		*ret_state = NC_REC_RUNNING;
		if (has(req, "quick"))
			complete_done(self, op, "{\"was\":\"quick\"}");
		else
			g->parked = op;
	}
	return has(req, "broken") ? NC_E_UNAVAILABLE : NC_OK;
}

/* ---- streams ---- */

typedef struct echo {
	good *g;
	nc_op op;
	int fd, only_counts;
} echo;

static void *run_echo(void *arg)
{
	echo e = *(echo *)arg;
	char chunk[65536], out[64];
	unsigned long long total = 0;
	ssize_t n;
	free(arg);
	while ((n = read(e.fd, chunk, sizeof(chunk))) > 0) {
		total += (unsigned long long)n;
		for (ssize_t done = 0; !e.only_counts && done < n;) {
			ssize_t w = send(e.fd, chunk + done, (size_t)(n - done), MSG_NOSIGNAL);
			if (w <= 0)
				break;
			done += w;
		}
	}
	close(e.fd);
	snprintf(out, sizeof(out), "{\"bytes\":%llu}", total);
	complete_done(&e.g->base, e.op, out);
	pthread_mutex_lock(&e.g->lock);
	e.g->n_threads--;
	pthread_cond_broadcast(&e.g->changed);
	pthread_mutex_unlock(&e.g->lock);
	return NULL;
}

static nc_code good_stream(
	nc_inst *self, nc_op op, nc_bytes target, nc_bytes spec, int32_t fd, nc_error *err)
{
	good *g = of(self);
	pthread_t thread;
	(void)target;
	if (has(spec, "refuse")) {
		set_error(err, NC_E_NOTFOUND, "no such console");
		return NC_E_NOTFOUND;
	}
	echo *e = malloc(sizeof(*e));
	if (!e)
		return NC_E_NOMEM;
	*e = (echo){ g, op, fd, has(spec, "count") };
	pthread_mutex_lock(&g->lock);
	g->n_threads++;
	pthread_mutex_unlock(&g->lock);
	if (pthread_create(&thread, NULL, run_echo, e) != 0) {
		pthread_mutex_lock(&g->lock);
		g->n_threads--;
		pthread_mutex_unlock(&g->lock);
		free(e);
		return NC_E_UNAVAILABLE;
	}
	pthread_detach(thread);
	return NC_OK;
}

/* ---- typed ---- */

static nc_code good_sample(nc_inst *self, nc_op op, nc_bytes target, const nc_bytes *guests,
	uint32_t n, nc_stat_row *rows, nc_error *err)
{
	(void)self;
	(void)op;
	(void)target;
	(void)err;
	for (uint32_t i = 0; i < n; i++)
		rows[i].cpu_time_ns = guests[i].len;
	return NC_OK;
}

static nc_code good_score(nc_inst *self, nc_op op, const nc_score_batch *b, nc_error *err)
{
	(void)self;
	(void)op;
	(void)err;
	for (uint32_t i = 0; i < b->n_cand; i++)
		b->score[i] = (double)b->free[b->cand[i] * b->n_res];
	return NC_OK;
}

static const nc_compute good_compute = { .struct_size = sizeof(nc_compute),
	.inventory = good_inventory,
	.create = good_verb,
	.update = good_verb,
	.recover = good_recover };
static const nc_stream good_streams = { .struct_size = sizeof(nc_stream), .open = good_stream };
static const nc_compute_stats good_stats = { .struct_size = sizeof(nc_compute_stats),
	.sample = good_sample };
static const nc_scheduler good_scheduler = { .struct_size = sizeof(nc_scheduler),
	.score = good_score };

static const void *good_extension(nc_inst *self, const char *id)
{
	static const struct {
		const char *id;
		const void *table;
	} tables[] = { { NC_EXT_COMPUTE, &good_compute }, { NC_EXT_STREAM, &good_streams },
		{ NC_EXT_STATS, &good_stats }, { NC_EXT_SCHEDULER, &good_scheduler } };
	(void)self;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (strcmp(tables[i].id, id) == 0)
			return tables[i].table;
	return NULL;
}

static const nc_plugin good_table = { .struct_size = sizeof(nc_plugin),
	.create = good_create,
	.reconfigure = good_reconfigure,
	.health = good_health,
	.drain = good_drain,
	.op_stop = good_op_stop,
	.destroy = good_destroy,
	.get_extension = good_extension };
