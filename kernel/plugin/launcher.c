/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/json.h"
#include "plugin/launcher_internal.h"
#include "plugin/manifest.h"
#include "plugin/verify.h"
#include "plugin/wire.h"

/*
 * A process of one thread that waits for plugin ids. For each it reads the rights anew, trusts only
 * what root owns, and forks a child that takes those rights and becomes nc-plugin-host. It reads
 * nothing else from the daemon, keeps nothing between requests but its children, and ends with the
 * daemon's socket, killing what it started. Its own fork is safe: it has one thread.
 */

#define REQUEST_MAX  (NC_PLUGIN_ID_MAX + 1)
#define RIGHTS_MAX   (256u << 10)
#define CHILDREN_MAX 256
#define GROUPS_MAX   32

struct nc_launcher {
	pid_t pid;
	int sock;
};

/* The reply's fixed part; descriptors (socket, pidfd, output) go with a good one. */
typedef struct reply {
	int32_t code;
	int32_t pid;
	char message[320];
	char hint[320];
} reply;

/* ---- in the launcher ---- */

typedef struct rights {
	char folder[4096];
	uid_t uid;
	gid_t gid, groups[GROUPS_MAX];
	size_t n_groups;
} rights;

typedef struct state {
	nc_launcher_options opt;
	pid_t children[CHILDREN_MAX];
	size_t n_children;
} state;

static nc_code read_all(int fd, nc_buf *out, nc_error *err)
{
	char chunk[4096];
	ssize_t n;
	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		nc_buf_put(out, chunk, (size_t)n);
	if (n < 0)
		return nc_err_errno(err, errno, "could not read the list of rights");
	return nc_buf_failed(out) ? nc_err(err, out->error, "the list of rights is too long")
				  : NC_OK;
}

static nc_code read_user(const json_t *o, const nc_jpath *at, rights *r, nc_error *err)
{
	const char *user = NULL;
	nc_code rc = nc_json_get_str(o, at, "user", NC_REQUIRED, 63, &user, err);
	if (rc != NC_OK)
		return rc;
	const struct passwd *pw = getpwnam(user);
	if (!pw)
		return nc_err(err, NC_E_NOTFOUND, "there is no user %s", user);
	r->uid = pw->pw_uid;
	r->gid = pw->pw_gid;
	return NC_OK;
}

static nc_code read_groups(const json_t *o, const nc_jpath *at, rights *r, nc_error *err)
{
	const json_t *list = NULL;
	size_t i;
	json_t *v;
	nc_code rc = nc_json_get_arr(o, at, "groups", NC_OPTIONAL, GROUPS_MAX, &list, err);
	if (rc != NC_OK)
		return rc;
	json_array_foreach(list, i, v)
	{
		const struct group *gr = json_is_string(v) ? getgrnam(json_string_value(v)) : NULL;
		if (!gr)
			return nc_err(err, NC_E_NOTFOUND, "there is no group %s",
				json_is_string(v) ? json_string_value(v) : "of that kind");
		r->groups[r->n_groups++] = gr->gr_gid;
	}
	return NC_OK;
}

static nc_code find_rights(const json_t *doc, const char *id, rights *r, nc_error *err)
{
	static const char *const keys[] = { "folder", "user", "groups", NULL };
	const json_t *plugins = NULL, *o = NULL;
	const char *folder = NULL;
	nc_jpath at_plugins = { .key = "plugins" }, at = { .up = &at_plugins, .key = id };
	nc_code rc = nc_json_get_obj(doc, NULL, "plugins", NC_REQUIRED, &plugins, err);
	if (rc == NC_OK)
		rc = nc_json_get_obj(plugins, &at_plugins, id, NC_OPTIONAL, &o, err);
	if (rc != NC_OK)
		return rc;
	if (!o) {
		nc_err(err, NC_E_UNSUPPORTED, "the launcher has no rights for plugin %s", id);
		return nc_err_hint(
			err, NC_E_UNSUPPORTED, "name it in the launcher's list of rights");
	}
	if ((rc = nc_json_only_keys(o, &at, keys, err)) != NC_OK ||
		(rc = nc_json_get_str(o, &at, "folder", NC_REQUIRED, sizeof(r->folder) - 1, &folder,
			 err)) != NC_OK)
		return rc;
	snprintf(r->folder, sizeof(r->folder), "%s", folder);
	rc = read_user(o, &at, r, err);
	return rc == NC_OK ? read_groups(o, &at, r, err) : rc;
}

static nc_code read_rights(const char *path, const char *id, rights *r, nc_error *err)
{
	_cleanup_(nc_closep) int fd = -1;
	_cleanup_(nc_json_decrefp) json_t *doc = NULL;
	_cleanup_(nc_buf_done) nc_buf text;
	nc_buf_init(&text, RIGHTS_MAX);
	nc_code rc = nc_verify_path(path, 0, &fd, err);
	if (rc == NC_OK)
		rc = read_all(fd, &text, err);
	if (rc == NC_OK)
		rc = nc_json_parse(nc_buf_bytes(&text), RIGHTS_MAX, &doc, err);
	return rc == NC_OK ? find_rights(doc, id, r, err) : rc;
}

/* Manifest and hashes once more, trusting root alone; the code comes back sealed. */
static nc_code open_plugin(const rights *r, const char *id, int *ret_code_fd, nc_error *err)
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

static int take_rights(const rights *r)
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

nc_noreturn static void become_host(start *s, const rights *r)
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

static void reap_children(state *st)
{
	for (size_t i = 0; i < st->n_children;)
		if (waitpid(st->children[i], NULL, WNOHANG) != 0)
			st->children[i] = st->children[--st->n_children];
		else
			i++;
}

