/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/err.h"
#include "plugin/hostproc_internal.h"
#include "plugin/rt_internal.h"

/*
 * What a host process says. Frames are read and handled on the io loop alone, so events of one process
 * are in order. Nothing in a frame is believed that could not be checked: a process may send what it
 * likes.
 */

#define FRAMES_AT_ONCE 64

/* A reference to the instance of that number. */
static nc_pinst *inst_of(nc_hostproc *h, uint32_t number)
{
	pthread_mutex_lock(&h->host_lock);
	attached *a = nc_hostproc_find(h, number);
	nc_pinst *inst = a ? nc_pinst_ref(a->inst) : NULL;
	pthread_mutex_unlock(&h->host_lock);
	return inst;
}

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
	attached *a = nc_hostproc_find(h, f->inst);
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
	nc_hostproc_stop_ready_timer(h);
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

void nc_hostproc_lose_socket(nc_hostproc *h)
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
int nc_hostproc_read_frames(nc_hostproc *h, int sock, int n)
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

void nc_hostproc_on_socket(const nc_closure *c, int fd, uint32_t events)
{
	nc_hostproc *h = c->ctx;
	if (events & EPOLLOUT) {
		pthread_mutex_lock(&h->host_lock);
		if (h->sock >= 0)
			(void)nc_wire_queue_flush(&h->queue, h->sock);
		nc_hostproc_watch_write(h);
		pthread_mutex_unlock(&h->host_lock);
	}
	if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return;
	if (nc_hostproc_read_frames(h, fd, FRAMES_AT_ONCE))
		return;
	/* It let go of its socket: it is to die, if it has not already. */
	nc_hostproc_lose_socket(h);
	nc_hostproc_kill_process(h);
}
