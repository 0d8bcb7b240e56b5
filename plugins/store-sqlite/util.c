/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory, descriptors and clocks in the shape the rest wants them. No state, any thread.
 */
#include "util.h"

#include <errno.h>
#include <sqlite3.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void *ss_calloc(size_t size)
{
	void *p = sqlite3_malloc64(size);
	if (p)
		memset(p, 0, size);
	return p;
}

void ss_freep(void *pp)
{
	void **p = pp;
	sqlite3_free(*p);
	*p = NULL;
}

void ss_closep(int *fd)
{
	if (*fd < 0)
		return;
	int saved = errno;
	close(*fd);
	errno = saved;
	*fd = -1;
}

uint64_t ss_now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int64_t ss_wall_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
