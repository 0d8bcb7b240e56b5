/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http_client.h"
#include "testing.h"

/*
 * Answers from elsewhere: tokens across threads, staleness, streams both ways, tasks. Handlers put
 * their tokens where the test's threads find them; what callbacks see is counted in atomics.
 */

enum { PENDING_MAX = 256 };

static struct {
	pthread_mutex_t pending_lock; /* guards the rest */
	pthread_cond_t came;
	nc_http_token tokens[PENDING_MAX];
	size_t count;
} pending = { .pending_lock = PTHREAD_MUTEX_INITIALIZER, .came = PTHREAD_COND_INITIALIZER };

static _Atomic int ends[4], low_waters, timeouts;

static void put_pending(nc_http_token t)
{
	pthread_mutex_lock(&pending.pending_lock);
	if (pending.count < PENDING_MAX)
		pending.tokens[pending.count++] = t;
	pthread_cond_signal(&pending.came);
	pthread_mutex_unlock(&pending.pending_lock);
}

static nc_http_token take_pending(void)
{
	pthread_mutex_lock(&pending.pending_lock);
	while (pending.count == 0)
		pthread_cond_wait(&pending.came, &pending.pending_lock);
	nc_http_token t = pending.tokens[--pending.count];
	pthread_mutex_unlock(&pending.pending_lock);
	return t;
}

static void on_end(void *user nc_unused, nc_http_token t nc_unused, nc_http_end why)
{
	atomic_fetch_add(&ends[why], 1);
}

static void on_low_water(void *user nc_unused, nc_http_token t nc_unused)
{
	atomic_fetch_add(&low_waters, 1);
}

static void wait_handler(nc_http_req *req, void *user nc_unused)
{
	put_pending(nc_http_defer(req, &(nc_http_defer_opts){ .on_end = on_end }));
}

static void late(void *user, nc_http_req *req)
{
	atomic_fetch_add(&timeouts, 1);
	if (user)
		nc_http_reply(req, &(nc_http_res){ .status = 202 });
}

static void patient(nc_http_req *req, void *user)
{
	put_pending(nc_http_defer(req,
		&(nc_http_defer_opts){
			.user = user, .on_timeout = late, .timeout_us = 30000, .on_end = on_end }));
}

static void now(nc_http_req *req, void *user nc_unused)
{
	nc_http_reply(req, &(nc_http_res){ .status = 200, .body = { "now", 3 } });
}

/* ---- uploads ---- */

static struct {
	_Atomic int bytes, pieces, lasts, sum;
	_Atomic int pause_next;
} upload;

static nc_http_body_verdict on_piece(
	void *user nc_unused, nc_http_req *req, nc_bytes piece, int last)
{
	const unsigned char *p = piece.ptr;
	int sum = 0;
	for (size_t i = 0; i < piece.len; i++)
		sum += p[i];
	atomic_fetch_add(&upload.sum, sum);
	atomic_fetch_add(&upload.bytes, (int)piece.len);
	atomic_fetch_add(&upload.pieces, 1);
	if (last) {
		atomic_fetch_add(&upload.lasts, 1);
		nc_http_reply(req, &(nc_http_res){ .status = 201 });
	}
	return atomic_exchange(&upload.pause_next, 0) ? NC_HTTP_BODY_PAUSE : NC_HTTP_BODY_MORE;
}

static void upload_handler(nc_http_req *req, void *user nc_unused)
{
	put_pending(nc_http_defer(req, &(nc_http_defer_opts){ .on_end = on_end }));
	nc_http_body_start(req, on_piece, NULL);
}

/* Answers without having read: the rest of the body is nobody's. */
static void impatient_upload(nc_http_req *req, void *user nc_unused)
{
	nc_http_reply(req, &(nc_http_res){ .status = 409 });
}

static int yes;
static const nc_http_route routes[] = {
	{ .method = "GET", .pattern = "/wait", .handler = wait_handler },
	{ .method = "GET", .pattern = "/patient", .handler = patient, .user = &yes },
	{ .method = "GET", .pattern = "/resigned", .handler = patient },
	{ .method = "GET", .pattern = "/now", .handler = now },
	{ .method = "POST",
		.pattern = "/upload",
		.handler = upload_handler,
		.body = NC_HTTP_BODY_STREAMED,
		.body_limit = 64 << 20 },
	{ .method = "POST",
		.pattern = "/small-upload",
		.handler = upload_handler,
		.body = NC_HTTP_BODY_STREAMED,
		.body_limit = 10 },
	{ .method = "POST",
		.pattern = "/no-upload",
		.handler = impatient_upload,
		.body = NC_HTTP_BODY_STREAMED },
};

