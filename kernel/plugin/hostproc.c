/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/hostproc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "plugin/launcher_internal.h"
#include "plugin/loader_internal.h"
#include "plugin/rt_internal.h"
#include "plugin/schema.h"
#include "plugin/spawn.h"
#include "plugin/wait.h"

/*
 * A host process from spawn to reaping. Frames are read and handled on the io loop alone, so events of
 * one process are in order; any thread may send, which never blocks: what has no room waits in a
 * queue that the io loop empties. The process is over when its pidfd says so, not when its socket
 * closes: what it said before it died still counts, and only then may another take its place.
 */

#define FRAMES_AT_ONCE  64
#define QUEUE_BYTES_MAX (32u << 20)
#define ASKS_MAX        64u
#define END_WAIT_US     INT64_C(2000000)
#define OUTPUT_QUIET_US INT64_C(10000000)

typedef enum { H_STARTING, H_READY, H_REFUSED, H_GONE } host_state;

typedef struct attached {
	uint32_t number;
	nc_pinst *inst; /* borrowed: it detaches before it goes */
	int is_closed;
	nc_code closed; /* NC_E_TIMEOUT: it hangs there */
} attached;

struct nc_hostproc {
	nc_found *f;
	nc_loop *io;
	nc_child child;
	int out_fd;        /* its stdout and stderr; io loop */
	nc_frame_in *in;   /* io loop */
	int64_t output_us; /* when it last had a strike for it; io loop */

	pthread_mutex_t host_lock; /* guards what follows */
	pthread_cond_t has_changed;
	uint32_t refs;
	host_state state;
	nc_error why; /* refused */
	char kill_reason[128];
	nc_error blameless; /* code not NC_OK: it was killed for want of memory of ours */
	int sock;           /* -1 when it was taken away */
	int is_ending, is_watching_write;
	nc_wire_queue queue;
	attached *list;
	size_t n_list, cap_list;
	uint32_t last_number;
	uint32_t n_asks;
	uint64_t ready_timer; /* holds a reference while it is set */
};

/* A process with rights of its own is the launcher's to kill. */
static void kill_process(nc_hostproc *h)
{
	nc_child_kill(&h->child);
	if (h->f->p->launcher)
		nc_launcher_kill(h->f->p->launcher, h->child.pid);
}

/* ---- references ---- */

nc_hostproc *nc_hostproc_ref(nc_hostproc *h)
{
	pthread_mutex_lock(&h->host_lock);
	h->refs++;
	pthread_mutex_unlock(&h->host_lock);
	return h;
}

static void free_host(nc_hostproc *h)
{
	nc_closep(&h->sock);
	nc_closep(&h->out_fd);
	nc_closep(&h->child.pidfd);
	nc_wire_queue_done(&h->queue);
	nc_free(h->list);
	nc_free(h->in);
	pthread_cond_destroy(&h->has_changed);
	pthread_mutex_destroy(&h->host_lock);
	nc_free(h);
}

void nc_hostproc_unref(nc_hostproc *h)
{
	pthread_mutex_lock(&h->host_lock);
	int is_last = --h->refs == 0;
	pthread_mutex_unlock(&h->host_lock);
	if (is_last)
		free_host(h);
}

int64_t nc_hostproc_pid(const nc_hostproc *h)
{
	return h->child.pid;
}

/* ---- sending ---- */

static void on_socket(const nc_closure *c, int fd, uint32_t events);

/* Under host_lock. */
static void watch_write(nc_hostproc *h)
{
	int wants = h->queue.first != NULL;
	if (wants == h->is_watching_write || h->sock < 0)
		return;
	h->is_watching_write = wants;
	(void)nc_loop_fd_mod(h->io, h->sock, EPOLLIN | (wants ? EPOLLOUT : 0u));
}

nc_code nc_hostproc_send(nc_hostproc *h, const nc_frame *f, nc_error *err)
{
	nc_code rc;
	pthread_mutex_lock(&h->host_lock);
	if (h->sock < 0 || h->is_ending)
		rc = nc_err(err, NC_E_UNAVAILABLE, "the process of plugin %s is gone", h->f->id);
	else if (h->queue.bytes > QUEUE_BYTES_MAX)
		rc = nc_err(err, NC_E_BUSY, "the process of plugin %s does not read", h->f->id);
	else
		rc = nc_wire_queue_send(&h->queue, h->sock, f, err);
	watch_write(h);
	pthread_mutex_unlock(&h->host_lock);
	return rc;
}

