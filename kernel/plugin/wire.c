/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/io.h"
#include "base/secret.h"

/*
 * Encoding and moving of frames. The daemon reads what a plugin's process sends, so decoding trusts
 * nothing: lengths are checked by nc_cur, a memfd must be sealed and is copied, never mapped. No
 * state but the queue; any thread.
 */

#define SHORT_MAX     255u
#define HAS_ERROR     1u
#define BODY_IN_FD    2u
#define HAS_STREAM    4u
#define FDS_MAX       2
#define SOCKET_BUFFER (4 << 20)

typedef struct fd_set2 {
	int fds[FDS_MAX];
	size_t n;
} fd_set2;

/* ---- bytes ---- */

static void put_short(nc_buf *out, nc_bytes s)
{
	nc_buf_put_lstr(out, s.ptr, NC_MIN(s.len, (size_t)SHORT_MAX));
}

static void put_error(nc_buf *out, const nc_error *e)
{
	nc_buf_put_u32(out, (uint32_t)e->code);
	nc_buf_put_u32(out, (uint32_t)e->native);
	nc_buf_put_u32(out, e->flags);
	nc_buf_put_u32(out, e->retry_after_ms);
	nc_buf_put_lstr(out, e->domain, strnlen(e->domain, sizeof(e->domain)));
	nc_buf_put_lstr(out, e->message, strnlen(e->message, sizeof(e->message)));
	nc_buf_put_lstr(out, e->hint, strnlen(e->hint, sizeof(e->hint)));
}

nc_code nc_frame_encode(const nc_frame *f, int body_in_fd, nc_buf *out)
{
	int has_error = f->err && f->err->code != NC_OK;
	uint32_t flags = (has_error ? HAS_ERROR : 0) | (body_in_fd ? BODY_IN_FD : 0) |
			 (f->fd >= 0 ? HAS_STREAM : 0);
	nc_buf_put_u16(out, f->type);
	nc_buf_put_u16(out, (uint16_t)flags);
	nc_buf_put_u32(out, f->inst);
	nc_buf_put_u64(out, f->call);
	nc_buf_put_u64(out, f->a);
	nc_buf_put_u64(out, f->b);
	nc_buf_put_u32(out, (uint32_t)f->code);
	put_short(out, f->s1);
	put_short(out, f->s2);
	put_short(out, f->s3);
	if (has_error)
		put_error(out, f->err);
	if (!body_in_fd)
		nc_buf_put(out, f->body.ptr, f->body.len);
	return out->error;
}

static void get_text(nc_cur *c, char *out, size_t cap)
{
	nc_bytes b = nc_cur_lstr(c);
	size_t n = NC_MIN(b.len, cap - 1);
	if (n)
		memcpy(out, b.ptr, n);
	out[n] = 0;
}

static void get_error(nc_cur *c, nc_error *e)
{
	e->code = (nc_code)nc_cur_u32(c);
	e->native = (int32_t)nc_cur_u32(c);
	e->flags = nc_cur_u32(c);
	e->retry_after_ms = nc_cur_u32(c);
	get_text(c, e->domain, sizeof(e->domain));
	get_text(c, e->message, sizeof(e->message));
	get_text(c, e->hint, sizeof(e->hint));
}

