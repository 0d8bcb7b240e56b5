/* SPDX-License-Identifier: Apache-2.0 */
#include "http/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"

/*
 * Listening sockets. A Unix one is bound beside its path, given mode and group, and renamed into
 * place, so that nobody can connect before the permissions stand, and a stale file of a killed
 * predecessor is replaced at once. A TCP port is bound alone first: sockets with SO_REUSEPORT would
 * silently share it with another daemon of the same user. Called at start-up, any thread.
 */

enum { BACKLOG = 1024 };

static int backlog_of(const nc_http_listen *l)
{
	return l->backlog > 0 ? l->backlog : BACKLOG;
}

/* Whatever is at the path now: nothing, a dead socket (fine), a live one, or no socket at all. */
static nc_code check_path(const struct sockaddr_un *sa, nc_error *err)
{
	struct stat st;
	if (lstat(sa->sun_path, &st) < 0)
		return errno == ENOENT
			       ? NC_OK
			       : nc_err_errno(err, errno, "could not look at \"%s\"", sa->sun_path);
	if (!S_ISSOCK(st.st_mode)) {
		nc_err(err, NC_E_EXISTS, "\"%s\" is there and is not a socket", sa->sun_path);
		return nc_err_hint(err, NC_E_EXISTS, "choose another socket path");
	}
	_cleanup_(nc_closep) int fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return nc_err_errno(err, errno, "could not create a socket");
	if (connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) < 0 && errno != EAGAIN)
		return NC_OK;
	nc_err(err, NC_E_EXISTS, "another process listens on \"%s\"", sa->sun_path);
	return nc_err_hint(err, NC_E_EXISTS, "stop it, or choose another socket path");
}

static nc_code set_path(struct sockaddr_un *sa, const char *path, const char *suffix, nc_error *err)
{
	*sa = (struct sockaddr_un){ .sun_family = AF_UNIX };
	int n = snprintf(sa->sun_path, sizeof(sa->sun_path), "%s%s", path, suffix);
	if (path[0] && n > 0 && (size_t)n < sizeof(sa->sun_path))
		return NC_OK;
	nc_err(err, NC_E_INVAL, "socket path \"%s\" is empty or too long", path);
	return nc_err_hint(err, NC_E_INVAL, "a socket path has at most %zu bytes",
		sizeof(sa->sun_path) - 1 - strlen(suffix));
}

/* Permissions, listen, and into place. On failure the caller removes the file. */
static nc_code publish(int fd, const nc_http_listen *l, const char *made, nc_error *err)
{
	mode_t mode = l->mode ? l->mode : 0660;
	if (l->gid && l->gid != (gid_t)-1 && chown(made, (uid_t)-1, l->gid) < 0)
		return nc_err_errno(err, errno, "could not give socket \"%s\" to group %u",
			l->address, (unsigned)l->gid);
	if (chmod(made, mode) < 0)
		return nc_err_errno(err, errno, "could not set the mode of \"%s\"", l->address);
	if (listen(fd, backlog_of(l)) < 0)
		return nc_err_errno(err, errno, "could not listen on \"%s\"", l->address);
	if (rename(made, l->address) < 0)
		return nc_err_errno(
			err, errno, "could not put socket \"%s\" into place", l->address);
	return NC_OK;
}

nc_code nc_http_listen_unix(const nc_http_listen *l, int *ret_fd, nc_error *err)
{
	struct sockaddr_un final, beside;
	nc_code code = set_path(&final, l->address, "", err);
	if (code == NC_OK)
		code = set_path(&beside, l->address, ".new", err);
	if (code == NC_OK)
		code = check_path(&final, err);
	if (code != NC_OK)
		return code;
	_cleanup_(nc_closep) int fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return nc_err_errno(err, errno, "could not create a socket");
	if (unlink(beside.sun_path) < 0 && errno != ENOENT)
		return nc_err_errno(err, errno, "could not remove \"%s\"", beside.sun_path);
	if (bind(fd, (const struct sockaddr *)&beside, sizeof(beside)) < 0)
		return nc_err_errno(err, errno, "could not bind socket \"%s\"", l->address);
	code = publish(fd, l, beside.sun_path, err);
	if (code != NC_OK) {
		unlink(beside.sun_path);
		return code;
	}
	*ret_fd = nc_steal_fd(&fd);
	return NC_OK;
}

