/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A subscriber: a place in the log that moves on as its owner pulls. From the ring while that
 * reaches back far enough, else from the store, and where that does not either, by a gap that is
 * told. Its place is its owner's alone; only the link of the sleepers' list is shared.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "base/metric.h"
#include "event/internal.h"

static nc_metric gaps = { .name = "novacron_event_gaps_total",
	.help = "Times a subscriber was told that events are lost to it.",
	.type = NC_METRIC_COUNTER };

/* ---- life ---- */

static void sub_destroy(nc_sub *s)
{
	for (uint32_t i = 0; i < s->n_topics; i++)
		nc_free(s->topics[i]);
	nc_free(s->topics);
	nc_free(s->project);
	nc_free(s);
}
NC_DEFINE_CLEANUP(nc_sub *, sub_destroy);

static nc_code copy_filter(nc_sub *s, const nc_sub_options *o)
{
	if (o->project && !(s->project = nc_strdup(o->project)))
		return NC_E_NOMEM;
	s->topics = nc_calloc(NC_MAX(o->n_topics, 1u), sizeof(char *));
	if (!s->topics)
		return NC_E_NOMEM;
	for (; s->n_topics < o->n_topics; s->n_topics++)
		if (!(s->topics[s->n_topics] = nc_strdup(o->topics[s->n_topics])))
			return NC_E_NOMEM;
	return NC_OK;
}

static nc_code set_place(nc_sub *s, const char *after, nc_error *err)
{
	char log_id[NC_ULID_LEN + 1];

	if (!after) {
		s->at = (nc_place){ nc_db_seq(s->ev->db), UINT32_MAX };
		return NC_OK;
	}
	if (nc_cursor_parse(after, log_id, &s->at.seq, &s->at.n) < 0) {
		nc_err(err, NC_E_INVAL, "\"%.64s\" is not a cursor", after);
		return nc_err_hint(err, NC_E_INVAL, "use the cursor of an event you have received");
	}
	s->is_foreign = strcmp(log_id, nc_db_log_id(s->ev->db)) != 0;
	return NC_OK;
}

nc_code nc_sub_new(nc_events *ev, const nc_sub_options *o, nc_sub **ret, nc_error *err)
{
	_cleanup_(sub_destroyp) nc_sub *s = nc_calloc(1, sizeof(*s));

	if (!s)
		return nc_err_nomem(err);
	s->ev = ev;
	s->wake = o->wake;
	s->arg = o->arg;
	nc_list_init(&s->link);
	nc_metric_register(&gaps);
	if (copy_filter(s, o) != NC_OK)
		return nc_err_nomem(err);
	nc_code rc = set_place(s, o->after, err);
	if (rc != NC_OK)
		return rc;
	pthread_mutex_lock(&ev->subs_lock);
	ev->n_subs++;
	pthread_mutex_unlock(&ev->subs_lock);
	*ret = nc_steal(&s);
	return NC_OK;
}

static void set_asleep(nc_sub *s, int is_asleep)
{
	pthread_mutex_lock(&s->ev->subs_lock);
	nc_list_del(&s->link);
	if (is_asleep)
		nc_list_add_tail(&s->ev->asleep, &s->link);
	pthread_mutex_unlock(&s->ev->subs_lock);
}

void nc_sub_free(nc_sub *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->ev->subs_lock);
	nc_list_del(&s->link);
	s->ev->n_subs--;
	pthread_mutex_unlock(&s->ev->subs_lock);
	sub_destroy(s);
}

void nc_sub_cursor(const nc_sub *s, char out[64])
{
	nc_cursor_format(nc_db_log_id(s->ev->db), s->at.seq, s->at.n, out);
}

/* ---- what is wanted ---- */

static int topic_matches(const char *want, const nc_event *e)
{
	size_t n = strlen(want);

	if (n >= 2 && !strcmp(want + n - 2, ".*"))
		return !strncmp(want, e->type, n - 1);
	return !strcmp(want, e->topic) || !strcmp(want, e->type);
}

static int wants(const nc_sub *s, const nc_event *e)
{
	if (s->project && (!e->project || strcmp(s->project, e->project)))
		return 0;
	if (!s->n_topics)
		return 1;
	for (uint32_t i = 0; i < s->n_topics; i++)
		if (topic_matches(s->topics[i], e))
			return 1;
	return 0;
}

typedef struct delivery {
	nc_sub *sub;
	nc_sub_fn fn;
	void *arg;
} delivery;

/* Move past the entry, and hand it out if it is wanted. */
static void deliver(const delivery *d, nc_place at, nc_bytes bytes)
{
	nc_event e;
	nc_error err = NC_ERROR_INIT;

	d->sub->at = at;
	if (nc_event_decode(bytes, &e, &err) != NC_OK) {
		nc_log(L_ERROR, "event.damaged", F_U64("seq", at.seq), F_ERR(&err),
			F_STR("consequence", "leaving it out"));
		return;
	}
	if (wants(d->sub, &e))
		d->fn(d->arg, &e, at.seq, at.n, bytes);
}