nc_code nc_frame_decode(nc_frame_in *in, int *ret_body_in_fd)
{
	nc_cur c = nc_cur_of((nc_bytes){ in->bytes, in->n });
	nc_frame *f = &in->f;
	*f = (nc_frame){ .fd = -1 };
	uint16_t type = nc_cur_u16(&c), flags = nc_cur_u16(&c);
	f->type = (uint8_t)type;
	f->inst = nc_cur_u32(&c);
	f->call = nc_cur_u64(&c);
	f->a = nc_cur_u64(&c);
	f->b = nc_cur_u64(&c);
	f->code = (nc_code)nc_cur_u32(&c);
	f->s1 = nc_cur_lstr(&c);
	f->s2 = nc_cur_lstr(&c);
	f->s3 = nc_cur_lstr(&c);
	in->err = (nc_error)NC_ERROR_INIT;
	in->err.code = f->code;
	if (flags & HAS_ERROR)
		get_error(&c, &in->err);
	f->err = &in->err;
	if (c.bad || type > UINT8_MAX || f->s1.len > SHORT_MAX || f->s2.len > SHORT_MAX ||
		f->s3.len > SHORT_MAX)
		return NC_E_PROTO;
	f->body = (nc_bytes){ c.p, (size_t)(c.end - c.p) };
	*ret_body_in_fd = (flags & BODY_IN_FD) != 0;
	if (*ret_body_in_fd && f->body.len > 0)
		return NC_E_PROTO;
	f->fd = flags & HAS_STREAM ? 0 : -1; /* the caller puts the number in */
	return NC_OK;
}

/* ---- descriptors ---- */

static nc_code body_to_memfd(nc_bytes body, int *ret_fd, nc_error *err)
{
	const int seals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
	_cleanup_(nc_closep) int fd = memfd_create("nc-body", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return nc_err_errno(
			err, errno, "could not make room for a body of %zu bytes", body.len);
	nc_code rc = nc_write_full(fd, body.ptr, body.len, err);
	if (rc != NC_OK)
		return rc;
	if (fcntl(fd, F_ADD_SEALS, seals) < 0)
		return nc_err_errno(err, errno, "could not seal a body");
	*ret_fd = nc_steal_fd(&fd);
	return NC_OK;
}

static nc_code body_from_memfd(int fd, nc_frame_in *in, nc_error *err)
{
	const int need = F_SEAL_WRITE | F_SEAL_SHRINK;
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS);
	if (seals < 0 || (seals & need) != need || fstat(fd, &st) < 0 || st.st_size < 0 ||
		st.st_size > (off_t)NC_WIRE_BODY_MAX)
		return nc_err(err, NC_E_PROTO, "a body that is not sealed, or too large");
	size_t n = (size_t)st.st_size;
	in->big = nc_malloc(n + 1);
	if (!in->big)
		return nc_err_nomem(err);
	if (lseek(fd, 0, SEEK_SET) < 0)
		return nc_err_errno(err, errno, "could not read a body");
	nc_code rc = nc_read_full(fd, in->big, n, err);
	if (rc != NC_OK)
		return rc;
	in->big[n] = 0;
	in->f.body = (nc_bytes){ in->big, n };
	return NC_OK;
}

static nc_code send_packet(
	int fd, nc_bytes bytes, const fd_set2 *fds, nc_wire_wait wait, nc_error *err)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int) * FDS_MAX)];
	} control = { .space = { 0 } };
	struct iovec iov = { (void *)(uintptr_t)bytes.ptr, bytes.len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	if (fds->n) {
		msg.msg_control = control.space;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * fds->n);
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * fds->n);
		memcpy(CMSG_DATA(c), fds->fds, sizeof(int) * fds->n);
	}
	int flags = MSG_NOSIGNAL | (wait == NC_WIRE_DONT_WAIT ? MSG_DONTWAIT : 0);
	for (;;) {
		if (sendmsg(fd, &msg, flags) >= 0)
			return NC_OK;
		if (errno == EINTR)
			continue;
		if (errno == EAGAIN || errno == ETOOMANYREFS || errno == ENOBUFS)
			return NC_E_BUSY;
		if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN)
			return nc_err(err, NC_E_UNAVAILABLE, "the plugin's process is gone");
		return nc_err_errno(err, errno, "could not send a frame");
	}
}

