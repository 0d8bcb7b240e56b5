/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "novacron/companions.h"
#include "plugin/pack.h"
#include "plugin/wire.h"
#include "testing.h"

typedef struct wires {
	int fds[2];
	nc_frame_in *in;
} wires;

static int begin(wires *w)
{
	nc_error err = NC_ERROR_INIT;
	w->in = calloc(1, sizeof(*w->in));
	return w->in && CHECK_OK(nc_wire_pair(w->fds, &err), &err);
}

static void end(wires *w)
{
	close(w->fds[0]);
	close(w->fds[1]);
	free(w->in);
}

static nc_code pass(wires *w, const nc_frame *f)
{
	nc_code rc = nc_wire_send(w->fds[0], f, NC_WIRE_WAIT, NULL);
	return rc == NC_OK ? nc_wire_recv(w->fds[1], w->in, NC_WIRE_WAIT, NULL) : rc;
}

static int is(nc_bytes b, const char *text)
{
	return nc_bytes_eq(b, nc_str(text));
}

static void every_member_of_a_frame_arrives(void)
{
	wires w;
	if (begin(&w)) {
		nc_error err = NC_ERROR_INIT;
		nc_err(&err, NC_E_QUOTA, "no room for \"x\"");
		nc_err_hint(&err, NC_E_QUOTA, "make some");
		err.native = -5;
		err.flags = NC_ERR_RETRYABLE;
		err.retry_after_ms = 1234;
		memcpy(err.domain, "kvm", 4);
		nc_frame f = { .type = NC_F_CALL,
			.inst = 7,
			.call = UINT64_C(0x123456789abcdef),
			.a = UINT64_MAX,
			.b = 2,
			.code = NC_E_QUOTA,
			.err = &err,
			.s1 = nc_str("verb"),
			.s2 = nc_str("target"),
			.s3 = nc_str("key"),
			.body = nc_str("{}"),
			.fd = -1 };
		CHECK_CODE(pass(&w, &f), NC_OK);
		const nc_frame *g = &w.in->f;
		CHECK(g->type == f.type && g->inst == 7 && g->call == f.call && g->a == f.a &&
			g->b == 2);
		CHECK_CODE(g->code, NC_E_QUOTA);
		CHECK_STR(g->err->message, err.message);
		CHECK_STR(g->err->hint, "make some");
		CHECK_STR(g->err->domain, "kvm");
		CHECK_INT(g->err->native, -5);
		CHECK_UINT(g->err->retry_after_ms, 1234);
		CHECK(is(g->s1, "verb") && is(g->s2, "target") && is(g->s3, "key") &&
			is(g->body, "{}"));
		CHECK_INT(g->fd, -1);
		nc_frame_in_done(w.in);
	}
	end(&w);
}

static void bodies_of_any_size_arrive(void)
{
	static const size_t sizes[] = { 0, 1, NC_WIRE_INLINE, NC_WIRE_INLINE + 1, 1 << 20 };
	wires w;
	if (begin(&w)) {
		for (size_t i = 0; i < NC_LEN(sizes); i++) {
			char *body = malloc(sizes[i] + 1);
			REQUIRE(body != NULL);
			memset(body, 'b', sizes[i]);
			nc_frame f = { .type = NC_F_OBJECT, .body = { body, sizes[i] }, .fd = -1 };
			CHECK_CODE(pass(&w, &f), NC_OK);
			CHECK_UINT(w.in->f.body.len, sizes[i]);
			CHECK(sizes[i] == 0 || memcmp(w.in->f.body.ptr, body, sizes[i]) == 0);
			nc_frame_in_done(w.in);
			free(body);
		}
		char *huge = calloc(1, NC_WIRE_BODY_MAX + 1);
		nc_frame f = {
			.type = NC_F_OBJECT, .body = { huge, NC_WIRE_BODY_MAX + 1 }, .fd = -1
		};
		CHECK_CODE(nc_wire_send(w.fds[0], &f, NC_WIRE_WAIT, NULL), NC_E_INVAL);
		free(huge);
	}
	end(&w);
}