/* ---- TCP ---- */

typedef union inet_address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
} inet_address;

static nc_code parse_address(const nc_http_listen *l, uint16_t port, inet_address *ret,
	socklen_t *ret_len, nc_error *err)
{
	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, l->address, &ret->in.sin_addr) == 1) {
		ret->in.sin_family = AF_INET;
		ret->in.sin_port = htons(port);
		*ret_len = sizeof(ret->in);
		return NC_OK;
	}
	if (inet_pton(AF_INET6, l->address, &ret->in6.sin6_addr) == 1) {
		ret->in6.sin6_family = AF_INET6;
		ret->in6.sin6_port = htons(port);
		*ret_len = sizeof(ret->in6);
		return NC_OK;
	}
	nc_err(err, NC_E_INVAL, "\"%s\" is not an IPv4 or IPv6 address", l->address);
	return nc_err_hint(err, NC_E_INVAL, "write it in numbers, such as 127.0.0.1 or ::1");
}

/* All of these pass to accepted sockets. A dead peer of a waiting request is noticed in minutes. */
static int set_options(int fd, int family, nc_http_port_use use)
{
	const struct {
		int wanted, level, name, value;
	} options[] = {
		{ 1, SOL_SOCKET, SO_REUSEADDR, 1 },
		{ use == NC_PORT_SHARED, SOL_SOCKET, SO_REUSEPORT, 1 },
		{ family == AF_INET6, IPPROTO_IPV6, IPV6_V6ONLY, 0 },
		{ 1, IPPROTO_TCP, TCP_NODELAY, 1 },
		{ 1, SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ 1, IPPROTO_TCP, TCP_KEEPIDLE, 60 },
		{ 1, IPPROTO_TCP, TCP_KEEPINTVL, 15 },
		{ 1, IPPROTO_TCP, TCP_KEEPCNT, 4 },
	};
	for (size_t i = 0; i < NC_LEN(options); i++) {
		if (options[i].wanted && setsockopt(fd, options[i].level, options[i].name,
						 &options[i].value, sizeof(int)) < 0)
			return -1;
	}
	return 0;
}

static nc_code bind_inet(int fd, const nc_http_listen *l, uint16_t port, const inet_address *sa,
	socklen_t len, nc_error *err)
{
	if (bind(fd, &sa->sa, len) == 0)
		return NC_OK;
	int e = errno;
	if (e != EADDRINUSE)
		return nc_err_errno(err, e, "could not bind %s port %u", l->address, port);
	nc_err(err, NC_E_EXISTS, "%s port %u is taken by another process", l->address, port);
	return nc_err_hint(err, NC_E_EXISTS, "stop it, or configure another port");
}

nc_code nc_http_listen_inet(const nc_http_listen *l, uint16_t port, nc_http_port_use use,
	int *ret_fd, uint16_t *ret_port, nc_error *err)
{
	inet_address sa;
	socklen_t len;
	nc_code code = parse_address(l, port, &sa, &len, err);
	if (code != NC_OK)
		return code;
	int family = sa.sa.sa_family;
	_cleanup_(nc_closep) int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || set_options(fd, family, use) < 0)
		return nc_err_errno(err, errno, "could not create a socket for %s", l->address);
	code = bind_inet(fd, l, port, &sa, len, err);
	if (code != NC_OK)
		return code;
	if (listen(fd, backlog_of(l)) < 0 || getsockname(fd, &sa.sa, &len) < 0)
		return nc_err_errno(err, errno, "could not listen on %s port %u", l->address, port);
	*ret_port = ntohs(family == AF_INET ? sa.in.sin_port : sa.in6.sin6_port);
	*ret_fd = nc_steal_fd(&fd);
	return NC_OK;
}
