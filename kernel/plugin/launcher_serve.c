/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "plugin/launcher_internal.h"
#include "plugin/verify.h"
#include "plugin/wire.h"

/*
 * A process of one thread that waits for plugin ids. For each it reads the rights anew, trusts only
 * what root owns, and forks a child that takes those rights and becomes nc-plugin-host. It reads
 * nothing else from the daemon, keeps nothing between requests but its children, and ends with the
 * daemon's socket, killing what it started. Its own fork is safe: it has one thread.
 */

#define CHILDREN_MAX 256

typedef struct child {
	pid_t pid;
	int pidfd;
	int end_fd; /* how it ended goes in here, for the daemon */
} child;

typedef struct state {
	nc_launcher_options opt;
	child children[CHILDREN_MAX];
	size_t n_children;
} state;

/* Manifest and hashes once more, trusting root alone; the code comes back sealed. */
static nc_code open_plugin(
	const nc_launcher_rights *r, const char *id, int *ret_code_fd, nc_error *err)
{
	_cleanup_(nc_closep) int dir_fd = -1;
	_cleanup_(nc_freep) char *text = NULL;
	_cleanup_(nc_manifest_freep) nc_manifest *m = NULL;
	size_t n;
	nc_code rc = nc_verify_folder(r->folder, 0, &dir_fd, err);
	if (rc == NC_OK)
		rc = nc_verify_read(dir_fd, "manifest.json", 0, NC_MANIFEST_MAX, &text, &n, err);
	if (rc == NC_OK)
		rc = nc_manifest_parse((nc_bytes){ text, n }, &m, err);
	if (rc != NC_OK)
		return rc;
	if (strcmp(m->id, id) != 0)
		return nc_err(err, NC_E_DENIED, "folder %s holds plugin %s, not %s", r->folder,
			m->id, id);
	return nc_verify_files(dir_fd, m, 0, ret_code_fd, err);
}

/* What the child of the launcher has been given. */
typedef struct start {
	int sock, output, code, host; /* ends of the child's */
} start;

static int take_rights(const nc_launcher_rights *r)
{
	return setgroups(r->n_groups, r->groups) == 0 && setresgid(r->gid, r->gid, r->gid) == 0 &&
	       setresuid(r->uid, r->uid, r->uid) == 0;
}

/* Move everything to 16 and above, then down to its place. */
static int place_fds(start *s)
{
	int *fds[] = { &s->sock, &s->output, &s->code, &s->host };
	for (size_t i = 0; i < NC_LEN(fds); i++)
		if ((*fds[i] = fcntl(*fds[i], F_DUPFD, 16)) < 0)
			return 0;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	return null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(s->output, STDOUT_FILENO) >= 0 &&
	       dup2(s->output, STDERR_FILENO) >= 0 && dup2(s->sock, NC_WIRE_FD) >= 0 &&
	       dup2(s->code, NC_WIRE_CODE_FD) >= 0 && dup2(s->host, 5) >= 0;
}

nc_noreturn static void become_host(start *s, const nc_launcher_rights *r)
{
	static char name[] = "nc-plugin-host", serve[] = "--serve";
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", lang[] = "LANG=C.UTF-8";
	char *argv[] = { name, serve, NULL }, *envp[] = { path, lang, NULL };
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int sig = 1; sig < NSIG; sig++) /* what is ignored would stay so over exec */
		(void)signal(sig, SIG_DFL);
	if (place_fds(s) && take_rights(r)) {
		(void)syscall(SYS_close_range, 6u, ~0u, 0u);
		(void)fcntl(5, F_SETFD, FD_CLOEXEC);
		(void)setpgid(0, 0);
		(void)syscall(SYS_execveat, 5, "", argv, envp, AT_EMPTY_PATH);
	}
	_exit(126);
}

/* 1 when it has ended; the daemon, which can't wait for it, is told how. */
static int reap_child(child *c)
{
	siginfo_t info = { .si_pid = 0 };
	if (waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG) == 0 && info.si_pid == 0)
		return 0;
	nc_child_end end = { .code = info.si_code, .status = info.si_status };
	(void)!write(c->end_fd, &end, sizeof(end)); /* a pipe with room; or nobody cares any more */
	nc_closep(&c->end_fd);
	nc_closep(&c->pidfd);
	return 1;
}

static void reap_children(state *st)
{
	for (size_t i = 0; i < st->n_children;)
		if (reap_child(&st->children[i]))
			st->children[i] = st->children[--st->n_children];
		else
			i++;
}

/* A request, or the end of one of them. */
static void wait_for_something(const state *st, int sock)
{
	struct pollfd fds[1 + CHILDREN_MAX] = { { .fd = sock, .events = POLLIN } };
	for (size_t i = 0; i < st->n_children; i++)
		fds[1 + i] = (struct pollfd){ .fd = st->children[i].pidfd, .events = POLLIN };
	(void)poll(fds, 1 + st->n_children, 1000);
}

static nc_code enlist(state *st, pid_t pid, int end_fd, int *ret_pidfd, nc_error *err)
{
	child c = { .pid = pid, .pidfd = (int)syscall(SYS_pidfd_open, pid, 0), .end_fd = end_fd };
	int errnum = errno;
	st->children[st->n_children++] = c; /* without a pidfd too: it is to be reaped */
	if (c.pidfd < 0)
		return nc_err_errno(err, errnum, "could not watch a process");
	*ret_pidfd = fcntl(c.pidfd, F_DUPFD_CLOEXEC, 0);
	return *ret_pidfd < 0 ? nc_err_errno(err, errno, "could not watch a process") : NC_OK;
}

