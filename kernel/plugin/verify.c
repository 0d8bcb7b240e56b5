/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/io.h"
#include "plugin/elf.h"
#include "plugin/manifest.h"

/*
 * No state; used by the loader's thread, the launcher and the conformance kit. Checks are made on
 * open descriptors, never on names, so that nothing can be swapped in between. It must never follow
 * a symlink below the plugin's folder nor hand out a byte that was not hashed.
 */

/* Nobody but root and uid may change it. A sticky folder above is as good: names in it are safe. */
static int is_safe(const struct stat *st, uid_t uid, int may_be_sticky)
{
	if (st->st_uid != 0 && st->st_uid != uid)
		return 0;
	return (st->st_mode & 022) == 0 || (may_be_sticky && (st->st_mode & S_ISVTX));
}

static nc_code unsafe(const char *path, const struct stat *st, uid_t uid, nc_error *err)
{
	nc_err(err, NC_E_DENIED, "%s is not safe to load from: owner %u, mode %04o", path,
		(unsigned)st->st_uid, (unsigned)(st->st_mode & 07777));
	if (!uid)
		return nc_err_hint(err, NC_E_DENIED,
			"it must belong to root and be writable by its owner alone");
	return nc_err_hint(err, NC_E_DENIED,
		"it must belong to root or to uid %u, who loads it, and be writable by its owner "
		"alone",
		(unsigned)uid);
}

/* Every folder from the root down to `real`, which is absolute and free of links. */
static nc_code check_above(const char *real, uid_t uid, nc_error *err)
{
	char path[PATH_MAX];
	struct stat st;
	size_t n = strlen(real);
	for (size_t i = 1; i < n && i < sizeof(path); i++) {
		if (real[i] != '/')
			continue;
		memcpy(path, real, i);
		path[i] = 0;
		if (lstat(path, &st) < 0)
			return nc_err_errno(err, errno, "could not look at %s", path);
		if (!is_safe(&st, uid, 1))
			return unsafe(path, &st, uid, err);
	}
	return NC_OK;
}

/* Open, then check what was opened and the way to it. */
static nc_code open_checked(
	const char *path, int flags, mode_t type, uid_t uid, int *ret_fd, nc_error *err)
{
	char real[PATH_MAX];
	struct stat st;
	if (!realpath(path, real))
		return nc_err_errno(err, errno, "could not open %s", path);
	_cleanup_(nc_closep) int fd = open(real, flags | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0)
		return nc_err_errno(err, errno, "could not open %s", path);
	if ((st.st_mode & S_IFMT) != type)
		return nc_err(err, NC_E_INVAL, "%s is not a %s", path,
			type == S_IFDIR ? "folder" : "regular file");
	if (!is_safe(&st, uid, 0))
		return unsafe(real, &st, uid, err);
	nc_code rc = check_above(real, uid, err);
	if (rc == NC_OK)
		*ret_fd = nc_steal_fd(&fd);
	return rc;
}

nc_code nc_verify_folder(const char *path, uid_t uid, int *ret_dir_fd, nc_error *err)
{
	return open_checked(path, O_RDONLY | O_DIRECTORY, S_IFDIR, uid, ret_dir_fd, err);
}

nc_code nc_verify_path(const char *path, uid_t uid, int *ret_fd, nc_error *err)
{
	return open_checked(path, O_RDONLY | O_NONBLOCK, S_IFREG, uid, ret_fd, err);
}

/* A regular, safe file below dir_fd. */
static nc_code open_below(
	int dir_fd, const char *rel, uid_t uid, int *ret_fd, struct stat *st, nc_error *err)
{
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
	_cleanup_(nc_closep) int fd = (int)syscall(SYS_openat2, dir_fd, rel, &how, sizeof(how));
	if (fd < 0 && errno == ELOOP)
		return nc_err(err, NC_E_DENIED, "%s goes through a symbolic link", rel);
	if (fd < 0 || fstat(fd, st) < 0)
		return nc_err_errno(err, errno, "could not open %s", rel);
	if (!S_ISREG(st->st_mode))
		return nc_err(err, NC_E_INVAL, "%s is not a regular file", rel);
	if (!is_safe(st, uid, 0) || (st->st_mode & (S_ISUID | S_ISGID)))
		return unsafe(rel, st, uid, err);
	*ret_fd = nc_steal_fd(&fd);
	return NC_OK;
}