/* ---- instances ---- */

uint32_t nc_hostproc_attach(nc_hostproc *h, nc_pinst *inst)
{
	uint32_t number = 0;
	pthread_mutex_lock(&h->host_lock);
	if (h->n_list == h->cap_list) {
		size_t cap = NC_MAX(h->cap_list * 2, (size_t)8);
		attached *more = nc_realloc(h->list, cap * sizeof(*more));
		if (more) {
			h->list = more;
			h->cap_list = cap;
		}
	}
	if (h->n_list < h->cap_list && h->state != H_GONE) {
		number = ++h->last_number;
		h->list[h->n_list++] = (attached){ .number = number, .inst = inst };
	}
	pthread_mutex_unlock(&h->host_lock);
	return number;
}

/* Under host_lock. */
static attached *find(nc_hostproc *h, uint32_t number)
{
	for (size_t i = 0; i < h->n_list; i++)
		if (h->list[i].number == number)
			return &h->list[i];
	return NULL;
}

void nc_hostproc_detach(nc_hostproc *h, uint32_t number)
{
	pthread_mutex_lock(&h->host_lock);
	attached *a = find(h, number);
	if (a)
		*a = h->list[--h->n_list];
	pthread_mutex_unlock(&h->host_lock);
}

size_t nc_hostproc_instances(nc_hostproc *h)
{
	pthread_mutex_lock(&h->host_lock);
	size_t n = h->n_list;
	pthread_mutex_unlock(&h->host_lock);
	return n;
}

/* A reference to the instance of that number. */
static nc_pinst *inst_of(nc_hostproc *h, uint32_t number)
{
	pthread_mutex_lock(&h->host_lock);
	attached *a = find(h, number);
	nc_pinst *inst = a ? nc_pinst_ref(a->inst) : NULL;
	pthread_mutex_unlock(&h->host_lock);
	return inst;
}

nc_code nc_hostproc_wait_closed(nc_hostproc *h, uint32_t number, int64_t until_us)
{
	pthread_mutex_lock(&h->host_lock);
	attached *a;
	while ((a = find(h, number)) && !a->is_closed && h->state != H_GONE &&
		nc_cond_wait_until(&h->has_changed, &h->host_lock, until_us))
		;
	nc_code rc = !a || h->state == H_GONE ? NC_OK : a->is_closed ? a->closed : NC_E_TIMEOUT;
	pthread_mutex_unlock(&h->host_lock);
	return rc;
}

/* ---- questions ---- */

int nc_hostproc_take_ask(nc_hostproc *h)
{
	pthread_mutex_lock(&h->host_lock);
	int may = h->n_asks < ASKS_MAX;
	h->n_asks += (uint32_t)may;
	pthread_mutex_unlock(&h->host_lock);
	return may;
}

void nc_hostproc_give_ask(nc_hostproc *h)
{
	pthread_mutex_lock(&h->host_lock);
	h->n_asks--;
	pthread_mutex_unlock(&h->host_lock);
}

/* ---- frames; on the io loop ---- */

/* A short text of the frame with its NUL. */
static const char *text_of(nc_bytes b, char out[256])
{
	if (b.len)
		memcpy(out, b.ptr, b.len);
	out[b.len] = 0;
	return out;
}

static void on_returned(nc_pinst *inst, const nc_frame *f)
{
	nc_error err = *f->err;
	nc_rt_tidy_error(&err, f->err->code);
	nc_pinst_up.returned(inst, f->call,
		&(nc_rt_return){ .code = f->code,
			.recover_state =
				f->a <= NC_REC_UNKNOWN + 1 ? (int32_t)f->a - 1 : NC_REC_UNKNOWN,
			.err = &err,
			.result = f->body,
			.n_objects = f->b });
}

static void on_completed(nc_pinst *inst, const nc_frame *f)
{
	nc_error err = *f->err;
	nc_rt_tidy_error(&err, f->err->code);
	int is_known = f->a <= NC_UNKNOWN;
	nc_pinst_up.completed(inst, f->call, is_known ? (int32_t)f->a : NC_UNKNOWN, &err, f->body);
}