/* *ret_fds: socket, pidfd, output, its end; the caller closes them. */
static nc_code launch(
	state *st, const char *id, int ret_fds[NC_LAUNCHER_FDS], pid_t *ret_pid, nc_error *err)
{
	nc_launcher_rights r = { .n_groups = 0 };
	_cleanup_(nc_closep) int code = -1;
	_cleanup_(nc_closep) int host = -1;
	_cleanup_(nc_closep) int their_sock = -1;
	_cleanup_(nc_closep) int their_output = -1;
	_cleanup_(nc_closep) int end_fd = -1;
	int pair[2], out[2], end[2];
	nc_code rc = nc_launcher_read_rights(st->opt.rights_file, id, &r, err);
	if (rc == NC_OK)
		rc = open_plugin(&r, id, &code, err);
	if (rc == NC_OK)
		rc = nc_verify_path(st->opt.host_binary, 0, &host, err);
	if (rc == NC_OK)
		rc = nc_wire_pair(pair, err);
	if (rc != NC_OK)
		return rc;
	ret_fds[0] = pair[0];
	their_sock = pair[1];
	if (pipe2(out, O_CLOEXEC) < 0)
		return nc_err_errno(err, errno, "could not make a pipe");
	ret_fds[2] = out[0];
	their_output = out[1];
	if (pipe2(end, O_CLOEXEC | O_NONBLOCK) < 0)
		return nc_err_errno(err, errno, "could not make a pipe");
	ret_fds[3] = end[0];
	end_fd = end[1];
	pid_t pid = fork();
	if (pid < 0)
		return nc_err_errno(err, errno, "could not start a process");
	if (pid == 0)
		become_host(&(start){ .sock = their_sock,
				    .output = their_output,
				    .code = code,
				    .host = host },
			&r);
	*ret_pid = pid;
	return enlist(st, pid, nc_steal_fd(&end_fd), &ret_fds[1], err);
}

static int send_with_fds(int sock, const nc_launcher_reply *rep, const int *fds, size_t n)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int) * NC_LAUNCHER_FDS)];
	} control = { .space = { 0 } };
	struct iovec iov = { (void *)(uintptr_t)rep, sizeof(*rep) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	if (n) {
		msg.msg_control = control.space;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * n);
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * n);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * n);
	}
	return sendmsg(sock, &msg, MSG_NOSIGNAL) >= 0;
}

static int is_daemon_gone(int errnum)
{
	return errnum == EPIPE || errnum == ECONNRESET || errnum == ENOTCONN;
}

/* The daemon waits for an answer: one that can't be given is a refusal, given as soon as it can be. The
 * process whose socket it does not get then ends by itself. */
static void send_reply(int sock, const nc_launcher_reply *rep, const int *fds, size_t n)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	nc_error err = NC_ERROR_INIT;
	if (send_with_fds(sock, rep, fds, n))
		return;
	int errnum = errno;
	nc_err_errno(&err, errnum, "the launcher could not hand over a process");
	nc_launcher_reply refusal = { .code = NC_E_UNAVAILABLE, .native = errnum };
	memcpy(refusal.message, err.message, sizeof(refusal.message));
	while (send(sock, &refusal, sizeof(refusal), MSG_NOSIGNAL) < 0 && !is_daemon_gone(errno))
		(void)nanosleep(&pause, NULL);
}

static void serve_one(state *st, int sock, const char *id)
{
	nc_error err = NC_ERROR_INIT;
	int fds[NC_LAUNCHER_FDS] = { -1, -1, -1, -1 };
	pid_t pid = 0;
	nc_code rc;
	reap_children(st);
	if (!nc_plugin_id_is_valid(id))
		rc = nc_err(&err, NC_E_INVAL, "not a plugin id");
	else if (st->n_children >= CHILDREN_MAX)
		rc = nc_err(&err, NC_E_BUSY, "the launcher has %d processes already", CHILDREN_MAX);
	else
		rc = launch(st, id, fds, &pid, &err);
	nc_launcher_reply rep = { .code = rc, .native = err.native, .pid = (int32_t)pid };
	memcpy(rep.message, err.message, sizeof(rep.message));
	memcpy(rep.hint, err.hint, sizeof(rep.hint));
	send_reply(sock, &rep, fds, rc == NC_OK ? NC_LAUNCHER_FDS : 0);
	for (int i = 0; i < NC_LAUNCHER_FDS; i++)
		nc_closep(&fds[i]);
}

/* "K<pid>": kill one of our own, since the daemon may lack the right to. */
static void kill_one(const state *st, const char *number)
{
	pid_t pid = (pid_t)strtol(number, NULL, 10);
	for (size_t i = 0; i < st->n_children; i++)
		if (st->children[i].pid == pid)
			kill(pid, SIGKILL); /* not reaped yet, so still its own number */
}

nc_noreturn void nc_launcher_serve(int sock, const nc_launcher_options *opt)
{
	static state st;
	char request[NC_LAUNCHER_REQUEST_MAX];
	st.opt = *opt;
	(void)prctl(PR_SET_NAME, "nc-launcher");
	(void)signal(SIGINT, SIG_IGN); /* the daemon's drain needs the hosts */
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	for (;;) {
		wait_for_something(&st, sock);
		reap_children(&st);
		ssize_t n = recv(sock, request, sizeof(request) - 1, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			break;
		request[n] = 0;
		if (request[0] == 'K')
			kill_one(&st, request + 1);
		else if (request[0] == 'S')
			serve_one(&st, sock, request + 1);
	}
	for (size_t i = 0; i < st.n_children; i++)
		kill(st.children[i].pid, SIGKILL);
	_exit(0);
}
