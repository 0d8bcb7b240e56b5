/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plugin table that forwards to nc-plugin-host: one process a kit_host, one instance in it. Each
 * slot sends its frame and waits for the return, on whatever thread the kit calls it; which verb is
 * meant stands in the kit's operation, so that one function serves all verbs of a shape.
 */
#include "remote.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "novacron-sdk/plug.h"
#include "novacron/companions.h"
#include "novacron/stream.h"
#include "plugin/pack.h"
#include "plugin/spawn.h"
#include "plugin/verbs.h"
#include "plugin/wire.h"

#define OWN_IDS  (UINT64_C(1) << 40) /* above all handles */
#define THREADS  16
#define CLOSE_US 10000000
#define END_MS   5000

/* ---- one call ---- */

static bool send_frame(const nc_inst *i, const nc_frame *f, nc_error *err)
{
	return nc_wire_send(i->sock, f, NC_WIRE_WAIT, err) == NC_OK;
}

static void enter_call(nc_inst *i, kit_remote_call *c)
{
	pthread_mutex_lock(&i->lock);
	if (!c->id)
		c->id = OWN_IDS + ++i->last_id;
	c->next = i->calls;
	i->calls = c;
	pthread_mutex_unlock(&i->lock);
}

static void wait_call(nc_inst *i, kit_remote_call *c)
{
	kit_remote_call **p = &i->calls;

	pthread_mutex_lock(&i->lock);
	while (!c->has_returned)
		pthread_cond_wait(&i->changed, &i->lock);
	while (*p != c)
		p = &(*p)->next;
	*p = c->next;
	pthread_mutex_unlock(&i->lock);
}

/* Until it has returned. A process that ends meanwhile ends the check. The caller frees c->body. */
static nc_code call(nc_inst *i, kit_remote_call *c, const char *verb, nc_bytes target, nc_bytes req,
	int fd, nc_error *err)
{
	const kit_op *op = kit_op_find(i->h, (nc_op){ c->id });
	nc_frame f = { .type = NC_F_CALL, .inst = 1, .fd = fd };
	int32_t stopped =
		op ? op->stop_reason : NC_RUN; /* before the call; later it is the listener's */

	enter_call(i, c);
	f.call = c->id;
	f.s1 = nc_plug_str(verb);
	f.s2 = target;
	f.s3 = nc_plug_str(op ? op->key : "");
	f.a = op ? op->deadline_ns : 0;
	f.body = req;
	if (!send_frame(i, &f, err))
		_exit(3);
	if (stopped != NC_RUN)
		kit_remote_plugin.op_stop(i, op->op, stopped);
	wait_call(i, c);
	if (err && (c->code != NC_OK || c->err.code != NC_OK))
		*err = c->err;
	return c->code;
}

static const char *verb_of(nc_inst *i, nc_op op)
{
	const kit_op *o = kit_op_find(i->h, op);

	return o ? o->verb : "";
}

/* ---- slots, one a shape ---- */

static nc_code slot_op(nc_inst *i, nc_op op, nc_bytes target, nc_bytes req, nc_error *err)
{
	kit_remote_call c = { .id = op.v };
	nc_code rc = call(i, &c, verb_of(i, op), target, req, -1, err);

	free(c.body);
	return rc;
}

static nc_code slot_query(
	nc_inst *i, nc_op op, nc_bytes target, nc_bytes req, nc_sink *sink, nc_error *err)
{
	kit_remote_call c = { .id = op.v, .sink = sink };
	nc_code rc = call(i, &c, verb_of(i, op), target, req, -1, err);

	free(c.body);
	return rc;
}

static nc_code slot_recover(nc_inst *i, nc_op op, nc_bytes target, nc_bytes req, int32_t *ret_state,
	nc_sink *sink, nc_error *err)
{
	kit_remote_call c = { .id = op.v };
	const nc_verb *v = nc_verb_find(verb_of(i, op));
	nc_code rc = call(i, &c, v && v->recover ? v->recover : "", target, req, -1, err);

	if (rc == NC_OK && c.recover_state >= NC_REC_ABSENT)
		*ret_state = c.recover_state;
	if (rc == NC_OK && c.len)
		rc = i->h->table.sink_write(sink, c.body, c.len);
	free(c.body);
	return rc;
}

static nc_code slot_stream(
	nc_inst *i, nc_op op, nc_bytes target, nc_bytes spec, int32_t fd, nc_error *err)
{
	kit_remote_call c = { .id = op.v };
	nc_code rc = call(i, &c, "stream.open", target, spec, fd, err);

	free(c.body);
	if (rc == NC_OK)
		close(fd); /* the process has it: ours is one too many for an end of file */
	return rc;
}

