/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "http/out.h"
#include "testing.h"

/* The send queue over a transport that takes as much as the test allows; and blobs. */

static struct {
	char taken[4096];
	size_t len;
	size_t at_once; /* bytes a call may take */
	int calls_left; /* until it says AGAIN */
} wire;

static size_t take(const void *p, size_t n, size_t room)
{
	n = NC_MIN(n, NC_MIN(room, sizeof(wire.taken) - wire.len));
	if (n)
		memcpy(wire.taken + wire.len, p, n);
	wire.len += n;
	return n;
}

static ssize_t wire_writev(nc_http_wire *w nc_unused, const struct iovec *iov, int count)
{
	if (wire.calls_left-- <= 0)
		return NC_IO_AGAIN;
	size_t total = 0;
	for (int i = 0; i < count && total < wire.at_once; i++)
		total += take(iov[i].iov_base, iov[i].iov_len, wire.at_once - total);
	return (ssize_t)total;
}

static ssize_t wire_send_file(nc_http_wire *w nc_unused, int file, uint64_t offset, uint64_t n)
{
	char mem[256];
	if (wire.calls_left-- <= 0)
		return NC_IO_AGAIN;
	ssize_t got = pread(file, mem, (size_t)NC_MIN(n, (uint64_t)wire.at_once), (off_t)offset);
	if (got <= 0)
		return NC_IO_SHORT;
	return (ssize_t)take(mem, (size_t)got, wire.at_once);
}

static const nc_http_transport wire_transport = { .writev = wire_writev,
	.send_file = wire_send_file };
static nc_http_wire to_peer = { .transport = &wire_transport, .fd = -1 };

static int releases;

static void on_release(void *user nc_unused)
{
	releases++;
}

static nc_blob *blob_of(const char *text)
{
	return nc_blob_wrap((nc_bytes){ text, strlen(text) }, on_release, NULL);
}

