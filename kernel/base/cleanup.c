/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"

/*
 * The release functions behind _cleanup_, and the end of a process whose code is wrong. Any
 * thread. nc_assert_failed neither allocates nor takes a lock: it may run inside either.
 */

void nc_freep(void *pp)
{
	nc_free(*(void **)pp);
}

void nc_closep(int *fd)
{
	if (*fd < 0)
		return;
	int saved = errno;
	close(*fd); /* Linux frees the number even on EINTR: never again */
	errno = saved;
}

void nc_assert_failed(const char *expr, const char *file, int line)
{
	char text[512];
	int n = snprintf(text, sizeof(text), "%s:%d: assertion failed: %s\n", file, line, expr);
	size_t len = n < 0 ? 0 : NC_MIN((size_t)n, sizeof(text) - 1);
	ssize_t ignored nc_unused = write(STDERR_FILENO, text, len);
	abort();
}
