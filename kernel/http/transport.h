/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_HTTP_TRANSPORT_H
#define NC_HTTP_TRANSPORT_H

#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

/*
 * How bytes get to and from a peer: a plain socket, TLS later. Calls never block and never raise
 * SIGPIPE; EINTR is dealt with inside. They return the number of bytes, or one of these.
 */
enum {
	NC_IO_AGAIN = -1, /* nothing now; the reactor will hear when there is */
	NC_IO_ERROR = -2, /* the connection is gone */
	NC_IO_SHORT = -3, /* send_file: the file ended too early */
			  /* read: 0 is the end of what the peer sends */
};

typedef struct nc_http_transport {
	ssize_t (*read)(int fd, void *p, size_t n);
	ssize_t (*writev)(int fd, const struct iovec *iov, int count);
	ssize_t (*send_file)(int fd, int file, uint64_t offset, uint64_t n);
	void (*shut_write)(int fd); /* the peer sees the end; reading goes on */
	int short_read_is_all;      /* a read of less than asked for has emptied it */
} nc_http_transport;

extern const nc_http_transport nc_http_plain;

#endif
