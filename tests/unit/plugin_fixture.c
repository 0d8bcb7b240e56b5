/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin_fixture.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/id.h"
#include "base/log.h"
#include "base/secret.h"
#include "testing.h"

/* The hooks run on threads of the loader; they fill in the fixture under its lock, and the tests look. */

#define WAIT_MS 20000

static void count(fixture *f, unsigned *counter)
{
	pthread_mutex_lock(&f->lock);
	(*counter)++;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

static void on_report(void *user, nc_pinst *inst, nc_bytes target, uint64_t seq, nc_bytes json)
{
	fixture *f = user;
	(void)inst;
	(void)seq;
	(void)json;
	pthread_mutex_lock(&f->lock);
	snprintf(f->last_target, sizeof(f->last_target), "%.*s", (int)target.len,
		(const char *)target.ptr);
	pthread_mutex_unlock(&f->lock);
	count(f, &f->reports);
}

static void on_overflow(void *user, nc_pinst *inst)
{
	fixture *f = user;
	(void)inst;
	count(f, &f->overflows);
}

static nc_code on_secret(
	void *user, nc_pinst *inst, nc_bytes handle, nc_secret **ret, nc_error *err)
{
	(void)user;
	(void)inst;
	if (!nc_bytes_eq(handle, nc_str("acme/key")))
		return nc_err(err, NC_E_NOTFOUND, "no such secret");
	*ret = nc_secret_new(nc_str("stored-value"));
	return *ret ? NC_OK : nc_err_nomem(err);
}

static nc_code on_put(void *user, nc_pinst *inst, nc_bytes key, nc_bytes val, nc_error *err)
{
	fixture *f = user;
	(void)inst;
	(void)err;
	pthread_mutex_lock(&f->lock);
	snprintf(f->kv_key, sizeof(f->kv_key), "%.*s", (int)key.len, (const char *)key.ptr);
	snprintf(f->kv_val, sizeof(f->kv_val), "%.*s", (int)val.len, (const char *)val.ptr);
	pthread_mutex_unlock(&f->lock);
	return NC_OK;
}

static nc_code on_get(void *user, nc_pinst *inst, nc_bytes key, nc_buf *out, nc_error *err)
{
	fixture *f = user;
	(void)inst;
	pthread_mutex_lock(&f->lock);
	int is_there = f->kv_key[0] && nc_bytes_eq(key, nc_str(f->kv_key));
	if (is_there)
		nc_buf_puts(out, f->kv_val);
	pthread_mutex_unlock(&f->lock);
	return is_there ? NC_OK : nc_err(err, NC_E_NOTFOUND, "no such key");
}

static nc_code on_del(void *user, nc_pinst *inst, nc_bytes key, nc_error *err)
{
	fixture *f = user;
	(void)inst;
	(void)key;
	(void)err;
	pthread_mutex_lock(&f->lock);
	f->kv_key[0] = 0;
	pthread_mutex_unlock(&f->lock);
	return NC_OK;
}

static void on_event(void *user, const char *type, nc_bytes json)
{
	fixture *f = user;
	pthread_mutex_lock(&f->lock);
	snprintf(f->last_event_type, sizeof(f->last_event_type), "%s", type);
	snprintf(f->last_event, sizeof(f->last_event), "%.*s", (int)json.len,
		(const char *)json.ptr);
	pthread_mutex_unlock(&f->lock);
	count(f, &f->events);
}

static void on_lost(void *user, nc_pinst *inst, const char *why)
{
	fixture *f = user;
	(void)inst;
	(void)why;
	count(f, &f->lost);
}

static void on_back(void *user, nc_pinst *inst)
{
	fixture *f = user;
	(void)inst;
	count(f, &f->back);
}

static void on_stuck(void *user, nc_pinst *inst, nc_bytes target, const char *verb)
{
	fixture *f = user;
	(void)inst;
	(void)target;
	(void)verb;
	count(f, &f->stuck);
}

static void on_health(void *user, nc_health_state worst, const char *why)
{
	fixture *f = user;
	pthread_mutex_lock(&f->lock);
	f->worst = worst;
	snprintf(f->worst_why, sizeof(f->worst_why), "%s", why);
	pthread_mutex_unlock(&f->lock);
}

fixture *fixture_new(const fixture_options *opt)
{
	const char *const path[] = { opt->path ? opt->path : NC_TEST_PLUGINS };
	nc_error err = NC_ERROR_INIT;
	char name[NC_ID_MAX];
	fixture *f = calloc(1, sizeof(*f));
	if (!getenv("NC_TEST_LOG")) /* the loader has much to say */
		nc_log_set_level(L_ERROR);
	if (!CHECK(f != NULL))
		return NULL;
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->changed, NULL);
	nc_id_make("state", name);
	f->state_dir = opt->state_dir ? nc_strdup(opt->state_dir) : nc_test_path(name);
	nc_plugin_allow allow = { opt->plugin, opt->isolation };
	nc_code rc = nc_plugins_new(
		&(nc_plugins_options){ .search_path = path,
			.n_search = 1,
			.allow = &allow,
			.n_allow = 1,
			.state_dir = f->state_dir,
			.host_binary = NC_TEST_HOST,
			.installation_id = "inst_test",
			.grace_us = opt->grace_us,
			.probe_timeout_us = opt->probe_timeout_us,
			.restart_us = opt->restart_us,
			.health_every_us = opt->health_every_us ? opt->health_every_us : -1,
			.health_timeout_us = opt->health_timeout_us },
		&f->plugins, &err);
	if (!CHECK_OK(rc, &err)) {
		fixture_free(f);
		return NULL;
	}
	nc_plugins_set_hooks(f->plugins, &(nc_plugin_hooks){ .user = f,
						 .report = on_report,
						 .report_overflow = on_overflow,
						 .secret_open = on_secret,
						 .kv_put = on_put,
						 .kv_get = on_get,
						 .kv_del = on_del,
						 .event = on_event,
						 .host_lost = on_lost,
						 .host_back = on_back,
						 .target_stuck = on_stuck,
						 .health = on_health });
	CHECK_OK(nc_plugins_scan(f->plugins, &err), &err);
	return f;
}