static nc_code slot_stats(nc_inst *i, nc_op op, nc_bytes target, const nc_bytes *guests, uint32_t n,
	nc_stat_row *rows, nc_error *err)
{
	kit_remote_call c = { .id = op.v };
	nc_buf packed;
	nc_code rc;

	nc_buf_init(&packed, NC_PACK_MAX);
	nc_pack_stats(&packed, guests, n);
	rc = call(i, &c, "stats.sample", target, nc_buf_bytes(&packed), -1, err);
	nc_buf_done(&packed);
	if (rc == NC_OK && c.len == n * sizeof(*rows))
		memcpy(rows, c.body, c.len);
	free(c.body);
	return rc;
}

typedef void (*any_fn)(void);

static any_fn slot_of_shape(nc_verb_shape shape)
{
	switch (shape) {
	case NC_SHAPE_OP:
		return (any_fn)slot_op;
	case NC_SHAPE_QUERY:
		return (any_fn)slot_query;
	case NC_SHAPE_RECOVER:
		return (any_fn)slot_recover;
	case NC_SHAPE_STREAM:
		return (any_fn)slot_stream;
	case NC_SHAPE_STATS:
		return (any_fn)slot_stats;
	default: /* the kit scores nothing */
		return NULL;
	}
}

/* ---- tables ---- */

static void learn_verbs(nc_inst *i, const char *names)
{
	char name[64];

	for (const char *end; *names; names = end + (*end == '\n')) {
		const nc_verb *v;

		end = names + strcspn(names, "\n");
		(void)snprintf(name, sizeof(name), "%.*s", (int)(end - names), names);
		v = nc_verb_find(name);
		if (v)
			i->serves[v->number / 64] |= UINT64_C(1) << (v->number % 64);
	}
}

static void fill_table(const nc_inst *i, struct kit_remote_table *t)
{
	uint32_t size = (uint32_t)sizeof(t->bytes);
	const nc_verb *v;

	memcpy(t->bytes, &size, sizeof(size));
	for (unsigned n = 0; (v = nc_verb_at(n)); n++) {
		any_fn fn = slot_of_shape(v->shape);

		if (fn && strcmp(v->ext, t->ext) == 0 && (i->serves[n / 64] >> (n % 64)) & 1)
			memcpy(t->bytes + v->offset, &fn, sizeof(fn));
	}
}

/* What has no verbs (nc.state/1) does not cross. */
static const nc_verb *verb_of_extension(const char *ext)
{
	const nc_verb *v;

	for (unsigned n = 0; (v = nc_verb_at(n)); n++)
		if (strcmp(v->ext, ext) == 0)
			return v;
	return NULL;
}

static const void *get_extension(nc_inst *i, const char *ext)
{
	const nc_verb *v = verb_of_extension(ext);
	struct kit_remote_table *t;

	for (size_t n = 0; n < i->n_tables; n++)
		if (strcmp(i->tables[n].ext, ext) == 0)
			return i->tables[n].bytes;
	if (!v || !kit_folder_provides(i->h->folder, ext) ||
		i->n_tables == sizeof(i->tables) / sizeof(i->tables[0]))
		return NULL;
	t = &i->tables[i->n_tables++];
	t->ext = v->ext;
	fill_table(i, t);
	return t->bytes;
}

/* ---- life ---- */

/* The object's bytes in a memfd of its own, as the daemon hands them over. */
static int code_fd(const char *path)
{
	int from = open(path, O_RDONLY | O_CLOEXEC), to = memfd_create("nc-code", MFD_CLOEXEC);
	char chunk[65536];
	ssize_t n = -1;

	while (from >= 0 && to >= 0 && (n = read(from, chunk, sizeof(chunk))) > 0)
		if (write(to, chunk, (size_t)n) != n)
			break;
	if (from >= 0)
		close(from);
	if (n == 0)
		return to;
	if (to >= 0)
		close(to);
	return -1;
}

static nc_code spawn(nc_inst *i, nc_error *err)
{
	int pair[2], code = code_fd(i->h->folder->entry);
	nc_child child = NC_CHILD_NONE;
	nc_code rc = NC_E_INTERNAL;

	if (code >= 0 && (rc = nc_wire_pair(pair, err)) == NC_OK) {
		i->sock = pair[0];
		/* Its words are as good as ours for P8. */
		rc = nc_spawn_start(
			&(nc_spawn){ .path = i->h->folder->host,
				.argument = "--serve",
				.fds = { -1, STDOUT_FILENO, STDERR_FILENO, pair[1], code, -1 } },
			&child, err);
		close(pair[1]);
	}
	if (code >= 0)
		close(code);
	i->pid = (int32_t)child.pid;
	i->pidfd = child.pidfd;
	return rc;
}

