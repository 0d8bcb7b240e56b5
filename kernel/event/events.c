/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Live fan-out. The sequencer writes each event of a batch into a ring, in order, and tells those
 * subscribers that were asleep; a subscriber pulls from the ring at its own pace by cursor. Nobody
 * is waited for and nothing is queued per subscriber: who falls off the ring's end catches up from
 * the store, and who falls off the store's end is told of the gap.
 *
 * `ring_lock` guards the ring and the list of subscribers. Holding it, the sequencer calls wake
 * functions, which therefore may only flag and signal. A puller copies entries out under it, at
 * most PULL_MAX a time, and decodes after.
 */
#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/queue.h"
#include "event/event.h"

#define PULL_MAX 64

typedef struct entry { /* shared between the ring and pullers by count */
	uint64_t seq;
	uint32_t n, refs;
	size_t len;
	char bytes[];
} entry;

struct nc_events {
	nc_db *db;
	pthread_mutex_t ring_lock;
	entry **ring;
	uint32_t cap;
	uint64_t written;   /* in all; ring[(written - 1) % cap] is the newest */
	uint64_t start_seq; /* what was published before this ring began */
	nc_list subs;
};

struct nc_sub {
	nc_events *ev;
	nc_list link;
	uint64_t seq; /* position: the last one seen, or passed over */
	uint32_t n;
	int is_asleep;  /* pulled and found nothing: owed a wake */
	int is_foreign; /* its cursor is of another log: a gap comes first */
	char **topics;
	uint32_t n_topics;
	char *project;
	void (*wake)(void *arg);
	void *arg;
};

static nc_metric gaps = { .name = "novacron_event_gaps_total",
	.help = "Times a subscriber was told that events are lost to it.",
	.type = NC_METRIC_COUNTER };

/* ---- the ring; ring_lock held ---- */

static void entry_unref(entry *e)
{
	if (__atomic_sub_fetch(&e->refs, 1, __ATOMIC_ACQ_REL) == 0)
		nc_free(e);
}

static uint64_t oldest_index(const nc_events *ev)
{
	return ev->written > ev->cap ? ev->written - ev->cap : 0;
}

static int is_after(const entry *e, uint64_t seq, uint32_t n)
{
	return e->seq > seq || (e->seq == seq && e->n > n);
}

