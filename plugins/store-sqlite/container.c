/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes and reads the form of a backup. What is read comes from anywhere: nothing of it is used
 * before its checksum was right, and its bytes go to a descriptor, never to memory sized by them.
 * No state of its own; the thread that has the pipe.
 */
#include "container.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "crc32c.h"
#include "error.h"
#include "pipe.h"

#define HEADER_SIZE 72
#define HEAD_SIZE   48
#define TAIL_SIZE   12
#define END_SIZE    20
#define NAME_SIZE   32
#define CHUNK       (64u << 10)

static const char header_magic[8] = { 'N', 'C', 'S', 'T', 'O', 'R', 'E', 1 };
static const char head_magic[4] = { 'F', 'I', 'L', 'E' };
static const char tail_magic[4] = { 'T', 'A', 'I', 'L' };
static const char end_magic[4] = { 'D', 'O', 'N', 'E' };

/* The last four bytes of each part are the checksum of those before. */
static void seal(uint8_t *part, size_t size)
{
	ss_put32(part + size - 4, ss_crc32c(0, part, size - 4));
}

static bool is_sealed(const uint8_t *part, size_t size)
{
	return ss_get32(part + size - 4) == ss_crc32c(0, part, size - 4);
}

static nc_code damaged(const ss_pipe *p, const char *what, nc_error *err)
{
	return ss_fail(err, NC_E_PROTO, "Take another backup; this one was damaged or cut off.",
		"the backup is damaged: wrong %s, near byte %llu", what,
		(unsigned long long)p->bytes);
}

/* ---- writing ---- */

nc_code ss_container_write_header(ss_pipe *p, const ss_container *c, nc_error *err)
{
	uint8_t b[HEADER_SIZE] = { 0 };
	memcpy(b, header_magic, sizeof(header_magic));
	ss_put32(b + 8, SS_CONTAINER_VERSION);
	ss_put32(b + 12, c->files);
	ss_put32(b + 16, c->schema);
	ss_put64(b + 24, c->created_ms);
	ss_put64(b + 32, c->epoch);
	ss_put64(b + 40, c->head);
	ss_put64(b + 48, c->trimmed);
	ss_put64(b + 56, c->applied);
	seal(b, sizeof(b));
	return ss_pipe_write(p, b, sizeof(b), err);
}

