/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An object for LD_PRELOAD that notes what the process does to the files below one folder, for
 * replay.c to work out what a power cut at any moment may leave. Sees what goes through the C
 * library's functions: not stdio's own writes, not shared writable mappings (SQLite's -shm, which
 * is no part of what must survive, is left out by name). Any thread; one lock keeps the order of
 * names, and a descriptor of the log far from all others. Must change nothing that the process
 * does: an operation that fails is passed on and not noted.
 */
/* Both names of each call are wanted, so neither may stand for the other. */
#undef _FILE_OFFSET_BITS

#include "record.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXPORT     __attribute__((visibility("default")))
#define FDS_MAX    65536
#define LOG_FD_MIN 1000
#define SKIP_END   "-shm"

/* What is known of a descriptor. */
enum { FD_UNKNOWN = 0, FD_OTHER = 1 }; /* anything else is the inode of a file that is ours */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t record_lock = PTHREAD_MUTEX_INITIALIZER; /* names and their order */
static uint64_t fds[FDS_MAX];                                   /* relaxed atomics */
static uint64_t next_token;                                     /* atomic */
static int log_fd = -1;                                         /* both: constant after begin */
static char root[4096];

/* ---- the log ---- */

static void begin(void)
{
	const char *log = getenv("NC_RECORD_LOG"), *below = getenv("NC_RECORD_ROOT");
	if (!log || !below || !realpath(below, root))
		return;
	int fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (fd < 0)
		return;
	log_fd = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, LOG_FD_MIN);
	syscall(SYS_close, fd);
	next_token = (uint64_t)getpid() << 32;
}

static bool is_recording(void)
{
	pthread_once(&once, begin);
	return log_fd >= 0;
}

static void note(
	nc_record_op op, uint64_t file, uint64_t off, uint64_t token, const void *data, size_t len)
{
	nc_record_event e = {
		.magic = NC_RECORD_MAGIC,
		.op = (uint32_t)op,
		.file = file,
		.off = off,
		.token = token,
		.len = (uint32_t)len,
		.pid = (uint32_t)getpid(),
	};
	union {
		const void *in;
		void *out;
	} payload = { data };
	struct iovec v[2] = { { &e, sizeof(e) }, { payload.out, len } };
	int saved = errno;
	if (syscall(SYS_writev, log_fd, v, 2) != (long)(sizeof(e) + len))
		abort(); /* a recording with a hole proves nothing */
	errno = saved;
}

EXPORT void nc_record_mark(const void *data, uint32_t len)
{
	if (is_recording())
		note(NC_RECORD_MARK, 0, 0, 0, data, len);
}

/* ---- which files ---- */

/* The part below the root, "" for the root itself, or NULL. */
static const char *below_root(const char *path)
{
	size_t n = strlen(root), len = strlen(path);
	size_t skip = strlen(SKIP_END);
	if (strncmp(path, root, n) != 0 || (path[n] && path[n] != '/'))
		return NULL;
	if (len > skip && !strcmp(path + len - skip, SKIP_END))
		return NULL;
	return path[n] ? path + n + 1 : path + n;
}

/* Where a path leads, though its last part need not be there. */
static const char *resolve(int dir, const char *path, char out[4096])
{
	char full[4096], parent[4096];
	if (path[0] == '/' || dir == AT_FDCWD) {
		snprintf(full, sizeof(full), "%s", path);
	} else {
		char link[64], base[2048];
		snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
		ssize_t n = readlink(link, base, sizeof(base) - 1);
		if (n < 0)
			return NULL;
		snprintf(full, sizeof(full), "%.*s/%.2000s", (int)n, base, path);
	}
	char *slash = strrchr(full, '/');
	const char *last = slash ? slash + 1 : full;
	if (slash)
		*slash = '\0';
	if (!realpath(slash ? (*full ? full : "/") : ".", parent))
		return NULL;
	snprintf(out, 4096, "%.3000s/%.1000s", parent, last);
	return below_root(out);
}

