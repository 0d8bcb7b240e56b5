/* SPDX-License-Identifier: Apache-2.0 */
#include "wrap_system.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* See wrap_system.h. One macro for each function that always has the same arguments; those that are
 * only sometimes failed (a read of a file, not of a wake-up) stand below. */

static atomic_int armed = -1; /* wrap_class */
static atomic_ullong left;
static _Atomic(const char *) failed;
static atomic_int failed_with;
static void (*tell)(const char *);

void wrap_system_tell(void (*fn)(const char *))
{
	tell = fn;
}

void wrap_system_arm(wrap_class class, uint64_t n)
{
	failed = NULL;
	left = n;
	armed = (int)class;
}

const char *wrap_system_disarm(void)
{
	armed = -1;
	return failed;
}

int wrap_system_errno(void)
{
	return failed ? (int)failed_with : 0;
}

static int fails(wrap_class class, const char *name, int errnum)
{
	if (armed != (int)class || atomic_fetch_sub(&left, 1) != 1)
		return 0;
	armed = -1;
	failed_with = errnum;
	failed = name;
	if (tell)
		tell(name);
	errno = errnum;
	return 1;
}

#define WRAP(class, type, name, params, args, errnum, failure)                                     \
	type __real_##name params;                                                                 \
	type __wrap_##name params;                                                                 \
	type __wrap_##name params                                                                  \
	{                                                                                          \
		return fails(class, #name, errnum) ? failure : __real_##name args;                 \
	}                                                                                          \
	struct wrap_needs_semicolon
#define WRAP_INT(name, params, args, errnum) WRAP(WRAP_SYSTEM, int, name, params, args, errnum, -1)

WRAP(WRAP_MEMORY, void *, malloc, (size_t n), (n), ENOMEM, NULL);
WRAP(WRAP_MEMORY, void *, calloc, (size_t n, size_t size), (n, size), ENOMEM, NULL);
WRAP(WRAP_MEMORY, void *, realloc, (void *p, size_t n), (p, n), ENOMEM, NULL);

WRAP_INT(lstat64, (const char *path, struct stat *st), (path, st), ENOMEM);
WRAP_INT(fstat64, (int fd, struct stat *st), (fd, st), EIO);
WRAP_INT(faccessat, (int dir, const char *path, int mode, int flags), (dir, path, mode, flags),
	ENOMEM);
WRAP_INT(mkdir, (const char *path, mode_t mode), (path, mode), ENOSPC);
WRAP_INT(rename, (const char *from, const char *to), (from, to), ENOSPC);
WRAP_INT(fsync, (int fd), (fd), EIO);
WRAP_INT(socketpair, (int domain, int type, int protocol, int fds[2]),
	(domain, type, protocol, fds), EMFILE);
WRAP_INT(pipe2, (int fds[2], int flags), (fds, flags), EMFILE);
WRAP_INT(eventfd, (unsigned n, int flags), (n, flags), EMFILE);
WRAP_INT(epoll_create1, (int flags), (flags), EMFILE);
WRAP(WRAP_SYSTEM, char *, realpath, (const char *path, char *out), (path, out), ENOMEM, NULL);
WRAP(WRAP_SYSTEM, DIR *, opendir, (const char *path), (path), EMFILE, NULL);
WRAP(WRAP_SYSTEM, void *, mmap64, (void *at, size_t n, int prot, int flags, int fd, int64_t offset),
	(at, n, prot, flags, fd, offset), ENOMEM, MAP_FAILED);
WRAP(WRAP_SYSTEM, void *, dlopen, (const char *path, int flags), (path, flags), ENOMEM, NULL);
WRAP(WRAP_SYSTEM, int64_t, lseek64, (int fd, int64_t offset, int whence), (fd, offset, whence), EIO,
	-1);
WRAP(WRAP_SYSTEM, ssize_t, pread64, (int fd, void *buf, size_t n, int64_t offset),
	(fd, buf, n, offset), EIO, -1);
WRAP(WRAP_SYSTEM, ssize_t, sendmsg, (int fd, const struct msghdr *msg, int flags), (fd, msg, flags),
	ENOBUFS, -1);
WRAP(WRAP_SYSTEM, int, posix_spawn,
	(pid_t * pid, const char *path, const posix_spawn_file_actions_t *fa,
		const posix_spawnattr_t *attr, char *const argv[], char *const envp[]),
	(pid, path, fa, attr, argv, envp), EAGAIN, EAGAIN);
WRAP(WRAP_SYSTEM, int, posix_spawn_file_actions_adddup2,
	(posix_spawn_file_actions_t * fa, int from, int to), (fa, from, to), ENOMEM, ENOMEM);
WRAP(WRAP_SYSTEM, int, pthread_create,
	(pthread_t * thread, const pthread_attr_t *attr, void *(*fn)(void *), void *arg),
	(thread, attr, fn, arg), EAGAIN, EAGAIN);

/* ---- sometimes ---- */

static int is_file(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

ssize_t __real_read(int fd, void *buf, size_t n);
ssize_t __wrap_read(int fd, void *buf, size_t n);
ssize_t __wrap_read(int fd, void *buf, size_t n)
{
	if (armed == WRAP_SYSTEM && is_file(fd) && fails(WRAP_SYSTEM, "read", EIO))
		return -1;
	return __real_read(fd, buf, n);
}

ssize_t __real_write(int fd, const void *buf, size_t n);
ssize_t __wrap_write(int fd, const void *buf, size_t n);
ssize_t __wrap_write(int fd, const void *buf, size_t n)
{
	if (armed == WRAP_SYSTEM && is_file(fd) && fails(WRAP_SYSTEM, "write", ENOSPC))
		return -1;
	return __real_write(fd, buf, n);
}

/* One that has something to receive; the others are asked again and again. */
ssize_t __real_recvmsg(int fd, struct msghdr *msg, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *msg, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *msg, int flags)
{
	char c;
	if (armed == WRAP_SYSTEM && recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) > 0 &&
		fails(WRAP_SYSTEM, "recvmsg", ENOMEM))
		return -1;
	return __real_recvmsg(fd, msg, flags);
}

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, mode_t mode);
int __wrap_open64(const char *path, int flags, mode_t mode)
{
	return fails(WRAP_SYSTEM, "open", EMFILE) ? -1 : __real_open64(path, flags, mode);
}

