/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_EVENT_EVENT_H
#define NC_EVENT_EVENT_H

/*
 * The log's readers. An event is written in the transaction of the change it tells of (a lane
 * entry) and reaches subscribers after it is durable: live from a ring in memory, older ones from
 * the store. Cursors are opaque "<log_id>.<seq>.<n>"; a foreign or trimmed one gets a gap.
 */

#include <stdint.h>

#include "base/buf.h"
#include "base/id.h"
#include "novacron/abi.h"
#include "store/db.h"

typedef struct nc_events nc_events;

typedef struct nc_event {
	int64_t ts_ms;
	const char *type;    /* "vm.started" */
	const char *topic;   /* the kind: "vm" */
	const char *key;     /* object id */
	const char *name;    /* object name, so that deleted ones stay readable */
	const char *project; /* NULL = global */
	const char *actor;
	const char *op_id, *decision_id; /* or NULL */
	uint64_t object_revision;
	nc_bytes data; /* JSON object or empty */
} nc_event;

/* Put an event into a transaction (lane NC_LANE_EVENT, compact binary). One that is too large, or
 * has no type or topic, fails the transaction. */
void nc_event_add(nc_txn *t, const nc_event *e);
/* Strings are borrowed from `entry`. */
nc_code nc_event_decode(nc_bytes entry, nc_event *ret, nc_error *err);
void nc_event_render(const nc_event *e, const char *log_id, uint64_t seq, uint32_t n, nc_buf *json);

nc_code nc_events_new(nc_db *db, uint32_t ring_events, nc_events **ret, nc_error *err);
void nc_events_free(nc_events *ev); /* no subscriber is left, no batch comes any more */
/* From the db's published hook. Sequencer thread; costs it a copy of each event, however many
 * subscribers there are: a thread of our own wakes them. */
void nc_events_publish(nc_events *ev, const nc_db_batch *b);

/*
 * A subscriber is a cursor and a wake-up, not a queue: it is told once that there may be something
 * and pulls what it can take, so a slow one costs nothing. One thread at a time; wake comes on a
 * thread of event/, must be quick and must not call back into event/. After nc_sub_free it does
 * not come any more.
 */
typedef struct nc_sub nc_sub;
typedef struct nc_sub_options {
	const char *after;         /* cursor; NULL = from now on */
	const char *const *topics; /* exact topics or "vm.*" types; none = all */
	uint32_t n_topics;
	const char *project; /* NULL = all */
	void (*wake)(void *arg);
	void *arg;
} nc_sub_options;
/* NC_E_INVAL: the cursor is not one of ours at all. */
nc_code nc_sub_new(nc_events *ev, const nc_sub_options *o, nc_sub **ret, nc_error *err);
void nc_sub_free(nc_sub *s);
typedef enum { NC_PULL_EVENTS, NC_PULL_IDLE, NC_PULL_GAP, NC_PULL_NEEDS_STORE } nc_pull;
typedef void (*nc_sub_fn)(void *arg, const nc_event *e, uint64_t seq, uint32_t n, nc_bytes entry);
/*
 * Looks at up to max events and hands those that are wanted to fn; never blocks.
 *   EVENTS       it moved on, perhaps past nothing but unwanted ones: pull again
 *   IDLE         nothing now, wake comes
 *   GAP          events are lost to it; *ret_oldest is the oldest seq there is: pull again
 *   NEEDS_STORE  older than the ring: call nc_sub_catch_up on a worker
 */
nc_pull nc_sub_pull(nc_sub *s, uint32_t max, nc_sub_fn fn, void *arg, uint64_t *ret_oldest);
/* Blocking, workers only: the same, from the store where need be. NEEDS_STORE: the store failed,
 * err says how; nothing was handed out. */
nc_pull nc_sub_catch_up(
	nc_sub *s, uint32_t max, nc_sub_fn fn, void *arg, uint64_t *ret_oldest, nc_error *err);
/* Where it stands: what a client may come back with. */
void nc_sub_cursor(const nc_sub *s, char out[64]);

void nc_cursor_format(const char *log_id, uint64_t seq, uint32_t n, char out[64]);
int nc_cursor_parse(
	const char *s, char log_id[NC_ULID_LEN + 1], uint64_t *ret_seq, uint32_t *ret_n);

#endif