static void on_metric(nc_pinst *inst, const nc_frame *f)
{
	char name[256], label[256];
	double v;
	memcpy(&v, &f->b, sizeof(v));
	nc_pinst_up.metric(inst, f->a != 0, text_of(f->s1, name), text_of(f->s2, label), v);
}

static void on_closed(nc_hostproc *h, const nc_frame *f)
{
	pthread_mutex_lock(&h->host_lock);
	attached *a = find(h, f->inst);
	if (a) {
		a->is_closed = 1;
		a->closed = f->code;
	}
	pthread_cond_broadcast(&h->has_changed);
	pthread_mutex_unlock(&h->host_lock);
}

static void on_instance_frame(nc_hostproc *h, nc_pinst *inst, const nc_frame *f)
{
	char text[256];
	switch (f->type) {
	case NC_F_RETURNED:
		on_returned(inst, f);
		return;
	case NC_F_COMPLETED:
		on_completed(inst, f);
		return;
	case NC_F_OBJECT:
		(void)nc_pinst_up.object(inst, f->call, f->body);
		return;
	case NC_F_PROGRESS:
		nc_pinst_up.progress(inst, f->call, (uint32_t)NC_MIN(f->a, UINT64_C(1000)),
			text_of(f->s1, text));
		return;
	case NC_F_CHECKPOINT:
		nc_pinst_up.checkpoint(inst, f->call, f->a, f->body);
		return;
	case NC_F_LOG:
		nc_pinst_up.log(inst, (int32_t)NC_MIN(f->a, (uint64_t)NC_LOG_TRACE),
			text_of(f->s1, text), f->body);
		return;
	case NC_F_REPORT:
		(void)nc_pinst_up.report(inst, f->s1, f->a, f->body);
		return;
	case NC_F_REPORT_LOST:
		nc_pinst_report_lost(inst);
		return;
	case NC_F_METRIC:
		on_metric(inst, f);
		return;
	case NC_F_STRIKE:
		nc_pinst_up.strike(
			inst, (nc_rule)NC_MIN(f->a, (uint64_t)NC_P12_STATE), text_of(f->s1, text));
		return;
	case NC_F_ASK:
		nc_ask_begin(h, inst, f);
		return;
	default:
		nc_hostproc_kill(h, "it sent a frame of no known type");
	}
}

static void stop_ready_timer(nc_hostproc *h)
{
	pthread_mutex_lock(&h->host_lock);
	uint64_t timer = h->ready_timer;
	h->ready_timer = 0;
	pthread_mutex_unlock(&h->host_lock);
	if (timer && nc_loop_timer_stop(h->io, timer) == NC_OK)
		nc_hostproc_unref(h);
}

static void on_ready(nc_hostproc *h, const nc_frame *f)
{
	int is_same = f->a == NC_WIRE_VERSION;
	pthread_mutex_lock(&h->host_lock);
	h->state = f->code == NC_OK && is_same ? H_READY : H_REFUSED;
	h->why = *f->err;
	nc_rt_tidy_error(&h->why, f->code);
	if (!is_same)
		nc_err(&h->why, NC_E_UNSUPPORTED,
			"nc-plugin-host speaks version %llu of the wire, this daemon %u",
			(unsigned long long)f->a, NC_WIRE_VERSION);
	int is_ready = h->state == H_READY;
	pthread_cond_broadcast(&h->has_changed);
	pthread_mutex_unlock(&h->host_lock);
	stop_ready_timer(h);
	if (is_ready)
		nc_found_process_ready(h->f, h);
}

static void on_late_strike(nc_hostproc *h, const nc_frame *f)
{
	char text[256];
	nc_found_strike(
		h->f, NULL, (nc_rule)NC_MIN(f->a, (uint64_t)NC_P12_STATE), text_of(f->s1, text));
}