/* Encode into *out and collect descriptors; *ret_memfd is the caller's to close. */
static nc_code prepare(const nc_frame *f, nc_buf *out, fd_set2 *fds, int *ret_memfd, nc_error *err)
{
	int in_fd = f->body.len > NC_WIRE_INLINE;
	if (f->body.len > NC_WIRE_BODY_MAX)
		return nc_err(err, NC_E_INVAL, "a body of %zu bytes", f->body.len);
	nc_code rc = in_fd ? body_to_memfd(f->body, ret_memfd, err) : NC_OK;
	if (rc != NC_OK)
		return rc;
	if (in_fd)
		fds->fds[fds->n++] = *ret_memfd;
	if (f->fd >= 0)
		fds->fds[fds->n++] = f->fd;
	rc = nc_frame_encode(f, in_fd, out);
	return rc == NC_OK ? NC_OK : nc_err(err, rc, "could not encode a frame");
}

nc_code nc_wire_send(int fd, const nc_frame *f, nc_wire_wait wait, nc_error *err)
{
	char bytes[NC_WIRE_FRAME_MAX];
	_cleanup_(nc_closep) int memfd = -1;
	fd_set2 fds = { .n = 0 };
	nc_buf out;
	nc_buf_init_fixed(&out, bytes, sizeof(bytes));
	nc_code rc = prepare(f, &out, &fds, &memfd, err);
	if (rc == NC_OK)
		rc = send_packet(fd, nc_buf_bytes(&out), &fds, wait, err);
	if (f->is_sensitive)
		nc_zero(bytes, out.len);
	return rc;
}

static void collect_fds(struct msghdr *msg, fd_set2 *fds)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (fds->n < FDS_MAX)
				fds->fds[fds->n++] = fd;
			else
				close(fd);
		}
	}
}

static nc_code recv_packet(int fd, nc_frame_in *in, fd_set2 *fds, nc_wire_wait wait, nc_error *err)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int) * FDS_MAX)];
	} control;
	struct iovec iov = { in->bytes, sizeof(in->bytes) };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space) };
	int flags = MSG_CMSG_CLOEXEC | (wait == NC_WIRE_DONT_WAIT ? MSG_DONTWAIT : 0);
	ssize_t n;
	do
		n = recvmsg(fd, &msg, flags);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return NC_E_BUSY;
	if (n == 0 || (n < 0 && errno == ECONNRESET))
		return nc_err(err, NC_E_UNAVAILABLE, "the other end is gone");
	if (n < 0)
		return nc_err_errno(err, errno, "could not receive a frame");
	collect_fds(&msg, fds);
	in->n = (size_t)n;
	/* Fewer than there was room for: it is we who have no descriptors left. */
	if ((msg.msg_flags & MSG_CTRUNC) && fds->n < FDS_MAX)
		return nc_err(err, NC_E_NOMEM, "no descriptors left to receive one");
	if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		return nc_err(err, NC_E_PROTO, "a frame too large");
	return NC_OK;
}

/* Gives the descriptors their meaning; those left over are closed by the caller. */
static nc_code assign_fds(nc_frame_in *in, int body_in_fd, fd_set2 *fds, nc_error *err)
{
	size_t want = (size_t)body_in_fd + (in->f.fd >= 0);
	int has_stream = in->f.fd >= 0;
	in->f.fd = -1;
	if (fds->n != want)
		return nc_err(err, NC_E_PROTO, "a frame with %zu descriptors instead of %zu",
			fds->n, want);
	if (body_in_fd) {
		nc_code rc = body_from_memfd(fds->fds[0], in, err);
		if (rc != NC_OK)
			return rc;
	}
	if (has_stream)
		in->f.fd = fds->fds[--fds->n];
	return NC_OK;
}

nc_code nc_wire_recv(int fd, nc_frame_in *in, nc_wire_wait wait, nc_error *err)
{
	fd_set2 fds = { .n = 0 };
	int body_in_fd = 0;
	in->big = NULL;
	in->n = 0;
	in->f = (nc_frame){ .fd = -1 };
	nc_code rc = recv_packet(fd, in, &fds, wait, err);
	if (rc == NC_OK && (rc = nc_frame_decode(in, &body_in_fd)) != NC_OK) {
		in->f.fd = -1;
		nc_err(err, rc, "a frame that can't be read");
	}
	if (rc == NC_OK)
		rc = assign_fds(in, body_in_fd, &fds, err);
	while (fds.n > 0)
		close(fds.fds[--fds.n]);
	if (rc != NC_OK)
		nc_frame_in_done(in);
	return rc;
}