static nc_http_options options(void)
{
	for (size_t i = 0; i < NC_LEN(ends); i++)
		atomic_store(&ends[i], 0);
	atomic_store(&low_waters, 0);
	atomic_store(&timeouts, 0);
	memset(&upload, 0, sizeof(upload));
	pending.count = 0;
	return (nc_http_options){ .routes = routes, .route_count = NC_LEN(routes) };
}

#define H    "Host: test\r\n"
#define WAIT "GET /wait HTTP/1.1\r\n" H "\r\n"
#define NOW  "GET /now HTTP/1.1\r\n" H "\r\n"

static nc_http_res text(const char *s)
{
	return (nc_http_res){ .status = 200, .body = { s, strlen(s) } };
}

static void a_deferred_request_is_answered_from_another_thread(void)
{
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	_cleanup_(hc_done) hc_answer a = { 0 };
	for (int i = 0; i < 20; i++) {
		hc_send(fd, WAIT);
		nc_http_token t = take_pending();
		CHECK(nc_http_token_is_live(s.s, t));
		const nc_http_header h = { "ETag", "\"1\"" };
		nc_http_res res = text("done");
		res.headers = &h;
		res.header_count = 1;
		res.content_type = "text/plain";
		CHECK_CODE(nc_http_token_reply(s.s, t, &res), NC_OK);
		hc_read(fd, "", &a);
		CHECK_STR(a.body, "done");
		CHECK_HAS(a.head, "ETag: \"1\"\r\n");
		CHECK_HAS(a.head, "Content-Type: text/plain\r\n");
		CHECK(hc_wait_for(&ends[NC_HTTP_END_ANSWERED], i + 1));
		CHECK(!nc_http_token_is_live(s.s, t));
	}
}

static void on_release(void *user)
{
	atomic_fetch_add((_Atomic int *)user, 1);
}

static nc_blob *counted_blob(_Atomic int *released)
{
	return nc_blob_wrap((nc_bytes){ "shared", 6 }, on_release, released);
}

static void a_stale_token_is_a_no_op_that_frees(void)
{
	_Atomic int released = 0;
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	_cleanup_(hc_done) hc_answer a = { 0 };
	hc_send(fd, WAIT);
	nc_http_token old = take_pending();
	nc_http_res res = text("first");
	nc_http_token_reply(s.s, old, &res);
	hc_read(fd, "", &a);
	CHECK(hc_wait_for(&ends[NC_HTTP_END_ANSWERED], 1));

	hc_send(fd, WAIT); /* the same connection: only the stream tells them apart */
	nc_http_token fresh = take_pending();
	CHECK_UINT(fresh.slot, old.slot);
	CHECK_UINT(fresh.generation, old.generation);
	res = (nc_http_res){ .status = 200, .blob = counted_blob(&released) };
	CHECK_CODE(nc_http_token_reply(s.s, old, &res), NC_E_NOTFOUND);
	CHECK_INT(atomic_load(&released), 1);
	CHECK_CODE(nc_http_stream_write_blob(s.s, old, counted_blob(&released)), NC_E_NOTFOUND);
	CHECK_INT(atomic_load(&released), 2);
	CHECK_CODE(nc_http_abort(s.s, old), NC_E_NOTFOUND);
	CHECK_CODE(nc_http_abort(s.s, (nc_http_token){ 0 }), NC_E_NOTFOUND);
	CHECK_CODE(nc_http_abort(s.s, (nc_http_token){ 9, 9, 9, 9 }), NC_E_NOTFOUND);
	res = (nc_http_res){ .status = 200, .blob = counted_blob(&released) };
	CHECK_CODE(nc_http_token_reply(s.s, fresh, &res), NC_OK);
	hc_read(fd, "", &a);
	CHECK_STR(a.body, "shared");
	CHECK(hc_wait_for(&released, 3));
}

