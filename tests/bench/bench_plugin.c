/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the way to a plugin costs: a call of a verb that does nothing, in this process and through
 * nc-plugin-host, with a small body and with 64 KiB, from nc_pinst_call until `done` has woken who
 * waits; and the bytes of a stream from nc-plugin-host. Beside them what processes and threads cost
 * anyway: a function call, a hop to a thread and back, a ping-pong of as many bytes between two
 * processes, and a socket between two processes that carries as many bytes in the same pieces.
 *
 *   bench_plugin [--quick]
 */
#include <errno.h>
#include <ftw.h>
#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/pool.h"
#include "bench.h"
#include "plugin/plugin.h"

enum { SMALL = 64, LARGE = 64 << 10, WARM = 50 };
enum { PIECE = 251 * 4096, BUFFER = 256 << 10 }; /* what sim sends at once, what we receive */

typedef struct counts {
	int calls, large_calls;
	uint64_t stream_bytes;
} counts;

static const counts full = { 20000, 4000, (uint64_t)8e9 };
static const counts quick = { 1000, 300, (uint64_t)5e8 };

/* ---- yardsticks ---- */

static nc_code nothing(int n)
{
	return n;
}

static double function_call_ns(void)
{
	enum { N = 20000000 };
	nc_code (*volatile fn)(int) = nothing;
	double t0 = bench_now_us();

	for (int i = 0; i < N; i++)
		fn(i);
	return (bench_now_us() - t0) * 1e3 / N;
}

/* A flag that one thread raises and another waits for. */
typedef struct flag {
	pthread_mutex_t flag_lock;
	pthread_cond_t raised;
	int is_raised;
} flag;

#define FLAG                                                                                       \
	(flag)                                                                                     \
	{                                                                                          \
		.flag_lock = PTHREAD_MUTEX_INITIALIZER, .raised = PTHREAD_COND_INITIALIZER         \
	}

static void raise_flag(flag *f)
{
	pthread_mutex_lock(&f->flag_lock);
	f->is_raised = 1;
	pthread_cond_signal(&f->raised);
	pthread_mutex_unlock(&f->flag_lock);
}

static void await_flag(flag *f)
{
	pthread_mutex_lock(&f->flag_lock);
	while (!f->is_raised)
		pthread_cond_wait(&f->raised, &f->flag_lock);
	f->is_raised = 0;
	pthread_mutex_unlock(&f->flag_lock);
}

typedef struct hop {
	flag there, back;
	int n;
} hop;

static void *hop_main(void *arg)
{
	hop *h = arg;

	for (int i = 0; i < h->n; i++) {
		await_flag(&h->there);
		raise_flag(&h->back);
	}
	return NULL;
}

static double thread_hop_us(int n)
{
	hop h = { FLAG, FLAG, n };
	uint64_t thread;
	bench_samples s;

	bench_samples_init(&s, (size_t)n);
	if (nc_thread_start(&thread, "hop", hop_main, &h) != 0)
		bench_die("no thread", NULL);
	for (int i = 0; i < n; i++) {
		double t0 = bench_now_us();
		raise_flag(&h.there);
		await_flag(&h.back);
		bench_sample(&s, bench_now_us() - t0);
	}
	nc_thread_join(thread);
	double us = bench_percentile(&s, 50);
	bench_samples_done(&s);
	return us;
}

static pid_t fork_with(int type, int fd[2])
{
	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fd) != 0)
		bench_die("socketpair", NULL);
	pid_t pid = fork();
	if (pid < 0)
		bench_die("fork", NULL);
	close(fd[pid ? 1 : 0]);
	return pid;
}

static void wait_for(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || status != 0)
		bench_die("the other process failed", NULL);
}