int __real_fcntl64(int fd, int command, ...);
int __wrap_fcntl64(int fd, int command, uintptr_t arg);
int __wrap_fcntl64(int fd, int command, uintptr_t arg)
{
	if (command == F_ADD_SEALS && fails(WRAP_SYSTEM, "fcntl F_ADD_SEALS", EBUSY))
		return -1;
	if (command == F_DUPFD_CLOEXEC && fails(WRAP_SYSTEM, "fcntl F_DUPFD_CLOEXEC", EMFILE))
		return -1;
	return __real_fcntl64(fd, command, arg);
}

int __real_memfd_create(const char *name, unsigned flags);
int __wrap_memfd_create(const char *name, unsigned flags);
int __wrap_memfd_create(const char *name, unsigned flags)
{
	return fails(WRAP_SYSTEM, "memfd_create", EMFILE) ? -1 : __real_memfd_create(name, flags);
}

int __real_epoll_ctl(int epoll_fd, int command, int fd, struct epoll_event *ev);
int __wrap_epoll_ctl(int epoll_fd, int command, int fd, struct epoll_event *ev);
int __wrap_epoll_ctl(int epoll_fd, int command, int fd, struct epoll_event *ev)
{
	if (command == EPOLL_CTL_ADD && fails(WRAP_SYSTEM, "epoll_ctl", ENOSPC))
		return -1;
	return __real_epoll_ctl(epoll_fd, command, fd, ev);
}

long __real_syscall(long number, ...);
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f);
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	if (number == SYS_openat2 && fails(WRAP_SYSTEM, "openat2", EMFILE))
		return -1;
	if (number == SYS_pidfd_open && fails(WRAP_SYSTEM, "pidfd_open", EMFILE))
		return -1;
	return __real_syscall(number, a, b, c, d, e, f);
}
