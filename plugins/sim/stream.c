/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nc.stream: one epoll thread for all streams of an instance. Each stream is a small machine of
 * bytes in and bytes out; the socket's buffer is the back-pressure. `streams_lock` covers the list
 * and what a stop leaves in a stream; the rest of a stream is the thread's own. It must never call
 * the host with that lock held.
 */
#define NC_PLUG_DOMAIN "sim"
#include "stream.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "query.h"
#include "stream_data.h"

typedef struct stream {
	struct stream *next;
	nc_op op;
	int fd;
	int32_t stop_reason; /* under streams_lock; NC_RUN: none */
	uint32_t events;     /* asked of epoll */
	sim_flow flow;
} stream;

struct sim_streams {
	struct nc_inst *inst;
	pthread_mutex_t streams_lock;
	stream *list;
	pthread_t thread;
	int epfd, wakefd;
	bool is_closing; /* under streams_lock */
};

static void tell(struct sim_streams *ss, stream *s, int32_t outcome, const nc_error *err)
{
	char crc[9];
	nc_stream_open_result res = { (int64_t)s->flow.n_counted, crc };

	sim_flow_crc(&s->flow, crc);
	if (outcome == NC_DONE)
		nc_plug_done(ss->inst->host, s->op, &nc_stream_open_result_msg, &res);
	else
		ss->inst->host->op_complete(
			ss->inst->host->ctx, s->op, outcome, err, (nc_bytes){ NULL, 0 });
}

/* Out of the list, closed (which ends the data), then completed (which ends the truth). */
static void end_stream(struct sim_streams *ss, stream *s, int32_t outcome, const nc_error *err)
{
	pthread_mutex_lock(&ss->streams_lock);
	for (stream **at = &ss->list; *at; at = &(*at)->next)
		if (*at == s) {
			*at = s->next;
			break;
		}
	pthread_mutex_unlock(&ss->streams_lock);
	close(s->fd); /* epoll forgets it */
	tell(ss, s, outcome, err);
	sim_flow_done(&s->flow);
	free(s);
}

static void end_stopped(struct sim_streams *ss, stream *s, int32_t reason)
{
	nc_error err = { .struct_size = sizeof(err) };

	switch (reason) {
	case NC_CANCEL:
		nc_plug_fail(&err, NC_E_CANCELLED, 0, "Open it again to go on.",
			"the stream was cancelled after %llu bytes",
			(unsigned long long)s->flow.n_counted);
		end_stream(ss, s, NC_CANCELLED, &err);
		return;
	case NC_DETACH:
		end_stream(ss, s, NC_DETACHED, NULL);
		return;
	default:
		nc_plug_fail(&err, NC_E_TIMEOUT, 0, "Open it again with more time.",
			"the stream did not end by its deadline");
		end_stream(ss, s, NC_FAILED_PARTIAL, &err);
	}
}

static void want(struct sim_streams *ss, stream *s, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = s };

	if (events == s->events)
		return;
	s->events = events;
	(void)epoll_ctl(ss->epfd, EPOLL_CTL_MOD, s->fd, &ev); /* it is in: can't fail */
}

static void serve(struct sim_streams *ss, stream *s, uint32_t events)
{
	nc_error err = { .struct_size = sizeof(err) };
	sim_flow_state state = sim_flow_run(&s->flow, s->fd, events, &err);

	if (state == SIM_FLOW_ENDED)
		end_stream(ss, s, NC_DONE, NULL);
	else if (state == SIM_FLOW_BROKEN)
		end_stream(ss, s, NC_FAILED_PARTIAL, &err);
	else
		want(ss, s, sim_flow_wants(&s->flow));
}

/* One stream that is to stop, its reason taken; NULL: none. */
static stream *next_stopped(struct sim_streams *ss, int32_t *ret_reason, bool *ret_closing)
{
	stream *s;

	pthread_mutex_lock(&ss->streams_lock);
	*ret_closing = ss->is_closing;
	for (s = ss->list; s && s->stop_reason == NC_RUN && !ss->is_closing; s = s->next)
		;
	*ret_reason = s && s->stop_reason != NC_RUN ? s->stop_reason : NC_DETACH;
	pthread_mutex_unlock(&ss->streams_lock);
	return s;
}

static void *stream_main(void *arg)
{
	struct sim_streams *ss = arg;
	struct epoll_event ev[32];
	bool closes = false;

	while (!closes) {
		int n = epoll_wait(ss->epfd, ev, sizeof(ev) / sizeof(ev[0]), -1);
		int32_t reason;

		for (int i = 0; i < n; i++)
			if (ev[i].data.ptr)
				serve(ss, ev[i].data.ptr, ev[i].events);
			else
				(void)eventfd_read(ss->wakefd, &(eventfd_t){ 0 });
		/* Only here, when no event of this round can speak of a stream that is gone. */
		for (stream *s; (s = next_stopped(ss, &reason, &closes));)
			end_stopped(ss, s, reason);
	}
	return NULL;
}

static void free_streams(struct sim_streams *ss)
{
	if (ss->epfd >= 0)
		close(ss->epfd);
	if (ss->wakefd >= 0)
		close(ss->wakefd);
	pthread_mutex_destroy(&ss->streams_lock);
	free(ss);
}

/* Under the instance's lock, so that two first streams don't make two. */
static struct sim_streams *start(struct nc_inst *inst)
{
	struct sim_streams *ss = calloc(1, sizeof(*ss));
	struct epoll_event ev = { .events = EPOLLIN };

