/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_HTTP_PATH_H
#define NC_HTTP_PATH_H

#include <stddef.h>
#include <stdint.h>

/*
 * A path cut at its slashes, each segment decoded by itself, so that an encoded slash stays within
 * its segment. "/" is one empty segment.
 */
enum { NC_PATH_DEPTH = 32 };

typedef struct nc_http_path {
	const char *segment[NC_PATH_DEPTH]; /* decoded, NUL-terminated */
	uint32_t raw_at[NC_PATH_DEPTH];     /* where it begins in the undecoded path */
	uint32_t count;
	uint8_t is_deeper; /* there are more segments than these */
	uint8_t has_slash; /* some segment contains a decoded '/' */
} nc_http_path;

/*
 * `path` begins with '/' and is percent-clean; `mem` has n + 1 places and lives as long as the
 * result. 0, or -1 for a "." or ".." segment, encoded or not.
 */
int nc_http_path_split(const char *path, size_t n, char *mem, nc_http_path *ret);

#endif