void fixture_free(fixture *f)
{
	if (!f)
		return;
	nc_plugins_free(f->plugins);
	nc_free(f->state_dir);
	pthread_cond_destroy(&f->changed);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

nc_pinst *fixture_open(fixture *f, const char *plugin, const char *config)
{
	nc_error err = NC_ERROR_INIT;
	nc_pinst *inst = NULL;
	nc_code rc = nc_pinst_open(f->plugins,
		&(nc_pinst_spec){ .plugin = plugin, .name = "one", .config = nc_str(config) },
		&inst, &err);
	CHECK_OK(rc, &err);
	return inst;
}

static void deadline_in(struct timespec *ts, int64_t ms)
{
	clock_gettime(CLOCK_REALTIME, ts);
	ts->tv_sec += ms / 1000;
	ts->tv_nsec += ms % 1000 * 1000000;
	ts->tv_sec += ts->tv_nsec / 1000000000;
	ts->tv_nsec %= 1000000000;
}

int fixture_wait_for(fixture *f, const unsigned *counter, unsigned n, int64_t ms)
{
	struct timespec until;
	int rc = 0;
	deadline_in(&until, ms);
	pthread_mutex_lock(&f->lock);
	while (*counter < n && rc == 0)
		rc = pthread_cond_timedwait(&f->changed, &f->lock, &until);
	int is_there = *counter >= n;
	pthread_mutex_unlock(&f->lock);
	return is_there;
}

int fixture_wait(fixture *f, const unsigned *counter, unsigned n)
{
	return fixture_wait_for(f, counter, n, WAIT_MS);
}

int fixture_wait_event(fixture *f, const char *type)
{
	int64_t until = nc_clock_mono_us() + WAIT_MS * 1000;
	while (!fixture_event_is(f, type)) {
		if (nc_clock_mono_us() > until)
			return 0;
		nc_clock_sleep_us(1000);
	}
	return 1;
}

int fixture_wait_worst(fixture *f, nc_health_state want, char *ret_why, size_t cap)
{
	int64_t until = nc_clock_mono_us() + WAIT_MS * 1000;
	for (;;) {
		pthread_mutex_lock(&f->lock);
		int is_it = f->worst == want;
		snprintf(ret_why, cap, "%s", f->worst_why);
		pthread_mutex_unlock(&f->lock);
		if (is_it || nc_clock_mono_us() > until)
			return is_it;
		nc_clock_sleep_us(1000);
	}
}

int fixture_event_is(fixture *f, const char *type)
{
	pthread_mutex_lock(&f->lock);
	int is_it = strcmp(f->last_event_type, type) == 0;
	pthread_mutex_unlock(&f->lock);
	return is_it;
}

static json_t *status(fixture *f, const char *plugin)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_error err = NC_ERROR_INIT;
	nc_buf_init(&b, 1 << 20);
	CHECK_OK(nc_plugins_render(f->plugins, plugin, &b, &err), &err);
	json_t *doc = json_loadb(b.ptr, b.len, 0, NULL);
	CHECK(doc != NULL);
	return doc;
}

int64_t fixture_strikes(fixture *f, const char *plugin, const char *rule)
{
	json_t *doc = status(f, plugin);
	int64_t n = json_integer_value(json_object_get(json_object_get(doc, "strikes"), rule));
	json_decref(doc);
	return n;
}