static uint64_t inode_of(int fd)
{
	struct stat st;
	return fstat(fd, &st) < 0 ? 0 : (uint64_t)st.st_ino;
}

static void set_fd(int fd, uint64_t what)
{
	if (fd >= 0 && fd < FDS_MAX)
		__atomic_store_n(&fds[fd], what, __ATOMIC_RELAXED);
}

/* The inode if the descriptor is of a file of ours, else 0. One that came by a way not seen here
 * (inherited, duplicated, opened inside libc) is looked up at its first use. */
static uint64_t ours(int fd)
{
	char link[64], path[4096];
	if (fd < 0 || fd >= FDS_MAX || !is_recording())
		return 0;
	uint64_t what = __atomic_load_n(&fds[fd], __ATOMIC_RELAXED);
	if (what != FD_UNKNOWN)
		return what == FD_OTHER ? 0 : what;
	int saved = errno;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, sizeof(path) - 1);
	path[n < 0 ? 0 : n] = '\0';
	const char *below = below_root(path);
	what = below && !strstr(path, " (deleted)") ? inode_of(fd) : FD_OTHER;
	if (what != FD_OTHER)
		note(NC_RECORD_OPEN, what, 0, 0, below, strlen(below) + 1);
	set_fd(fd, what);
	errno = saved;
	return what == FD_OTHER ? 0 : what;
}

/* ---- the real functions ---- */

#define REAL(type, name)                                                                           \
	static type real;                                                                          \
	if (!__atomic_load_n(&real, __ATOMIC_RELAXED)) {                                           \
		void *found_ = dlsym(RTLD_NEXT, name);                                             \
		type fn_;                                                                          \
		memcpy(&fn_, &found_, sizeof(fn_));                                                \
		__atomic_store_n(&real, fn_, __ATOMIC_RELAXED);                                    \
	}

typedef int (*open_fn)(const char *, int, ...);
typedef int (*openat_fn)(int, const char *, int, ...);
typedef int (*fd_fn)(int);
typedef int (*dup_fn)(int, int);
typedef int (*dup3_fn)(int, int, int);
typedef ssize_t (*write_fn)(int, const void *, size_t);
typedef ssize_t (*pwrite_fn)(int, const void *, size_t, off_t);
typedef ssize_t (*writev_fn)(int, const struct iovec *, int);
typedef ssize_t (*pwritev_fn)(int, const struct iovec *, int, off_t);
typedef int (*size_fn)(int, off_t);
typedef int (*path_fn)(const char *);
typedef int (*mode_fn)(const char *, mode_t);
typedef int (*rename_fn)(const char *, const char *);
typedef int (*unlinkat_fn)(int, const char *, int);

/* ---- opening and closing ---- */

/* After an open that went well: names the file to the log. */
static int opened(int fd, int dir, const char *path, int flags)
{
	char full[4096];
	int saved = errno;
	set_fd(fd, FD_UNKNOWN);
	if (fd >= 0 && is_recording()) {
		const char *below = resolve(dir, path, full);
		uint64_t file = below && !(flags & O_DIRECTORY) ? inode_of(fd) : 0;
		if (file) {
			note(NC_RECORD_OPEN, file, 0, 0, below, strlen(below) + 1);
			set_fd(fd, file);
		}
		if (file && flags & O_TRUNC)
			note(NC_RECORD_TRUNCATE, file, 0, 0, NULL, 0);
	}
	errno = saved;
	return fd;
}

