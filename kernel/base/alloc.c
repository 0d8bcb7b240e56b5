/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * malloc with a switch that makes it fail. The switch is thread-local, so a test that fails its
 * own allocations leaves the pool threads beside it alone. A size of 0 gives a real block, so NULL
 * always means failure.
 */

static _Thread_local struct {
	uint64_t countdown; /* 0: off; 1: the next one fails */
	nc_fail_mode mode;
	int has_failed;
	uint64_t failures;
} fault;

static int is_refused(void)
{
	if (fault.countdown == 0)
		return 0;
	if (fault.countdown > 1) {
		fault.countdown--;
		return 0;
	}
	fault.has_failed = 1;
	if (fault.mode == NC_FAIL_ONCE)
		fault.countdown = 0;
	return 1;
}

static void *counted(void *p)
{
	if (!p)
		fault.failures++;
	return p;
}

void *nc_malloc(size_t n)
{
	return counted(is_refused() ? NULL : malloc(n ? n : 1));
}

void *nc_calloc(size_t count, size_t size)
{
	size_t n;
	if (__builtin_mul_overflow(count, size, &n)) /* sanitizers end the process over it */
		return counted(NULL);
	return counted(is_refused() ? NULL : calloc(1, n ? n : 1));
}

void *nc_realloc(void *p, size_t n)
{
	return counted(is_refused() ? NULL : realloc(p, n ? n : 1));
}

void nc_free(void *p)
{
	free(p);
}

char *nc_strdup(const char *s)
{
	return nc_memdup(s, strlen(s) + 1);
}

char *nc_strndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *copy = nc_malloc(len + 1);
	if (!copy)
		return NULL;
	memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

void *nc_memdup(const void *p, size_t n)
{
	void *copy = nc_malloc(n);
	if (copy && n)
		memcpy(copy, p, n);
	return copy;
}

char *nc_asprintf(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0)
		return NULL;
	char *text = nc_malloc((size_t)len + 1);
	if (!text)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(text, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return text;
}

void nc_alloc_install(void)
{
	json_set_alloc_funcs(nc_malloc, nc_free);
	json_object_seed(0); /* else the first object of some thread would do it */
}

uint64_t nc_alloc_failures(void)
{
	return fault.failures;
}

void nc_alloc_fail_at(uint64_t n, nc_fail_mode mode)
{
	fault.countdown = n;
	fault.mode = mode;
	if (n)
		fault.has_failed = 0;
}

int nc_alloc_has_failed(void)
{
	return fault.has_failed;
}