nc_code nc_verify_read(int dir_fd, const char *rel, uid_t uid, size_t limit, char **ret,
	size_t *ret_len, nc_error *err)
{
	_cleanup_(nc_closep) int fd = -1;
	struct stat st;
	nc_code rc = open_below(dir_fd, rel, uid, &fd, &st, err);
	if (rc != NC_OK)
		return rc;
	if ((uint64_t)st.st_size > limit)
		return nc_err(err, NC_E_INVAL, "%s is larger than %zu bytes", rel, limit);
	size_t n = (size_t)st.st_size;
	_cleanup_(nc_freep) char *text = nc_malloc(n + 1);
	if (!text)
		return nc_err_nomem(err);
	if ((rc = nc_read_full(fd, text, n, err)) != NC_OK)
		return nc_err_wrap(err, rc, "%s", rel);
	text[n] = 0;
	*ret = nc_steal(&text);
	*ret_len = n;
	return NC_OK;
}

static nc_code check_hash(int fd, const nc_manifest_file *f, const char *id, nc_error *err)
{
	char hex[65];
	uint64_t size;
	nc_code rc = nc_sha256_file(fd, hex, &size, err);
	if (rc != NC_OK)
		return nc_err_wrap(err, rc, "%s", f->path);
	if (size == f->size && strcmp(hex, f->sha256) == 0)
		return NC_OK;
	if (size != f->size)
		nc_err(err, NC_E_DENIED, "plugin %s: %s has %llu bytes, its manifest says %llu", id,
			f->path, (unsigned long long)size, (unsigned long long)f->size);
	else
		nc_err(err, NC_E_DENIED,
			"plugin %s: %s has the hash %.12s…, its manifest says %.12s…", id, f->path,
			hex, f->sha256);
	return nc_err_hint(
		err, NC_E_DENIED, "install the plugin again, or find out who changed it");
}

/* Fewer rights than it was packed with do no harm: a copy under a strict umask has them. Nor does
 * its owner's to write, who is trusted and could take it at any time. */
static nc_code check_mode(
	const struct stat *st, const nc_manifest_file *f, const char *id, nc_error *err)
{
	uint32_t mode = (uint32_t)st->st_mode & 07777;

	if (!(mode & ~(f->mode | S_IWUSR)))
		return NC_OK;
	nc_err(err, NC_E_DENIED, "plugin %s: %s has mode %04o, its manifest says %04o", id, f->path,
		mode, f->mode);
	return nc_err_hint(
		err, NC_E_DENIED, "install the plugin again, or: chmod %04o %s", f->mode, f->path);
}

static nc_code copy_all(int from, int to, uint64_t size, nc_error *err)
{
	char chunk[64 << 10];
	for (uint64_t done = 0; done < size;) {
		size_t n = (size_t)NC_MIN(size - done, (uint64_t)sizeof(chunk));
		nc_code rc = nc_read_full(from, chunk, n, err);
		if (rc != NC_OK || (rc = nc_write_full(to, chunk, n, err)) != NC_OK)
			return rc;
		done += n;
	}
	return NC_OK;
}

/* Copy, seal, then hash the copy: nothing that happens to the file later matters. */
static nc_code seal_entry(
	int fd, const nc_manifest_file *f, const char *id, int *ret_memfd, nc_error *err)
{
	const int seals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
	char name[96];
	snprintf(name, sizeof(name), "nc-plugin-%.63s", id);
	_cleanup_(nc_closep) int memfd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (memfd < 0)
		return nc_err_errno(err, errno, "could not make room for plugin %s", id);
	nc_code rc = copy_all(fd, memfd, f->size, err);
	if (rc != NC_OK)
		return nc_err_wrap(err, rc, "plugin %s: %s", id, f->path);
	if (fcntl(memfd, F_ADD_SEALS, seals) < 0 || lseek(memfd, 0, SEEK_SET) < 0)
		return nc_err_errno(err, errno, "could not seal plugin %s", id);
	if ((rc = check_hash(memfd, f, id, err)) != NC_OK)
		return rc;
	*ret_memfd = nc_steal_fd(&memfd);
	return NC_OK;
}