/* So many bytes there, a few back. */
static double ping_pong_us(int n, size_t bytes)
{
	static char body[LARGE];
	int fd[2];
	bench_samples s;
	pid_t pid = fork_with(SOCK_SEQPACKET, fd);

	if (!pid) {
		while (recv(fd[1], body, sizeof(body), 0) > 0)
			if (send(fd[1], body, SMALL, MSG_NOSIGNAL) != SMALL)
				_exit(1);
		_exit(0);
	}
	bench_samples_init(&s, (size_t)n);
	for (int i = 0; i < n; i++) {
		double t0 = bench_now_us();
		if (send(fd[0], body, bytes, MSG_NOSIGNAL) != (ssize_t)bytes ||
			recv(fd[0], body, sizeof(body), 0) != SMALL)
			bench_die("ping-pong", NULL);
		bench_sample(&s, bench_now_us() - t0);
	}
	close(fd[0]);
	wait_for(pid);
	double us = bench_percentile(&s, 50);
	bench_samples_done(&s);
	return us;
}

/* ---- a plugin, loaded ---- */

typedef struct loaded {
	nc_plugins *plugins;
	nc_pinst *inst;
	char folder[512];
} loaded;

static void load(loaded *l, const char *id, nc_isolation isolation, const char *config)
{
	static const char *const path[] = { NC_BENCH_PLUGINS, NC_BENCH_TEST_PLUGINS };
	nc_error err = NC_ERROR_INIT;
	nc_plugin_allow allow = { id, isolation };

	snprintf(l->folder, sizeof(l->folder), "%s/nc-bench-plugin-XXXXXX",
		getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	if (!mkdtemp(l->folder))
		bench_die(l->folder, NULL);
	nc_plugins_options o = { .search_path = path,
		.n_search = NC_LEN(path),
		.allow = &allow,
		.n_allow = 1,
		.state_dir = l->folder,
		.host_binary = NC_BENCH_HOST,
		.installation_id = "bench" };
	if (nc_plugins_new(&o, &l->plugins, &err) != NC_OK ||
		nc_plugins_scan(l->plugins, &err) != NC_OK ||
		nc_plugins_load(l->plugins, id, &err) != NC_OK)
		bench_die(id, &err);
	nc_pinst_spec spec = { .plugin = id, .name = "bench", .config = nc_str(config) };
	if (nc_pinst_open(l->plugins, &spec, &l->inst, &err) != NC_OK)
		bench_die(id, &err);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static void unload(loaded *l)
{
	nc_pinst_close(l->inst, 0);
	nc_pinst_unref(l->inst);
	nc_plugins_free(l->plugins);
	nftw(l->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static pid_t host_pid(const loaded *l, const char *id)
{
	nc_error err = NC_ERROR_INIT;
	nc_buf b;

	nc_buf_init(&b, 1u << 20);
	if (nc_plugins_render(l->plugins, id, &b, &err) != NC_OK)
		bench_die(id, &err);
	json_t *doc = json_loadb(b.ptr, b.len, 0, NULL);
	json_int_t pid = json_integer_value(json_object_get(doc, "pid"));
	json_decref(doc);
	nc_buf_done(&b);
	if (pid <= 0)
		bench_die("the plugin has no process of its own", NULL);
	return (pid_t)pid;
}

/* ---- calls ---- */

typedef struct ending {
	flag done;
	nc_code code;
	nc_error err;
	json_int_t bytes; /* of a stream's result */
} ending;

static void on_done(void *user, const nc_call_end *end)
{
	ending *e = user;

	e->code = end->code;
	nc_err_copy(&e->err, end->error);
	json_t *doc = json_loadb(end->result.len ? end->result.ptr : "{}",
		end->result.len ? end->result.len : 2, 0, NULL);
	e->bytes = json_integer_value(json_object_get(doc, "bytes"));
	json_decref(doc);
	raise_flag(&e->done);
}

static void await(ending *e)
{
	await_flag(&e->done);
	if (e->code != NC_OK)
		bench_die("the call failed", &e->err);
}

static void call_once(const loaded *l, nc_bytes request)
{
	nc_error err = NC_ERROR_INIT;
	ending e = { .done = FLAG, .err = NC_ERROR_INIT };
	nc_call_spec spec = { .verb = "compute.create",
		.target = nc_str("host-1"),
		.request = request,
		.key = "op_1.step.0",
		.done = on_done,
		.user = &e };

	if (nc_pinst_call(l->inst, &spec, NULL, &err) != NC_OK)
		bench_die("call", &err);
	await(&e);
}

typedef struct timed {
	double p50_us, p99_us, cpu_us; /* of both processes */
} timed;

static timed time_calls(const loaded *l, pid_t host, int n, size_t bytes)
{
	static const char head[] = "{\"do\":\"sync\",\"pad\":\"", tail[] = "\"}";
	_cleanup_(nc_buf_done) nc_buf request;
	bench_samples s;
	double cpu = 0;

	nc_buf_init(&request, LARGE + 1);
	nc_buf_puts(&request, head);
	while (request.len < bytes - (sizeof(tail) - 1))
		nc_buf_putc(&request, 'x');
	nc_buf_puts(&request, tail);
	bench_samples_init(&s, (size_t)n);
	for (int i = -WARM; i < n; i++) {
		if (!i)
			cpu = bench_cpu_s() + (host ? bench_cpu_s_of(host) : 0);
		double t0 = bench_now_us();
		call_once(l, nc_buf_bytes(&request));
		if (i >= 0)
			bench_sample(&s, bench_now_us() - t0);
	}
	cpu = bench_cpu_s() + (host ? bench_cpu_s_of(host) : 0) - cpu;
	timed t = { bench_percentile(&s, 50), bench_percentile(&s, 99), cpu * 1e6 / n };
	bench_samples_done(&s);
	return t;
}

static void print_calls(
	const char *figure, timed t, const char *yard_name, double yard_us, const char *yard_text)
{
	bench_row r;

	bench_row_begin(&r, figure, NULL);
	bench_row_value(&r, "p50 %.1f us, p99 %.1f us", t.p50_us, t.p99_us);
	bench_row_yardstick(&r, "%s", yard_text);
	bench_row_number(&r, "p50_us", t.p50_us);
	bench_row_number(&r, "p99_us", t.p99_us);
	bench_row_number(&r, "cpu_us", t.cpu_us);
	bench_row_number(&r, yard_name, yard_us);
	bench_row_end(&r);
}

static void calls_here(const counts *c)
{
	loaded l;
	char text[160];
	double call_ns = function_call_ns(), hop_us = thread_hop_us(c->calls);

	snprintf(text, sizeof(text),
		"a function call: %.1f ns; a hop to a thread and back: %.1f us", call_ns, hop_us);
	load(&l, "test.good", NC_ISO_IN_PROCESS, "{}");
	timed small = time_calls(&l, 0, c->calls, SMALL);
	timed large = time_calls(&l, 0, c->large_calls, LARGE);
	unload(&l);
	print_calls("a plugin call in process, 64 B", small, "thread_hop_p50_us", hop_us, text);
	print_calls("a plugin call in process, 64 KiB", large, "thread_hop_p50_us", hop_us, text);
}

static void calls_through_host(const counts *c)
{
	loaded l;
	char text[160];
	double small_us = ping_pong_us(c->calls, SMALL);
	double large_us = ping_pong_us(c->large_calls, LARGE);

	load(&l, "test.good", NC_ISO_PROCESS, "{}");
	pid_t host = host_pid(&l, "test.good");
	timed small = time_calls(&l, host, c->calls, SMALL);
	timed large = time_calls(&l, host, c->large_calls, LARGE);
	unload(&l);
	snprintf(text, sizeof(text), "ping-pong of two processes: %.1f us", small_us);
	print_calls("a plugin call through nc-plugin-host, 64 B", small, "ping_pong_p50_us",
		small_us, text);
	snprintf(text, sizeof(text), "ping-pong of two processes: %.1f us", large_us);
	print_calls("a plugin call through nc-plugin-host, 64 KiB", large, "ping_pong_p50_us",
		large_us, text);
}

/* ---- a stream ---- */

typedef struct flow {
	double gb_s, cpu_s_gb; /* of both processes */
} flow;

/* All there is, from a socket that does not block, as the daemon's end of a stream. */
static uint64_t drain(int fd)
{
	static char buffer[BUFFER];
	uint64_t total = 0;

	for (;;) {
		ssize_t n = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
		if (n == 0)
			return total;
		if (n > 0)
			total += (uint64_t)n;
		else if (errno == EAGAIN || errno == EINTR)
			poll(&(struct pollfd){ fd, POLLIN, 0 }, 1, -1);
		else
			bench_die("the stream broke", NULL);
	}
}

static void send_all(int fd, uint64_t bytes)
{
	char *piece = calloc(1, PIECE);

	if (!piece)
		_exit(1);
	while (bytes) {
		ssize_t n = send(fd, piece, bytes < PIECE ? bytes : PIECE, MSG_NOSIGNAL);
		if (n <= 0)
			_exit(1);
		bytes -= (uint64_t)n;
	}
	_exit(0);
}

static flow bare_socket(uint64_t bytes)
{
	int fd[2];
	double t0 = bench_now_us(), cpu0 = bench_cpu_s() + bench_children_cpu_s();
	pid_t pid = fork_with(SOCK_STREAM, fd);

	if (!pid)
		send_all(fd[1], bytes);
	if (drain(fd[0]) != bytes)
		bench_die("the bare socket lost bytes", NULL);
	double us = bench_now_us() - t0;
	close(fd[0]);
	wait_for(pid);
	double cpu = bench_cpu_s() + bench_children_cpu_s() - cpu0;
	return (flow){ (double)bytes / us / 1e3, cpu / ((double)bytes / 1e9) };
}

static flow stream_from_host(uint64_t bytes)
{
	nc_error err = NC_ERROR_INIT;
	ending e = { .done = FLAG, .err = NC_ERROR_INIT };
	loaded l;
	char request[128];
	int fd;

	load(&l, "novacron.sim", NC_ISO_PROCESS, "{\"hosts\":1}");
	pid_t host = host_pid(&l, "novacron.sim");
	snprintf(request, sizeof(request),
		"{\"kind\":\"bytes\",\"size\":%llu,\"pattern\":\"count\"}",
		(unsigned long long)bytes);
	nc_call_spec spec = { .target = nc_str("host-00000"),
		.request = nc_str(request),
		.key = "op_1.step.0",
		.done = on_done,
		.user = &e };
	double cpu0 = bench_cpu_s() + bench_cpu_s_of(host), t0 = bench_now_us();
	if (nc_pinst_stream(l.inst, &spec, &fd, NULL, &err) != NC_OK)
		bench_die("stream", &err);
	uint64_t got = drain(fd);
	double us = bench_now_us() - t0, cpu = bench_cpu_s() + bench_cpu_s_of(host) - cpu0;
	close(fd);
	await(&e);
	if (got != bytes || e.bytes != (json_int_t)bytes)
		bench_die("the stream lost bytes", NULL);
	unload(&l);
	return (flow){ (double)bytes / us / 1e3, cpu / ((double)bytes / 1e9) };
}

static void stream(const counts *c)
{
	bench_row r;
	flow bare = bare_socket(c->stream_bytes), through = stream_from_host(c->stream_bytes);

	bench_row_begin(&r, "a stream through nc-plugin-host", NULL);
	bench_row_value(&r, "%.1f GB/s, %.2f CPU s a GB", through.gb_s, through.cpu_s_gb);
	bench_row_yardstick(&r, "a bare socket between two processes: %.1f GB/s, %.2f CPU s a GB",
		bare.gb_s, bare.cpu_s_gb);
	bench_row_number(&r, "gb_s", through.gb_s);
	bench_row_number(&r, "cpu_s_gb", through.cpu_s_gb);
	bench_row_number(&r, "socket_gb_s", bare.gb_s);
	bench_row_number(&r, "socket_cpu_s_gb", bare.cpu_s_gb);
	bench_row_end(&r);
}

int main(int argc, char **argv)
{
	const counts *c = bench_is_quick(argc, argv) ? &quick : &full;

	nc_log_set_level(L_ERROR);
	calls_here(c);
	calls_through_host(c);
	stream(c);
	return 0;
}
