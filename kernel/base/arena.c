/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

/*
 * Chunks of 4 KiB doubling to 64 KiB, filled from the front; what fits no chunk gets one of its
 * own. reset keeps the first chunk, so a connection's next request allocates nothing. The limit
 * counts the bytes asked for, rounded up to 16, so that it means the same in every build. Never
 * used by two threads at once.
 *
 * Each thread keeps a few small chunks for its next arena: those are above what malloc caches, and
 * an arena a request or a turn is what this is for. Not in sanitized builds, which are to see each
 * byte's life.
 */

enum { ALIGN = 16, CHUNK_MIN = 4096, CHUNK_MAX = 65536 };

typedef struct chunk {
	struct chunk *next;
	size_t size, used;
	size_t pad_; /* keeps data aligned to 16 */
	unsigned char data[];
} chunk;
_Static_assert(offsetof(chunk, data) % ALIGN == 0, "chunk data is aligned");

/* ---- the thread's spare chunks ---- */

enum { SPARE_SIZE_MAX = 16384, SPARE_MAX = 6 };

static _Thread_local struct {
	chunk *list;
	int n, is_watched; /* watched: freed when the thread ends */
} spare;

static void free_list(chunk *c)
{
	while (c) {
		chunk *next = c->next;
		nc_free(c);
		c = next;
	}
}

static void free_spares(void *unused)
{
	(void)unused;
	free_list(spare.list);
	spare.list = NULL;
	spare.n = SPARE_MAX; /* and none is kept any more */
}

static pthread_key_t spare_key;
static int has_spare_key;

static void make_spare_key(void)
{
	has_spare_key = pthread_key_create(&spare_key, free_spares) == 0;
}

static int is_spare_watched(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (!spare.is_watched) {
		pthread_once(&once, make_spare_key);
		spare.is_watched = has_spare_key && pthread_setspecific(spare_key, &spare) == 0;
	}
	return spare.is_watched;
}

static void chunk_free(chunk *c)
{
	if (NC_SANITIZED || c->size > SPARE_SIZE_MAX || spare.n >= SPARE_MAX ||
		!is_spare_watched()) {
		nc_free(c);
		return;
	}
	c->next = spare.list;
	spare.list = c;
	spare.n++;
}

static chunk *take_spare(size_t size)
{
	for (chunk **at = &spare.list; *at; at = &(*at)->next) {
		chunk *c = *at;
		if (c->size < size)
			continue;
		*at = c->next;
		spare.n--;
		return c;
	}
	return NULL;
}

/* ---- arenas ---- */

struct nc_arena {
	chunk *chunks; /* the one being filled stands first */
	size_t limit, used, next_size;
	int failed;
};

nc_arena *nc_arena_new(size_t limit_bytes)
{
	nc_arena *a = nc_calloc(1, sizeof(*a));
	if (!a)
		return NULL;
	a->limit = NC_MIN(limit_bytes, (size_t)PTRDIFF_MAX); /* sums of sizes can't overflow */
	a->next_size = CHUNK_MIN;
	return a;
}

static void free_chunks(chunk *c)
{
	while (c) {
		chunk *next = c->next;
		chunk_free(c);
		c = next;
	}
}

void nc_arena_free(nc_arena *a)
{
	if (!a)
		return;
	free_chunks(a->chunks);
	nc_free(a);
}

void nc_arena_reset(nc_arena *a)
{
	chunk *keep = a->chunks;
	if (keep && (NC_SANITIZED || keep->size > CHUNK_MAX)) {
		free_chunks(keep);
		keep = NULL;
	} else if (keep) {
		free_chunks(keep->next);
		keep->next = NULL;
		keep->used = 0;
	}
	a->chunks = keep;
	a->used = 0;
	a->failed = 0;
}

static chunk *add_chunk(nc_arena *a, size_t size)
{
	chunk *c = take_spare(size);
	if (!c) {
		c = nc_malloc(sizeof(*c) + size);
		if (!c)
			return NULL;
		c->size = size;
	}
	c->used = 0;
	/* A big chunk of its own goes behind the one still being filled. */
	if (a->chunks && size > CHUNK_MAX) {
		c->next = a->chunks->next;
		a->chunks->next = c;
	} else {
		c->next = a->chunks;
		a->chunks = c;
	}
	return c;
}

static chunk *chunk_with_room(nc_arena *a, size_t exact, size_t rounded)
{
	if (NC_SANITIZED)
		return add_chunk(a, exact);
	chunk *c = a->chunks;
	if (c && c->size - c->used >= rounded)
		return c;
	size_t size = NC_MAX(a->next_size, rounded);
	a->next_size = NC_MIN(a->next_size * 2, (size_t)CHUNK_MAX);
	return add_chunk(a, size);
}

void *nc_arena_alloc(nc_arena *a, size_t n)
{
	if (a->failed)
		return NULL;
	size_t rounded = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (rounded == 0)
		rounded = ALIGN;
	if (n > a->limit || rounded > a->limit - a->used) {
		a->failed = 1;
		return NULL;
	}
	chunk *c = chunk_with_room(a, n, rounded);
	if (!c) {
		a->failed = 1;
		return NULL;
	}
	void *p = c->data + c->used;
	c->used += rounded;
	a->used += rounded;
	return memset(p, 0, n);
}

void *nc_arena_calloc(nc_arena *a, size_t count, size_t size)
{
	size_t n;
	if (__builtin_mul_overflow(count, size, &n)) {
		a->failed = 1;
		return NULL;
	}
	return nc_arena_alloc(a, n);
}

char *nc_arena_strdup(nc_arena *a, const char *s)
{
	return nc_arena_memdup(a, s, strlen(s) + 1);
}

char *nc_arena_strndup(nc_arena *a, const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *copy = nc_arena_alloc(a, len + 1);
	return copy ? memcpy(copy, s, len) : NULL;
}

void *nc_arena_memdup(nc_arena *a, const void *p, size_t n)
{
	void *copy = nc_arena_alloc(a, n);
	if (copy && n)
		memcpy(copy, p, n);
	return copy;
}

char *nc_arena_printf(nc_arena *a, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0) {
		a->failed = 1;
		return NULL;
	}
	char *text = nc_arena_alloc(a, (size_t)len + 1);
	if (!text)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(text, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return text;
}

int nc_arena_failed(const nc_arena *a)
{
	return a->failed;
}

size_t nc_arena_used(const nc_arena *a)
{
	return a->used;
}