static int open_file(const char *text)
{
	_cleanup_(nc_freep) char *path = nc_test_path("out.txt");
	nc_test_write(path, text);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static nc_bytes bytes_of(const char *text)
{
	return (nc_bytes){ text, strlen(text) };
}

static nc_http_frame framed(const char *before, const char *after)
{
	return (nc_http_frame){ bytes_of(before), bytes_of(after) };
}

#define ALL "[copied]plain<shared>red3456789(last)"

/* Every kind of piece; together they are ALL. `digits` is a file that says 0123456789. */
static nc_code fill(nc_http_out *o, int digits)
{
	nc_code code = nc_http_out_copy(o, bytes_of("copied"), framed("[", "]"));
	if (code == NC_OK)
		code = nc_http_out_copy(o, bytes_of("plain"), framed("", ""));
	if (code == NC_OK)
		code = nc_http_out_copy(o, bytes_of(""), framed("", ""));
	nc_blob *b = blob_of("shared");
	if (code == NC_OK && b)
		code = nc_http_out_blob(o, nc_blob_ref(b), 0, framed("<", ">"));
	if (code == NC_OK && b)
		code = nc_http_out_blob(o, nc_blob_ref(b), 3, framed("", ""));
	nc_blob_unref(b);
	if (!b)
		return NC_E_NOMEM;
	if (code == NC_OK)
		code = nc_http_out_file(o, dup(digits), 3, 7);
	if (code == NC_OK)
		code = nc_http_out_copy(o, bytes_of("last"), framed("(", ")"));
	return code;
}

static void reset_wire(size_t at_once)
{
	memset(&wire, 0, sizeof(wire));
	wire.at_once = at_once;
	releases = 0;
}

static void the_bytes_are_the_same_however_few_are_taken_at_once(void)
{
	_cleanup_(nc_closep) int digits = open_file("0123456789");
	for (size_t at_once = 1; at_once <= strlen(ALL) + 1; at_once++) {
		nc_http_out o;
		nc_http_out_init(&o);
		reset_wire(at_once);
		CHECK_CODE(fill(&o, digits), NC_OK);
		CHECK_UINT(o.queued, strlen(ALL));
		int rounds = 0;
		nc_http_out_state state;
		do {
			wire.calls_left = 1;
			state = nc_http_out_flush(&o, &to_peer);
			CHECK_UINT(o.queued + wire.len, strlen(ALL));
			CHECK_UINT(o.sent, wire.len);
		} while (state == NC_OUT_BLOCKED && rounds++ < 1000);
		CHECK_INT(state, NC_OUT_EMPTY);
		CHECK(nc_http_out_is_empty(&o));
		CHECK_UINT(wire.len, strlen(ALL));
		CHECK_MEM(wire.taken, ALL, strlen(ALL));
		CHECK_INT(releases, 1);
	}
}

static void a_file_shorter_than_promised_fails_the_queue(void)
{
	nc_http_out o;
	nc_http_out_init(&o);
	reset_wire(100);
	wire.calls_left = 100;
	CHECK_CODE(nc_http_out_file(&o, open_file("short"), 0, 10), NC_OK);
	CHECK_INT(nc_http_out_flush(&o, &to_peer), NC_OUT_FAILED);
	nc_http_out_done(&o);
	CHECK(nc_http_out_is_empty(&o));
}

static void what_is_unsent_is_let_go(void)
{
	_cleanup_(nc_closep) int digits = open_file("0123456789");
	nc_http_out o;
	nc_http_out_init(&o);
	reset_wire(5);
	wire.calls_left = 1;
	CHECK_CODE(fill(&o, digits), NC_OK);
	CHECK_INT(nc_http_out_flush(&o, &to_peer), NC_OUT_BLOCKED);
	nc_http_out_done(&o);
	CHECK_UINT(o.queued, 0);
	CHECK_INT(releases, 1);
}

static ssize_t greedy_writev(nc_http_wire *w nc_unused, const struct iovec *iov, int count)
{
	ssize_t n = 0;
	for (int i = 0; i < count; i++)
		n += (ssize_t)NC_MIN(iov[i].iov_len, (size_t)1 << 20);
	return n;
}

static void a_long_queue_leaves_others_their_turn(void)
{
	enum { N = 6 << 20 };
	static const nc_http_transport greedy = { .writev = greedy_writev };
	nc_http_wire to_glutton = { .transport = &greedy, .fd = -1 };
	nc_http_out o;
	nc_http_out_init(&o);
	char *p;
	nc_blob *b = nc_blob_alloc(N, &p);
	REQUIRE(b != NULL);
	memset(p, 'x', N);
	CHECK_CODE(nc_http_out_blob(&o, b, 0, framed("", "")), NC_OK);
	CHECK_INT(nc_http_out_flush(&o, &to_glutton), NC_OUT_MORE);
	CHECK(o.sent >= 1 << 20 && o.sent < N);
	CHECK_INT(nc_http_out_flush(&o, &to_glutton), NC_OUT_EMPTY);
	CHECK_UINT(o.sent, N);
}

static void queueing_survives_each_failing_allocation(void)
{
	_cleanup_(nc_closep) int digits = open_file("0123456789");
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		nc_http_out o;
		nc_http_out_init(&o);
		reset_wire(100);
		wire.calls_left = 100;
		rc = fill(&o, digits);
		CHECK_INT(nc_http_out_flush(&o, &to_peer), NC_OUT_EMPTY);
		CHECK_MEM(wire.taken, ALL, wire.len); /* a beginning, never with a hole */
		nc_http_out_done(&o);
	}
}

static void a_blob_lives_as_long_as_its_last_holder(void)
{
	reset_wire(0);
	nc_blob *b = blob_of("text");
	REQUIRE(b != NULL);
	CHECK(nc_blob_ref(b) == b);
	nc_blob_unref(b);
	CHECK_INT(releases, 0);
	CHECK_MEM(nc_blob_bytes(b).ptr, "text", 4);
	nc_blob_unref(b);
	CHECK_INT(releases, 1);
	nc_blob_unref(NULL);

	nc_blob *copy = nc_blob_new(bytes_of("copied"));
	REQUIRE(copy != NULL);
	CHECK_UINT(nc_blob_bytes(copy).len, 6);
	CHECK_MEM(nc_blob_bytes(copy).ptr, "copied", 6);
	nc_blob_unref(copy);
}

static void a_blob_without_memory_releases_nothing(void)
{
	reset_wire(0);
	nc_alloc_fail_at(1, NC_FAIL_STICKY);
	CHECK(blob_of("text") == NULL);
	CHECK(nc_blob_new(bytes_of("text")) == NULL);
	nc_alloc_fail_at(0, NC_FAIL_ONCE);
	CHECK_INT(releases, 0);
	char *p = NULL;
	CHECK(nc_blob_alloc(SIZE_MAX, &p) == NULL);
	CHECK(p == NULL);
}

NC_TESTS(http_out){
	T(the_bytes_are_the_same_however_few_are_taken_at_once),
	T(a_file_shorter_than_promised_fails_the_queue),
	T(what_is_unsent_is_let_go),
	T(a_long_queue_leaves_others_their_turn),
	T(queueing_survives_each_failing_allocation),
	T(a_blob_lives_as_long_as_its_last_holder),
	T(a_blob_without_memory_releases_nothing),
};
