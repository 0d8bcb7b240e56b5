/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_PLUGIN_WIRE_H
#define NC_PLUGIN_WIRE_H

#include "base/buf.h"
#include "novacron/abi.h"

/*
 * Frames between the daemon and nc-plugin-host, over socketpair(AF_UNIX, SOCK_SEQPACKET). Every
 * frame has the same members, so there is one encoder and one decoder; what a type doesn't use is
 * empty. A body past NC_WIRE_INLINE travels as a sealed memfd, a stream as its socket.
 */
#define NC_WIRE_VERSION   1u
#define NC_WIRE_FRAME_MAX (64u << 10)
#define NC_WIRE_INLINE    (60u << 10)
#define NC_WIRE_BODY_MAX  (17u << 20) /* NC_PACK_MAX and room */
#define NC_WIRE_FD        3           /* nc-plugin-host finds its socket here … */
#define NC_WIRE_CODE_FD   4           /* … and the plugin's sealed bytes here */

typedef enum nc_frame_type {
	/* daemon → host */
	NC_F_HELLO = 1, /* a = wire version; s1 = installation id; body = manifest */
	NC_F_OPEN,      /* inst; s1 = name; a = threads */
	NC_F_CALL,      /* inst, call; s1 = verb; s2 = target; s3 = key; a = deadline; body; fd */
	NC_F_STOP,      /* inst, call; a = reason */
	NC_F_FORFEIT,   /* inst, call */
	NC_F_CHECKPOINT_DONE, /* inst; a = ticket; code */
	NC_F_CLOSE,           /* inst; a = microseconds to wait */
	NC_F_ANSWER,          /* a = token of the ask; code, err; body */
	/* host → daemon */
	NC_F_READY = 64,  /* a = wire version; code, err */
	NC_F_OPENED,      /* inst; code, err */
	NC_F_RETURNED,    /* inst, call; code, err; a = recover state + 1; b = objects; body */
	NC_F_COMPLETED,   /* inst, call; a = outcome; code, err; body */
	NC_F_OBJECT,      /* inst, call; body */
	NC_F_PROGRESS,    /* inst, call; a = permille; s1 = phase */
	NC_F_CHECKPOINT,  /* inst, call; a = ticket; body */
	NC_F_LOG,         /* inst; a = level; s1 = event; body */
	NC_F_REPORT,      /* inst; a = obs_seq; s1 = target; body */
	NC_F_REPORT_LOST, /* inst */
	NC_F_METRIC,      /* inst; a = is a gauge; b = bits of the double; s1 = name; s2 = label */
	NC_F_STRIKE,      /* inst; a = rule; s1 = what */
	NC_F_CLOSED,      /* inst; code */
	NC_F_ASK,         /* inst; a = token; b = nc_ask; s1 = handle or key; body = value */
} nc_frame_type;

typedef enum nc_ask { NC_ASK_SECRET, NC_ASK_KV_PUT, NC_ASK_KV_GET, NC_ASK_KV_DEL } nc_ask;

typedef struct nc_frame {
	uint8_t type;
	uint32_t inst;
	uint64_t call, a, b;
	nc_code code;
	const nc_error *err; /* sent unless its code is NC_OK; NULL = none */
	nc_bytes s1, s2, s3; /* 255 bytes each at most; longer ones are cut */
	nc_bytes body;
	int fd;           /* a stream's end, or -1; stays the sender's */
	int is_sensitive; /* buffers it passed through are zeroed */
} nc_frame;

/* What was received; borrows from itself. */
typedef struct nc_frame_in {
	nc_frame f;
	nc_error err;
	char *big; /* body that came in a memfd */
	size_t n;
	char bytes[NC_WIRE_FRAME_MAX];
} nc_frame_in;

/* The frame without its descriptors. `body_in_fd` leaves the body out. */
nc_code nc_frame_encode(const nc_frame *f, int body_in_fd, nc_buf *out);
/* in->bytes[0 … n) → in->f. NC_E_PROTO. *ret_body_in_fd tells whether a memfd goes with it. */
nc_code nc_frame_decode(nc_frame_in *in, int *ret_body_in_fd);

/* One frame as one packet. NC_E_BUSY: it would block (dont_wait); NC_E_UNAVAILABLE: the other end
 * is gone. Any thread: packets don't mix. */
typedef enum nc_wire_wait { NC_WIRE_WAIT, NC_WIRE_DONT_WAIT } nc_wire_wait;
nc_code nc_wire_send(int fd, const nc_frame *f, nc_wire_wait wait, nc_error *err);
/* Receive one. NC_E_BUSY: nothing there (dont_wait); NC_E_UNAVAILABLE: end of file; NC_E_PROTO.
 * in->f.fd is the caller's to close; nc_frame_in_done frees the rest. */
nc_code nc_wire_recv(int fd, nc_frame_in *in, nc_wire_wait wait, nc_error *err);
void nc_frame_in_done(nc_frame_in *in);

/* The two ends, close-on-exec, with room for a few hundred frames. */
nc_code nc_wire_pair(int ret_fds[2], nc_error *err);

/* Encoded frames that wait for room in the socket. One thread or under a lock. */
typedef struct nc_wire_queued nc_wire_queued;
typedef struct nc_wire_queue {
	nc_wire_queued *first, **last;
	size_t n, bytes;
} nc_wire_queue;
void nc_wire_queue_init(nc_wire_queue *q);
void nc_wire_queue_done(nc_wire_queue *q);
/* Send now if nothing waits, else queue. NC_E_NOMEM, NC_E_UNAVAILABLE. */
nc_code nc_wire_queue_send(nc_wire_queue *q, int fd, const nc_frame *f, nc_error *err);
/* Send what waits; NC_E_BUSY when some is left. */
nc_code nc_wire_queue_flush(nc_wire_queue *q, int fd);

#endif