static nc_code write_bytes(ss_pipe *p, int fd, uint64_t length, uint32_t *ret_crc, nc_error *err)
{
	_cleanup_(ss_freep) uint8_t *buf = ss_calloc(CHUNK);
	if (!buf)
		return ss_fail_nomem(err, "back up the store");
	*ret_crc = 0;
	nc_code code = NC_OK;
	for (uint64_t at = 0; at < length && code == NC_OK;) {
		ssize_t n = pread(fd, buf, (size_t)SS_MIN(length - at, CHUNK), (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ss_fail_errno(err, n ? errno : EIO, "read", "the backup's copy");
		*ret_crc = ss_crc32c(*ret_crc, buf, (size_t)n);
		code = ss_pipe_write(p, buf, (size_t)n, err);
		at += (uint64_t)n;
	}
	return code;
}

nc_code ss_container_write_file(
	ss_pipe *p, const char *name, int fd, uint64_t length, nc_error *err)
{
	uint8_t head[HEAD_SIZE] = { 0 }, tail[TAIL_SIZE] = { 0 };
	uint32_t crc = 0;
	memcpy(head, head_magic, sizeof(head_magic));
	snprintf((char *)head + 4, NAME_SIZE, "%s", name);
	ss_put64(head + 36, length);
	seal(head, sizeof(head));
	nc_code code = ss_pipe_write(p, head, sizeof(head), err);
	if (code == NC_OK)
		code = write_bytes(p, fd, length, &crc, err);
	if (code != NC_OK)
		return code;
	memcpy(tail, tail_magic, sizeof(tail_magic));
	ss_put32(tail + 4, crc);
	seal(tail, sizeof(tail));
	return ss_pipe_write(p, tail, sizeof(tail), err);
}

nc_code ss_container_write_end(ss_pipe *p, const ss_container *c, nc_error *err)
{
	uint8_t b[END_SIZE] = { 0 };
	memcpy(b, end_magic, sizeof(end_magic));
	ss_put32(b + 4, c->files);
	ss_put64(b + 8, p->bytes);
	seal(b, sizeof(b));
	return ss_pipe_write(p, b, sizeof(b), err);
}

/* ---- reading ---- */

static nc_code read_part(
	ss_pipe *p, const char magic[4], uint8_t *b, size_t size, const char *what, nc_error *err)
{
	nc_code code = ss_pipe_read(p, b, size, err);
	if (code == NC_OK && (memcmp(b, magic, 4) != 0 || !is_sealed(b, size)))
		return damaged(p, what, err);
	return code;
}

nc_code ss_container_read_header(ss_pipe *p, ss_container *ret, nc_error *err)
{
	uint8_t b[HEADER_SIZE];
	nc_code code = ss_pipe_read(p, b, sizeof(b), err);
	if (code != NC_OK)
		return code;
	if (memcmp(b, header_magic, sizeof(header_magic)) != 0)
		return ss_fail(err, NC_E_PROTO, "Give a file that `novacron state backup` wrote.",
			"this is no backup of a store");
	if (!is_sealed(b, sizeof(b)))
		return damaged(p, "header", err);
	if (ss_get32(b + 8) > SS_CONTAINER_VERSION || ss_get32(b + 16) > SS_SCHEMA_VERSION)
		return ss_fail(err, NC_E_UNSUPPORTED, "Restore it with the NovaCron that wrote it.",
			"the backup has form %u and schema version %u, this build knows up to %u "
			"and %u",
			ss_get32(b + 8), ss_get32(b + 16), SS_CONTAINER_VERSION, SS_SCHEMA_VERSION);
	*ret = (ss_container){
		.files = ss_get32(b + 12),
		.schema = ss_get32(b + 16),
		.created_ms = ss_get64(b + 24),
		.epoch = ss_get64(b + 32),
		.head = ss_get64(b + 40),
		.trimmed = ss_get64(b + 48),
		.applied = ss_get64(b + 56),
	};
	return NC_OK;
}

static nc_code write_out(int fd, const uint8_t *buf, size_t n, nc_error *err)
{
	for (size_t at = 0; at < n;) {
		ssize_t done = write(fd, buf + at, n - at);
		if (done < 0 && errno != EINTR)
			return ss_fail_errno(err, errno, "write", "the restored file");
		at += done > 0 ? (size_t)done : 0;
	}
	return NC_OK;
}

static nc_code read_bytes(ss_pipe *p, int fd, uint64_t length, uint32_t *ret_crc, nc_error *err)
{
	_cleanup_(ss_freep) uint8_t *buf = ss_calloc(CHUNK);
	if (!buf)
		return ss_fail_nomem(err, "restore the store");
	*ret_crc = 0;
	nc_code code = NC_OK;
	while (length && code == NC_OK) {
		size_t n = (size_t)SS_MIN(length, CHUNK);
		code = ss_pipe_read(p, buf, n, err);
		if (code != NC_OK)
			return code;
		*ret_crc = ss_crc32c(*ret_crc, buf, n);
		code = write_out(fd, buf, n, err);
		length -= n;
	}
	return code;
}

nc_code ss_container_read_file(ss_pipe *p, const char *name, int fd, nc_error *err)
{
	uint8_t head[HEAD_SIZE], tail[TAIL_SIZE];
	char found[NAME_SIZE + 1] = "";
	uint32_t crc = 0;
	nc_code code = read_part(p, head_magic, head, sizeof(head), "head of a file", err);
	if (code != NC_OK)
		return code;
	memcpy(found, head + 4, NAME_SIZE);
	if (strcmp(found, name) != 0)
		return damaged(p, "name of a file", err);
	code = read_bytes(p, fd, ss_get64(head + 36), &crc, err);
	if (code == NC_OK)
		code = read_part(p, tail_magic, tail, sizeof(tail), "tail of a file", err);
	if (code == NC_OK && ss_get32(tail + 4) != crc)
		return damaged(p, "checksum of a file", err);
	return code;
}

nc_code ss_container_read_end(ss_pipe *p, const ss_container *c, nc_error *err)
{
	uint8_t b[END_SIZE];
	uint64_t before = p->bytes;
	nc_code code = read_part(p, end_magic, b, sizeof(b), "end", err);
	if (code == NC_OK && (ss_get32(b + 4) != c->files || ss_get64(b + 8) != before))
		return damaged(p, "length", err);
	return code;
}