static void on_frame(nc_hostproc *h, const nc_frame *f)
{
	if (f->fd >= 0) { /* none of its frames has one */
		close(f->fd);
		nc_hostproc_kill(h, "it sent a descriptor");
		return;
	}
	if (f->type == NC_F_READY) {
		on_ready(h, f);
		return;
	}
	if (f->type == NC_F_CLOSED) {
		on_closed(h, f);
		return;
	}
	nc_pinst *inst = inst_of(h, f->inst);
	if (!inst && f->type == NC_F_STRIKE) /* of an instance that is gone, P5 */
		on_late_strike(h, f);
	if (!inst)
		return; /* closed meanwhile */
	on_instance_frame(h, inst, f);
	nc_pinst_unref(inst);
}

static void lose_socket(nc_hostproc *h)
{
	pthread_mutex_lock(&h->host_lock);
	int sock = nc_steal_fd(&h->sock);
	nc_wire_queue_done(&h->queue);
	pthread_mutex_unlock(&h->host_lock);
	if (sock < 0)
		return;
	nc_loop_fd_del(h->io, sock);
	close(sock);
}

static void blame_nobody(nc_hostproc *h, const nc_error *why)
{
	pthread_mutex_lock(&h->host_lock);
	h->blameless = *why;
	pthread_mutex_unlock(&h->host_lock);
}

/* Reads up to FRAMES_AT_ONCE frames, or all of them. 0 when the other end is gone. */
static int read_frames(nc_hostproc *h, int sock, int n)
{
	nc_error err = NC_ERROR_INIT;
	nc_code rc = NC_OK;
	while (n-- != 0 && (rc = nc_wire_recv(sock, h->in, NC_WIRE_DONT_WAIT, &err)) == NC_OK) {
		on_frame(h, &h->in->f);
		nc_frame_in_done(h->in);
	}
	if (rc == NC_E_NOMEM)
		blame_nobody(h, &err); /* what it said is lost, and with it all that follows */
	if (rc == NC_E_PROTO || rc == NC_E_NOMEM)
		nc_hostproc_kill(h, err.message);
	return rc == NC_OK || rc == NC_E_BUSY;
}

static void on_socket(const nc_closure *c, int fd, uint32_t events)
{
	nc_hostproc *h = c->ctx;
	if (events & EPOLLOUT) {
		pthread_mutex_lock(&h->host_lock);
		if (h->sock >= 0)
			(void)nc_wire_queue_flush(&h->queue, h->sock);
		watch_write(h);
		pthread_mutex_unlock(&h->host_lock);
	}
	if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return;
	if (read_frames(h, fd, FRAMES_AT_ONCE))
		return;
	/* It let go of its socket: it is to die, if it has not already. */
	lose_socket(h);
	kill_process(h);
}

/* ---- its output ---- */

static void on_output(const nc_closure *c, int fd, uint32_t events)
{
	nc_hostproc *h = c->ctx;
	char text[512];
	ssize_t n = read(fd, text, sizeof(text) - 1);
	if (n <= 0) {
		if (n < 0 && (errno == EAGAIN || errno == EINTR) && !(events & EPOLLHUP))
			return;
		nc_loop_fd_del(h->io, fd);
		return;
	}
	text[n] = 0;
	nc_log(L_WARN, "plugin.output", F_STR("plugin", h->f->id), F_STR("text", text));
	int64_t now = nc_clock_mono_us();
	if (h->output_us && now - h->output_us < OUTPUT_QUIET_US)
		return; /* lines of one outburst are one offence */
	h->output_us = now;
	nc_found_strike(h->f, NULL, NC_P8_OUTPUT, "it wrote to stdout or stderr");
}

/* ---- the end ---- */

void nc_hostproc_kill(nc_hostproc *h, const char *why)
{
	pthread_mutex_lock(&h->host_lock);
	if (!h->kill_reason[0])
		snprintf(h->kill_reason, sizeof(h->kill_reason), "%s", why);
	pthread_mutex_unlock(&h->host_lock);
	nc_log(L_WARN, "plugin.host.killed", F_STR("plugin", h->f->id), F_STR("why", why));
	kill_process(h);
}