static void of_two_answers_the_second_is_dropped(void)
{
	_Atomic int released = 0;
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	hc_send(fd, WAIT);
	nc_http_token t = take_pending();
	for (int i = 0; i < 2; i++) {
		const nc_http_res res = { .status = 200, .blob = counted_blob(&released) };
		nc_http_token_reply(s.s, t, &res);
	}
	CHECK(hc_wait_for(&released, 2));
	_cleanup_(hc_done) hc_answer a = { 0 };
	hc_read(fd, "", &a);
	CHECK_STR(a.body, "shared");
	CHECK_INT(hc_ask(fd, NOW, &a), 200);
	CHECK_STR(a.body, "now");
}

static void a_client_that_leaves_makes_its_token_stale(void)
{
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	int fd = hc_connect(&s);
	hc_send(fd, WAIT);
	nc_http_token t = take_pending();
	close(fd);
	CHECK(hc_wait_for(&ends[NC_HTTP_END_GONE], 1));
	nc_http_res res = text("too late");
	CHECK_CODE(nc_http_token_reply(s.s, t, &res), NC_E_NOTFOUND);
	_cleanup_(nc_closep) int next = hc_connect(&s); /* takes the same slot */
	hc_send(next, WAIT);
	nc_http_token u = take_pending();
	CHECK_UINT(u.slot, t.slot);
	CHECK(u.generation != t.generation);
	CHECK(!nc_http_token_is_live(s.s, t));
}

static void a_half_closed_client_is_not_gone(void)
{
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	_cleanup_(hc_done) hc_answer a = { 0 };
	hc_send(fd, WAIT WAIT);
	shutdown(fd, SHUT_WR);
	for (int i = 0; i < 2; i++) {
		nc_http_token t = take_pending();
		usleep(20000);
		CHECK(nc_http_token_is_live(s.s, t));
		nc_http_res res = text("still here");
		nc_http_token_reply(s.s, t, &res);
		hc_read(fd, "", &a);
		CHECK_STR(a.body, "still here");
	}
	CHECK(hc_is_closed(fd, 5000));
}

static void what_follows_a_deferred_request_waits_for_it(void)
{
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	_cleanup_(hc_done) hc_answer a = { 0 };
	hc_send(fd, WAIT NOW WAIT);
	nc_http_token t = take_pending();
	usleep(20000);
	CHECK_UINT(pending.count, 0);
	nc_http_res res = text("first");
	nc_http_token_reply(s.s, t, &res);
	hc_read(fd, "", &a);
	CHECK_STR(a.body, "first");
	hc_read(fd, "", &a);
	CHECK_STR(a.body, "now");
	nc_http_token u = take_pending();
	res = text("third");
	nc_http_token_reply(s.s, u, &res);
	hc_read(fd, "", &a);
	CHECK_STR(a.body, "third");
}

static void patience_ends_in_a_callback_that_may_answer(void)
{
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	_cleanup_(hc_done) hc_answer a = { 0 };
	CHECK_INT(hc_ask(fd, "GET /patient HTTP/1.1\r\n" H "\r\n", &a), 202);
	nc_http_token t = take_pending();
	nc_http_res res = text("late");
	CHECK(hc_wait_for(&ends[NC_HTTP_END_ANSWERED], 1));
	CHECK_CODE(nc_http_token_reply(s.s, t, &res), NC_E_NOTFOUND);

	hc_send(fd, "GET /resigned HTTP/1.1\r\n" H "\r\n");
	t = take_pending();
	CHECK(hc_wait_for(&timeouts, 2));
	CHECK_CODE(nc_http_token_reply(s.s, t, &res), NC_OK);
	hc_read(fd, "", &a);
	CHECK_STR(a.body, "late");
	CHECK_INT(atomic_load(&timeouts), 2);
}

typedef struct worker {
	nc_http_server *s;
	_Atomic int *left;
} worker;

static void *answer_all(void *arg)
{
	worker *w = arg;
	while (atomic_fetch_sub(w->left, 1) > 0) {
		nc_http_token t = take_pending();
		nc_http_res res = text("from a worker");
		if (t.stream % 2)
			nc_http_token_reply(w->s, t, &res);
		else {
			nc_http_res head = { .status = 200 };
			nc_http_stream_begin(w->s, t, &head, NULL);
			nc_http_stream_write(w->s, t, (nc_bytes){ "from ", 5 });
			nc_http_stream_write(w->s, t, (nc_bytes){ "a worker", 8 });
			nc_http_stream_end(w->s, t);
		}
	}
	return NULL;
}