#define OPEN(name)                                                                                 \
	EXPORT int name(const char *path, int flags, ...);                                         \
	EXPORT int name(const char *path, int flags, ...)                                          \
	{                                                                                          \
		REAL(open_fn, #name)                                                               \
		va_list args;                                                                      \
		va_start(args, flags);                                                             \
		mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;            \
		va_end(args);                                                                      \
		pthread_mutex_lock(&record_lock);                                                  \
		int fd = opened(real(path, flags, mode), AT_FDCWD, path, flags);                   \
		pthread_mutex_unlock(&record_lock);                                                \
		return fd;                                                                         \
	}
#define OPENAT(name)                                                                               \
	EXPORT int name(int dir, const char *path, int flags, ...);                                \
	EXPORT int name(int dir, const char *path, int flags, ...)                                 \
	{                                                                                          \
		REAL(openat_fn, #name)                                                             \
		va_list args;                                                                      \
		va_start(args, flags);                                                             \
		mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;            \
		va_end(args);                                                                      \
		pthread_mutex_lock(&record_lock);                                                  \
		int fd = opened(real(dir, path, flags, mode), dir, path, flags);                   \
		pthread_mutex_unlock(&record_lock);                                                \
		return fd;                                                                         \
	}
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

EXPORT int close(int fd)
{
	REAL(fd_fn, "close")
	if (fd == log_fd && fd >= 0)
		return 0;
	set_fd(fd, FD_UNKNOWN);
	return real(fd);
}

EXPORT int dup2(int from, int to)
{
	REAL(dup_fn, "dup2")
	set_fd(to, FD_UNKNOWN);
	return real(from, to);
}

EXPORT int dup3(int from, int to, int flags)
{
	REAL(dup3_fn, "dup3")
	set_fd(to, FD_UNKNOWN);
	return real(from, to, flags);
}

/* ---- data ---- */

/* A write at the descriptor's own place: where that was shows afterwards. */
static void wrote(int fd, const void *data, ssize_t n)
{
	uint64_t file = n > 0 ? ours(fd) : 0;
	if (!file)
		return;
	off_t end = lseek(fd, 0, SEEK_CUR);
	note(NC_RECORD_WRITE, file, (uint64_t)(end - n), 0, data, (size_t)n);
}

static void wrote_parts(uint64_t file, uint64_t off, const struct iovec *v, ssize_t n)
{
	for (; n > 0; v++) {
		size_t part = v->iov_len < (size_t)n ? v->iov_len : (size_t)n;
		if (part)
			note(NC_RECORD_WRITE, file, off, 0, v->iov_base, part);
		off += part;
		n -= (ssize_t)part;
	}
}

EXPORT ssize_t write(int fd, const void *data, size_t len)
{
	REAL(write_fn, "write")
	ssize_t n = real(fd, data, len);
	wrote(fd, data, n);
	return n;
}

#define PWRITE(name)                                                                               \
	EXPORT ssize_t name(int fd, const void *data, size_t len, off_t off)                       \
	{                                                                                          \
		REAL(pwrite_fn, #name)                                                             \
		ssize_t n = real(fd, data, len, off);                                              \
		uint64_t file = n > 0 ? ours(fd) : 0;                                              \
		if (file)                                                                          \
			note(NC_RECORD_WRITE, file, (uint64_t)off, 0, data, (size_t)n);            \
		return n;                                                                          \
	}
PWRITE(pwrite)
PWRITE(pwrite64)

EXPORT ssize_t writev(int fd, const struct iovec *v, int count)
{
	REAL(writev_fn, "writev")
	ssize_t n = real(fd, v, count);
	uint64_t file = n > 0 ? ours(fd) : 0;
	if (file)
		wrote_parts(file, (uint64_t)(lseek(fd, 0, SEEK_CUR) - n), v, n);
	return n;
}

#define PWRITEV(name)                                                                              \
	EXPORT ssize_t name(int fd, const struct iovec *v, int count, off_t off)                   \
	{                                                                                          \
		REAL(pwritev_fn, #name)                                                            \
		ssize_t n = real(fd, v, count, off);                                               \
		uint64_t file = n > 0 ? ours(fd) : 0;                                              \
		if (file)                                                                          \
			wrote_parts(file, (uint64_t)off, v, n);                                    \
		return n;                                                                          \
	}
PWRITEV(pwritev)
PWRITEV(pwritev64)

#define FTRUNCATE(name)                                                                            \
	EXPORT int name(int fd, off_t size)                                                        \
	{                                                                                          \
		REAL(size_fn, #name)                                                               \
		int rc = real(fd, size);                                                           \
		uint64_t file = rc == 0 ? ours(fd) : 0;                                            \
		if (file)                                                                          \
			note(NC_RECORD_TRUNCATE, file, (uint64_t)size, 0, NULL, 0);                \
		return rc;                                                                         \
	}
FTRUNCATE(ftruncate)
FTRUNCATE(ftruncate64)

/* ---- syncs ---- */

static int synced(int fd, fd_fn real)
{
	uint64_t file = ours(fd);
	if (!file)
		return real(fd);
	uint64_t token = __atomic_add_fetch(&next_token, 1, __ATOMIC_RELAXED);
	note(NC_RECORD_SYNC_BEGIN, file, 0, token, NULL, 0);
	int rc = real(fd);
	if (rc == 0)
		note(NC_RECORD_SYNC_END, file, 0, token, NULL, 0);
	return rc;
}

EXPORT int fsync(int fd)
{
	REAL(fd_fn, "fsync")
	return synced(fd, real);
}

EXPORT int fdatasync(int fd)
{
	REAL(fd_fn, "fdatasync")
	return synced(fd, real);
}

/* ---- names ---- */

static int unnamed(int rc, const char *below)
{
	if (rc == 0 && below)
		note(NC_RECORD_UNLINK, 0, 0, 0, below, strlen(below) + 1);
	return rc;
}

#define UNLINK(name)                                                                               \
	EXPORT int name(const char *path)                                                          \
	{                                                                                          \
		REAL(path_fn, #name)                                                               \
		char full[4096];                                                                   \
		pthread_mutex_lock(&record_lock);                                                  \
		const char *below = is_recording() ? resolve(AT_FDCWD, path, full) : NULL;         \
		int rc = unnamed(real(path), below);                                               \
		pthread_mutex_unlock(&record_lock);                                                \
		return rc;                                                                         \
	}
UNLINK(unlink)
UNLINK(rmdir)
UNLINK(remove)

EXPORT int unlinkat(int dir, const char *path, int flags)
{
	REAL(unlinkat_fn, "unlinkat")
	char full[4096];
	pthread_mutex_lock(&record_lock);
	const char *below = is_recording() ? resolve(dir, path, full) : NULL;
	int rc = unnamed(real(dir, path, flags), below);
	pthread_mutex_unlock(&record_lock);
	return rc;
}

EXPORT int mkdir(const char *path, mode_t mode)
{
	REAL(mode_fn, "mkdir")
	char full[4096];
	struct stat st;
	pthread_mutex_lock(&record_lock);
	int rc = real(path, mode);
	const char *below = rc == 0 && is_recording() ? resolve(AT_FDCWD, path, full) : NULL;
	if (below && stat(full, &st) == 0)
		note(NC_RECORD_MKDIR, (uint64_t)st.st_ino, 0, 0, below, strlen(below) + 1);
	pthread_mutex_unlock(&record_lock);
	return rc;
}

EXPORT int rename(const char *from, const char *to)
{
	REAL(rename_fn, "rename")
	char full_from[4096], full_to[4096], both[8200];
	pthread_mutex_lock(&record_lock);
	const char *a = is_recording() ? resolve(AT_FDCWD, from, full_from) : NULL;
	const char *b = a ? resolve(AT_FDCWD, to, full_to) : NULL;
	int rc = real(from, to);
	if (rc == 0 && a && b) {
		size_t n = strlen(a) + 1, m = strlen(b) + 1;
		memcpy(both, a, n);
		memcpy(both + n, b, m);
		note(NC_RECORD_RENAME, 0, 0, 0, both, n + m);
	}
	pthread_mutex_unlock(&record_lock);
	return rc;
}
