/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes to and from the other side of a backup or restore, which may be slow, or gone. Waits at
 * most a fifth of a second before it looks whether it should stop. The host ignores SIGPIPE.
 */
#include "pipe.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "error.h"

#define LOOK_EVERY_MS 200
#define WRITE_MAX     4096 /* a pipe that polls as writable takes so much without blocking */

static nc_code look(const ss_pipe *p, nc_error *err)
{
	if (p->is_stopped && p->is_stopped(p->arg))
		return ss_fail(
			err, NC_E_UNAVAILABLE, "Try again.", "the store went out of use meanwhile");
	if (!p->host || !p->op.v || !NC_HAS(p->host, op_stop_reason))
		return NC_OK;
	int32_t reason = p->host->op_stop_reason(p->host->ctx, p->op);
	if (reason == NC_RUN)
		return NC_OK;
	return ss_fail(err, reason == NC_DEADLINE ? NC_E_TIMEOUT : NC_E_CANCELLED, "",
		"stopped after %llu bytes", (unsigned long long)p->bytes);
}

/* Until the descriptor is ready; what else poll says, the write or read will say too. */
static nc_code wait_ready(const ss_pipe *p, short events, nc_error *err)
{
	for (;;) {
		nc_code code = look(p, err);
		if (code != NC_OK)
			return code;
		struct pollfd f = { .fd = p->fd, .events = events };
		if (poll(&f, 1, LOOK_EVERY_MS) > 0)
			return NC_OK;
	}
}

static void tell_progress(const ss_pipe *p)
{
	if (!p->host || !p->op.v || !p->expected || !NC_HAS(p->host, op_progress))
		return;
	uint64_t permille = p->bytes * 1000 / p->expected;
	p->host->op_progress(p->host->ctx, p->op, (uint32_t)SS_MIN(permille, 1000), "copy");
}

nc_code ss_pipe_write(ss_pipe *p, const void *data, size_t n, nc_error *err)
{
	const uint8_t *at = data;
	while (n) {
		nc_code code = wait_ready(p, POLLOUT, err);
		if (code != NC_OK)
			return code;
		ssize_t done = write(p->fd, at, SS_MIN(n, WRITE_MAX));
		if (done < 0 && errno != EINTR && errno != EAGAIN)
			return ss_fail_errno(err, errno, "write", "the backup");
		if (done > 0) {
			at += done;
			n -= (size_t)done;
			p->bytes += (uint64_t)done;
		}
	}
	tell_progress(p);
	return NC_OK;
}

nc_code ss_pipe_read(ss_pipe *p, void *data, size_t n, nc_error *err)
{
	uint8_t *at = data;
	while (n) {
		nc_code code = wait_ready(p, POLLIN, err);
		if (code != NC_OK)
			return code;
		ssize_t done = read(p->fd, at, n);
		if (done == 0)
			return ss_fail(err, NC_E_PROTO,
				"Take another backup; this one was cut off.",
				"the backup ends at byte %llu", (unsigned long long)p->bytes);
		if (done < 0 && errno != EINTR && errno != EAGAIN)
			return ss_fail_errno(err, errno, "read", "the backup");
		if (done > 0) {
			at += done;
			n -= (size_t)done;
			p->bytes += (uint64_t)done;
		}
	}
	return NC_OK;
}
