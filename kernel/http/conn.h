/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_HTTP_CONN_H
#define NC_HTTP_CONN_H

#include "http/codec.h"
#include "http/h1.h"
#include "http/out.h"
#include "http/reactor.h"
#include "http/timer.h"
#include "http/transport.h"
#include "http/ws.h"

/*
 * One accepted connection: socket, send queue, deadline, and the state of its codec. Owned by one
 * reactor from adoption to the end of the turn in which it is closed; idle it is all there is.
 */
struct nc_http_conn {
	nc_http_source source;
	nc_http_task adopt; /* carries it to its reactor */
	nc_http_reactor *reactor;
	const nc_http_codec *codec;
	nc_list link;  /* among the reactor's live, later its dead */
	nc_list ready; /* in the reactor's list of those to run */
	nc_http_wire wire;
	uint32_t slot, generation;
	nc_http_timer deadline;
	nc_http_out out;
	nc_http_peer peer;
	uint8_t can_read;   /* edge-triggered: there may be something to read */
	uint8_t is_blocked; /* the transport took no more; EPOLLOUT is asked for */
	uint8_t has_out;    /* EPOLLOUT is among the events */
	uint8_t is_open;    /* hands were shaken: the codec has it */
	uint8_t has_rdhup;  /* the peer has ended its side, or all */
	uint8_t has_hup;    /* the peer is gone */
	uint8_t is_running; /* the codec has the word */
	uint8_t is_dead;    /* closed; memory goes after the batch */
	uint8_t is_broken;  /* to be closed at the next run, for `why` */
	nc_http_end why;
	nc_h1 h1;
	nc_ws *ws; /* NULL: it is none, nor about to be one */
};

/* Names its WebSocket; there is one. */
nc_http_token nc_ws_token(const nc_http_conn *c);
/* Takes fd. tls: NULL = plain. NULL = no memory; fd is closed. */
nc_http_conn *nc_http_conn_new(int fd, nc_http_tls *tls, const nc_http_peer *peer);
void nc_http_conn_free(nc_http_conn *c); /* closes the fd; no longer known to any reactor */
/* On the reactor's thread: register and go. On failure the connection is gone. */
void nc_http_conn_adopt(nc_http_conn *c, nc_http_reactor *r);
/* Close now: requests end, the fd closes, memory follows after the batch. Not from a handler. */
void nc_http_conn_close(nc_http_conn *c, nc_http_end why);
/* From anywhere on the reactor: close at the next run, which is scheduled. */
void nc_http_conn_break(nc_http_conn *c, nc_http_end why);
/* Run the codec later in this turn, unless it is running now. */
void nc_http_conn_schedule(nc_http_conn *c);
/* Run the codec again after others have had their turn. */
void nc_http_conn_yield(nc_http_conn *c);
void nc_http_conn_run(nc_http_conn *c);
/* Finish what was begun, take nothing new. */
void nc_http_conn_drain(nc_http_conn *c);

/*
 * Send head and body, either of which may be empty: at once as far as the transport takes it and
 * nothing is queued before; the rest is copied, or kept by reference when blob says where the body
 * lies. Takes the reference. A failure breaks the connection.
 */
void nc_http_conn_send(nc_http_conn *c, nc_bytes head, nc_bytes body, nc_blob *blob);
/*
 * Read once, if there may be something: bytes, 0 at the end of the peer's side, NC_IO_AGAIN (then
 * can_read has fallen), NC_IO_ERROR.
 */
ssize_t nc_http_conn_read(nc_http_conn *c, void *p, size_t n);
/* Something was queued, or could not be for want of memory. It leaves at the next run; who lets more
 * than high_water lie in memory is ended. */
void nc_http_conn_queued(nc_http_conn *c, nc_code code, uint64_t high_water);
/* Flush the queue and ask for EPOLLOUT when it doesn't empty. */
nc_http_out_state nc_http_conn_flush(nc_http_conn *c);

#endif
