/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nc_host as the kit has it: operations, sinks, logs. Every function may come from any thread of
 * the plugin. It must never be wrong about the contract itself, for it is the yardstick.
 */
#include "host.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Thread_local int32_t kit_thread_class = NC_THREAD_OTHER;

static void out_of_memory(void)
{
	_exit(3);
}

void kit_broken(kit_host *h, const char *rule, const char *verb, const char *fmt, ...)
{
	unsigned bit = (unsigned)strtoul(rule + 1, NULL, 10);
	char text[300];
	va_list ap;
	bool is_new;

	pthread_mutex_lock(&h->lock);
	is_new = !(h->told >> bit & 1);
	h->told |= 1u << bit;
	pthread_mutex_unlock(&h->lock);
	if (!is_new)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* One row a rule: which verb it was stands in the detail. */
	kit_found(rule, "", KIT_FAIL, "%s%s%s", verb, *verb ? ": " : "", text);
}

void kit_output(kit_host *h, const char *where, const void *p, size_t n)
{
	pthread_mutex_lock(&h->lock);
	h->n_outputs++;
	pthread_mutex_unlock(&h->lock);
	if (n && memmem(p, n, KIT_CANARY, sizeof(KIT_CANARY) - 1))
		kit_broken(h, "P10", "", "a secret stands in %s", where);
}

void kit_output_error(kit_host *h, const char *where, const nc_error *err)
{
	if (!err)
		return;
	kit_output(h, where, err->message, strnlen(err->message, sizeof(err->message)));
	kit_output(h, where, err->hint, strnlen(err->hint, sizeof(err->hint)));
}

void kit_called(kit_host *h, const char *what)
{
	bool is_gone;

	pthread_mutex_lock(&h->lock);
	is_gone = h->is_gone;
	pthread_mutex_unlock(&h->lock);
	if (is_gone)
		kit_broken(h, "P5", "", "%s was called after destroy had returned", what);
}

/* Under the lock. NULL: no operation has that handle. */
static kit_op *op_of(kit_host *h, nc_op op)
{
	return op.v >= 1 && op.v <= h->n_ops ? h->ops[op.v - 1] : NULL;
}

kit_op *kit_op_find(kit_host *h, nc_op op)
{
	kit_op *o;

	pthread_mutex_lock(&h->lock);
	o = op_of(h, op);
	pthread_mutex_unlock(&h->lock);
	return o;
}

kit_op *kit_op_new(kit_host *h, const char *verb, const char *key)
{
	kit_op *o = calloc(1, sizeof(*o));

	if (!o)
		out_of_memory();
	o->verb = verb;
	(void)snprintf(o->key, sizeof(o->key), "%s", key ? key : "");
	pthread_mutex_lock(&h->lock);
	if (h->n_ops == KIT_OPS_MAX)
		out_of_memory();
	h->ops[h->n_ops++] = o;
	o->op.v = h->n_ops;
	pthread_mutex_unlock(&h->lock);
	return o;
}

bool kit_op_started(kit_host *h, kit_op *o, nc_code rc, const nc_error *err)
{
	bool was_complete;

	pthread_mutex_lock(&h->lock);
	o->is_accepted = rc == NC_OK;
	o->is_refused = rc != NC_OK;
	was_complete = o->n_complete > 0;
	h->n_accepted += o->is_accepted;
	if (rc != NC_OK)
		o->err = *err;
	pthread_mutex_unlock(&h->lock);
	if (rc != NC_OK && was_complete)
		kit_broken(h, "P4", o->verb, "completed an operation it did not accept");
	if (rc != NC_OK)
		kit_output_error(h, "an error", err);
	return rc == NC_OK;
}

static struct timespec end_in(unsigned ms)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += ms / 1000;
	end.tv_nsec += (long)(ms % 1000) * 1000000;
	if (end.tv_nsec >= 1000000000) {
		end.tv_sec++;
		end.tv_nsec -= 1000000000;
	}
	return end;
}