void nc_frame_in_done(nc_frame_in *in)
{
	nc_free(in->big);
	in->big = NULL;
}

nc_code nc_wire_pair(int ret_fds[2], nc_error *err)
{
	const int size = SOCKET_BUFFER;
	int fds[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return nc_err_errno(err, errno, "could not make a pair of sockets");
	for (int i = 0; i < 2; i++)
		(void)setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	ret_fds[0] = fds[0];
	ret_fds[1] = fds[1];
	return NC_OK;
}

/* ---- queue ---- */

struct nc_wire_queued {
	nc_wire_queued *next;
	fd_set2 fds; /* its own */
	int is_sensitive;
	size_t len;
	char bytes[];
};

void nc_wire_queue_init(nc_wire_queue *q)
{
	*q = (nc_wire_queue){ .first = NULL };
	q->last = &q->first;
}

static void free_queued(nc_wire_queued *e)
{
	while (e->fds.n > 0)
		close(e->fds.fds[--e->fds.n]);
	if (e->is_sensitive)
		nc_zero(e->bytes, e->len);
	nc_free(e);
}

static void drop_first(nc_wire_queue *q)
{
	nc_wire_queued *e = q->first;
	q->first = e->next;
	if (!q->first)
		q->last = &q->first;
	q->n--;
	q->bytes -= e->len;
	free_queued(e);
}

void nc_wire_queue_done(nc_wire_queue *q)
{
	while (q->first)
		drop_first(q);
}

static nc_code enqueue(
	nc_wire_queue *q, const nc_frame *f, nc_bytes bytes, const fd_set2 *fds, nc_error *err)
{
	nc_wire_queued *e = nc_malloc(sizeof(*e) + bytes.len);
	if (!e)
		return nc_err_nomem(err);
	*e = (nc_wire_queued){ .is_sensitive = f->is_sensitive, .len = bytes.len };
	memcpy(e->bytes, bytes.ptr, bytes.len);
	for (size_t i = 0; i < fds->n; i++) {
		int copy = fcntl(fds->fds[i], F_DUPFD_CLOEXEC, 0);
		if (copy < 0) {
			nc_code rc = nc_err_errno(err, errno, "could not queue a frame");
			free_queued(e);
			return rc;
		}
		e->fds.fds[e->fds.n++] = copy;
	}
	*q->last = e;
	q->last = &e->next;
	q->n++;
	q->bytes += e->len;
	return NC_OK;
}

nc_code nc_wire_queue_send(nc_wire_queue *q, int fd, const nc_frame *f, nc_error *err)
{
	char bytes[NC_WIRE_FRAME_MAX];
	_cleanup_(nc_closep) int memfd = -1;
	fd_set2 fds = { .n = 0 };
	nc_buf out;
	nc_buf_init_fixed(&out, bytes, sizeof(bytes));
	nc_code rc = prepare(f, &out, &fds, &memfd, err);
	if (rc == NC_OK && !q->first)
		rc = send_packet(fd, nc_buf_bytes(&out), &fds, NC_WIRE_DONT_WAIT, err);
	else if (rc == NC_OK)
		rc = NC_E_BUSY;
	if (rc == NC_E_BUSY)
		rc = enqueue(q, f, nc_buf_bytes(&out), &fds, err);
	if (f->is_sensitive)
		nc_zero(bytes, out.len);
	return rc;
}

nc_code nc_wire_queue_flush(nc_wire_queue *q, int fd)
{
	while (q->first) {
		nc_wire_queued *e = q->first;
		nc_code rc = send_packet(
			fd, (nc_bytes){ e->bytes, e->len }, &e->fds, NC_WIRE_DONT_WAIT, NULL);
		if (rc != NC_OK)
			return rc;
		drop_first(q);
	}
	return NC_OK;
}