/* HELLO and what READY says to it. */
static nc_code greet(nc_inst *i, nc_error *err)
{
	char *manifest = json_dumps(i->h->folder->manifest, JSON_COMPACT);
	nc_frame hello = { .type = NC_F_HELLO, .a = NC_WIRE_VERSION, .fd = -1 };

	if (!manifest)
		_exit(3);
	hello.s1 = nc_plug_str("inst_kit");
	hello.body = nc_plug_str(manifest);
	if (!send_frame(i, &hello, err))
		_exit(3);
	free(manifest);
	pthread_mutex_lock(&i->lock);
	while (!i->is_ready)
		pthread_cond_wait(&i->changed, &i->lock);
	*err = i->ready_err;
	pthread_mutex_unlock(&i->lock);
	return err->code;
}

static nc_code create(const nc_host *host, nc_bytes config, nc_inst **out, nc_error *err)
{
	nc_inst *i = calloc(1, sizeof(*i));
	nc_frame open = { .type = NC_F_OPEN, .inst = 1, .a = THREADS, .fd = -1 };
	kit_remote_call c = { .id = 0 };
	nc_code rc;

	if (!i)
		_exit(3);
	i->h = host->ctx;
	i->sock = i->pidfd = -1;
	pthread_mutex_init(&i->lock, NULL);
	pthread_cond_init(&i->changed, NULL);
	rc = spawn(i, err);
	if (rc != NC_OK)
		return rc;
	if (pthread_create(&i->listener, NULL, kit_remote_listen, i) != 0)
		_exit(3);
	i->h->inst = i; /* what comes before create returns must find it */
	rc = greet(i, err);
	if (rc != NC_OK)
		return rc;
	i->h->threads_before = kit_remote_threads(i->h);
	open.s1 = nc_plug_str("kit");
	if (!send_frame(i, &open, err))
		_exit(3);
	rc = call(i, &c, "plugin.create", (nc_bytes){ NULL, 0 }, config, -1, err);
	if (rc == NC_OK)
		learn_verbs(i, c.body);
	free(c.body);
	*out = i;
	return rc;
}

static nc_code health(nc_inst *i, nc_sink *sink, nc_error *err)
{
	kit_remote_call c = { .id = 0 };
	nc_bytes none = { NULL, 0 };
	nc_code rc = call(i, &c, "plugin.health", none, none, -1, err);

	if (rc == NC_OK)
		rc = i->h->table.sink_write(sink, c.body, c.len);
	free(c.body);
	return rc;
}

static nc_code drain(nc_inst *i, nc_op op, nc_error *err)
{
	kit_remote_call c = { .id = op.v };
	nc_bytes none = { NULL, 0 };
	nc_code rc = call(i, &c, "plugin.drain", none, none, -1, err);

	free(c.body);
	return rc;
}

static void op_stop(nc_inst *i, nc_op op, int32_t reason)
{
	nc_frame f = { .type = NC_F_STOP, .inst = 1, .call = op.v, .a = (uint64_t)reason };

	f.fd = -1;
	(void)send_frame(i, &f, NULL); /* one that is gone has stopped */
}

static void destroy(nc_inst *i)
{
	nc_frame f = { .type = NC_F_CLOSE, .inst = 1, .a = CLOSE_US, .fd = -1 };
	nc_code rc;

	if (!send_frame(i, &f, NULL))
		_exit(3);
	pthread_mutex_lock(&i->lock);
	while (!i->is_closed)
		pthread_cond_wait(&i->changed, &i->lock);
	rc = i->closed;
	pthread_mutex_unlock(&i->lock);
	if (rc != NC_OK)
		kit_broken(i->h, "P6", "", "it could not be ended within %d s: code %d",
			CLOSE_US / 1000000, rc);
}

unsigned kit_remote_threads(const kit_host *h)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/task", h->inst->pid);
	return kit_count_threads(path);
}

void kit_remote_end(kit_host *h)
{
	nc_inst *i = h->inst;
	struct pollfd p = { .fd = i->pidfd, .events = POLLIN };

	pthread_mutex_lock(&i->lock);
	i->is_ending = true;
	pthread_mutex_unlock(&i->lock);
	(void)shutdown(i->sock, SHUT_RDWR);
	pthread_join(i->listener, NULL);
	if (poll(&p, 1, END_MS) != 1)
		(void)kill((pid_t)i->pid, SIGKILL);
	while (waitpid((pid_t)i->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

const nc_plugin kit_remote_plugin = { .struct_size = sizeof(kit_remote_plugin),
	.create = create,
	.health = health,
	.drain = drain,
	.op_stop = op_stop,
	.destroy = destroy,
	.get_extension = get_extension };