static void a_stream_s_socket_goes_along_even_with_a_large_body(void)
{
	wires w;
	int pair[2];
	if (begin(&w)) {
		REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
		char *body = calloc(1, 100000);
		nc_frame f = { .type = NC_F_CALL, .body = { body, 100000 }, .fd = pair[0] };
		CHECK_CODE(pass(&w, &f), NC_OK);
		CHECK_UINT(w.in->f.body.len, 100000);
		REQUIRE(w.in->f.fd >= 0);
		CHECK(fcntl(w.in->f.fd, F_GETFD) & FD_CLOEXEC);
		close(pair[0]);
		char c = 0;
		CHECK(write(w.in->f.fd, "x", 1) == 1 && read(pair[1], &c, 1) == 1 && c == 'x');
		close(w.in->f.fd);
		CHECK(read(pair[1], &c, 1) == 0);
		close(pair[1]);
		nc_frame_in_done(w.in);
		free(body);
	}
	end(&w);
}

static void end_of_file_and_nothing_there_are_told_apart(void)
{
	wires w;
	if (begin(&w)) {
		CHECK_CODE(nc_wire_recv(w.fds[1], w.in, NC_WIRE_DONT_WAIT, NULL), NC_E_BUSY);
		nc_frame f = { .type = NC_F_STOP, .fd = -1 };
		CHECK_CODE(nc_wire_send(w.fds[0], &f, NC_WIRE_WAIT, NULL), NC_OK);
		shutdown(w.fds[0], SHUT_RDWR);
		CHECK_CODE(
			nc_wire_recv(w.fds[1], w.in, NC_WIRE_WAIT, NULL), NC_OK); /* still read */
		CHECK_CODE(nc_wire_recv(w.fds[1], w.in, NC_WIRE_WAIT, NULL), NC_E_UNAVAILABLE);
		CHECK_CODE(nc_wire_send(w.fds[0], &f, NC_WIRE_WAIT, NULL), NC_E_UNAVAILABLE);
	}
	end(&w);
}

static void send_raw(int sock, const void *p, size_t n, int fd)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .space = { 0 } };
	struct iovec iov = { (void *)(uintptr_t)p, n };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	if (fd >= 0) {
		msg.msg_control = control.space;
		msg.msg_controllen = sizeof(control.space);
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	CHECK(sendmsg(sock, &msg, 0) == (ssize_t)n);
}

static size_t encode(const nc_frame *f, int in_fd, char *out, size_t cap)
{
	nc_buf b;
	nc_buf_init_fixed(&b, out, cap);
	CHECK_CODE(nc_frame_encode(f, in_fd, &b), NC_OK);
	return b.len;
}

