/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_HTTP_TRANSPORT_H
#define NC_HTTP_TRANSPORT_H

#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

/*
 * How bytes get to and from a peer: a plain socket, or TLS over it. Calls never block and never
 * raise SIGPIPE; EINTR is dealt with inside. They return the number of bytes, or one of these.
 */
enum {
	NC_IO_AGAIN = -1, /* nothing now; the reactor will hear when there is */
	NC_IO_ERROR = -2, /* the connection is gone */
	NC_IO_SHORT = -3, /* send_file: the file ended too early */
			  /* read: 0 is the end of what the peer sends */
};

/* One connection's socket, and what its transport keeps for it. */
typedef struct nc_http_wire {
	const struct nc_http_transport *transport;
	int fd;
	struct ssl_st *tls;  /* of the TLS transport */
	uint8_t wants_write; /* handshake, read: AGAIN until something can be written */
	uint8_t is_cut_off;  /* set before done: the peer must not take what it has for all */
	uint16_t key_updates;
} nc_http_wire;

typedef struct nc_http_transport {
	/* Before the first byte is read or written, until it returns 1; NULL = there is none. */
	int (*handshake)(nc_http_wire *w);
	ssize_t (*read)(nc_http_wire *w, void *p, size_t n);
	/* After AGAIN the next call begins with the same bytes, and has at least as many. */
	ssize_t (*writev)(nc_http_wire *w, const struct iovec *iov, int count);
	ssize_t (*send_file)(nc_http_wire *w, int file, uint64_t offset, uint64_t n);
	void (*shut_write)(nc_http_wire *w); /* the peer sees the end; reading goes on */
	void (*done)(nc_http_wire *w);       /* frees what is kept, not the fd; NULL = nothing */
	int short_read_is_all;               /* a read of less than asked for has emptied it */
} nc_http_transport;

extern const nc_http_transport nc_http_plain;

#endif
