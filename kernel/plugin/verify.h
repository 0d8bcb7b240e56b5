/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_PLUGIN_VERIFY_H
#define NC_PLUGIN_VERIFY_H

#include <stddef.h>
#include <sys/types.h>

#include "novacron/abi.h"

struct nc_manifest;

/*
 * From a folder on disk to bytes that may be run. A folder, its files and every folder above must
 * belong to root or to `uid`, which is whom the daemon runs as, and be writable by nobody else. So a
 * daemon of root's takes what is root's alone, and one of another user also what is that user's, who
 * can do all that his plugin could anyway; the launcher, which gives other users' rights, takes what
 * is root's alone. Each file must have the size and SHA-256 that the manifest says, and no right that
 * its `mode` there lacks, but its owner's to write; and what is loaded are the very bytes that were
 * hashed, in a sealed memfd.
 */

/* Open a plugin's folder after checking it and those above. uid = 0: root alone is trusted. */
nc_code nc_verify_folder(const char *path, uid_t uid, int *ret_dir_fd, nc_error *err);
/* A small file of it, NUL-terminated; the caller frees. Symlinks are not followed. */
nc_code nc_verify_read(int dir_fd, const char *rel, uid_t uid, size_t limit, char **ret,
	size_t *ret_len, nc_error *err);
/* Every file of the manifest; the entry comes back as a sealed memfd (close-on-exec), unless
 * ret_entry_memfd is NULL: then the files are only looked at. */
nc_code nc_verify_files(
	int dir_fd, const struct nc_manifest *m, uid_t uid, int *ret_entry_memfd, nc_error *err);
/* One text for how all of them lie there: while it is the same, so is what nc_verify_files says. */
nc_code nc_verify_stamp(
	int dir_fd, const struct nc_manifest *m, uid_t uid, char out[65], nc_error *err);
/* P1 on the sealed bytes. *ret_has_v1: whether our entry is there; NC_E_PROTO names the extras. */
nc_code nc_verify_exports(int memfd, int *ret_has_v1, nc_error *err);
/* One file alone, trusted as above: a binary or a list of rights. */
nc_code nc_verify_path(const char *path, uid_t uid, int *ret_fd, nc_error *err);

#endif
