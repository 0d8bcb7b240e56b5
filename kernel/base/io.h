/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_BASE_IO_H
#define NC_BASE_IO_H

#include <stddef.h>
#include <sys/types.h>

#include "novacron/abi.h"

/* EINTR-safe whole reads and writes, and files replaced as one. */
nc_code nc_write_full(int fd, const void *p, size_t n, nc_error *err);
nc_code nc_read_full(int fd, void *p, size_t n, nc_error *err); /* NC_E_PROTO on early EOF */
/* Whole file, NUL-terminated, at most limit bytes; caller frees. */
nc_code nc_file_read(const char *path, size_t limit, char **ret, size_t *ret_len, nc_error *err);
/* Write beside, fsync, rename, fsync the folder. */
nc_code nc_file_replace(const char *path, mode_t mode, nc_bytes data, nc_error *err);
nc_code nc_mkdir_p(const char *path, mode_t mode, nc_error *err);
nc_code nc_fsync_dir(const char *path, nc_error *err);

#endif
