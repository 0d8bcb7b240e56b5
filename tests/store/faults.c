/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wrappers of the system calls that a store makes, each of which asks whether it is its turn to
 * fail. They take the place of libc's for the whole process, on any thread; the counters are
 * atomics because the store's own thread comes by too.
 */
#include "faults.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

static unsigned armed_calls; /* all four: relaxed atomics, set while no store is open */
static int64_t countdown;
static int armed_errno;
static bool armed_sticky;

void st_fault_arm(unsigned calls, uint64_t n, int errnum, bool is_sticky)
{
	__atomic_store_n(&countdown, (int64_t)n, __ATOMIC_SEQ_CST);
	__atomic_store_n(&armed_errno, errnum, __ATOMIC_SEQ_CST);
	__atomic_store_n(&armed_sticky, is_sticky, __ATOMIC_SEQ_CST);
	__atomic_store_n(&armed_calls, calls, __ATOMIC_SEQ_CST);
}

bool st_fault_disarm(void)
{
	__atomic_store_n(&armed_calls, 0, __ATOMIC_SEQ_CST);
	return __atomic_load_n(&countdown, __ATOMIC_SEQ_CST) <= 0;
}

static bool is_turn(st_call call)
{
	if (!(__atomic_load_n(&armed_calls, __ATOMIC_SEQ_CST) & call))
		return false;
	int64_t left = __atomic_sub_fetch(&countdown, 1, __ATOMIC_SEQ_CST);
	if (left > 0 || (left < 0 && !__atomic_load_n(&armed_sticky, __ATOMIC_SEQ_CST)))
		return false;
	errno = __atomic_load_n(&armed_errno, __ATOMIC_SEQ_CST);
	return true;
}

/* The function of this name that would have been called; found at first use. */
#define REAL(type, name)                                                                           \
	static type real;                                                                          \
	if (!__atomic_load_n(&real, __ATOMIC_RELAXED)) {                                           \
		void *found_ = dlsym(RTLD_NEXT, name);                                             \
		type fn_;                                                                          \
		memcpy(&fn_, &found_, sizeof(fn_));                                                \
		__atomic_store_n(&real, fn_, __ATOMIC_RELAXED);                                    \
	}

typedef int (*open_fn)(const char *, int, ...);
typedef ssize_t (*pread_fn)(int, void *, size_t, off_t);
typedef ssize_t (*pwrite_fn)(int, const void *, size_t, off_t);
typedef ssize_t (*read_fn)(int, void *, size_t);
typedef ssize_t (*write_fn)(int, const void *, size_t);
typedef int (*fd_fn)(int);
typedef int (*size_fn)(int, off_t);
typedef int (*path_fn)(const char *);
typedef int (*mkdir_fn)(const char *, mode_t);
typedef int (*rename_fn)(const char *, const char *);
typedef int (*unlinkat_fn)(int, const char *, int);
typedef void *(*mmap_fn)(void *, size_t, int, int, int, off_t);
typedef int (*fstat_fn)(int, struct stat *);
typedef int (*stat_fn)(const char *, struct stat *);
typedef int (*flock_fn)(int, int);
typedef int (*fcntl_fn)(int, int, ...);

EXPORT int open64(const char *path, int flags, ...);
EXPORT int open64(const char *path, int flags, ...)
{
	REAL(open_fn, "open64")
	va_list args;
	va_start(args, flags);
	mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	return is_turn(ST_CALL_OPEN) ? -1 : real(path, flags, mode);
}

EXPORT ssize_t pread64(int fd, void *buf, size_t n, off_t at);
EXPORT ssize_t pread64(int fd, void *buf, size_t n, off_t at)
{
	REAL(pread_fn, "pread64")
	return is_turn(ST_CALL_READ) ? -1 : real(fd, buf, n, at);
}

EXPORT ssize_t pwrite64(int fd, const void *buf, size_t n, off_t at);
EXPORT ssize_t pwrite64(int fd, const void *buf, size_t n, off_t at)
{
	REAL(pwrite_fn, "pwrite64")
	return is_turn(ST_CALL_WRITE) ? -1 : real(fd, buf, n, at);
}