static void many_threads_answer_many_connections(void)
{
	enum { CONNECTIONS = 64, ROUNDS = 20, WORKERS = 4 };
	nc_http_options o = options();
	o.reactors = 2;
	_cleanup_(hc_stop) hc_server s = hc_start(o);
	_Atomic int left = CONNECTIONS * ROUNDS;
	worker w = { s.s, &left };
	pthread_t threads[WORKERS];
	for (int i = 0; i < WORKERS; i++)
		pthread_create(&threads[i], NULL, answer_all, &w);
	int fds[CONNECTIONS];
	for (int i = 0; i < CONNECTIONS; i++)
		fds[i] = hc_connect(&s);
	_cleanup_(hc_done) hc_answer a = { 0 };
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < CONNECTIONS; i++)
			hc_send(fds[i], WAIT);
		for (int i = 0; i < CONNECTIONS; i++) {
			hc_read(fds[i], "", &a);
			CHECK_STR(a.body, "from a worker");
		}
	}
	for (int i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < CONNECTIONS; i++)
		close(fds[i]);
	CHECK(hc_wait_for(&ends[NC_HTTP_END_ANSWERED], CONNECTIONS * ROUNDS));
}

/* ---- streams ---- */

static nc_http_token begin_stream(
	const hc_server *s, int fd, const char *request, const nc_http_stream_opts *opts)
{
	hc_send(fd, request);
	nc_http_token t = take_pending();
	const nc_http_res head = { .status = 200, .content_type = "text/event-stream" };
	CHECK_CODE(nc_http_stream_begin(s->s, t, &head, opts), NC_OK);
	return t;
}

static void a_stream_arrives_in_pieces_and_ends(void)
{
	static const char *const requests[] = { WAIT, "GET /wait HTTP/1.0\r\n\r\n" };
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(hc_done) hc_answer a = { 0 };
	for (size_t i = 0; i < NC_LEN(requests); i++) {
		_cleanup_(nc_closep) int fd = hc_connect(&s);
		nc_http_token t = begin_stream(&s, fd, requests[i], NULL);
		nc_http_stream_write(s.s, t, (nc_bytes){ "one ", 4 });
		nc_http_stream_write(s.s, t, (nc_bytes){ NULL, 0 });
		nc_http_stream_write_blob(s.s, t, nc_blob_new((nc_bytes){ "two ", 4 }));
		usleep(5000);
		nc_http_stream_write(s.s, t, (nc_bytes){ "three", 5 });
		CHECK_CODE(nc_http_stream_end(s.s, t), NC_OK);
		hc_read(fd, "", &a);
		CHECK_INT(a.is_whole, 1);
		CHECK_STR(a.body, "one two three");
		CHECK(hc_wait_for(&ends[NC_HTTP_END_ANSWERED], (int)i + 1));
		if (i == 0)
			CHECK_INT(hc_ask(fd, NOW, &a), 200);
		else
			CHECK(hc_is_closed(fd, 5000));
	}
	/* HEAD: the head alone */
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	nc_http_token t = begin_stream(&s, fd, "HEAD /wait HTTP/1.1\r\n" H "\r\n", NULL);
	nc_http_stream_write(s.s, t, (nc_bytes){ "nothing", 7 });
	nc_http_stream_end(s.s, t);
	hc_read(fd, "HEAD", &a);
	CHECK_INT(a.status, 200);
	CHECK_INT(hc_ask(fd, NOW, &a), 200);
}

static void an_aborted_stream_is_seen_as_incomplete(void)
{
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	_cleanup_(hc_done) hc_answer a = { 0 };
	nc_http_token t = begin_stream(&s, fd, WAIT, NULL);
	nc_http_stream_write(s.s, t, (nc_bytes){ "half", 4 });
	CHECK_CODE(nc_http_abort(s.s, t), NC_OK);
	hc_read(fd, "", &a);
	CHECK_INT(a.is_whole, 0);
	CHECK(hc_wait_for(&ends[NC_HTTP_END_GONE], 1));
}

