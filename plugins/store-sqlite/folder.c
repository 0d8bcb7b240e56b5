/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder a store lives in: its making, its lock, its housekeeping. The lock is a flock on a
 * file of its own that holds the pid for whoever meets it; it goes with the process, however that
 * ends. Called at create, destroy, restore, by one thread. Must never touch a file before it has
 * the lock.
 */
#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "swap.h"

#define LOCK_NAME "lock"

const char *const ss_file_names[SS_FILES] = {
	[SS_LOG_FILE] = "log.db",
	[SS_STATE_FILE] = "state.db",
};

void ss_folder_path(const char *dir, const char *name, char *ret)
{
	snprintf(ret, SS_PATH_MAX, "%s/%s", dir, name);
}

/* ---- syncing ---- */

static nc_code sync_path(const char *path, int flags, nc_error *err)
{
	_cleanup_(ss_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
	if (fd < 0)
		return ss_fail_errno(err, errno, "open", path);
	if (fsync(fd) < 0)
		return ss_fail_errno(err, errno, "sync", path);
	return NC_OK;
}

nc_code ss_folder_sync_file(const char *path, nc_error *err)
{
	return sync_path(path, 0, err);
}

nc_code ss_folder_sync_dir(const char *dir, nc_error *err)
{
	return sync_path(dir, O_DIRECTORY, err);
}

nc_code ss_folder_sync_parent(const char *path, nc_error *err)
{
	char dir[SS_PATH_MAX];
	snprintf(dir, sizeof(dir), "%s", path);
	char *slash = strrchr(dir, '/');
	if (!slash)
		return ss_folder_sync_dir(".", err);
	slash[slash == dir] = '\0';
	return ss_folder_sync_dir(dir, err);
}

/* ---- making and locking ---- */

static nc_code make_dir(const char *dir, nc_error *err)
{
	if (mkdir(dir, 0700) == 0)
		return ss_folder_sync_parent(dir, err);
	if (errno != EEXIST && errno != EROFS)
		return ss_fail_errno(err, errno, "make the store's folder", dir);
	struct stat st;
	if (stat(dir, &st) < 0)
		return ss_fail_errno(err, errno, "open the store's folder", dir);
	if (!S_ISDIR(st.st_mode))
		return ss_fail_errno(err, ENOTDIR, "open the store's folder", dir);
	return NC_OK;
}

static nc_code name_holder(const ss_folder *f, int fd, nc_error *err)
{
	char text[24] = "";
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	long pid = n > 0 ? strtol(text, NULL, 10) : 0;
	return ss_fail(err, NC_E_BUSY, "Stop that process first, or give this one another folder.",
		"store \"%.180s\" is in use by process %ld", f->dir, pid);
}

static nc_code write_pid(int fd, const char *path, nc_error *err)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)n, 0) != n) {
		/* A full disk must not keep the reads of a store from starting. */
		if (errno != ENOSPC && errno != EDQUOT && errno != EFBIG)
			return ss_fail_errno(err, errno, "write", path);
	}
	return NC_OK;
}

static nc_code take_lock(ss_folder *f, nc_error *err)
{
	char path[SS_PATH_MAX];
	ss_folder_path(f->dir, LOCK_NAME, path);
	_cleanup_(ss_closep) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 && (errno == EROFS || errno == EACCES || errno == EPERM)) {
		f->is_read_only = true;
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0 && errno == ENOENT)
			return NC_OK;
	}
	if (fd < 0)
		return ss_fail_errno(err, errno, "open", path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK)
			return name_holder(f, fd, err);
		return ss_fail_errno(err, errno, "lock", path);
	}
	if (!f->is_read_only) {
		nc_code code = write_pid(fd, path, err);
		if (code != NC_OK)
			return code;
	}
	f->lock_fd = fd;
	fd = -1;
	return NC_OK;
}

static bool is_writable(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	return fd >= 0 || errno == ENOENT;
}

bool ss_folder_can_write(const ss_folder *f)
{
	/* Not by opening them: closing such a descriptor would end SQLite's own locks. */
	if (access(f->dir, W_OK | X_OK) < 0)
		return false;
	for (size_t i = 0; i < SS_FILES; i++) {
		if (access(f->path[i], W_OK) < 0 && errno != ENOENT)
			return false;
	}
	return true;
}

/* ---- housekeeping ---- */

static nc_code clear_unfinished(const ss_folder *f, nc_error *err)
{
	DIR *d = opendir(f->dir);
	if (!d)
		return ss_fail_errno(err, errno, "open the store's folder", f->dir);
	for (struct dirent *e; (e = readdir(d));) {
		if (strstr(e->d_name, SS_TEMP_SUFFIX))
			unlinkat(dirfd(d), e->d_name, 0); /* one that stays costs only space */
	}
	closedir(d);
	return NC_OK;
}

void ss_folder_init(ss_folder *f)
{
	memset(f, 0, sizeof(*f));
	f->lock_fd = -1;
}

nc_code ss_folder_open(ss_folder *f, const char *dir, nc_error *err)
{
	ss_folder_init(f);
	if (strlen(dir) >= sizeof(f->dir))
		return ss_fail(err, NC_E_INVAL, "", "path of more than %d bytes", SS_DIR_MAX - 1);
	snprintf(f->dir, sizeof(f->dir), "%s", dir);
	for (size_t i = 0; i < SS_FILES; i++)
		ss_folder_path(f->dir, ss_file_names[i], f->path[i]);
	nc_code code = make_dir(dir, err);
	if (code == NC_OK)
		code = take_lock(f, err);
	if (code == NC_OK)
		code = ss_swap_finish(f->dir, err);
	for (size_t i = 0; i < SS_FILES && code == NC_OK; i++) {
		if (!is_writable(f->path[i]))
			f->is_read_only = true;
	}
	if (access(f->dir, W_OK | X_OK) < 0) /* no place for write-ahead logs */
		f->is_read_only = true;
	if (code == NC_OK && !f->is_read_only)
		code = clear_unfinished(f, err);
	if (code != NC_OK)
		ss_folder_close(f);
	return code;
}

nc_code ss_folder_begin_writing(ss_folder *f, nc_error *err)
{
	char path[SS_PATH_MAX];
	f->is_read_only = false;
	if (f->lock_fd < 0)
		return take_lock(f, err);
	ss_folder_path(f->dir, LOCK_NAME, path);
	_cleanup_(ss_closep) int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return ss_fail_errno(err, errno, "open", path);
	nc_code code = write_pid(fd, path, err);
	return code == NC_OK ? clear_unfinished(f, err) : code;
}

void ss_folder_close(ss_folder *f)
{
	ss_closep(&f->lock_fd);
}

void ss_folder_closep(ss_folder *f)
{
	ss_folder_close(f);
}
