/* SPDX-License-Identifier: Apache-2.0 */
#include "http/out.h"

#include <string.h>

#include "base/alloc.h"

/*
 * The send queue. Consecutive pieces of memory leave in one writev; a file leaves by itself. A
 * piece remembers how much of it is gone, counted over its frame and its contents, so a short
 * write needs no copying. Reactor thread only.
 */

enum { IOV_MAX_AT_ONCE = 48, TURN_MAX = 4 << 20 };

typedef struct piece {
	nc_list link;
	nc_blob *blob; /* or NULL */
	int fd;        /* or -1 */
	uint8_t before_len, after_len;
	char frame[2 * NC_FRAME_MAX]; /* before, then after */
	uint64_t offset;              /* of the file */
	const char *ptr;              /* of memory */
	uint64_t len;                 /* of the contents */
	uint64_t gone;                /* of before_len + len + after_len */
	char data[];
} piece;

void nc_http_out_init(nc_http_out *o)
{
	nc_list_init(&o->pieces);
	o->queued = o->sent = o->count = 0;
}

static uint64_t piece_size(const piece *p)
{
	return p->before_len + p->len + p->after_len;
}

static void piece_free(piece *p)
{
	nc_list_del(&p->link);
	nc_blob_unref(p->blob);
	nc_closep(&p->fd);
	nc_free(p);
}

void nc_http_out_done(nc_http_out *o)
{
	while (!nc_list_is_empty(&o->pieces))
		piece_free(NC_LIST_ENTRY(o->pieces.next, piece, link));
	o->queued = o->count = 0;
}

static piece *piece_new(size_t data_len, nc_http_frame f)
{
	nc_assert(f.before.len <= NC_FRAME_MAX && f.after.len <= NC_FRAME_MAX);
	if (data_len > SIZE_MAX / 2)
		return NULL;
	piece *p = nc_malloc(sizeof(*p) + data_len);
	if (!p)
		return NULL;
	memset(p, 0, sizeof(*p));
	nc_list_init(&p->link);
	p->fd = -1;
	p->before_len = (uint8_t)f.before.len;
	p->after_len = (uint8_t)f.after.len;
	if (f.before.len)
		memcpy(p->frame, f.before.ptr, f.before.len);
	if (f.after.len)
		memcpy(p->frame + f.before.len, f.after.ptr, f.after.len);
	return p;
}

static void enqueue(nc_http_out *o, piece *p)
{
	nc_list_add_tail(&o->pieces, &p->link);
	o->queued += piece_size(p);
	o->count++;
}

nc_code nc_http_out_copy(nc_http_out *o, nc_bytes bytes, nc_http_frame frame)
{
	piece *p = piece_new(bytes.len, frame);
	if (!p)
		return NC_E_NOMEM;
	if (bytes.len)
		memcpy(p->data, bytes.ptr, bytes.len);
	p->ptr = p->data;
	p->len = bytes.len;
	enqueue(o, p);
	return NC_OK;
}

nc_code nc_http_out_blob(nc_http_out *o, nc_blob *blob, size_t skip, nc_http_frame frame)
{
	_cleanup_(nc_blob_unrefp) nc_blob *owned = blob;
	piece *p = piece_new(0, frame);
	if (!p)
		return NC_E_NOMEM;
	nc_bytes bytes = nc_blob_bytes(blob);
	nc_assert(skip <= bytes.len);
	p->ptr = (const char *)bytes.ptr + skip;
	p->len = bytes.len - skip;
	p->blob = nc_steal(&owned);
	enqueue(o, p);
	return NC_OK;
}

nc_code nc_http_out_file(nc_http_out *o, int fd, uint64_t offset, uint64_t length)
{
	_cleanup_(nc_closep) int owned = fd;
	if (length == 0)
		return NC_OK;
	piece *p = piece_new(0, (nc_http_frame){ 0 });
	if (!p)
		return NC_E_NOMEM;
	p->fd = nc_steal_fd(&owned);
	p->offset = offset;
	p->len = length;
	enqueue(o, p);
	return NC_OK;
}

/* Append [ptr, ptr+len) less its first *skip bytes; *skip shrinks by what was left out. */
static int add_iov(struct iovec *iov, int n, const char *ptr, uint64_t len, uint64_t *skip)
{
	uint64_t leave = NC_MIN(*skip, len);
	*skip -= leave;
	if (leave == len)
		return n;
	union {
		const char *from;
		void *to;
	} unconst = { .from = ptr + leave }; /* writev only reads it */
	iov[n] = (struct iovec){ unconst.to, (size_t)(len - leave) };
	return n + 1;
}

/* Memory pieces from the front up to the first file. */
static int gather(const nc_http_out *o, struct iovec iov[IOV_MAX_AT_ONCE])
{
	int n = 0;
	NC_LIST_EACH (node, &o->pieces) {
		const piece *p = NC_LIST_ENTRY(node, piece, link);
		if (p->fd >= 0 || n > IOV_MAX_AT_ONCE - 3)
			break;
		uint64_t skip = p->gone;
		n = add_iov(iov, n, p->frame, p->before_len, &skip);
		n = add_iov(iov, n, p->ptr, p->len, &skip);
		n = add_iov(iov, n, p->frame + p->before_len, p->after_len, &skip);
	}
	return n;
}

static void advance(nc_http_out *o, uint64_t n)
{
	o->queued -= n;
	o->sent += n;
	while (!nc_list_is_empty(&o->pieces)) {
		piece *p = NC_LIST_ENTRY(o->pieces.next, piece, link);
		uint64_t step = NC_MIN(n, piece_size(p) - p->gone);
		p->gone += step;
		n -= step;
		if (p->gone < piece_size(p))
			return;
		piece_free(p);
		o->count--;
	}
}

static ssize_t send_front(const nc_http_out *o, nc_http_wire *w)
{
	const piece *p = NC_LIST_ENTRY(o->pieces.next, piece, link);
	if (p->fd >= 0)
		return w->transport->send_file(w, p->fd, p->offset + p->gone, p->len - p->gone);
	struct iovec iov[IOV_MAX_AT_ONCE];
	int n = gather(o, iov);
	return n ? w->transport->writev(w, iov, n) : 0;
}

nc_http_out_state nc_http_out_flush(nc_http_out *o, nc_http_wire *w)
{
	uint64_t turn_ends = o->sent + TURN_MAX;
	while (!nc_list_is_empty(&o->pieces)) {
		if (o->sent >= turn_ends)
			return NC_OUT_MORE;
		ssize_t n = send_front(o, w);
		if (n == NC_IO_AGAIN)
			return NC_OUT_BLOCKED;
		if (n < 0)
			return NC_OUT_FAILED;
		advance(o, (uint64_t)n);
	}
	return NC_OUT_EMPTY;
}