static void a_writer_is_told_when_the_reader_has_caught_up(void)
{
	enum { PIECE = 200000, PIECES = 20 };
	const nc_http_stream_opts opts = {
		.on_low_water = on_low_water, .low_water = 1000, .high_water = 2 * PIECE
	};
	static char piece[PIECE];
	memset(piece, 'p', sizeof(piece));
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	nc_http_token t = begin_stream(&s, fd, WAIT, &opts);
	static char all[PIECES * PIECE + 20000];
	_cleanup_(nc_freep) char *sink = nc_malloc(PIECE);
	REQUIRE(sink != NULL);
	size_t got = 0;
	for (int i = 0; i < PIECES; i++) {
		CHECK_CODE(nc_http_stream_write(s.s, t, (nc_bytes){ piece, PIECE }), NC_OK);
		/* read this piece, then wait for the word before writing the next */
		while (got < (size_t)(i + 1) * PIECE) {
			ssize_t n = recv(fd, sink, PIECE, 0);
			if (!CHECK(n > 0))
				return;
			memcpy(all + got, sink, (size_t)n);
			got += (size_t)n;
		}
		REQUIRE(hc_wait_for(&low_waters, i + 1));
	}
	nc_http_stream_end(s.s, t);
	CHECK(hc_wait_for(&ends[NC_HTTP_END_ANSWERED], 1));
	CHECK_INT(atomic_load(&ends[NC_HTTP_END_SLOW]), 0);
}

static void a_reader_too_slow_for_the_high_water_mark_is_ended(void)
{
	const nc_http_stream_opts opts = { .high_water = 100000 };
	static char piece[50000];
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	nc_http_token t = begin_stream(&s, fd, WAIT, &opts);
	nc_code code = NC_OK;
	for (int i = 0; i < 10000 && code == NC_OK; i++) {
		code = nc_http_stream_write(s.s, t, (nc_bytes){ piece, sizeof(piece) });
		usleep(100);
	}
	CHECK_CODE(code, NC_E_NOTFOUND);
	CHECK(hc_wait_for(&ends[NC_HTTP_END_SLOW], 1));
}

static void one_blob_is_shared_by_all_readers(void)
{
	enum { READERS = 50 };
	_Atomic int released = 0;
	nc_http_options o = options();
	o.reactors = 2;
	_cleanup_(hc_stop) hc_server s = hc_start(o);
	int fds[READERS];
	nc_http_token tokens[READERS];
	for (int i = 0; i < READERS; i++) {
		fds[i] = hc_connect(&s);
		tokens[i] = begin_stream(&s, fds[i], WAIT, NULL);
	}
	nc_blob *b = counted_blob(&released);
	for (int i = 0; i < READERS; i++) {
		CHECK_CODE(nc_http_stream_write_blob(s.s, tokens[i], nc_blob_ref(b)), NC_OK);
		nc_http_stream_end(s.s, tokens[i]);
	}
	nc_blob_unref(b);
	for (int i = 0; i < READERS; i++) {
		_cleanup_(hc_done) hc_answer a = { 0 };
		hc_read(fds[i], "", &a);
		CHECK_STR(a.body, "shared");
		close(fds[i]);
	}
	CHECK(hc_wait_for(&released, 1));
}

/* ---- uploads ---- */