bool kit_op_wait_stopped(kit_host *h, kit_op *o, unsigned ms)
{
	struct timespec end = end_in(ms);
	int rc = 0;
	bool is_stopped;

	pthread_mutex_lock(&h->lock);
	while (!o->is_complete && !o->stopped_ns && rc == 0)
		rc = pthread_cond_timedwait(&h->changed, &h->lock, &end);
	is_stopped = o->is_complete || o->stopped_ns;
	pthread_mutex_unlock(&h->lock);
	return is_stopped;
}

bool kit_op_wait(kit_host *h, kit_op *o, unsigned ms)
{
	struct timespec end = end_in(ms);
	int rc = 0;
	bool done;

	pthread_mutex_lock(&h->lock);
	while (!o->is_complete && rc == 0)
		rc = pthread_cond_timedwait(&h->changed, &h->lock, &end);
	done = o->is_complete;
	pthread_mutex_unlock(&h->lock);
	return done;
}

void kit_op_lose(kit_host *h, kit_op *o)
{
	pthread_mutex_lock(&h->lock);
	o->is_lost = true;
	pthread_mutex_unlock(&h->lock);
}

void kit_op_stop(kit_host *h, kit_op *o, int32_t reason)
{
	pthread_mutex_lock(&h->lock);
	o->stop_reason = reason;
	o->stopped_ns = kit_mono_ns();
	pthread_mutex_unlock(&h->lock);
	if (NC_HAS(h->plugin, op_stop))
		h->plugin->op_stop(h->inst, o->op, reason);
}

/* op_stop comes from a thread of its own here, as the plugin may be anywhere when it does. */
static void *stop_main(void *arg)
{
	kit_host *h = arg;

	for (;;) {
		kit_op *o;

		pthread_mutex_lock(&h->lock);
		while (h->n_stops == h->n_stops_done)
			pthread_cond_wait(&h->changed, &h->lock);
		o = h->stop_queue[h->n_stops_done % 64];
		pthread_mutex_unlock(&h->lock);
		h->plugin->op_stop(h->inst, o->op, o->stop_at_reason);
		pthread_mutex_lock(&h->lock);
		h->n_stops_done++;
		pthread_cond_broadcast(&h->changed);
		pthread_mutex_unlock(&h->lock);
	}
	return NULL;
}

/* A host call about an operation is where it may be stopped. With the lock held. */
static void note_event(kit_host *h, kit_op *o)
{
	struct timespec end;
	size_t mine;

	if (!o || ++o->n_events != o->stop_at)
		return;
	o->stop_reason = o->stop_at_reason;
	o->stopped_ns = kit_mono_ns();
	pthread_cond_broadcast(&h->changed);
	if (!NC_HAS(h->plugin, op_stop))
		return;
	h->stop_queue[h->n_stops++ % 64] = o;
	mine = h->n_stops;
	pthread_cond_broadcast(&h->changed);
	/* Give it the time to arrive; a plugin that holds its lock here makes it wait. */
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_nsec += 50000000;
	if (end.tv_nsec >= 1000000000) {
		end.tv_sec++;
		end.tv_nsec -= 1000000000;
	}
	while (h->n_stops_done < mine && pthread_cond_timedwait(&h->changed, &h->lock, &end) == 0)
		;
}

static const void *get_extension(nc_host_ctx *h, const char *id)
{
	kit_called(h, "get_extension");
	return kit_service(h, id);
}

static void host_log(nc_host_ctx *h, int32_t level, const char *event, nc_bytes json)
{
	(void)level;
	kit_called(h, "log");
	kit_output(h, "a log line", event, strlen(event));
	kit_output(h, "a log line", json.ptr, json.len);
}

static int32_t op_stop_reason(nc_host_ctx *h, nc_op op)
{
	int32_t reason = NC_RUN;
	kit_op *o;

	kit_called(h, "op_stop_reason");
	pthread_mutex_lock(&h->lock);
	o = op_of(h, op);
	if (o && !o->is_complete) {
		note_event(h, o);
		reason = o->stop_reason;
	}
	pthread_mutex_unlock(&h->lock);
	return reason;
}