/* The process has ended: hear it out, then tell. Gives up the io loop's reference. */
static void on_exit_event(const nc_closure *c, int fd, uint32_t events)
{
	nc_hostproc *h = c->ctx;
	char how[128];
	(void)events;
	if (!nc_child_reap(&h->child, how, sizeof(how)))
		return;
	nc_loop_fd_del(h->io, fd);
	int sock;
	pthread_mutex_lock(&h->host_lock);
	sock = h->sock;
	pthread_mutex_unlock(&h->host_lock);
	if (sock >= 0)
		(void)read_frames(h, sock, -1);
	lose_socket(h);
	on_output(&(nc_closure){ .ctx = h }, h->out_fd, 0); /* its last words */
	nc_loop_fd_del(h->io, h->out_fd);
	pthread_mutex_lock(&h->host_lock);
	if (h->kill_reason[0])
		memcpy(how, h->kill_reason, sizeof(how));
	int is_wanted = h->is_ending;
	nc_error blameless = h->blameless;
	if (h->state == H_STARTING)
		nc_err(&h->why, NC_E_UNAVAILABLE, "the process of plugin %s ended at once: %s",
			h->f->id, how);
	h->state = H_GONE;
	pthread_cond_broadcast(&h->has_changed);
	pthread_mutex_unlock(&h->host_lock);
	stop_ready_timer(h);
	if (!is_wanted)
		nc_found_process_gone(h->f, h, how, blameless.code == NC_OK ? NULL : &blameless);
	nc_hostproc_unref(h);
}

static void kill_later(const nc_closure *c, uint64_t timer)
{
	nc_hostproc *h = c->ctx;
	(void)timer;
	kill_process(h); /* gone already: nothing happens */
	nc_hostproc_unref(h);
}

void nc_hostproc_end(nc_hostproc *h)
{
	int64_t until = nc_clock_mono_us() + END_WAIT_US;
	pthread_mutex_lock(&h->host_lock);
	h->is_ending = 1;
	if (h->sock >= 0)
		(void)shutdown(h->sock, SHUT_RDWR); /* end of file there: it dies */
	pthread_mutex_unlock(&h->host_lock);
	nc_hostproc_ref(h);
	uint64_t timer;
	if (nc_loop_timer_start(h->io, END_WAIT_US / 4 * 1000, 0, kill_later,
		    (nc_closure){ .ctx = h }, &timer) != NC_OK) {
		kill_process(h);
		nc_hostproc_unref(h);
		timer = 0;
	}
	pthread_mutex_lock(&h->host_lock);
	while (h->state != H_GONE && nc_cond_wait_until(&h->has_changed, &h->host_lock, until))
		;
	pthread_mutex_unlock(&h->host_lock);
	if (timer && nc_loop_timer_stop(h->io, timer) == NC_OK)
		nc_hostproc_unref(h);
}

static void check_ready(const nc_closure *c, uint64_t timer)
{
	nc_hostproc *h = c->ctx;
	(void)timer;
	pthread_mutex_lock(&h->host_lock);
	int is_late = h->state == H_STARTING;
	h->ready_timer = 0;
	pthread_mutex_unlock(&h->host_lock);
	if (is_late)
		nc_hostproc_kill(h, "it was not ready in time");
	nc_hostproc_unref(h);
}

void nc_hostproc_kill_unless_ready(nc_hostproc *h, int64_t timeout_us)
{
	uint64_t timer = 0;
	nc_hostproc_ref(h); /* the timer's */
	if (nc_loop_timer_start(h->io, (uint64_t)timeout_us * 1000, 0, check_ready,
		    (nc_closure){ .ctx = h }, &timer) != NC_OK) {
		nc_hostproc_unref(h);
		return;
	}
	pthread_mutex_lock(&h->host_lock);
	int is_over = h->state != H_STARTING;
	h->ready_timer = timer;
	pthread_mutex_unlock(&h->host_lock);
	if (is_over)
		stop_ready_timer(h);
}

nc_code nc_hostproc_wait_ready(nc_hostproc *h, int64_t timeout_us, nc_error *err)
{
	int64_t until = nc_clock_mono_us() + timeout_us;
	nc_code rc = NC_OK;
	pthread_mutex_lock(&h->host_lock);
	while (h->state == H_STARTING && nc_cond_wait_until(&h->has_changed, &h->host_lock, until))
		;
	if (h->state == H_STARTING)
		rc = nc_err(err, NC_E_TIMEOUT, "the process of plugin %s was not ready in time",
			h->f->id);
	else if (h->state != H_READY)
		nc_err_copy(err, &h->why), rc = h->why.code;
	pthread_mutex_unlock(&h->host_lock);
	return rc;
}

