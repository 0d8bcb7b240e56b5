/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What nc-plugin-host says, one frame after the other, as calls of the kit's host. Answers to its
 * questions come from the same services that a plugin in this process has.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "novacron/host_services.h"
#include "plugin/wire.h"
#include "remote.h"

enum { SECRET_ROOM = 4096 };

/* Calls of the kit's operations have their handle for a number. */
static nc_op op_of(const nc_frame *f)
{
	return (nc_op){ f->call };
}

static const char *text_of(nc_bytes b, char out[256])
{
	if (b.len)
		memcpy(out, b.ptr, b.len);
	out[b.len] = '\0';
	return out;
}

/* Under the lock. */
static kit_remote_call *find_call(nc_inst *i, uint64_t id)
{
	kit_remote_call *c = i->calls;

	while (c && c->id != id)
		c = c->next;
	return c;
}

static void on_returned(nc_inst *i, const nc_frame *f)
{
	char *body = malloc(f->body.len + 1);
	kit_remote_call *c;

	if (!body)
		_exit(3);
	if (f->body.len)
		memcpy(body, f->body.ptr, f->body.len);
	body[f->body.len] = '\0';
	pthread_mutex_lock(&i->lock);
	c = find_call(i, f->call);
	if (c) {
		c->code = f->code;
		c->err = *f->err;
		c->recover_state = (int32_t)f->a - 1;
		c->body = body;
		c->len = f->body.len;
		c->has_returned = true;
		body = NULL;
	}
	pthread_cond_broadcast(&i->changed);
	pthread_mutex_unlock(&i->lock);
	free(body);
}

static void on_object(nc_inst *i, const nc_frame *f)
{
	kit_remote_call *c;

	pthread_mutex_lock(&i->lock);
	c = find_call(i, f->call);
	pthread_mutex_unlock(&i->lock);
	/* It is still there: this thread is who lets it go on. */
	if (c && c->sink)
		(void)i->h->table.sink_write(c->sink, f->body.ptr, f->body.len);
}

static void send_checkpoint_done(const nc_inst *i, uint64_t ticket, nc_code code)
{
	nc_frame f = { .type = NC_F_CHECKPOINT_DONE, .inst = 1, .a = ticket, .code = code };

	f.fd = -1;
	(void)nc_wire_send(
		i->sock, &f, NC_WIRE_WAIT, NULL); /* it is gone: that is told elsewhere */
}

static void checkpoint_cont(nc_inst *i, nc_op op, nc_code code, uint64_t ticket)
{
	(void)op;
	send_checkpoint_done(i, ticket, code);
}

static void on_checkpoint(nc_inst *i, const nc_frame *f)
{
	nc_code rc = i->h->table.op_checkpoint(i->h, op_of(f), f->body, checkpoint_cont, f->a);

	if (rc != NC_OK)
		send_checkpoint_done(i, f->a, rc);
}

static void on_metric(nc_inst *i, const nc_frame *f)
{
	const nc_metrics *m = kit_service(i->h, NC_EXT_METRICS);
	char name[256], label[256];
	double v;

	if (!m)
		return;
	memcpy(&v, &f->b, sizeof(v));
	(void)text_of(f->s1, name);
	(void)text_of(f->s2, label);
	if (f->a)
		m->gauge_set(i->h, name, *label ? label : NULL, v);
	else
		m->counter_add(i->h, name, *label ? label : NULL, (uint64_t)v);
}

static void on_report(nc_inst *i, const nc_frame *f)
{
	const nc_report *r = kit_service(i->h, NC_EXT_REPORT);

	if (r)
		(void)r->report(i->h, f->s1, f->a, f->body);
}

static void on_strike(nc_inst *i, const nc_frame *f)
{
	char rule[8], what[256];

	(void)snprintf(rule, sizeof(rule), "P%u", (unsigned)f->a);
	kit_broken(i->h, rule, "", "%s", text_of(f->s1, what));
}

/* ---- questions ---- */

static nc_code ask_secret(nc_inst *i, const nc_frame *f, nc_frame *answer, nc_error *err)
{
	const nc_secrets *s = kit_service(i->h, NC_EXT_SECRETS);
	static char room[SECRET_ROOM];

	if (!s)
		return NC_E_UNSUPPORTED;
	answer->body.ptr = room;
	return s->open(i->h, f->s1, room, sizeof(room), &answer->body.len, err);
}

