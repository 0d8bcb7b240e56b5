/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The linker sends malloc and its kin here; each may be told to fail once. Counters belong to the
 * thread, so that a test is not disturbed by the threads of what it tests.
 */
#include "wrap_alloc.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);

static _Thread_local uint64_t left;
static _Thread_local int has_failed, is_paused;

void wrap_alloc_fail_at(uint64_t n)
{
	left = n;
	has_failed = is_paused = 0;
}

int wrap_alloc_has_failed(void)
{
	return has_failed;
}

void wrap_alloc_pause(void)
{
	is_paused = 1;
}

void wrap_alloc_resume(void)
{
	is_paused = 0;
}

int wrap_alloc_step(uint64_t n)
{
	int again = has_failed && n < 100000;

	wrap_alloc_fail_at(0);
	return again;
}

static int fails(void)
{
	if (is_paused || left == 0 || --left > 0)
		return 0;
	has_failed = 1;
	errno = ENOMEM;
	return 1;
}

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	return fails() ? NULL : __real_realloc(p, n);
}

char *__wrap_strdup(const char *s)
{
	size_t n = strlen(s) + 1;
	char *p = __wrap_malloc(n);

	return p ? memcpy(p, s, n) : NULL;
}