static uint64_t op_deadline_ns(nc_host_ctx *h, nc_op op)
{
	uint64_t ns;
	kit_op *o;

	kit_called(h, "op_deadline_ns");
	pthread_mutex_lock(&h->lock);
	o = op_of(h, op);
	ns = o ? o->deadline_ns : 0;
	pthread_mutex_unlock(&h->lock);
	return ns;
}

static const char *op_key(nc_host_ctx *h, nc_op op)
{
	kit_op *o;

	kit_called(h, "op_key");
	pthread_mutex_lock(&h->lock);
	o = op_of(h, op);
	note_event(h, o);
	pthread_mutex_unlock(&h->lock);
	return o ? o->key : "";
}

static void op_progress(nc_host_ctx *h, nc_op op, uint32_t permille, const char *phase)
{
	kit_op *o;

	kit_called(h, "op_progress");
	if (phase)
		kit_output(h, "a phase", phase, strlen(phase));
	pthread_mutex_lock(&h->lock);
	o = op_of(h, op);
	if (o && !o->is_complete)
		note_event(h, o);
	pthread_mutex_unlock(&h->lock);
	if (!o)
		kit_broken(h, "P4", "", "progress of an operation that is none");
	else if (permille > 1000)
		kit_broken(h, "P11", o->verb, "progress of %u permille", permille);
}

static nc_code op_checkpoint(nc_host_ctx *h, nc_op op, nc_bytes token, nc_cont cont, uint64_t user)
{
	kit_op *o;
	bool is_live;

	kit_called(h, "op_checkpoint");
	kit_output(h, "a checkpoint", token.ptr, token.len);
	pthread_mutex_lock(&h->lock);
	o = op_of(h, op);
	is_live = o && !o->is_complete && !o->is_query;
	if (is_live) {
		h->n_checkpoints++;
		note_event(h, o);
	}
	pthread_mutex_unlock(&h->lock);
	if (!is_live)
		return NC_E_NOTFOUND;
	if (token.len > NC_CHECKPOINT_MAX) {
		kit_broken(h, "P11", o->verb, "a checkpoint of %zu bytes", token.len);
		return NC_E_INVAL;
	}
	kit_control_cont(h, cont, op, NC_OK, user);
	return NC_OK;
}

static void judge_completion(
	kit_host *h, const kit_op *o, int32_t outcome, const nc_error *err, nc_bytes result)
{
	if (outcome < NC_DONE || outcome > NC_UNKNOWN)
		kit_broken(h, "P4", o->verb, "completed with the outcome %d", outcome);
	if (result.len > NC_RESULT_MAX)
		kit_broken(h, "P11", o->verb, "a result of %zu bytes", result.len);
	kit_output(h, "a result", result.ptr, result.len);
	kit_output_error(h, "an error", err);
}

static void op_complete(
	nc_host_ctx *h, nc_op op, int32_t outcome, const nc_error *err, nc_bytes result)
{
	bool was_refused;
	kit_op *o;
	unsigned n;

	kit_called(h, "op_complete");
	pthread_mutex_lock(&h->lock);
	o = op_of(h, op);
	n = o ? ++o->n_complete : 0;
	was_refused = o && o->is_refused;
	if (o && n == 1 && !o->is_query) {
		o->completed_ns = kit_mono_ns();
		o->outcome = outcome;
		if (err)
			o->err = *err;
		o->result = calloc(1, result.len + 1);
		if (!o->result)
			out_of_memory();
		if (result.len)
			memcpy(o->result, result.ptr, result.len);
		o->result_len = result.len;
		o->is_complete = true;
		note_event(h, o);
		pthread_cond_broadcast(&h->changed);
	}
	pthread_mutex_unlock(&h->lock);
	if (!o)
		kit_broken(h, "P4", "", "completed an operation that is none");
	else if (o->is_query)
		kit_broken(h, "P4", o->verb, "completed the operation of a query");
	else if (n > 1)
		kit_broken(h, "P4", o->verb, "completed %u times", n);
	else if (was_refused)
		kit_broken(h, "P4", o->verb, "completed an operation it did not accept");
	if (o)
		judge_completion(h, o, outcome, err, result);
}