/* *ret_fds: socket, pidfd, output; the caller closes them. */
static nc_code launch(state *st, const char *id, int ret_fds[3], pid_t *ret_pid, nc_error *err)
{
	rights r = { .n_groups = 0 };
	_cleanup_(nc_closep) int code = -1;
	_cleanup_(nc_closep) int host = -1;
	_cleanup_(nc_closep) int their_sock = -1;
	_cleanup_(nc_closep) int their_output = -1;
	int pair[2], out[2];
	nc_code rc = read_rights(st->opt.rights_file, id, &r, err);
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
	pid_t pid = fork();
	if (pid < 0)
		return nc_err_errno(err, errno, "could not start a process");
	if (pid == 0)
		become_host(&(start){ .sock = their_sock,
				    .output = their_output,
				    .code = code,
				    .host = host },
			&r);
	st->children[st->n_children++] = pid;
	*ret_pid = pid;
	ret_fds[1] = (int)syscall(SYS_pidfd_open, pid, 0);
	return ret_fds[1] < 0 ? nc_err_errno(err, errno, "could not watch a process") : NC_OK;
}

static void send_reply(int sock, const reply *rep, const int *fds, size_t n)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int) * 3)];
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
	(void)sendmsg(sock, &msg, MSG_NOSIGNAL);
}

static void serve_one(state *st, int sock, const char *id)
{
	nc_error err = NC_ERROR_INIT;
	int fds[3] = { -1, -1, -1 };
	pid_t pid = 0;
	nc_code rc;
	reap_children(st);
	if (!nc_plugin_id_is_valid(id))
		rc = nc_err(&err, NC_E_INVAL, "not a plugin id");
	else if (st->n_children >= CHILDREN_MAX)
		rc = nc_err(&err, NC_E_BUSY, "the launcher has %d processes already", CHILDREN_MAX);
	else
		rc = launch(st, id, fds, &pid, &err);
	reply rep = { .code = rc, .pid = (int32_t)pid };
	memcpy(rep.message, err.message, sizeof(rep.message));
	memcpy(rep.hint, err.hint, sizeof(rep.hint));
	send_reply(sock, &rep, fds, rc == NC_OK ? 3 : 0);
	for (int i = 0; i < 3; i++)
		nc_closep(&fds[i]);
}

/* "K<pid>": kill one of our own, since the daemon may lack the right to. */
static void kill_one(const state *st, const char *number)
{
	pid_t pid = (pid_t)strtol(number, NULL, 10);
	for (size_t i = 0; i < st->n_children; i++)
		if (st->children[i] == pid)
			kill(pid, SIGKILL); /* not reaped yet, so still its own number */
}

nc_noreturn static void run_launcher(int sock, const nc_launcher_options *opt)
{
	static state st;
	char request[REQUEST_MAX + 8];
	st.opt = *opt;
	(void)prctl(PR_SET_NAME, "nc-launcher");
	(void)signal(SIGINT, SIG_IGN); /* the daemon's drain needs the hosts */
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	for (;;) {
		struct pollfd pfd = { .fd = sock, .events = POLLIN };
		(void)poll(&pfd, 1, 1000);
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
		kill(st.children[i], SIGKILL);
	_exit(0);
}

/* ---- in the daemon ---- */

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
		run_launcher(pair[1], opt);
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

static size_t take_fds(struct msghdr *msg, int fds[3])
{
	size_t n = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = NC_MIN((c->cmsg_len - CMSG_LEN(0)) / sizeof(int), (size_t)3);
		memcpy(fds, CMSG_DATA(c), n * sizeof(int));
	}
	return n;
}

static nc_code receive_reply(nc_launcher *l, reply *rep, int fds[3], nc_error *err)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int) * 3)];
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
		return nc_err(err, NC_E_UNAVAILABLE, "the launcher is gone");
	size_t n_fds = take_fds(&msg, fds);
	rep->message[sizeof(rep->message) - 1] = rep->hint[sizeof(rep->hint) - 1] = 0;
	if (rep->code != NC_OK) {
		nc_err(err, rep->code, "%s", rep->message);
		return rep->hint[0] ? nc_err_hint(err, rep->code, "%s", rep->hint) : rep->code;
	}
	return n_fds == 3 ? NC_OK : nc_err(err, NC_E_PROTO, "the launcher's answer is not whole");
}

nc_code nc_launcher_start(nc_launcher *l, const char *id, nc_child *ret_child, int *ret_sock,
	int *ret_out_fd, nc_error *err)
{
	char request[REQUEST_MAX + 8];
	int fds[3] = { -1, -1, -1 };
	reply rep;
	int n = snprintf(request, sizeof(request), "S%s", id);
	if (send(l->sock, request, (size_t)n, MSG_NOSIGNAL) < 0)
		return nc_err(err, NC_E_UNAVAILABLE, "the launcher is gone");
	nc_code rc = receive_reply(l, &rep, fds, err);
	if (rc != NC_OK) {
		for (int i = 0; i < 3; i++)
			nc_closep(&fds[i]);
		return rc;
	}
	*ret_sock = fds[0];
	*ret_child = (nc_child){ .pid = rep.pid, .pidfd = fds[1] };
	*ret_out_fd = fds[2];
	return NC_OK;
}

void nc_launcher_kill(nc_launcher *l, pid_t pid)
{
	char request[32];
	int n = snprintf(request, sizeof(request), "K%d", (int)pid);
	(void)send(l->sock, request, (size_t)n, MSG_NOSIGNAL); /* gone: so are its children */
}
