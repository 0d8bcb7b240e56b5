/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SS_UTIL_H
#define SS_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The few words that every file here uses. All memory comes from sqlite3_malloc64, so that one
 * hook (SQLITE_CONFIG_MALLOC) sees, limits and fails every allocation of the plugin.
 */
#define _cleanup_(fn)   __attribute__((cleanup(fn)))
#define SS_LEN(a)       (sizeof(a) / sizeof((a)[0]))
#define SS_MIN(a, b)    ((a) < (b) ? (a) : (b))
#define SS_MAX(a, b)    ((a) > (b) ? (a) : (b))
#define ss_unused       __attribute__((unused)) /* held for its cleanup alone */
#define ss_printf(a, b) __attribute__((format(printf, a, b)))

#define ss_steal(p)                                                                                \
	__extension__({                                                                            \
		__typeof__(*(p)) ss_stolen_ = *(p);                                                \
		*(p) = NULL;                                                                       \
		ss_stolen_;                                                                        \
	})

void *ss_calloc(size_t size);
void ss_freep(void *pp);  /* any ss_calloc'd or sqlite3_malloc'd pointer */
void ss_closep(int *fd);  /* -1 = none; keeps errno */
uint64_t ss_now_ns(void); /* CLOCK_BOOTTIME: a suspended machine's lease runs out too */
int64_t ss_wall_ms(void);

static inline void ss_put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static inline void ss_put64(uint8_t *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static inline uint32_t ss_get32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t ss_get64(const uint8_t *p)
{
	return (uint64_t)ss_get32(p) | (uint64_t)ss_get32(p + 4) << 32;
}

#endif
