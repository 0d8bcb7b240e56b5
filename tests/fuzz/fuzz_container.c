/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "container.h"
#include "crc32c.h"
#include "util.h"

/*
 * The stream of a backup, from anywhere. The checksums of header, heads, tails and end are put right
 * where the form would have them, or the fuzzer would never get past the first.
 */

enum { HEADER = 72, HEAD = 48, TAIL = 12, END = 20 };

static void seal(uint8_t *p, size_t n)
{
	ss_put32(p + n - 4, ss_crc32c(0, p, n - 4));
}

static void put_right(uint8_t *p, size_t n)
{
	if (n < HEADER)
		return;
	seal(p, HEADER);
	size_t at = HEADER;
	for (int file = 0; file < 2 && n - at >= HEAD; file++) {
		uint64_t len = ss_get64(p + at + 36);
		seal(p + at, HEAD);
		at += HEAD;
		if (len > n - at || n - at - len < TAIL)
			return;
		ss_put32(p + at + len + 4, ss_crc32c(0, p + at, len));
		at += len;
		seal(p + at, TAIL);
		at += TAIL;
	}
	if (n - at >= END) {
		ss_put64(p + at + 8, at);
		seal(p + at, END);
	}
}

static int file_of(const uint8_t *data, size_t size)
{
	int fd = memfd_create("backup", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	return fd;
}

static void read_all(int fd)
{
	nc_error err = { .struct_size = sizeof(err) };
	ss_container c;
	ss_pipe p = { .fd = fd };
	int out = memfd_create("file", MFD_CLOEXEC);
	if (ss_container_read_header(&p, &c, &err) == NC_OK &&
		ss_container_read_file(&p, "state.db", out, &err) == NC_OK &&
		ss_container_read_file(&p, "log.db", out, &err) == NC_OK)
		(void)ss_container_read_end(&p, &c, &err);
	if (err.code != NC_OK && !err.message[0])
		abort();
	close(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1);
	if (!copy)
		return 0;
	memcpy(copy, data, size);
	put_right(copy, size);
	int fd = file_of(copy, size);
	read_all(fd);
	close(fd);
	free(copy);
	return 0;
}
