/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SS_CONTAINER_H
#define SS_CONTAINER_H

#include "novacron/plugin.h"
#include "schema.h"

/*
 * The form of a backup: one stream of
 *
 *	header, then for each file: head, bytes, tail (checksum of the bytes); then the end mark
 *
 * Each part but the bytes carries a checksum of its own. Integers are little-endian.
 */
#define SS_CONTAINER_VERSION 1u

typedef struct ss_container {
	uint32_t files;
	uint32_t schema;
	uint64_t created_ms, epoch, head, trimmed, applied;
} ss_container;

/* A descriptor with a voice: `op` may be 0. */
typedef struct ss_pipe {
	int fd;
	const nc_host *host; /* for op; NULL = none */
	nc_op op;
	bool (*is_stopped)(void *arg); /* may be NULL */
	void *arg;
	uint64_t bytes;    /* passed so far, the parts around the files too */
	uint64_t expected; /* for progress; 0 = not known */
} ss_pipe;

nc_code ss_container_write_header(ss_pipe *p, const ss_container *c, nc_error *err);
nc_code ss_container_write_file(
	ss_pipe *p, const char *name, int fd, uint64_t length, nc_error *err);
nc_code ss_container_write_end(ss_pipe *p, const ss_container *c, nc_error *err);

/* NC_E_PROTO: not such a stream, cut off, or damaged; NC_E_UNSUPPORTED: of a newer form. */
nc_code ss_container_read_header(ss_pipe *p, ss_container *ret, nc_error *err);
/* The next file into fd; `name` is what it must be called. */
nc_code ss_container_read_file(ss_pipe *p, const char *name, int fd, nc_error *err);
nc_code ss_container_read_end(ss_pipe *p, const ss_container *c, nc_error *err);

#endif
