/* SPDX-License-Identifier: Apache-2.0 */
#include "http/transport.h"

#include <errno.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include "base/cleanup.h"

/* Bytes over a plain non-blocking stream socket. No state; any thread. */

enum { SENDFILE_MAX = 1 << 20 }; /* at once, so that one download leaves the others their turn */

static ssize_t io_result(ssize_t n)
{
	if (n >= 0)
		return n;
	return errno == EAGAIN || errno == EWOULDBLOCK ? NC_IO_AGAIN : NC_IO_ERROR;
}

static ssize_t plain_read(nc_http_wire *w, void *p, size_t n)
{
	ssize_t got;
	do
		got = recv(w->fd, p, n, 0);
	while (got < 0 && errno == EINTR);
	return io_result(got);
}

static ssize_t plain_writev(nc_http_wire *w, const struct iovec *iov, int count)
{
	union {
		const struct iovec *from;
		struct iovec *to;
	} unconst = { .from = iov }; /* sendmsg only reads it */
	struct msghdr msg = { .msg_iov = unconst.to, .msg_iovlen = (size_t)count };
	ssize_t put;
	do
		put = sendmsg(w->fd, &msg, MSG_NOSIGNAL);
	while (put < 0 && errno == EINTR);
	return io_result(put);
}

/* sendfile has no MSG_NOSIGNAL; reactors run with SIGPIPE blocked. */
static ssize_t plain_send_file(nc_http_wire *w, int file, uint64_t offset, uint64_t n)
{
	off_t at = (off_t)offset;
	ssize_t put;
	do
		put = sendfile(w->fd, file, &at, (size_t)NC_MIN(n, (uint64_t)SENDFILE_MAX));
	while (put < 0 && errno == EINTR);
	return put == 0 ? NC_IO_SHORT : io_result(put);
}

static void plain_shut_write(nc_http_wire *w)
{
	(void)shutdown(w->fd, SHUT_WR);
}

const nc_http_transport nc_http_plain = {
	.read = plain_read,
	.writev = plain_writev,
	.send_file = plain_send_file,
	.shut_write = plain_shut_write,
	.short_read_is_all = 1,
};
