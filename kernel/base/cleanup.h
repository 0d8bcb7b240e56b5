/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_BASE_CLEANUP_H
#define NC_BASE_CLEANUP_H

/*
 * Owned locals release themselves: `_cleanup_(nc_freep) char *s = NULL;`. NC_DEFINE_CLEANUP makes
 * the pointer-to-pointer form of a free function; nc_steal hands a value over.
 */

#include <stddef.h>

#define _cleanup_(fn) __attribute__((cleanup(fn)))

#define NC_DEFINE_CLEANUP(type, free_fn)                                                           \
	nc_unused static inline void free_fn##p(type *p)                                           \
	{                                                                                          \
		if (*p)                                                                            \
			free_fn(*p);                                                               \
	}                                                                                          \
	struct nc_needs_semicolon

#define nc_steal(p)                                                                                \
	__extension__({                                                                            \
		__typeof__(*(p)) nc_stolen_ = *(p);                                                \
		*(p) = NULL;                                                                       \
		nc_stolen_;                                                                        \
	})

#define nc_steal_fd(p)                                                                             \
	__extension__({                                                                            \
		int nc_stolen_ = *(p);                                                             \
		*(p) = -1;                                                                         \
		nc_stolen_;                                                                        \
	})

void nc_freep(void *pp); /* any nc_malloc'd pointer */
void nc_closep(int *fd); /* a descriptor, -1 = none; keeps errno */

#define NC_LEN(a)                     (sizeof(a) / sizeof((a)[0]))
#define NC_MIN(a, b)                  ((a) < (b) ? (a) : (b))
#define NC_MAX(a, b)                  ((a) > (b) ? (a) : (b))
#define NC_CONTAINER(p, type, member) ((type *)(void *)((char *)(p)-offsetof(type, member)))

#define nc_unused       __attribute__((unused))
#define nc_printf(a, b) __attribute__((format(printf, a, b)))
#define nc_noreturn     __attribute__((noreturn))
#define nc_must_use     __attribute__((warn_unused_result))

/* Always on, for programming errors only: never on input, I/O or what a plugin does. */
nc_noreturn void nc_assert_failed(const char *expr, const char *file, int line);
#define nc_assert(e) ((e) ? (void)0 : nc_assert_failed(#e, __FILE__, __LINE__))

#endif