	if (!ss)
		return NULL;
	pthread_mutex_init(&ss->streams_lock, NULL);
	ss->inst = inst;
	ss->epfd = epoll_create1(EPOLL_CLOEXEC);
	ss->wakefd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (ss->epfd < 0 || ss->wakefd < 0 ||
		epoll_ctl(ss->epfd, EPOLL_CTL_ADD, ss->wakefd, &ev) != 0 ||
		pthread_create(&ss->thread, NULL, stream_main, ss) != 0) {
		free_streams(ss);
		return NULL;
	}
	return ss;
}

static nc_code plan(
	struct nc_inst *inst, const nc_stream_open_request *spec, sim_flow *flow, nc_error *err)
{
	const sim_guest *g;
	nc_code rc;

	if (spec->kind == NC_STREAM_KIND_BYTES)
		return sim_flow_bytes(flow, spec, (uint64_t)inst->cfg->seed, err);
	if (!spec->native_id)
		return nc_plug_fail(err, NC_E_INVAL, NC_ERR_USER_FAULT, "Name the guest.",
			"a %s stream without native_id",
			nc_msg_enum_name(nc_stream_kind_names, spec->kind));
	rc = sim_query_guest(inst, spec->native_id, &g, err);
	if (rc != NC_OK)
		return rc;
	if (spec->kind == NC_STREAM_KIND_SERIAL)
		return sim_flow_serial(flow, g->doc, err);
	if (spec->kind == NC_STREAM_KIND_BACKUP)
		return sim_flow_backup(flow, g->doc, spec, err);
	return nc_plug_fail(err, NC_E_UNSUPPORTED, 0,
		"Use the serial console, or console.screenshot.",
		"a simulated guest has no %s console",
		nc_msg_enum_name(nc_stream_kind_names, spec->kind));
}

static nc_code add(struct sim_streams *ss, stream *s, nc_error *err)
{
	struct epoll_event ev = { .events = sim_flow_wants(&s->flow), .data.ptr = s };

	s->events = ev.events;
	pthread_mutex_lock(&ss->streams_lock);
	s->next = ss->list;
	ss->list = s;
	if (epoll_ctl(ss->epfd, EPOLL_CTL_ADD, s->fd, &ev) != 0) {
		ss->list = s->next;
		pthread_mutex_unlock(&ss->streams_lock);
		return nc_plug_fail(err, NC_E_UNAVAILABLE, NC_ERR_RETRYABLE,
			"Close other streams first.", "could not watch one more stream");
	}
	pthread_mutex_unlock(&ss->streams_lock);
	return NC_OK;
}

nc_code sim_stream_open(
	nc_inst *inst, nc_op op, nc_bytes target, nc_bytes spec, int32_t fd, nc_error *err)
{
	stream *s = calloc(1, sizeof(*s));
	nc_stream_open_request parsed;
	nc_msg_mem mem = { 0 };
	struct sim_streams *ss = NULL;
	nc_code rc = s ? nc_msg_read(&nc_stream_open_request_msg, spec, &mem, &parsed, err)
		       : nc_plug_nomem(err);

	(void)target;
	if (rc == NC_OK) {
		s->op = op;
		s->fd = fd;
		pthread_mutex_lock(&inst->lock);
		rc = plan(inst, &parsed, &s->flow, err);
		if (rc == NC_OK && !inst->streams)
			inst->streams = start(inst);
		ss = inst->streams;
		pthread_mutex_unlock(&inst->lock);
		if (rc == NC_OK && !ss)
			rc = nc_plug_nomem(err);
	}
	if (rc == NC_OK)
		rc = add(ss, s, err);
	nc_msg_done(&mem);
	if (rc != NC_OK) {
		if (s)
			sim_flow_done(&s->flow);
		free(s);
		return rc;
	}
	/* A stop may have come before the stream could be found by it. */
	if (inst->host->op_stop_reason(inst->host->ctx, op) != NC_RUN)
		(void)sim_note_stop(inst, op, inst->host->op_stop_reason(inst->host->ctx, op));
	return NC_OK;
}

static struct sim_streams *streams_of(struct nc_inst *inst)
{
	struct sim_streams *ss;

	pthread_mutex_lock(&inst->lock);
	ss = inst->streams;
	pthread_mutex_unlock(&inst->lock);
	return ss;
}

void sim_streams_stop(struct nc_inst *inst, nc_op op, int32_t reason)
{
	struct sim_streams *ss = streams_of(inst);

	if (!ss || reason == NC_RUN)
		return;
	pthread_mutex_lock(&ss->streams_lock);
	for (stream *s = ss->list; s; s = s->next)
		if (!op.v || s->op.v == op.v)
			s->stop_reason = reason;
	pthread_mutex_unlock(&ss->streams_lock);
	(void)eventfd_write(ss->wakefd, 1);
}

void sim_streams_join(struct nc_inst *inst)
{
	struct sim_streams *ss = streams_of(inst);

	if (!ss)
		return;
	pthread_mutex_lock(&ss->streams_lock);
	ss->is_closing = true;
	pthread_mutex_unlock(&ss->streams_lock);
	(void)eventfd_write(ss->wakefd, 1);
	pthread_join(ss->thread, NULL);
	free_streams(ss);
	inst->streams = NULL;
}
