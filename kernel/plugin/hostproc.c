/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/hostproc.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/wait.h"
#include "plugin/hostproc_internal.h"
#include "plugin/launcher_internal.h"
#include "plugin/schema.h"

/*
 * A host process: its start, the way to it, the instances that live in it. Any thread may send, which
 * never blocks: what has no room waits in a queue that the io loop empties.
 */

#define QUEUE_BYTES_MAX (32u << 20)
#define ASKS_MAX        64u

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
	nc_child_done(&h->child);
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

/* Under host_lock. */
void nc_hostproc_watch_write(nc_hostproc *h)
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
	nc_hostproc_watch_write(h);
	pthread_mutex_unlock(&h->host_lock);
	return rc;
}

/* ---- instances ---- */

/* Under host_lock. */
static int has_room(nc_hostproc *h)
{
	if (h->n_list < h->cap_list)
		return 1;
	size_t cap = NC_MAX(h->cap_list * 2, (size_t)8);
	attached *more = nc_realloc(h->list, cap * sizeof(*more));
	if (!more)
		return 0;
	h->list = more;
	h->cap_list = cap;
	return 1;
}

nc_code nc_hostproc_attach(nc_hostproc *h, nc_pinst *inst, uint32_t *ret_number, nc_error *err)
{
	nc_code rc = NC_OK;
	pthread_mutex_lock(&h->host_lock);
	if (h->state == H_GONE) {
		rc = nc_err(err, NC_E_UNAVAILABLE, "the process of plugin %s is gone", h->f->id);
	} else if (!has_room(h)) {
		rc = nc_err_nomem(err);
	} else {
		*ret_number = ++h->last_number;
		h->list[h->n_list++] = (attached){ .number = *ret_number, .inst = inst };
	}
	pthread_mutex_unlock(&h->host_lock);
	return rc;
}

/* Under host_lock. */
attached *nc_hostproc_find(nc_hostproc *h, uint32_t number)
{
	for (size_t i = 0; i < h->n_list; i++)
		if (h->list[i].number == number)
			return &h->list[i];
	return NULL;
}

void nc_hostproc_detach(nc_hostproc *h, uint32_t number)
{
	pthread_mutex_lock(&h->host_lock);
	attached *a = nc_hostproc_find(h, number);
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

nc_code nc_hostproc_wait_closed(nc_hostproc *h, uint32_t number, int64_t until_us)
{
	pthread_mutex_lock(&h->host_lock);
	attached *a;
	while ((a = nc_hostproc_find(h, number)) && !a->is_closed && h->state != H_GONE &&
		nc_cond_wait_until(&h->has_changed, &h->host_lock, until_us))
		;
	nc_code rc = !a || h->state == H_GONE ? NC_OK : a->is_closed ? a->closed : NC_E_TIMEOUT;
	pthread_mutex_unlock(&h->host_lock);
	return rc;
}

void nc_hostproc_wait_gone(nc_hostproc *h, int64_t until_us)
{
	pthread_mutex_lock(&h->host_lock);
	while (h->state != H_GONE && nc_cond_wait_until(&h->has_changed, &h->host_lock, until_us))
		;
	pthread_mutex_unlock(&h->host_lock);
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
	char *manifest = nc_json_dump(f->manifest->doc, JSON_COMPACT);
	if (!manifest)
		return nc_err_nomem(err);
	nc_code rc = nc_hostproc_send(h,
		&(nc_frame){ .type = NC_F_HELLO,
			.a = NC_WIRE_VERSION,
			.s1 = nc_str(f->p->installation_id),
			.body = nc_str(manifest),
			.fd = -1 },
		err);
	nc_free(manifest);
	return rc;
}

static nc_code watch(nc_hostproc *h, nc_error *err)
{
	nc_closure c = { .ctx = h };
	fcntl(h->out_fd, F_SETFL, O_NONBLOCK);
	nc_code rc = nc_loop_fd_add(h->io, h->sock, EPOLLIN, nc_hostproc_on_socket, c);
	if (rc == NC_OK)
		rc = nc_loop_fd_add(h->io, h->out_fd, EPOLLIN, nc_hostproc_on_output, c);
	/* Last: it may already have ended, and its event gives up the loop's reference. */
	if (rc == NC_OK)
		rc = nc_loop_fd_add(
			h->io, nc_child_wait_fd(&h->child), EPOLLIN, nc_hostproc_on_exit, c);
	if (rc == NC_OK)
		return NC_OK;
	nc_loop_fd_del(h->io, h->sock);
	nc_loop_fd_del(h->io, h->out_fd);
	return nc_err(err, rc, "could not watch the process of plugin %s", h->f->id);
}

static void give_up(nc_hostproc *h)
{
	char how[128];
	nc_hostproc_kill_process(h);
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
	h->sock = h->out_fd = -1;
	h->child = NC_CHILD_NONE;
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