static int count_fds(void)
{
	int n = 0;
	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void what_a_hostile_process_may_send_is_refused_without_a_leak(void)
{
	wires w;
	char bytes[4096];
	if (begin(&w)) {
		nc_frame f = { .type = NC_F_OBJECT, .body = nc_str("abc"), .fd = -1 };
		int before = count_fds();
		for (size_t cut = 1, n = encode(&f, 0, bytes, sizeof(bytes)) - 3; cut < n; cut++) {
			send_raw(w.fds[0], bytes, cut, -1);
			CHECK_CODE(nc_wire_recv(w.fds[1], w.in, NC_WIRE_WAIT, NULL), NC_E_PROTO);
		}
		/* a descriptor that the frame does not speak of, and one that is missing */
		size_t n = encode(&f, 0, bytes, sizeof(bytes));
		send_raw(w.fds[0], bytes, n, w.fds[0]);
		CHECK_CODE(nc_wire_recv(w.fds[1], w.in, NC_WIRE_WAIT, NULL), NC_E_PROTO);
		n = encode(&f, 1, bytes, sizeof(bytes));
		send_raw(w.fds[0], bytes, n, -1);
		CHECK_CODE(nc_wire_recv(w.fds[1], w.in, NC_WIRE_WAIT, NULL), NC_E_PROTO);
		/* a body that could change under us, or that is no memfd at all */
		_cleanup_(nc_closep) int open_memfd = memfd_create("x", MFD_ALLOW_SEALING);
		send_raw(w.fds[0], bytes, n, open_memfd);
		CHECK_CODE(nc_wire_recv(w.fds[1], w.in, NC_WIRE_WAIT, NULL), NC_E_PROTO);
		send_raw(w.fds[0], bytes, n, w.fds[0]);
		CHECK_CODE(nc_wire_recv(w.fds[1], w.in, NC_WIRE_WAIT, NULL), NC_E_PROTO);
		/* one larger than it may be */
		_cleanup_(nc_closep) int big = memfd_create("x", MFD_ALLOW_SEALING);
		CHECK(ftruncate(big, NC_WIRE_BODY_MAX + 1) == 0);
		CHECK(fcntl(big, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) == 0);
		send_raw(w.fds[0], bytes, n, big);
		CHECK_CODE(nc_wire_recv(w.fds[1], w.in, NC_WIRE_WAIT, NULL), NC_E_PROTO);
		CHECK_INT(count_fds(), before + 2);
	}
	end(&w);
}

static void what_has_no_room_waits_in_order(void)
{
	wires w;
	nc_wire_queue q;
	uint64_t sent = 0, got = 0;
	if (begin(&w)) {
		nc_wire_queue_init(&q);
		char body[8000] = "";
		while (q.n < 50) {
			nc_frame f = { .type = NC_F_STOP,
				.a = sent,
				.body = { body, sizeof(body) },
				.fd = -1 };
			CHECK_CODE(nc_wire_queue_send(&q, w.fds[0], &f, NULL), NC_OK);
			sent++;
			REQUIRE(sent < 100000);
		}
		CHECK(q.bytes > 50 * sizeof(body));
		while (got < sent) {
			nc_code rc = nc_wire_recv(w.fds[1], w.in, NC_WIRE_DONT_WAIT, NULL);
			if (rc == NC_E_BUSY) {
				(void)nc_wire_queue_flush(&q, w.fds[0]);
				continue;
			}
			REQUIRE(rc == NC_OK);
			CHECK_UINT(w.in->f.a, got);
			got++;
			nc_frame_in_done(w.in);
		}
		CHECK_UINT(q.n, 0);
		CHECK_UINT(q.bytes, 0);
		nc_wire_queue_done(&q);
	}
	end(&w);
}

static void a_queue_that_is_dropped_closes_its_descriptors(void)
{
	wires w;
	nc_wire_queue q;
	if (begin(&w)) {
		int pair[2];
		REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
		nc_wire_queue_init(&q);
		char body[60000] = "";
		for (int i = 0; q.n < 3 && i < 100000; i++) {
			nc_frame f = { .type = NC_F_CALL,
				.body = { body, sizeof(body) },
				.fd = q.n ? pair[0] : -1,
				.is_sensitive = 1 };
			CHECK_CODE(nc_wire_queue_send(&q, w.fds[0], &f, NULL), NC_OK);
		}
		close(pair[0]);
		nc_wire_queue_done(&q);
		CHECK(read(pair[1], body, 1) == 0);
		close(pair[1]);
	}
	end(&w);
}

static void packed_statistics_come_back(void)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_unpacked_stats u;
	nc_bytes names[] = { nc_str("a"), nc_str(""), nc_str("long-name") };
	nc_buf_init(&b, NC_PACK_MAX);
	nc_pack_stats(&b, names, 3);
	CHECK_CODE(nc_unpack_stats(nc_buf_bytes(&b), &u), NC_OK);
	CHECK_UINT(u.n, 3);
	CHECK(is(u.guests[0], "a") && u.guests[1].len == 0 && is(u.guests[2], "long-name"));
	nc_unpacked_stats_done(&u);
	for (size_t cut = 0; cut < b.len; cut++)
		CHECK_CODE(nc_unpack_stats((nc_bytes){ b.ptr, cut }, &u), NC_E_INVAL);
}

static void a_batch_with_a_candidate_that_is_no_host_is_refused(void)
{
	uint64_t req[] = { 1, 2 }, free_[] = { 3, 4, 5, 6 };
	uint32_t off[] = { 0, 1, 3 }, cand[] = { 1, 0, 1 };
	nc_score_batch batch = { .struct_size = sizeof(batch),
		.n_req = 2,
		.n_cand = 3,
		.n_res = 1,
		.req = req,
		.free = free_,
		.cand_off = off,
		.cand = cand };
	nc_unpacked_score u;
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, NC_PACK_MAX);
	nc_pack_score(&b, &batch, 4);
	CHECK_CODE(nc_unpack_score(nc_buf_bytes(&b), &u), NC_OK);
	CHECK(u.batch.free[3] == 6 && u.batch.cand[0] == 1 && u.batch.cand_off[2] == 3);
	nc_unpacked_score_done(&u);
	for (size_t cut = 0; cut < b.len; cut++)
		CHECK_CODE(nc_unpack_score((nc_bytes){ b.ptr, cut }, &u), NC_E_INVAL);
	static const uint32_t wrong[] = { 4, UINT32_MAX };
	for (size_t i = 0; i < NC_LEN(wrong); i++) {
		cand[1] = wrong[i];
		nc_buf_reset(&b);
		nc_pack_score(&b, &batch, 4);
		CHECK_CODE(nc_unpack_score(nc_buf_bytes(&b), &u), NC_E_INVAL);
	}
	cand[1] = 0;
	off[1] = 5;
	nc_buf_reset(&b);
	nc_pack_score(&b, &batch, 4);
	CHECK_CODE(nc_unpack_score(nc_buf_bytes(&b), &u), NC_E_INVAL);
}

