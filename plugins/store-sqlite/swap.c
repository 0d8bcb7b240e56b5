/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last step of a restore: one set of files for another. A mark file makes it a redo log of
 * one entry: each step below can be repeated, and the mark goes last. A write-ahead log left
 * beside a database it does not belong to would be replayed into it, so those are moved away
 * first. Under the folder's lock, by one thread.
 */
#include "swap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "folder.h"

#define MARK "restore-pending"

/* "replaced-<ms>" is written into the mark, so that every attempt moves to the same place. */
#define ASIDE_MAX 48

nc_code ss_swap_begin(const char *dir, nc_error *err)
{
	char mark[SS_PATH_MAX], part[SS_PATH_MAX], aside[ASIDE_MAX];
	ss_folder_path(dir, MARK, mark);
	ss_folder_path(dir, MARK SS_TEMP_SUFFIX, part);
	int n = snprintf(aside, sizeof(aside), "replaced-%lld", (long long)ss_wall_ms());
	_cleanup_(ss_closep) int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return ss_fail_errno(err, errno, "create", part);
	if (write(fd, aside, (size_t)n) != n || fsync(fd) < 0)
		return ss_fail_errno(err, errno, "write", part);
	/* The incoming files' names first: the mark promises them. */
	nc_code code = ss_folder_sync_dir(dir, err);
	if (code == NC_OK && rename(part, mark) < 0)
		code = ss_fail_errno(err, errno, "rename", part);
	return code == NC_OK ? ss_folder_sync_dir(dir, err) : code;
}

static nc_code move(
	const char *dir, const char *from, const char *to_dir, const char *to, nc_error *err)
{
	char a[SS_PATH_MAX], b[SS_PATH_MAX + ASIDE_MAX];
	ss_folder_path(dir, from, a);
	snprintf(b, sizeof(b), "%s/%s%s%s", dir, to_dir, *to_dir ? "/" : "", to);
	if (rename(a, b) < 0 && errno != ENOENT)
		return ss_fail_errno(err, errno, "move away", a);
	return NC_OK;
}

static nc_code swap_one(const char *dir, const char *name, const char *aside, nc_error *err)
{
	static const char *const parts[] = { "-wal", "-shm", "-journal", "" };
	char incoming[64], path[SS_PATH_MAX];
	snprintf(incoming, sizeof(incoming), SS_INCOMING_PREFIX "%s", name);
	ss_folder_path(dir, incoming, path);
	if (access(path, F_OK) < 0)
		return errno == ENOENT ? NC_OK /* an earlier attempt did it */
				       : ss_fail_errno(err, errno, "open", path);
	for (size_t i = 0; i < SS_LEN(parts); i++) {
		char part[64];
		snprintf(part, sizeof(part), "%s%s", name, parts[i]);
		nc_code code = move(dir, part, aside, part, err);
		if (code != NC_OK)
			return code;
	}
	/* The old names must be gone for good before a new file takes one. */
	nc_code code = ss_folder_sync_dir(dir, err);
	return code == NC_OK ? move(dir, incoming, "", name, err) : code;
}

static nc_code read_mark(const char *path, char aside[ASIDE_MAX], nc_error *err)
{
	aside[0] = '\0';
	_cleanup_(ss_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? NC_OK : ss_fail_errno(err, errno, "open", path);
	ssize_t n = read(fd, aside, ASIDE_MAX - 1);
	if (n < 0)
		return ss_fail_errno(err, errno, "read", path);
	aside[n] = '\0';
	if (strncmp(aside, "replaced-", 9) != 0 || strchr(aside, '/'))
		return ss_fail(err, NC_E_PROTO, "Move it away and restore again.",
			"\"%.200s\" is damaged", path);
	return NC_OK;
}

nc_code ss_swap_finish(const char *dir, nc_error *err)
{
	char mark[SS_PATH_MAX], aside[ASIDE_MAX], aside_path[SS_PATH_MAX];
	ss_folder_path(dir, MARK, mark);
	nc_code code = read_mark(mark, aside, err);
	if (code != NC_OK || !aside[0])
		return code;
	ss_folder_path(dir, aside, aside_path);
	if (mkdir(aside_path, 0700) < 0 && errno != EEXIST)
		return ss_fail_errno(err, errno, "make", aside_path);
	for (size_t i = 0; i < SS_FILES && code == NC_OK; i++)
		code = swap_one(dir, ss_file_names[i], aside, err);
	if (code == NC_OK)
		code = ss_folder_sync_dir(aside_path, err);
	if (code == NC_OK)
		code = ss_folder_sync_dir(dir, err);
	if (code == NC_OK && unlink(mark) < 0)
		code = ss_fail_errno(err, errno, "remove", mark);
	return code == NC_OK ? ss_folder_sync_dir(dir, err) : code;
}
