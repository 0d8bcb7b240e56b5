/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "base/alloc.h"

/*
 * libyaml takes no allocator, but asks for memory by names that it exports: those of a program come
 * first. Linked into a test, its allocations fail like all others (NC_TORTURE). It frees with free,
 * as we do.
 */

#pragma GCC visibility push(default)
void *yaml_malloc(size_t n);
void *yaml_realloc(void *p, size_t n);
unsigned char *yaml_strdup(const unsigned char *s);
#pragma GCC visibility pop

void *yaml_malloc(size_t n)
{
	return nc_malloc(n);
}

void *yaml_realloc(void *p, size_t n)
{
	return nc_realloc(p, n);
}

unsigned char *yaml_strdup(const unsigned char *s)
{
	return s ? (unsigned char *)nc_strdup((const char *)s) : NULL;
}