static void an_upload_is_told_piece_by_piece(void)
{
	enum { N = 5 << 20 };
	_cleanup_(nc_freep) char *body = nc_malloc(N);
	REQUIRE(body != NULL);
	memset(body, 1, N);
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	_cleanup_(hc_done) hc_answer a = { 0 };
	hc_send(fd, "POST /upload HTTP/1.1\r\n" H
		    "Expect: 100-continue\r\nContent-Length: 5242880\r\n\r\n");
	char interim[25];
	CHECK_INT(recv(fd, interim, sizeof(interim), MSG_WAITALL), 25);
	CHECK_MEM(interim, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	hc_send_n(fd, body, N);
	hc_read(fd, "", &a);
	CHECK_INT(a.status, 201);
	CHECK_INT(atomic_load(&upload.sum), N);
	CHECK(atomic_load(&upload.pieces) > 1);

	hc_send(fd, "POST /upload HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n500000\r\n");
	hc_send_n(fd, body, N);
	hc_send(fd, "\r\n3\r\n\1\1\1\r\n0\r\n\r\n" NOW);
	hc_read(fd, "", &a);
	CHECK_INT(a.status, 201);
	CHECK_INT(atomic_load(&upload.sum), 2 * N + 3);
	CHECK_INT(atomic_load(&upload.lasts), 2);
	hc_read(fd, "", &a);
	CHECK_STR(a.body, "now");

	CHECK_INT(hc_ask(fd, "POST /upload HTTP/1.1\r\n" H "\r\n", &a), 201); /* no body at all */
	CHECK_INT(atomic_load(&upload.lasts), 3);
}

static void a_paused_upload_waits_for_resume(void)
{
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	_cleanup_(hc_done) hc_answer a = { 0 };
	atomic_store(&upload.pause_next, 1);
	hc_send(fd, "POST /upload HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n");
	nc_http_token t = take_pending();
	hc_send(fd, "1\r\na\r\n1\r\nb\r\n0\r\n\r\n");
	CHECK(hc_wait_for(&upload.pieces, 1));
	usleep(30000);
	CHECK_INT(atomic_load(&upload.bytes), 1);
	CHECK_CODE(nc_http_body_resume(s.s, t), NC_OK);
	hc_read(fd, "", &a);
	CHECK_INT(a.status, 201);
	CHECK_INT(atomic_load(&upload.bytes), 2);
}

static void a_broken_upload_ends_its_token(void)
{
	static const char *const requests[] = {
		"POST /upload HTTP/1.1\r\n" H "Content-Length: 100\r\n\r\nshort",
		"POST /upload HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n1\r\nab",
		"POST /small-upload HTTP/1.1\r\n" H
		"Transfer-Encoding: chunked\r\n\r\nb\r\n12345678901",
	};
	static const int statuses[] = { 400, 400, 413 };
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	for (size_t i = 0; i < NC_LEN(requests); i++) {
		_cleanup_(nc_closep) int fd = hc_connect(&s);
		_cleanup_(hc_done) hc_answer a = { 0 };
		hc_send(fd, requests[i]);
		shutdown(fd, SHUT_WR);
		hc_read(fd, "", &a);
		CHECK_INT(a.status, statuses[i]);
		CHECK(hc_wait_for(&ends[NC_HTTP_END_GONE], (int)i + 1));
	}
	CHECK_INT(atomic_load(&upload.lasts), 0);
}

static void an_upload_nobody_reads_is_answered_and_closed(void)
{
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	_cleanup_(hc_done) hc_answer a = { 0 };
	hc_send(fd, "POST /no-upload HTTP/1.1\r\n" H "Content-Length: 100000\r\n\r\nsome of it");
	hc_read(fd, "", &a);
	CHECK_INT(a.status, 409);
	CHECK_HAS(a.head, "Connection: close\r\n");
	shutdown(fd, SHUT_WR);
	CHECK(hc_is_closed(fd, 5000));
}

/* ---- tasks, memory, the end ---- */

typedef struct count_task {
	nc_http_task task;
	_Atomic int *count;
	unsigned reactor;
	_Atomic int *wrong;
} count_task;

static void count_run(nc_http_task *task, unsigned reactor)
{
	count_task *c = NC_CONTAINER(task, count_task, task);
	if (reactor != c->reactor)
		atomic_fetch_add(c->wrong, 1);
	atomic_fetch_add(c->count, 1);
	nc_free(c);
}

static void tasks_run_on_their_reactor_and_none_is_lost(void)
{
	enum { TASKS = 1000 };
	_Atomic int count = 0, wrong = 0;
	nc_http_options o = options();
	o.reactors = 2;
	hc_server s = hc_start(o);
	for (unsigned i = 0; i < TASKS; i++) {
		count_task *c = nc_calloc(1, sizeof(*c));
		REQUIRE(c != NULL);
		*c = (count_task){ { .run = count_run }, &count, i % 2, &wrong };
		CHECK_CODE(nc_http_run(s.s, i % 2, &c->task), NC_OK);
	}
	nc_http_task unused_task = { .run = NULL };
	CHECK_CODE(nc_http_run(s.s, 2, &unused_task), NC_E_INVAL);
	hc_stop(&s);
	CHECK_INT(atomic_load(&count), TASKS);
	CHECK_INT(atomic_load(&wrong), 0);
}

static void an_answer_there_is_no_memory_for_becomes_503(void)
{
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	_cleanup_(hc_done) hc_answer a = { 0 };
	hc_send(fd, WAIT);
	nc_http_token t = take_pending();
	nc_http_res res = text("lost");
	nc_alloc_fail_at(1, NC_FAIL_ONCE);
	CHECK_CODE(nc_http_token_reply(s.s, t, &res), NC_E_NOMEM);
	nc_alloc_fail_at(0, NC_FAIL_ONCE);
	hc_read(fd, "", &a);
	CHECK_INT(a.status, 503);
	CHECK_INT(hc_ask(fd, NOW, &a), 200);
	/* in the middle of a stream there is nothing to do but break off */
	t = begin_stream(&s, fd, WAIT, NULL);
	nc_alloc_fail_at(1, NC_FAIL_ONCE);
	CHECK_CODE(nc_http_stream_write(s.s, t, (nc_bytes){ "lost", 4 }), NC_E_NOMEM);
	nc_alloc_fail_at(0, NC_FAIL_ONCE);
	hc_read(fd, "", &a);
	CHECK_INT(a.is_whole, 0);
}

typedef struct fail_task {
	nc_http_task task;
	uint64_t n;
	nc_fail_mode mode;
	_Atomic int done;
} fail_task;

static void arm(nc_http_task *task, unsigned reactor nc_unused)
{
	fail_task *f = NC_CONTAINER(task, fail_task, task);
	nc_alloc_fail_at(f->n, f->mode);
	atomic_store(&f->done, 1);
}

/* Let the reactor's thread fail its n-th allocation from now. */
static void arm_reactor(const hc_server *s, uint64_t n, nc_fail_mode mode)
{
	fail_task f = { .task = { .run = arm }, .n = n, .mode = mode };
	nc_http_run(s->s, 0, &f.task);
	hc_wait_for(&f.done, 1);
}

static void a_reactor_without_memory_drops_clients_and_lives_on(void)
{
	static const char chunked[] = "POST /upload HTTP/1.1\r\n" H
				      "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n";
	static const char query[] = "GET /now?a=b&c=d HTTP/1.1\r\n" H "\r\n";
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(hc_done) hc_answer a = { 0 };
	int refused = 0;
	for (uint64_t n = 1; n <= 24; n++) {
		arm_reactor(&s, n / 2 + 1, n % 2 ? NC_FAIL_ONCE : NC_FAIL_STICKY);
		_cleanup_(nc_closep) int fd = hc_connect(&s);
		int status = hc_ask(fd, query, &a);
		CHECK(status == 200 || status == 503 || status == 0);
		refused += status != 200;
		status = hc_ask(fd, chunked, &a);
		CHECK(status == 201 || status == 503 || status == 0);
		refused += status != 201;
		arm_reactor(&s, 0, NC_FAIL_ONCE);
		_cleanup_(nc_closep) int well = hc_connect(&s);
		CHECK_INT(hc_ask(well, NOW, &a), 200);
	}
	CHECK(refused > 0);
}

static void a_stopping_server_ends_what_waits(void)
{
	hc_server s = hc_start(options());
	_cleanup_(nc_closep) int waiting = hc_connect(&s);
	_cleanup_(nc_closep) int streaming = hc_connect(&s);
	hc_send(waiting, WAIT);
	take_pending();
	nc_http_token t = begin_stream(&s, streaming, WAIT, NULL);
	nc_http_stream_write(s.s, t, (nc_bytes){ "half", 4 });
	hc_stop(&s);
	CHECK_INT(atomic_load(&ends[NC_HTTP_END_STOPPED]), 2);
	CHECK(hc_is_closed(waiting, 1000));
}

NC_TESTS(http_tokens){
	T(a_deferred_request_is_answered_from_another_thread),
	T(a_stale_token_is_a_no_op_that_frees),
	T(of_two_answers_the_second_is_dropped),
	T(a_client_that_leaves_makes_its_token_stale),
	T(a_half_closed_client_is_not_gone),
	T(what_follows_a_deferred_request_waits_for_it),
	T(patience_ends_in_a_callback_that_may_answer),
	T(many_threads_answer_many_connections),
	T(a_stream_arrives_in_pieces_and_ends),
	T(an_aborted_stream_is_seen_as_incomplete),
	T(a_writer_is_told_when_the_reader_has_caught_up),
	T(a_reader_too_slow_for_the_high_water_mark_is_ended),
	T(one_blob_is_shared_by_all_readers),
	T(an_upload_is_told_piece_by_piece),
	T(a_paused_upload_waits_for_resume),
	T(a_broken_upload_ends_its_token),
	T(an_upload_nobody_reads_is_answered_and_closed),
	T(tasks_run_on_their_reactor_and_none_is_lost),
	T(an_answer_there_is_no_memory_for_becomes_503),
	T(a_reactor_without_memory_drops_clients_and_lives_on),
	T(a_stopping_server_ends_what_waits),
};
