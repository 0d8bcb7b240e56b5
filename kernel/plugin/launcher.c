/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/launcher.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "plugin/launcher_internal.h"

/* The daemon's side of the launcher: forks it, asks it, and lets go of it. */

struct nc_launcher {
	pid_t pid;
	int sock;
};

nc_code nc_launcher_fork(const nc_launcher_options *opt, nc_launcher **ret, nc_error *err)
{
	int pair[2];
	if (geteuid() != 0) {
		nc_err(err, NC_E_UNSUPPORTED, "the launcher needs to be started as root");
		return nc_err_hint(
			err, NC_E_UNSUPPORTED, "plugins then run with the daemon's own rights");
	}
	nc_launcher *l = nc_calloc(1, sizeof(*l));
	if (!l)
		return nc_err_nomem(err);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		nc_free(l);
		return nc_err_errno(err, errno, "could not make a pair of sockets");
	}
	l->sock = pair[0];
	l->pid = fork();
	if (l->pid == 0) {
		close(pair[0]);
		nc_launcher_serve(pair[1], opt);
	}
	close(pair[1]);
	if (l->pid < 0) {
		nc_code rc = nc_err_errno(err, errno, "could not start the launcher");
		close(pair[0]);
		nc_free(l);
		return rc;
	}
	*ret = l;
	return NC_OK;
}

void nc_launcher_free(nc_launcher *l)
{
	if (!l)
		return;
	close(l->sock); /* end of file: it kills its children and ends */
	while (waitpid(l->pid, NULL, 0) < 0 && errno == EINTR)
		;
	nc_free(l);
}

static nc_code gone(nc_error *err)
{
	nc_err(err, NC_E_UNAVAILABLE, "the launcher is gone");
	return nc_err_hint(err, NC_E_UNAVAILABLE,
		"restart novacrond, which brings it back; guests are not touched");
}

static size_t take_fds(struct msghdr *msg, int fds[NC_LAUNCHER_FDS])
{
	size_t n = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = NC_MIN((c->cmsg_len - CMSG_LEN(0)) / sizeof(int), (size_t)NC_LAUNCHER_FDS);
		memcpy(fds, CMSG_DATA(c), n * sizeof(int));
	}
	return n;
}

static nc_code receive_reply(
	nc_launcher *l, nc_launcher_reply *rep, int fds[NC_LAUNCHER_FDS], nc_error *err)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int) * NC_LAUNCHER_FDS)];
	} control;
	struct iovec iov = { rep, sizeof(*rep) };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space) };
	ssize_t n;
	do
		n = recvmsg(l->sock, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(*rep))
		return gone(err);
	size_t n_fds = take_fds(&msg, fds);
	rep->message[sizeof(rep->message) - 1] = rep->hint[sizeof(rep->hint) - 1] = 0;
	if (rep->code != NC_OK) {
		nc_err(err, rep->code, "%s", rep->message);
		if (err)
			err->native = rep->native;
		return rep->hint[0] ? nc_err_hint(err, rep->code, "%s", rep->hint) : rep->code;
	}
	return n_fds == NC_LAUNCHER_FDS
		       ? NC_OK
		       : nc_err(err, NC_E_PROTO, "the launcher's answer is not whole");
}

nc_code nc_launcher_start(nc_launcher *l, const char *id, nc_child *ret_child, int *ret_sock,
	int *ret_out_fd, nc_error *err)
{
	char request[NC_LAUNCHER_REQUEST_MAX];
	int fds[NC_LAUNCHER_FDS] = { -1, -1, -1, -1 };
	nc_launcher_reply rep;
	int n = snprintf(request, sizeof(request), "S%s", id);
	if (send(l->sock, request, (size_t)n, MSG_NOSIGNAL) < 0)
		return gone(err);
	nc_code rc = receive_reply(l, &rep, fds, err);
	if (rc != NC_OK) {
		for (int i = 0; i < NC_LAUNCHER_FDS; i++)
			nc_closep(&fds[i]);
		return rc;
	}
	*ret_sock = fds[0];
	*ret_child = (nc_child){ .pid = rep.pid, .pidfd = fds[1], .end_fd = fds[3] };
	*ret_out_fd = fds[2];
	return NC_OK;
}

void nc_launcher_kill(nc_launcher *l, pid_t pid)
{
	char request[32];
	int n = snprintf(request, sizeof(request), "K%d", (int)pid);
	(void)send(l->sock, request, (size_t)n, MSG_NOSIGNAL); /* gone: so are its children */
}