nc_code nc_verify_files(
	int dir_fd, const nc_manifest *m, uid_t uid, int *ret_entry_memfd, nc_error *err)
{
	_cleanup_(nc_closep) int memfd = -1;
	nc_manifest_file f;
	struct stat st;
	for (void *it = NULL; nc_manifest_next_file(m, &it, &f);) {
		_cleanup_(nc_closep) int fd = -1;
		nc_code rc = open_below(dir_fd, f.path, uid, &fd, &st, err);
		if (rc != NC_OK)
			return nc_err_wrap(err, rc, "plugin %s", m->id);
		if ((rc = check_mode(&st, &f, m->id, err)) != NC_OK)
			return rc;
		int is_entry = ret_entry_memfd && strcmp(f.path, m->entry) == 0;
		if (!is_entry || (uint64_t)st.st_size != f.size)
			rc = check_hash(fd, &f, m->id, err);
		else
			rc = seal_entry(fd, &f, m->id, &memfd, err);
		if (rc != NC_OK)
			return rc;
	}
	if (ret_entry_memfd)
		*ret_entry_memfd = nc_steal_fd(&memfd);
	return NC_OK;
}

/* Whoever writes to a file moves its ctime, which nobody can set back. */
nc_code nc_verify_stamp(int dir_fd, const nc_manifest *m, uid_t uid, char out[65], nc_error *err)
{
	_cleanup_(nc_buf_done) nc_buf all;
	nc_manifest_file f;
	struct stat st;
	nc_buf_init(&all, 1 << 20);
	for (void *it = NULL; nc_manifest_next_file(m, &it, &f);) {
		_cleanup_(nc_closep) int fd = -1;
		nc_code rc = open_below(dir_fd, f.path, uid, &fd, &st, err);
		if (rc != NC_OK)
			return nc_err_wrap(err, rc, "plugin %s", m->id);
		nc_buf_printf(&all, "%llu %llu %lld %lld.%09ld %s %s\n",
			(unsigned long long)st.st_dev, (unsigned long long)st.st_ino,
			(long long)st.st_size, (long long)st.st_ctim.tv_sec, st.st_ctim.tv_nsec,
			f.sha256, f.path);
	}
	if (nc_buf_failed(&all))
		return nc_err_nomem(err);
	nc_sha256_hex(nc_buf_bytes(&all), out);
	return NC_OK;
}

nc_code nc_verify_exports(int memfd, int *ret_has_v1, nc_error *err)
{
	nc_elf_exports exports;
	struct stat st;
	if (fstat(memfd, &st) < 0)
		return nc_err_errno(err, errno, "could not look at the plugin's code");
	if (st.st_size <= 0)
		return nc_err(err, NC_E_PROTO, "the plugin's code is empty");
	void *image = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, memfd, 0);
	if (image == MAP_FAILED)
		return nc_err_errno(err, errno, "could not read the plugin's code");
	nc_code rc = nc_elf_read_exports((nc_bytes){ image, (size_t)st.st_size }, &exports, err);
	munmap(image, (size_t)st.st_size);
	if (rc != NC_OK)
		return rc;
	*ret_has_v1 = exports.has_v1;
	if (exports.n_extra == 0)
		return NC_OK;
	nc_err(err, NC_E_PROTO, "P1: it exports %zu symbols beside its entry: %s", exports.n_extra,
		exports.extra_names);
	return nc_err_hint(err, NC_E_PROTO,
		"build it with -fvisibility=hidden; a C++ plugin needs a version script");
}
