/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking a provider's driver and waiting for its answer. What it writes arrives on threads that must
 * not block; it is kept as the bytes that came and read by whoever asked, one at a time, so that an
 * answer about a hundred thousand guests never lies in memory as a whole. Blocking.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/queue.h"
#include "flow/internal.h"

#define QUERY_TIMEOUT_US 60000000

typedef struct word { /* one object of the answer */
	nc_list link;
	size_t len;
	char json[];
} word;

typedef struct answer {
	pthread_mutex_t lock;
	pthread_cond_t more;
	nc_list words; /* not read yet */
	int is_over;
	nc_code code;
	nc_error err;
} answer;

static nc_code on_object(void *user, nc_bytes json)
{
	answer *a = user;
	word *w = nc_malloc(sizeof(*w) + json.len);

	if (!w)
		return NC_E_NOMEM;
	w->len = json.len;
	memcpy(w->json, json.ptr, json.len);
	pthread_mutex_lock(&a->lock);
	nc_list_add_tail(&a->words, &w->link);
	pthread_cond_signal(&a->more);
	pthread_mutex_unlock(&a->lock);
	return NC_OK;
}

static void on_over(void *user, const nc_call_end *end)
{
	answer *a = user;

	pthread_mutex_lock(&a->lock);
	a->code = end->code;
	nc_err_copy(&a->err, end->error);
	a->is_over = 1;
	pthread_cond_signal(&a->more);
	pthread_mutex_unlock(&a->lock);
}

/* NULL = it is over, and all was read. */
static word *next_word(answer *a)
{
	word *w = NULL;

	pthread_mutex_lock(&a->lock);
	while (nc_list_is_empty(&a->words) && !a->is_over)
		pthread_cond_wait(&a->more, &a->lock);
	if (!nc_list_is_empty(&a->words)) {
		w = NC_LIST_ENTRY(a->words.next, word, link);
		nc_list_del(&w->link);
	}
	pthread_mutex_unlock(&a->lock);
	return w;
}

static nc_code read_word(const word *w, nc_answer_fn fn, void *ctx, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *j = NULL;
	nc_code rc = nc_json_parse((nc_bytes){ w->json, w->len }, NC_SINK_MAX, &j, err);

	if (rc == NC_E_INVAL)
		return nc_err_wrap(err, NC_E_PROTO, "the driver's answer");
	return rc == NC_OK ? fn(ctx, j, err) : rc;
}

/* To the end, also after a word that could not be read: the call's memory is on this stack. */
static nc_code read_answer(answer *a, nc_answer_fn fn, void *ctx, nc_error *err)
{
	nc_code rc = NC_OK;

	for (word *w; (w = next_word(a)); nc_free(w))
		if (rc == NC_OK)
			rc = read_word(w, fn, ctx, err);
	if (a->code == NC_OK)
		return rc;
	nc_err_copy(err, &a->err);
	return a->code;
}

nc_code nc_flow_ask_each(nc_flow *f, const char *provider, const char *verb, nc_answer_fn fn,
	void *ctx, nc_error *err)
{
	_cleanup_(nc_pinst_unrefp) nc_pinst *inst = NULL;
	answer a = { .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER };
	nc_call_spec spec = { .verb = verb,
		.request = nc_str("{}"),
		.deadline_us = nc_clock_mono_us() + QUERY_TIMEOUT_US,
		.object = on_object,
		.done = on_over,
		.user = &a };
	nc_code rc = nc_providers_get(f->providers, provider, &inst, err);

	if (rc != NC_OK)
		return rc;
	nc_list_init(&a.words);
	rc = nc_pinst_call(inst, &spec, NULL, err);
	return rc == NC_OK ? read_answer(&a, fn, ctx, err) : rc;
}

static nc_code append(void *ctx, json_t *object, nc_error *err)
{
	return json_array_append(ctx, object) ? nc_err_nomem(err) : NC_OK;
}

nc_code nc_flow_ask(nc_flow *f, const char *provider, const char *verb, json_t **ret, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *list = json_array();

	if (!list)
		return nc_err_nomem(err);
	nc_code rc = nc_flow_ask_each(f, provider, verb, append, list, err);
	if (rc == NC_OK)
		*ret = nc_steal(&list);
	return rc;
}