/* ---- the start ---- */

static nc_code spawn(nc_found *f, nc_hostproc *h, int memfd, nc_error *err)
{
	nc_plugins *p = f->p;
	int pair[2], out[2];
	if (p->launcher)
		return nc_launcher_start(p->launcher, f->id, &h->child, &h->sock, &h->out_fd, err);
	nc_code rc = nc_wire_pair(pair, err);
	if (rc != NC_OK)
		return rc;
	h->sock = pair[0];
	_cleanup_(nc_closep) int theirs = pair[1];
	if (pipe2(out, O_CLOEXEC) < 0)
		return nc_err_errno(err, errno, "could not make a pipe");
	h->out_fd = out[0];
	_cleanup_(nc_closep) int output = out[1];
	return nc_spawn_start(&(nc_spawn){ .path = p->host_binary,
				      .argument = "--serve",
				      .fds = { -1, output, output, theirs, memfd, -1 } },
		&h->child, err);
}

static nc_code say_hello(nc_found *f, nc_hostproc *h, nc_error *err)
{
	char *manifest = json_dumps(f->manifest->doc, JSON_COMPACT);
	if (!manifest)
		return nc_err_nomem(err);
	nc_code rc = nc_hostproc_send(h,
		&(nc_frame){ .type = NC_F_HELLO,
			.a = NC_WIRE_VERSION,
			.s1 = nc_str(f->p->installation_id),
			.body = nc_str(manifest),
			.fd = -1 },
		err);
	nc_json_text_free(manifest);
	return rc;
}

static nc_code watch(nc_hostproc *h, nc_error *err)
{
	nc_closure c = { .ctx = h };
	fcntl(h->out_fd, F_SETFL, O_NONBLOCK);
	nc_code rc = nc_loop_fd_add(h->io, h->sock, EPOLLIN, on_socket, c);
	if (rc == NC_OK)
		rc = nc_loop_fd_add(h->io, h->out_fd, EPOLLIN, on_output, c);
	/* Last: it may already have ended, and its event gives up the loop's reference. */
	if (rc == NC_OK)
		rc = nc_loop_fd_add(h->io, h->child.pidfd, EPOLLIN, on_exit_event, c);
	if (rc == NC_OK)
		return NC_OK;
	nc_loop_fd_del(h->io, h->sock);
	nc_loop_fd_del(h->io, h->out_fd);
	return nc_err(err, rc, "could not watch the process of plugin %s", h->f->id);
}

static void give_up(nc_hostproc *h)
{
	char how[128];
	kill_process(h);
	while (!nc_child_reap(&h->child, how, sizeof(how)))
		nc_clock_sleep_us(1000);
}

static void set_process(nc_found *f, nc_hostproc *h)
{
	pthread_mutex_lock(&f->p->lock);
	f->process = h;
	pthread_mutex_unlock(&f->p->lock);
}

nc_code nc_hostproc_start(nc_found *f, int memfd, nc_hostproc **ret, nc_error *err)
{
	nc_hostproc *h = nc_calloc(1, sizeof(*h));
	nc_frame_in *in = h ? nc_calloc(1, sizeof(*in)) : NULL;
	if (!in) {
		nc_free(h);
		return nc_err_nomem(err);
	}
	h->f = f;
	h->io = f->p->io;
	h->in = in;
	h->refs = 3; /* the io loop's, the plugin's and the caller's */
	h->sock = h->out_fd = h->child.pidfd = -1;
	h->why = h->blameless = (nc_error)NC_ERROR_INIT;
	nc_wire_queue_init(&h->queue);
	pthread_mutex_init(&h->host_lock, NULL);
	nc_cond_init(&h->has_changed);
	nc_code rc = spawn(f, h, memfd, err);
	if (rc == NC_OK && (rc = say_hello(f, h, err)) == NC_OK) {
		set_process(f, h); /* before anybody can see it end */
		rc = watch(h, err);
	}
	if (rc == NC_OK) {
		nc_log(L_INFO, "plugin.host.start", F_STR("plugin", f->id),
			F_I64("pid", h->child.pid));
		*ret = h;
		return NC_OK;
	}
	set_process(f, NULL);
	if (h->child.pidfd >= 0)
		give_up(h);
	free_host(h);
	return rc;
}