int fixture_wait_strikes(fixture *f, const char *plugin, const char *rule, int64_t n)
{
	int64_t until = nc_clock_mono_us() + WAIT_MS * 1000;
	while (fixture_strikes(f, plugin, rule) < n) {
		if (nc_clock_mono_us() > until)
			return 0;
		nc_clock_sleep_us(2000);
	}
	return 1;
}

void fixture_status(fixture *f, const char *plugin, const char *member, char *out, size_t cap)
{
	json_t *doc = status(f, plugin);
	char *text = json_dumps(json_object_get(doc, member), JSON_COMPACT | JSON_ENCODE_ANY);
	snprintf(out, cap, "%s", text ? text : "");
	free(text);
	json_decref(doc);
}

/* ---- calls ---- */

void waited_init(waited *w)
{
	memset(w, 0, sizeof(*w));
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	nc_buf_init(&w->result, 32 << 20);
	nc_buf_init(&w->objects, 32 << 20);
}

void waited_done(waited *w)
{
	nc_buf_done(&w->result);
	nc_buf_done(&w->objects);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
}

static void on_accepted(void *user)
{
	waited *w = user;
	pthread_mutex_lock(&w->lock);
	w->n_accepted++;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

static void on_progress(void *user, uint32_t permille, const char *phase)
{
	waited *w = user;
	pthread_mutex_lock(&w->lock);
	size_t n = strlen(w->progress);
	snprintf(w->progress + n, sizeof(w->progress) - n, "%s:%u ", phase, permille);
	w->n_progress++;
	pthread_mutex_unlock(&w->lock);
}

static void on_checkpoint(void *user, nc_call call, uint64_t ticket, nc_bytes token)
{
	waited *w = user;
	pthread_mutex_lock(&w->lock);
	snprintf(w->token, sizeof(w->token), "%.*s", (int)token.len, (const char *)token.ptr);
	w->ticket = ticket;
	w->call = call;
	int holds = w->holds_checkpoint;
	nc_code code = w->checkpoint_code;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
	if (!holds)
		nc_call_checkpoint_done(call, ticket, code);
}

static nc_code on_object(void *user, nc_bytes json)
{
	waited *w = user;
	pthread_mutex_lock(&w->lock);
	w->n_objects++;
	nc_buf_put(&w->objects, json.ptr, json.len);
	pthread_mutex_unlock(&w->lock);
	return NC_OK;
}

static void on_done(void *user, const nc_call_end *end)
{
	waited *w = user;
	pthread_mutex_lock(&w->lock);
	w->n_done++;
	w->code = end->code;
	w->outcome = end->outcome;
	w->recover_state = end->recover_state;
	w->was_sent = end->was_sent;
	nc_err_copy(&w->err, end->error);
	nc_buf_reset(&w->result);
	nc_buf_put(&w->result, end->result.ptr, end->result.len);
	w->is_done = 1;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

nc_call_spec waited_spec(waited *w, const char *verb, const char *target, const char *request)
{
	return (nc_call_spec){ .verb = verb,
		.target = nc_str(target),
		.request = nc_str(request),
		.key = "op_1.step.0",
		.accepted = on_accepted,
		.progress = on_progress,
		.checkpoint = on_checkpoint,
		.object = on_object,
		.done = on_done,
		.user = w };
}

void waited_start(waited *w, nc_pinst *inst, const char *verb, const char *target,
	const char *request, int64_t deadline_ms)
{
	nc_error err = NC_ERROR_INIT;
	nc_call_spec spec = waited_spec(w, verb, target, request);
	if (deadline_ms)
		spec.deadline_us = nc_clock_mono_us() + deadline_ms * 1000;
	nc_call call = { 0 };
	CHECK_OK(nc_pinst_call(inst, &spec, &call, &err), &err);
	pthread_mutex_lock(&w->lock);
	w->call = call;
	pthread_mutex_unlock(&w->lock);
}

int waited_wait(waited *w)
{
	struct timespec until;
	int rc = 0;
	deadline_in(&until, WAIT_MS);
	pthread_mutex_lock(&w->lock);
	while (!w->is_done && rc == 0)
		rc = pthread_cond_timedwait(&w->changed, &w->lock, &until);
	int is_done = w->is_done;
	pthread_mutex_unlock(&w->lock);
	return CHECK(is_done);
}

void waited_run(waited *w, nc_pinst *inst, const char *verb, const char *target,
	const char *request, nc_code want)
{
	w->is_done = 0;
	waited_start(w, inst, verb, target, request, 15000);
	waited_wait(w);
	if (w->code != want)
		CHECK_STR(w->err.message, "");
	CHECK_CODE(w->code, want);
}