static void sending_and_receiving_survive_every_failed_allocation(void)
{
	wires w;
	nc_code rc = NC_OK;
	char *body = calloc(1, 200000);
	if (begin(&w))
		NC_TORTURE(rc)
		{
			nc_wire_queue q;
			nc_wire_queue_init(&q);
			nc_frame f = { .type = NC_F_OBJECT, .body = { body, 200000 }, .fd = -1 };
			rc = nc_wire_queue_send(&q, w.fds[0], &f, NULL);
			if (rc == NC_OK)
				rc = nc_wire_recv(w.fds[1], w.in, NC_WIRE_WAIT, NULL);
			if (rc == NC_OK)
				nc_frame_in_done(w.in);
			nc_wire_queue_done(&q);
		}
	free(body);
	end(&w);
}

static void waiting_for_room_survives_every_failed_allocation(void)
{
	wires w;
	nc_code rc = NC_OK;
	static char body[30000];
	if (begin(&w))
		NC_TORTURE(rc)
		{
			unsigned n_sent = 0, n_got = 0;
			nc_wire_queue q;
			nc_wire_queue_init(&q);
			rc = NC_OK;
			while (rc == NC_OK && q.n < 3) {
				nc_frame f = { .type = NC_F_OBJECT,
					.a = n_sent,
					.body = { body, sizeof(body) },
					.fd = -1 };
				rc = nc_wire_queue_send(&q, w.fds[0], &f, NULL);
				n_sent += rc == NC_OK;
			}
			while (n_got < n_sent) { /* each that was taken, in order, once */
				REQUIRE(nc_wire_recv(w.fds[1], w.in, NC_WIRE_DONT_WAIT, NULL) ==
					NC_OK);
				CHECK_UINT(w.in->f.a, n_got++);
				nc_frame_in_done(w.in);
				(void)nc_wire_queue_flush(&q, w.fds[0]);
			}
			CHECK_CODE(
				nc_wire_recv(w.fds[1], w.in, NC_WIRE_DONT_WAIT, NULL), NC_E_BUSY);
			nc_wire_queue_done(&q);
		}
	end(&w);
}

static void unpacking_survives_every_failed_allocation(void)
{
	uint64_t req[] = { 1 }, free_[] = { 3, 4 };
	uint32_t off[] = { 0, 1 }, cand[] = { 1 };
	nc_bytes names[] = { nc_str("a"), nc_str("bc") };
	nc_score_batch batch = { .struct_size = sizeof(batch),
		.n_req = 1,
		.n_cand = 1,
		.n_res = 1,
		.req = req,
		.free = free_,
		.cand_off = off,
		.cand = cand };
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		_cleanup_(nc_buf_done) nc_buf b;
		nc_unpacked_stats u = { 0 };
		nc_unpacked_score s = { 0 };
		nc_buf_init(&b, NC_PACK_MAX);
		nc_pack_stats(&b, names, 2);
		rc = b.error;
		if (rc == NC_OK)
			rc = nc_unpack_stats(nc_buf_bytes(&b), &u);
		CHECK((rc == NC_OK) == (u.n == 2));
		nc_unpacked_stats_done(&u);
		nc_buf_reset(&b);
		nc_pack_score(&b, &batch, 2);
		if (rc == NC_OK && (rc = b.error) == NC_OK)
			rc = nc_unpack_score(nc_buf_bytes(&b), &s);
		CHECK((rc == NC_OK) == (s.batch.n_cand == 1));
		nc_unpacked_score_done(&s);
	}
}

NC_TESTS(plugin_wire){
	T(every_member_of_a_frame_arrives),
	T(bodies_of_any_size_arrive),
	T(a_stream_s_socket_goes_along_even_with_a_large_body),
	T(end_of_file_and_nothing_there_are_told_apart),
	T(what_a_hostile_process_may_send_is_refused_without_a_leak),
	T(what_has_no_room_waits_in_order),
	T(a_queue_that_is_dropped_closes_its_descriptors),
	T(packed_statistics_come_back),
	T(a_batch_with_a_candidate_that_is_no_host_is_refused),
	T(sending_and_receiving_survive_every_failed_allocation),
	T(waiting_for_room_survives_every_failed_allocation),
	T(unpacking_survives_every_failed_allocation),
};
