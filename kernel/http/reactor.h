/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_HTTP_REACTOR_H
#define NC_HTTP_REACTOR_H

#include <stdatomic.h>

#include "base/buf.h"
#include "base/queue.h"
#include "http/http.h"
#include "http/timer.h"

typedef struct nc_http_conn nc_http_conn;
typedef struct nc_http_listener nc_http_listener;

/* What epoll reports to. First member of what it stands for. */
typedef struct nc_http_source {
	void (*on_event)(struct nc_http_source *s, uint32_t events);
} nc_http_source;

/*
 * A place for a connection. Its number and generation name the connection in tokens; it is never
 * freed while the server lives, so that any thread may look whether a token is still worth using.
 */
typedef struct nc_http_slot {
	nc_http_conn *conn; /* reactor only, as are the next two */
	uint32_t generation;
	uint32_t next_free;
	/* generation << 32 | stream of the deferred request, 0 for none. Written by the reactor,
	 * read as a hint by anyone; relaxed, because nothing is reached through it. */
	_Atomic uint64_t live;
	/* A `live` value whose answer was lost for want of memory. Stored by any thread before
	 * has_doomed is (release), read by the reactor after it (acquire). */
	_Atomic uint64_t doomed;
} nc_http_slot;

typedef struct nc_http_reactor {
	nc_http_server *server;
	unsigned index;
	uint64_t thread;
	int epoll_fd;
	int spare_fd; /* given up for a moment when descriptors run out */

	/* Tasks from other threads, and from this one (which needs no waking). */
	nc_mpsc inbox;
	nc_http_source inbox_source;
	nc_qnode *local_first, *local_last;
	_Atomic int has_doomed;

	nc_http_listener *listeners;
	size_t listener_count;

	nc_http_slot *slots;
	uint32_t slot_max, slots_used, free_slot; /* free_slot: index + 1, 0 = none */
	nc_list conns, ready, dead;
	unsigned conn_count;
	nc_list pool;    /* of requests */
	unsigned pooled; /* at most NC_POOL_MAX */

	nc_http_wheel wheel;
	int64_t now_us; /* of this turn */
	int64_t date_s;
	char date[32];              /* of now_us: "Sun, 06 Nov 1994 08:49:37 GMT" */
	nc_buf head_buf, fault_buf; /* scratch: the head of the answer, the body of a fault */

	nc_http_task pause_task, drain_task, cut_task, stop_task;
	uint8_t is_draining, has_drained, is_stopping;
} nc_http_reactor;

enum { NC_POOL_MAX = 64 };

nc_code nc_http_reactor_init(nc_http_reactor *r, nc_http_server *s, unsigned index, nc_error *err);
void nc_http_reactor_done(nc_http_reactor *r); /* its thread has ended, or never began */
/* Nobody watches them any more. Closes those that are this reactor's own. */
void nc_http_reactor_close_listeners(nc_http_reactor *r);
/* The thread: hooks, loop, and the end of every connection when the stop task comes. */
void nc_http_reactor_loop(nc_http_reactor *r);
/* Any thread. Runs in order of arrival from each thread; never within the call itself. */
void nc_http_reactor_post(nc_http_reactor *r, nc_http_task *task);
/* Run what is still queued; the thread has ended. */
void nc_http_reactor_run_left(nc_http_reactor *r);

int nc_http_reactor_watch(nc_http_reactor *r, int fd, uint32_t events, nc_http_source *s);
int nc_http_reactor_rewatch(nc_http_reactor *r, int fd, uint32_t events, nc_http_source *s);

/* A slot for c: sets c->slot and c->generation. 0, or -1 when all are taken. */
int nc_http_slot_take(nc_http_reactor *r, nc_http_conn *c);
void nc_http_slot_put(nc_http_reactor *r, nc_http_conn *c);
/* What tokens name: that request of its connection; 0 = nothing any more. */
void nc_http_slot_set_live(const nc_http_conn *c, uint32_t stream);
nc_http_conn *nc_http_reactor_conn(nc_http_reactor *r, nc_http_token t);
nc_http_req *nc_http_reactor_find(nc_http_reactor *r, nc_http_token t);
/* Any thread, without memory: the token's request gets 503, or breaks off if already streaming. */
void nc_http_reactor_doom(nc_http_reactor *r, nc_http_token t);
void nc_http_reactor_answer_doomed(nc_http_reactor *r); /* reactor thread */
const char *nc_http_reactor_date(nc_http_reactor *r);

#endif