/* Index of the first entry after (seq, n); ev->written if there is none. */
static uint64_t ring_find(const nc_events *ev, uint64_t seq, uint32_t n)
{
	uint64_t lo = oldest_index(ev), hi = ev->written;

	while (lo < hi) {
		uint64_t mid = lo + (hi - lo) / 2;
		if (is_after(ev->ring[mid % ev->cap], seq, n))
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* Whether everything after `seq` is in the ring. */
static int ring_covers(const nc_events *ev, uint64_t seq)
{
	if (ev->written > ev->cap)
		return ev->ring[oldest_index(ev) % ev->cap]->seq <= seq;
	return seq >= ev->start_seq;
}

/* An event that can't be kept leaves no hole: the ring starts anew behind it. */
static void ring_restart(nc_events *ev, uint64_t seq)
{
	for (uint64_t i = oldest_index(ev); i < ev->written; i++)
		entry_unref(ev->ring[i % ev->cap]);
	ev->written = 0;
	ev->start_seq = seq;
	nc_log(L_WARN, "event.ring.restarted", F_U64("seq", seq),
		F_STR("consequence", "subscribers catch up from the store"));
}

static nc_code ring_add(void *ctx, uint64_t seq, uint32_t n, nc_bytes bytes)
{
	nc_events *ev = ctx;
	entry *e = nc_malloc(sizeof(*e) + bytes.len);

	if (!e) {
		ring_restart(ev, seq);
		return NC_OK;
	}
	*e = (entry){ .seq = seq, .n = n, .refs = 1, .len = bytes.len };
	memcpy(e->bytes, bytes.ptr, bytes.len);
	entry **slot = &ev->ring[ev->written % ev->cap];
	if (ev->written >= ev->cap)
		entry_unref(*slot);
	*slot = e;
	ev->written++;
	return NC_OK;
}

void nc_events_publish(nc_events *ev, const nc_db_batch *b)
{
	pthread_mutex_lock(&ev->ring_lock);
	uint64_t before = ev->written;
	nc_db_batch_entries(b, NC_LANE_EVENT, ring_add, ev);
	if (ev->written != before)
		NC_LIST_EACH (l, &ev->subs) {
			nc_sub *s = NC_LIST_ENTRY(l, nc_sub, link);
			if (!s->is_asleep)
				continue;
			s->is_asleep = 0;
			s->wake(s->arg);
		}
	pthread_mutex_unlock(&ev->ring_lock);
}

/* ---- life ---- */

nc_code nc_events_new(nc_db *db, uint32_t ring_events, nc_events **ret, nc_error *err)
{
	_cleanup_(nc_freep) nc_events *ev = nc_calloc(1, sizeof(*ev));

	if (!ev)
		return nc_err_nomem(err);
	ev->db = db;
	ev->cap = NC_MAX(ring_events, 16u);
	ev->start_seq = nc_db_seq(db);
	ev->ring = nc_calloc(ev->cap, sizeof(entry *));
	if (!ev->ring)
		return nc_err_nomem(err);
	nc_list_init(&ev->subs);
	pthread_mutex_init(&ev->ring_lock, NULL);
	nc_metric_register(&gaps);
	*ret = nc_steal(&ev);
	return NC_OK;
}

void nc_events_free(nc_events *ev)
{
	if (!ev)
		return;
	nc_assert(nc_list_is_empty(&ev->subs));
	for (uint64_t i = oldest_index(ev); i < ev->written; i++)
		entry_unref(ev->ring[i % ev->cap]);
	pthread_mutex_destroy(&ev->ring_lock);
	nc_free(ev->ring);
	nc_free(ev);
}

/* ---- subscribers ---- */

static void sub_destroy(nc_sub *s)
{
	for (uint32_t i = 0; s->topics && i < s->n_topics; i++)
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
	s->topics = nc_calloc(o->n_topics, sizeof(char *));
	if (!s->topics)
		return NC_E_NOMEM;
	for (; s->n_topics < o->n_topics; s->n_topics++)
		if (!(s->topics[s->n_topics] = nc_strdup(o->topics[s->n_topics])))
			return NC_E_NOMEM;
	return NC_OK;
}

static nc_code set_position(nc_sub *s, const char *after, nc_error *err)
{
	char log_id[NC_ULID_LEN + 1];

	if (!after) {
		s->seq = nc_db_seq(s->ev->db);
		s->n = UINT32_MAX;
		return NC_OK;
	}
	if (nc_cursor_parse(after, log_id, &s->seq, &s->n) < 0) {
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
	if (copy_filter(s, o) != NC_OK)
		return nc_err_nomem(err);
	nc_code rc = set_position(s, o->after, err);
	if (rc != NC_OK)
		return rc;
	pthread_mutex_lock(&ev->ring_lock);
	nc_list_add_tail(&ev->subs, &s->link);
	pthread_mutex_unlock(&ev->ring_lock);
	*ret = nc_steal(&s);
	return NC_OK;
}

void nc_sub_free(nc_sub *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->ev->ring_lock);
	nc_list_del(&s->link);
	pthread_mutex_unlock(&s->ev->ring_lock);
	sub_destroy(s);
}

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
	uint32_t delivered, max;
} delivery;

/* Move past the entry, and hand it out if it is wanted. */
static void deliver(delivery *d, uint64_t seq, uint32_t n, nc_bytes bytes)
{
	nc_event e;
	nc_error err = NC_ERROR_INIT;

	d->sub->seq = seq;
	d->sub->n = n;
	if (nc_event_decode(bytes, &e, &err) != NC_OK) {
		nc_log(L_ERROR, "event.damaged", F_U64("seq", seq), F_ERR(&err),
			F_STR("consequence", "leaving it out"));
		return;
	}
	if (!wants(d->sub, &e))
		return;
	d->fn(d->arg, &e, seq, n, bytes);
	d->delivered++;
}

/* A gap is told once, and the position set to what is there. */
static nc_pull tell_gap(nc_sub *s, uint64_t *ret_oldest)
{
	uint64_t oldest = nc_db_lane_oldest(s->ev->db, NC_LANE_EVENT);

	s->is_foreign = 0;
	s->seq = oldest ? oldest - 1 : 0;
	s->n = UINT32_MAX;
	*ret_oldest = oldest;
	nc_metric_add(&gaps, 1);
	return NC_PULL_GAP;
}

nc_pull nc_sub_pull(nc_sub *s, uint32_t max, nc_sub_fn fn, void *arg, uint64_t *ret_oldest)
{
	nc_events *ev = s->ev;
	entry *batch[PULL_MAX];
	uint32_t n = 0;
	delivery d = { .sub = s, .fn = fn, .arg = arg, .max = max };

	if (s->is_foreign)
		return tell_gap(s, ret_oldest);
	pthread_mutex_lock(&ev->ring_lock);
	int is_covered = ring_covers(ev, s->seq);
	if (is_covered) {
		uint64_t i = ring_find(ev, s->seq, s->n);
		for (; i < ev->written && n < NC_MIN(max, (uint32_t)PULL_MAX); i++, n++) {
			batch[n] = ev->ring[i % ev->cap];
			__atomic_add_fetch(&batch[n]->refs, 1, __ATOMIC_RELAXED);
		}
		s->is_asleep = n == 0;
	}
	pthread_mutex_unlock(&ev->ring_lock);
	if (!is_covered)
		return NC_PULL_NEEDS_STORE;
	for (uint32_t i = 0; i < n; i++) {
		deliver(&d, batch[i]->seq, batch[i]->n,
			(nc_bytes){ batch[i]->bytes, batch[i]->len });
		entry_unref(batch[i]);
	}
	return n ? NC_PULL_EVENTS : NC_PULL_IDLE;
}

static nc_code on_stored(void *ctx, uint64_t seq, uint32_t n, nc_bytes bytes)
{
	deliver(ctx, seq, n, bytes);
	return NC_OK;
}

nc_pull nc_sub_catch_up(
	nc_sub *s, uint32_t max, nc_sub_fn fn, void *arg, uint64_t *ret_oldest, nc_error *err)
{
	nc_db *db = s->ev->db;
	delivery d = { .sub = s, .fn = fn, .arg = arg, .max = max };
	uint64_t oldest = nc_db_lane_oldest(db, NC_LANE_EVENT);

	if (s->is_foreign || (oldest && s->seq + 1 < oldest))
		return tell_gap(s, ret_oldest);
	uint64_t seq = s->seq, published = nc_db_seq(db);
	uint32_t n = s->n;
	if (nc_db_read_lane(db, NC_LANE_EVENT, s->seq, s->n, max, on_stored, &d, err) != NC_OK)
		return NC_PULL_NEEDS_STORE;
	if (s->seq != seq || s->n != n)
		return NC_PULL_EVENTS;
	/* Nothing more: it has seen the log as far as it went when this began. */
	if (published > s->seq) {
		s->seq = published;
		s->n = UINT32_MAX;
	}
	return NC_PULL_IDLE;
}

void nc_sub_cursor(const nc_sub *s, char out[64])
{
	nc_cursor_format(nc_db_log_id(s->ev->db), s->seq, s->n, out);
}
