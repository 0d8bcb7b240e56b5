/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRC-32C, by the processor's instruction where it has one, else by a table built once, and the
 * three forms in which the store uses it. Pure functions, any thread.
 */
#include "crc32c.h"

#include <pthread.h>
#include <string.h>

#include "util.h"

#define POLY_REVERSED 0x82f63b78u

static uint32_t table[256];
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

static void build_table(void)
{
	for (uint32_t byte = 0; byte < 256; byte++) {
		uint32_t v = byte;
		for (int bit = 0; bit < 8; bit++)
			v = v & 1 ? (v >> 1) ^ POLY_REVERSED : v >> 1;
		table[byte] = v;
	}
}

uint32_t ss_crc32c_portable(uint32_t crc, const void *p, size_t n)
{
	pthread_once(&table_once, build_table);
	const uint8_t *s = p;
	uint32_t v = ~crc;
	while (n--)
		v = v >> 8 ^ table[(v ^ *s++) & 0xff];
	return ~v;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t by_instruction(
	uint32_t crc, const uint8_t *s, size_t n)
{
	uint64_t v = ~crc;
	for (; n >= sizeof(uint64_t); n -= sizeof(uint64_t), s += sizeof(uint64_t)) {
		uint64_t word;
		memcpy(&word, s, sizeof(word));
		v = __builtin_ia32_crc32di(v, word);
	}
	uint32_t rest = (uint32_t)v;
	while (n--)
		rest = __builtin_ia32_crc32qi(rest, *s++);
	return ~rest;
}

uint32_t ss_crc32c(uint32_t crc, const void *p, size_t n)
{
	if (__builtin_cpu_supports("sse4.2"))
		return by_instruction(crc, p, n);
	return ss_crc32c_portable(crc, p, n);
}
#else
uint32_t ss_crc32c(uint32_t crc, const void *p, size_t n)
{
	return ss_crc32c_portable(crc, p, n);
}
#endif

uint32_t ss_crc_record(uint64_t seq, nc_bytes data)
{
	uint8_t name[8];
	ss_put64(name, seq);
	return ss_crc32c(ss_crc32c(0, name, sizeof(name)), data.ptr, data.len);
}

uint32_t ss_crc_kv(uint32_t space, nc_bytes key, uint64_t rev, nc_bytes val)
{
	uint8_t name[16];
	ss_put32(name, space);
	ss_put32(name + 4, (uint32_t)key.len);
	ss_put64(name + 8, rev);
	uint32_t crc = ss_crc32c(0, name, sizeof(name));
	crc = ss_crc32c(crc, key.ptr, key.len);
	return ss_crc32c(crc, val.ptr, val.len);
}

uint32_t ss_crc_lost(ss_lost what, uint32_t space, nc_bytes key, uint64_t rev)
{
	static const char *const texts[] = {
		[SS_LOST_VALUE] = "the value was lost",
		[SS_LOST_RANGE] = "keys were lost from here to the next one",
	};
	uint32_t crc = ss_crc_kv(space, key, rev, (nc_bytes){ "", 0 });
	return ss_crc32c(crc, texts[what], strlen(texts[what]));
}

uint32_t ss_crc_meta(uint32_t k, uint64_t a, uint64_t b, nc_bytes t)
{
	uint8_t name[20];
	ss_put32(name, k);
	ss_put64(name + 4, a);
	ss_put64(name + 12, b);
	return ss_crc32c(ss_crc32c(0, name, sizeof(name)), t.ptr, t.len);
}
