/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bench's client: N connections over the daemon's Unix socket, one thread, one request in
 * flight on each, as fast as they are answered. Prints one JSON object. Speaks just enough
 * HTTP/1.1 to be cheap: what it costs is not to be mistaken for what the server costs.
 *
 * load SOCKET create CLIENTS COUNT [PREFIX]     a VM each
 * load SOCKET get CLIENTS COUNT PATH
 * load SOCKET post CLIENTS COUNT PATH BODY      the same each time: a dry run
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS_MAX 1024
#define ANSWER_MAX  (1u << 20)

typedef struct conn {
	int fd;
	double sent_us;
	size_t have, want; /* bytes of the answer; want 0 = head not complete */
	char *buf;
} conn;

typedef struct load {
	const char *what, *arg, *body;
	long count, next, answered, refused;
	double *latency_us;
	char first_refusal[400];
} load;

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void die(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int connect_to(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		die(path);
	return fd;
}

static int make_request(load *l, char *out, size_t cap)
{
	const char *path = "/api/v1/vms", *body = l->body;
	char vm[256];

	if (!strcmp(l->what, "get"))
		return snprintf(out, cap, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", l->arg);
	if (body) {
		path = l->arg;
	} else {
		snprintf(vm, sizeof(vm),
			"{\"name\":\"%s-%ld\",\"vcpus\":1,\"memory_mib\":512,"
			"\"disks\":[{\"size_gib\":1}],\"labels\":{\"bench\":\"yes\"}}",
			l->arg, l->next);
		body = vm;
	}
	return snprintf(out, cap,
		"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
		"Content-Length: %zu\r\n\r\n%s",
		path, strlen(body), body);
}

/* 0 = nothing left to send. */
static int send_next(load *l, conn *c)
{
	char text[1024];

	if (l->next >= l->count)
		return 0;
	int n = make_request(l, text, sizeof(text));
	l->next++;
	c->have = c->want = 0;
	c->sent_us = now_us();
	if (send(c->fd, text, (size_t)n, MSG_NOSIGNAL) != n)
		die("send");
	return 1;
}

static void find_end(conn *c)
{
	char *end = memmem(c->buf, c->have, "\r\n\r\n", 4);
	char *length = end ? memmem(c->buf, c->have, "ontent-Length: ", 15) : NULL;

	if (!end)
		return;
	c->want =
		(size_t)(end - c->buf) + 4 + (length ? (size_t)strtoul(length + 15, NULL, 10) : 0);
}

/* 1 = the answer is whole. */
static int receive(load *l, conn *c)
{
	ssize_t n = recv(c->fd, c->buf + c->have, ANSWER_MAX - c->have, 0);

	if (n <= 0)
		die("the server closed the connection");
	c->have += (size_t)n;
	if (!c->want)
		find_end(c);
	if (!c->want || c->have < c->want)
		return 0;
	l->latency_us[l->answered++] = now_us() - c->sent_us;
	if (c->buf[9] != '2' && !l->refused++)
		snprintf(l->first_refusal, sizeof(l->first_refusal), "%.*s",
			(int)(c->have < 399 ? c->have : 399), c->buf);
	return 1;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print(const load *l, int clients, double seconds)
{
	struct rusage use;
	double *v = l->latency_us;
	long n = l->answered;

	getrusage(RUSAGE_SELF, &use);
	qsort(v, (size_t)n, sizeof(*v), by_value);
	printf("{\"what\":\"%s\",\"clients\":%d,\"answered\":%ld,\"refused\":%ld,"
	       "\"seconds\":%.3f,\"per_second\":%.0f,\"p50_us\":%.0f,\"p99_us\":%.0f,"
	       "\"client_cpu_seconds\":%.3f}\n",
		l->what, clients, n, l->refused, seconds, (double)n / seconds, v[n / 2],
		v[n * 99 / 100],
		(double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
			(double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6);
	if (l->refused)
		fprintf(stderr, "load: first refusal: %s\n", l->first_refusal);
}

static void run(load *l, conn *conns, int clients)
{
	struct epoll_event ev[CLIENTS_MAX];
	int ep = epoll_create1(EPOLL_CLOEXEC);

	for (int i = 0; i < clients; i++) {
		struct epoll_event e = { .events = EPOLLIN, .data.ptr = &conns[i] };
		epoll_ctl(ep, EPOLL_CTL_ADD, conns[i].fd, &e);
		send_next(l, &conns[i]);
	}
	while (l->answered < l->count) {
		int n = epoll_wait(ep, ev, clients, 60000);
		if (n <= 0)
			die("no answer for a minute");
		for (int i = 0; i < n; i++)
			if (receive(l, ev[i].data.ptr))
				send_next(l, ev[i].data.ptr);
	}
	close(ep);
}

int main(int argc, char **argv)
{
	int is_post = argc > 2 && !strcmp(argv[2], "post");

	if (argc < (is_post ? 7 : 5)) {
		fprintf(stderr, "usage: load SOCKET create|get|post CLIENTS COUNT "
				"[PREFIX | PATH [BODY]]\n");
		return 2;
	}
	int clients = atoi(argv[3]);
	load l = { .what = argv[2],
		.count = atol(argv[4]),
		.arg = argc > 5 ? argv[5] : "bench",
		.body = is_post ? argv[6] : NULL };
	static conn conns[CLIENTS_MAX];

	if (clients < 1 || clients > CLIENTS_MAX || l.count < clients)
		return 2;
	l.latency_us = calloc((size_t)l.count, sizeof(double));
	for (int i = 0; i < clients; i++) {
		conns[i].fd = connect_to(argv[1]);
		conns[i].buf = malloc(ANSWER_MAX);
		if (!conns[i].buf || !l.latency_us)
			die("memory");
	}
	double t0 = now_us();
	run(&l, conns, clients);
	print(&l, clients, (now_us() - t0) / 1e6);
	return l.refused ? 1 : 0;
}
