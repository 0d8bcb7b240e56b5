/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/id.h"

/*
 * Files and descriptors. A file is replaced by rename after fsync of the new one, so a reader and
 * a power cut see the old or the new, never half. Blocking: never on a reactor thread. Any thread.
 */

nc_code nc_write_full(int fd, const void *p, size_t n, nc_error *err)
{
	const char *from = p;
	while (n) {
		ssize_t done = write(fd, from, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return nc_err_errno(err, errno, "could not write %zu bytes", n);
		from += done;
		n -= (size_t)done;
	}
	return NC_OK;
}

nc_code nc_read_full(int fd, void *p, size_t n, nc_error *err)
{
	char *to = p;
	while (n) {
		ssize_t got = read(fd, to, n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return nc_err_errno(err, errno, "could not read %zu bytes", n);
		if (got == 0)
			return nc_err(err, NC_E_PROTO, "ended %zu bytes too early", n);
		to += got;
		n -= (size_t)got;
	}
	return NC_OK;
}

/* Bytes up to the end of fd or `cap`, or -1 with errno. */
static ssize_t read_some(int fd, char *to, size_t cap)
{
	size_t len = 0;
	while (len < cap) {
		ssize_t got = read(fd, to + len, cap - len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		len += (size_t)got;
	}
	return (ssize_t)len;
}

nc_code nc_file_read(const char *path, size_t limit, char **ret, size_t *ret_len, nc_error *err)
{
	_cleanup_(nc_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return nc_err_errno(err, errno, "could not open %s", path);
	_cleanup_(nc_freep) char *data = NULL;
	size_t len = 0;
	/* Not by st_size: /proc says 0, and a file may grow meanwhile. One byte past the limit
	 * tells a file that fits from one that doesn't. */
	for (size_t cap = 4096;; cap *= 2) {
		cap = NC_MIN(cap, limit + 1);
		char *bigger = nc_realloc(data, cap + 1);
		if (!bigger)
			return nc_err_nomem(err);
		data = bigger;
		ssize_t got = read_some(fd, data + len, cap - len);
		if (got < 0)
			return nc_err_errno(err, errno, "could not read %s", path);
		len += (size_t)got;
		if (len < cap)
			break;
		if (len > limit)
			return nc_err(err, NC_E_INVAL, "%s is larger than %zu bytes", path, limit);
	}
	data[len] = '\0';
	if (ret_len)
		*ret_len = len;
	*ret = nc_steal(&data);
	return NC_OK;
}

/* The folder that holds path, in memory of its own. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	if (!slash)
		return nc_strdup(".");
	return slash == path ? nc_strdup("/") : nc_strndup(path, (size_t)(slash - path));
}

nc_code nc_fsync_dir(const char *path, nc_error *err)
{
	_cleanup_(nc_closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return nc_err_errno(err, errno, "could not open folder %s", path);
	if (fsync(fd) != 0)
		return nc_err_errno(err, errno, "could not sync folder %s", path);
	return NC_OK;
}

/* Create `temp` with the data in it, on disk. */
static nc_code write_synced(const char *temp, mode_t mode, nc_bytes data, nc_error *err)
{
	_cleanup_(nc_closep) int fd =
		open(temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return nc_err_errno(err, errno, "could not create %s", temp);
	nc_code rc = nc_write_full(fd, data.ptr, data.len, err);
	if (rc != NC_OK)
		return nc_err_wrap(err, rc, "%s", temp);
	if (fchmod(fd, mode) != 0)
		return nc_err_errno(err, errno, "could not set the mode of %s", temp);
	if (fsync(fd) != 0)
		return nc_err_errno(err, errno, "could not sync %s", temp);
	int closed = close(nc_steal_fd(&fd));
	return closed == 0 ? NC_OK : nc_err_errno(err, errno, "could not close %s", temp);
}

nc_code nc_file_replace(const char *path, mode_t mode, nc_bytes data, nc_error *err)
{
	uint8_t raw[6];
	char unique[sizeof(raw) * 2 + 1];
	nc_random_bytes(raw, sizeof(raw));
	nc_hex(raw, sizeof(raw), unique);
	_cleanup_(nc_freep) char *temp = nc_asprintf("%s.%s.tmp", path, unique);
	_cleanup_(nc_freep) char *folder = folder_of(path);
	if (!temp || !folder)
		return nc_err_nomem(err);
	nc_code rc = write_synced(temp, mode, data, err);
	if (rc == NC_OK && rename(temp, path) != 0)
		rc = nc_err_errno(err, errno, "could not rename %s to %s", temp, path);
	if (rc != NC_OK) {
		unlink(temp);
		return rc;
	}
	return nc_fsync_dir(folder, err);
}

static int make_one(const char *path, mode_t mode)
{
	struct stat st;
	if (mkdir(path, mode) == 0)
		return 0;
	int errnum = errno;
	/* What is there already may answer EEXIST, or EROFS or EACCES from above. */
	if (stat(path, &st) != 0)
		return errnum;
	return S_ISDIR(st.st_mode) ? 0 : ENOTDIR;
}

nc_code nc_mkdir_p(const char *path, mode_t mode, nc_error *err)
{
	_cleanup_(nc_freep) char *part = nc_strdup(path);
	if (!part)
		return nc_err_nomem(err);
	if (!part[0])
		return nc_err(err, NC_E_INVAL, "a folder has no name");
	for (char *p = part + 1;; p++) {
		if (*p != '/' && *p != '\0')
			continue;
		char end = *p;
		*p = '\0';
		int errnum = make_one(part, mode);
		if (errnum)
			return nc_err_errno(err, errnum, "could not make folder %s", part);
		if (end == '\0')
			return NC_OK;
		*p = end;
	}
}