static nc_code ask_kv(nc_inst *i, const nc_frame *f, struct nc_sink *sink, nc_error *err)
{
	const nc_kvstore *kv = kit_service(i->h, NC_EXT_KV);

	if (!kv)
		return NC_E_UNSUPPORTED;
	switch (f->b) {
	case NC_ASK_KV_PUT:
		return kv->put(i->h, f->s1, f->body, err);
	case NC_ASK_KV_GET:
		return kv->get(i->h, f->s1, sink, err);
	default:
		return kv->del(i->h, f->s1, err);
	}
}

static void on_ask(nc_inst *i, const nc_frame *f)
{
	nc_error err = { .struct_size = sizeof(err) };
	nc_frame answer = { .type = NC_F_ANSWER, .inst = 1, .a = f->a, .err = &err, .fd = -1 };
	struct nc_sink *sink = kit_sink_new(i->h);

	if (f->b == NC_ASK_SECRET) {
		answer.code = ask_secret(i, f, &answer, &err);
	} else {
		answer.code = ask_kv(i, f, sink, &err);
		if (answer.code == NC_OK && sink->len)
			answer.body = (nc_bytes){ sink->text, sink->len - 1 };
	}
	if (answer.code != NC_OK) {
		err.code = answer.code;
		answer.body = (nc_bytes){ NULL, 0 };
	}
	(void)nc_wire_send(i->sock, &answer, NC_WIRE_WAIT, NULL);
	kit_sink_free(sink);
}

/* ---- all of them ---- */

/* Frames that end somebody's waiting. */
static void on_state(nc_inst *i, const nc_frame *f)
{
	pthread_mutex_lock(&i->lock);
	if (f->type == NC_F_READY) {
		i->ready_err = *f->err;
		i->ready_err.code = f->code;
		i->is_ready = true;
	} else {
		i->closed = f->code;
		i->is_closed = true;
	}
	pthread_cond_broadcast(&i->changed);
	pthread_mutex_unlock(&i->lock);
}

static void on_frame(nc_inst *i, const nc_frame *f)
{
	const nc_host *host = &i->h->table;
	char text[256];

	switch (f->type) {
	case NC_F_READY:
	case NC_F_CLOSED:
		on_state(i, f);
		return;
	case NC_F_RETURNED:
		on_returned(i, f);
		return;
	case NC_F_COMPLETED:
		host->op_complete(i->h, op_of(f), (int32_t)f->a, f->err, f->body);
		return;
	case NC_F_OBJECT:
		on_object(i, f);
		return;
	case NC_F_PROGRESS:
		host->op_progress(i->h, op_of(f), (uint32_t)f->a, text_of(f->s1, text));
		return;
	case NC_F_CHECKPOINT:
		on_checkpoint(i, f);
		return;
	case NC_F_LOG:
		host->log(i->h, (int32_t)f->a, text_of(f->s1, text), f->body);
		return;
	case NC_F_REPORT:
		on_report(i, f);
		return;
	case NC_F_METRIC:
		on_metric(i, f);
		return;
	case NC_F_STRIKE:
		on_strike(i, f);
		return;
	case NC_F_ASK:
		on_ask(i, f);
		return;
	default: /* REPORT_LOST: no rule is broken by that */
		return;
	}
}

/* It ended by itself, which is how the check ends: its parent tells of the signal or code. */
static void follow(const nc_inst *i)
{
	const struct rlimit no_core = { 0, 0 };
	int status = 0;

	while (waitpid((pid_t)i->pid, &status, 0) < 0)
		;
	if (!WIFSIGNALED(status))
		_exit(WEXITSTATUS(status) ? WEXITSTATUS(status) : 3);
	(void)setrlimit(RLIMIT_CORE, &no_core);
	(void)signal(WTERMSIG(status), SIG_DFL);
	(void)raise(WTERMSIG(status));
	_exit(3);
}

void *kit_remote_listen(void *arg)
{
	nc_inst *i = arg;
	nc_frame_in *in = calloc(1, sizeof(*in));
	bool is_ending;

	if (!in)
		_exit(3);
	while (nc_wire_recv(i->sock, in, NC_WIRE_WAIT, NULL) == NC_OK) {
		on_frame(i, &in->f);
		nc_frame_in_done(in);
	}
	free(in);
	pthread_mutex_lock(&i->lock);
	is_ending = i->is_ending;
	pthread_mutex_unlock(&i->lock);
	if (!is_ending)
		follow(i);
	return NULL;
}