/* A gap is told once, and the place set to what is there. */
static nc_pull tell_gap(nc_sub *s, uint64_t oldest, uint64_t *ret_oldest)
{
	s->is_foreign = 0;
	s->at = (nc_place){ oldest ? oldest - 1 : 0, UINT32_MAX };
	*ret_oldest = oldest;
	nc_metric_add(&gaps, 1);
	return NC_PULL_GAP;
}

/* ---- from the ring ---- */

static nc_pull pull_ring(const delivery *d, uint32_t max)
{
	nc_ring *r = &d->sub->ev->ring;
	nc_ring_part part;

	if (!nc_ring_take(r, d->sub->at, max, &part))
		return NC_PULL_NEEDS_STORE;
	if (!part.n)
		return NC_PULL_IDLE;
	for (uint32_t i = 0; i < part.n; i++)
		deliver(d, part.entry[i]->at,
			(nc_bytes){ part.entry[i]->bytes, part.entry[i]->len });
	nc_ring_give_back(r, &part);
	return NC_PULL_EVENTS;
}

nc_pull nc_sub_pull(nc_sub *s, uint32_t max, nc_sub_fn fn, void *arg, uint64_t *ret_oldest)
{
	delivery d = { .sub = s, .fn = fn, .arg = arg };

	if (s->is_foreign)
		return tell_gap(s, nc_db_lane_oldest(s->ev->db, NC_LANE_EVENT), ret_oldest);
	nc_pull got = pull_ring(&d, max);
	if (got != NC_PULL_IDLE)
		return got;
	/* First among the sleepers, then a second look: what came between the two is seen here,
	 * what comes after wakes. */
	set_asleep(s, 1);
	got = pull_ring(&d, max);
	if (got != NC_PULL_IDLE)
		set_asleep(s, 0);
	return got;
}

/* ---- from the store ---- */

#define PAGE_MAX 128

typedef struct stored {
	nc_place at;
	size_t len;
	char bytes[];
} stored;

typedef struct page {
	stored *entry[PAGE_MAX];
	uint32_t n;
} page;

static void page_done(page *p)
{
	while (p->n)
		nc_free(p->entry[--p->n]);
}

static nc_code onto_page(void *ctx, uint64_t seq, uint32_t n, nc_bytes bytes)
{
	page *p = ctx;
	stored *e = nc_malloc(sizeof(*e) + bytes.len);

	if (!e)
		return NC_E_NOMEM;
	*e = (stored){ .at = { seq, n }, .len = bytes.len };
	memcpy(e->bytes, bytes.ptr, bytes.len);
	p->entry[p->n++] = e;
	return NC_OK;
}

/* Entries after the place may be gone. Of a record that was seen in part, nobody knows. */
static int is_trimmed(nc_place at, uint64_t oldest)
{
	int is_whole = at.n == UINT32_MAX || !at.seq;

	return is_whole ? at.seq + 1 < oldest : at.seq < oldest;
}

nc_pull nc_sub_catch_up(
	nc_sub *s, uint32_t max, nc_sub_fn fn, void *arg, uint64_t *ret_oldest, nc_error *err)
{
	nc_db *db = s->ev->db;
	delivery d = { .sub = s, .fn = fn, .arg = arg };
	_cleanup_(page_done) page p = { .n = 0 };
	uint64_t published = nc_db_seq(db);
	uint32_t want = NC_MIN(NC_MAX(max, 1u), (uint32_t)PAGE_MAX);

	if (s->is_foreign)
		return tell_gap(s, nc_db_lane_oldest(db, NC_LANE_EVENT), ret_oldest);
	nc_code rc =
		nc_db_read_lane(db, NC_LANE_EVENT, s->at.seq, s->at.n, want, onto_page, &p, err);
	if (rc != NC_OK) {
		if (rc == NC_E_NOMEM)
			nc_err_nomem(err);
		return NC_PULL_NEEDS_STORE;
	}
	/* After reading: what was trimmed meanwhile was passed over in silence. */
	uint64_t oldest = nc_db_lane_oldest(db, NC_LANE_EVENT);
	if (is_trimmed(s->at, oldest))
		return tell_gap(s, oldest, ret_oldest);
	for (uint32_t i = 0; i < p.n; i++)
		deliver(&d, p.entry[i]->at, (nc_bytes){ p.entry[i]->bytes, p.entry[i]->len });
	if (p.n)
		return NC_PULL_EVENTS;
	/* It has seen the log as far as it went when this began. */
	nc_place end = { published, UINT32_MAX };
	if (nc_place_is_after(end, s->at))
		s->at = end;
	nc_pull got = nc_sub_pull(s, max, fn, arg, ret_oldest);
	return got == NC_PULL_NEEDS_STORE ? NC_PULL_EVENTS : got; /* the ring was faster: again */
}
