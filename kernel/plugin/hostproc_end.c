/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/wait.h"
#include "plugin/hostproc_internal.h"
#include "plugin/launcher_internal.h"

/*
 * How a host process ends: by itself, killed for what it did, or taken away. It is over when its pidfd
 * says so, not when its socket closes: what it said before it died still counts, and only then may
 * another take its place. Its output is heard here too, for it may be its last words.
 */

#define END_WAIT_US     INT64_C(2000000)
#define OUTPUT_QUIET_US INT64_C(10000000)

/* A process with rights of its own is the launcher's to kill. */
void nc_hostproc_kill_process(nc_hostproc *h)
{
	nc_child_kill(&h->child);
	if (h->f->p->launcher)
		nc_launcher_kill(h->f->p->launcher, h->child.pid);
}
void nc_hostproc_stop_ready_timer(nc_hostproc *h)
{
	pthread_mutex_lock(&h->host_lock);
	uint64_t timer = h->ready_timer;
	h->ready_timer = 0;
	pthread_mutex_unlock(&h->host_lock);
	if (timer && nc_loop_timer_stop(h->io, timer) == NC_OK)
		nc_hostproc_unref(h);
}

/* ---- its output ---- */

void nc_hostproc_on_output(const nc_closure *c, int fd, uint32_t events)
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
	nc_hostproc_kill_process(h);
}

/* The process has ended: hear it out, then tell. Gives up the io loop's reference. */
void nc_hostproc_on_exit(const nc_closure *c, int fd, uint32_t events)
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
		(void)nc_hostproc_read_frames(h, sock, -1);
	nc_hostproc_lose_socket(h);
	nc_hostproc_on_output(&(nc_closure){ .ctx = h }, h->out_fd, 0); /* its last words */
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
	nc_hostproc_stop_ready_timer(h);
	if (!is_wanted)
		nc_found_process_gone(h->f, h, how, blameless.code == NC_OK ? NULL : &blameless);
	nc_hostproc_unref(h);
}

static void kill_later(const nc_closure *c, uint64_t timer)
{
	nc_hostproc *h = c->ctx;
	(void)timer;
	nc_hostproc_kill_process(h); /* gone already: nothing happens */
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
		nc_hostproc_kill_process(h);
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
		nc_hostproc_stop_ready_timer(h);
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