/* Broken promises of a sink are the kit's to see; the limits of ABI.md hold. */
static nc_code sink_write(nc_sink *s, const void *p, size_t n)
{
	kit_host *h = s->host;

	kit_called(h, "sink_write");
	if (s->n_refused++ > 0) {
		kit_broken(h, "P11", "", "went on writing after the sink had refused");
		return NC_E_INVAL;
	}
	kit_output(h, "an object", p, n);
	if (n > NC_SINK_MAX)
		kit_broken(h, "P11", "", "one write of %zu bytes", n);
	if (n > NC_SINK_MAX || s->n >= s->refuse_after || s->len + n > NC_SINK_TOTAL_MAX)
		return NC_E_INVAL;
	s->n_refused = 0;
	if (s->len + n + 1 > s->cap) {
		s->cap = (s->len + n + 1) * 2;
		s->text = realloc(s->text, s->cap);
		if (!s->text)
			out_of_memory();
	}
	if (n)
		memcpy(s->text + s->len, p, n);
	s->text[s->len + n] = '\0';
	s->len += n + 1;
	s->n++;
	return NC_OK;
}

struct nc_sink *kit_sink_new(kit_host *h)
{
	struct nc_sink *s = calloc(1, sizeof(*s));

	if (!s)
		out_of_memory();
	s->host = h;
	s->refuse_after = SIZE_MAX;
	return s;
}

void kit_sink_free(struct nc_sink *s)
{
	free(s->text);
	free(s);
}

const char *kit_sink_first(const struct nc_sink *s)
{
	return s->n ? s->text : NULL;
}

const char *kit_sink_next(const struct nc_sink *s, const char *object)
{
	const char *next = object + strlen(object) + 1;

	return next < s->text + s->len ? next : NULL;
}

kit_host *kit_host_new(const kit_folder *f, const nc_plugin *plugin)
{
	kit_host *h = calloc(1, sizeof(*h));
	pthread_t stopper;

	if (!h || !(h->kv = json_object()))
		out_of_memory();
	h->folder = f;
	h->plugin = plugin;
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->changed, NULL);
	h->table = (nc_host){ .struct_size = sizeof(h->table),
		.abi = NC_ABI,
		.ctx = h,
		.get_extension = get_extension,
		.log = host_log,
		.sink_write = sink_write,
		.op_stop_reason = op_stop_reason,
		.op_deadline_ns = op_deadline_ns,
		.op_key = op_key,
		.op_progress = op_progress,
		.op_checkpoint = op_checkpoint,
		.op_complete = op_complete };
	kit_control_start(h);
	if (pthread_create(&stopper, NULL, stop_main, h) != 0)
		out_of_memory();
	return h;
}

unsigned kit_count_threads(const char *tasks)
{
	DIR *dir = opendir(tasks);
	unsigned n = 0;

	for (struct dirent *e; dir && (e = readdir(dir));)
		n += e->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return n;
}

nc_code kit_host_create(kit_host *h, const char *config, nc_error *err)
{
	nc_code rc;

	h->threads_before = kit_count_threads(KIT_OWN_THREADS);
	kit_thread_class = NC_THREAD_WORKER;
	*err = (nc_error){ .struct_size = sizeof(*err) };
	rc = h->plugin->create(&h->table, (nc_bytes){ config, strlen(config) }, &h->inst, err);
	kit_output_error(h, "an error of create", err);
	return rc;
}

void kit_host_destroy(kit_host *h)
{
	/* No call may be under way in the instance, a stop neither. */
	pthread_mutex_lock(&h->lock);
	while (h->n_stops_done < h->n_stops)
		pthread_cond_wait(&h->changed, &h->lock);
	pthread_mutex_unlock(&h->lock);
	h->plugin->destroy(h->inst);
	pthread_mutex_lock(&h->lock);
	h->is_gone = true;
	pthread_mutex_unlock(&h->lock);
}

const void *kit_host_extension(kit_host *h, const char *id)
{
	return NC_HAS(h->plugin, get_extension) ? h->plugin->get_extension(h->inst, id) : NULL;
}