EXPORT ssize_t read(int fd, void *buf, size_t n)
{
	REAL(read_fn, "read")
	return is_turn(ST_CALL_READ) ? -1 : real(fd, buf, n);
}

EXPORT ssize_t write(int fd, const void *buf, size_t n)
{
	REAL(write_fn, "write")
	return is_turn(ST_CALL_WRITE) ? -1 : real(fd, buf, n);
}

EXPORT int fsync(int fd)
{
	REAL(fd_fn, "fsync")
	return is_turn(ST_CALL_SYNC) ? -1 : real(fd);
}

EXPORT int fdatasync(int fd)
{
	REAL(fd_fn, "fdatasync")
	return is_turn(ST_CALL_SYNC) ? -1 : real(fd);
}

EXPORT int ftruncate64(int fd, off_t size);
EXPORT int ftruncate64(int fd, off_t size)
{
	REAL(size_fn, "ftruncate64")
	return is_turn(ST_CALL_SIZE) ? -1 : real(fd, size);
}

EXPORT int unlink(const char *path)
{
	REAL(path_fn, "unlink")
	return is_turn(ST_CALL_NAME) ? -1 : real(path);
}

EXPORT int unlinkat(int dir, const char *path, int flags)
{
	REAL(unlinkat_fn, "unlinkat")
	return is_turn(ST_CALL_NAME) ? -1 : real(dir, path, flags);
}

EXPORT int mkdir(const char *path, mode_t mode)
{
	REAL(mkdir_fn, "mkdir")
	return is_turn(ST_CALL_NAME) ? -1 : real(path, mode);
}

EXPORT int rename(const char *from, const char *to)
{
	REAL(rename_fn, "rename")
	return is_turn(ST_CALL_NAME) ? -1 : real(from, to);
}

EXPORT void *mmap64(void *at, size_t n, int prot, int flags, int fd, off_t off);
EXPORT void *mmap64(void *at, size_t n, int prot, int flags, int fd, off_t off)
{
	REAL(mmap_fn, "mmap64")
	/* Memory for the sanitizers and thread stacks has no descriptor. */
	return fd >= 0 && is_turn(ST_CALL_MAP) ? MAP_FAILED : real(at, n, prot, flags, fd, off);
}

EXPORT int fstat64(int fd, struct stat64 *st);
EXPORT int fstat64(int fd, struct stat64 *st)
{
	REAL(fstat_fn, "fstat64")
	return is_turn(ST_CALL_STAT) ? -1 : real(fd, (struct stat *)(void *)st);
}

EXPORT int stat64(const char *path, struct stat64 *st);
EXPORT int stat64(const char *path, struct stat64 *st)
{
	REAL(stat_fn, "stat64")
	return is_turn(ST_CALL_STAT) ? -1 : real(path, (struct stat *)(void *)st);
}

EXPORT int flock(int fd, int how)
{
	REAL(flock_fn, "flock")
	return is_turn(ST_CALL_LOCK) ? -1 : real(fd, how);
}

EXPORT int fcntl64(int fd, int command, ...);
EXPORT int fcntl64(int fd, int command, ...)
{
	REAL(fcntl_fn, "fcntl64")
	va_list args;
	va_start(args, command);
	void *arg = va_arg(args, void *);
	va_end(args);
	/* Giving a lock back does not fail. */
	if (command == F_SETLK && ((struct flock *)arg)->l_type != F_UNLCK && is_turn(ST_CALL_LOCK))
		return -1;
	return real(fd, command, arg);
}

/* ---- SQLite's memory ---- */

static sqlite3_mem_methods plain;

static void *failing_malloc(int n)
{
	return is_turn(ST_CALL_ALLOC) ? NULL : plain.xMalloc(n);
}

static void *failing_realloc(void *p, int n)
{
	return is_turn(ST_CALL_ALLOC) ? NULL : plain.xRealloc(p, n);
}

void st_faults_init(void)
{
	sqlite3_config(SQLITE_CONFIG_GETMALLOC, &plain);
	sqlite3_mem_methods failing = plain;
	failing.xMalloc = failing_malloc;
	failing.xRealloc = failing_realloc;
	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &failing) != SQLITE_OK)
		abort();
}
