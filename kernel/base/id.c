/* SPDX-License-Identifier: Apache-2.0 */
#include "base/id.h"

#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/hash.h"

/*
 * Names that machines give. A ULID is fresh randomness in each new millisecond and the last one
 * plus 1 within it, also while the wall clock stands or goes back, so ids of one process sort in
 * the order they were made. Any thread. An id is not a secret.
 */

static pthread_mutex_t last_lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	uint64_t ms;   /* 48 bits */
	uint16_t high; /* 80 bits of randomness */
	uint64_t low;
} last; /* guarded by last_lock */

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void nc_random_bytes(void *p, size_t n)
{
	char *to = p;
	while (n) {
		ssize_t got = getrandom(to, n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		nc_assert(got > 0);
		to += got;
		n -= (size_t)got;
	}
}

static void renew_last(uint64_t ms)
{
	struct {
		uint64_t low;
		uint16_t high;
	} fresh;
	nc_random_bytes(&fresh, sizeof(fresh));
	last.ms = ms;
	last.low = fresh.low;
	last.high = fresh.high;
}

static void advance_last(uint64_t now_ms)
{
	if (now_ms > last.ms) {
		renew_last(now_ms);
		return;
	}
	if (++last.low == 0 && ++last.high == 0)
		renew_last(last.ms + 1); /* 2^80 in a millisecond: borrow from the next */
}

void nc_ulid_make(char out[NC_ULID_LEN + 1])
{
	int64_t wall_ms = nc_clock_wall_ms();
	uint64_t now_ms = wall_ms > 0 ? (uint64_t)wall_ms & 0xffffffffffff : 0;
	pthread_mutex_lock(&last_lock);
	advance_last(now_ms);
	uint64_t ms = last.ms, high = last.high, low = last.low;
	pthread_mutex_unlock(&last_lock);

	for (int i = 9; i >= 0; i--, ms >>= 5)
		out[i] = alphabet[ms & 31];
	/* 80 bits are 16 digits: 12 and a bit from low, the rest from high */
	__extension__ unsigned __int128 tail = (unsigned __int128)high << 64 | low;
	for (int i = NC_ULID_LEN - 1; i >= 10; i--, tail >>= 5)
		out[i] = alphabet[(unsigned)tail & 31];
	out[NC_ULID_LEN] = '\0';
}

void nc_id_make(const char *prefix, char out[NC_ID_MAX])
{
	size_t n = strlen(prefix);
	nc_assert(n > 0 && n + 1 + NC_ULID_LEN < NC_ID_MAX);
	char *end = stpcpy(out, prefix);
	*end = '_';
	nc_ulid_make(end + 1);
}

int nc_ulid_is(const char *s, size_t n)
{
	if (n != NC_ULID_LEN || s[0] < '0' || s[0] > '7')
		return 0;
	for (size_t i = 1; i < n; i++) {
		if (s[i] == '\0' || !strchr(alphabet, s[i]))
			return 0;
	}
	return 1;
}

int nc_id_is(const char *s, size_t *ret_prefix_len)
{
	size_t n = 0;
	while (isalpha((unsigned char)s[n]))
		n++;
	if (n == 0 || s[n] != '_' || !nc_ulid_is(s + n + 1, strlen(s + n + 1)))
		return 0;
	if (ret_prefix_len)
		*ret_prefix_len = n;
	return 1;
}

int64_t nc_id_time_ms(const char *id)
{
	size_t prefix = 0;
	int64_t ms = 0;

	if (!nc_id_is(id, &prefix))
		return 0;
	for (const char *p = id + prefix + 1, *end = p + 10; p < end; p++)
		ms = ms << 5 | (strchr(alphabet, toupper((unsigned char)*p)) - alphabet);
	return ms;
}

void nc_uuid_from(const char *ns, const char *name, char out[37])
{
	/* Not SHA-1 as RFC 9562 has it for version 5: some builds of OpenSSL refuse it. Keyed by
	 * the name space, so that no pair of (ns, name) runs into another. */
	uint8_t d[32];
	nc_hmac_sha256((nc_bytes){ ns, strlen(ns) }, (nc_bytes){ name, strlen(name) }, d);
	d[6] = (uint8_t)((d[6] & 0x0f) | 0x50);
	d[8] = (uint8_t)((d[8] & 0x3f) | 0x80);
	static const size_t ends[] = { 4, 6, 8, 10, 16 };
	size_t from = 0;
	for (size_t i = 0; i < NC_LEN(ends); i++) {
		nc_hex(d + from, ends[i] - from, out);
		out += (ends[i] - from) * 2;
		*out++ = '-';
		from = ends[i];
	}
	out[-1] = '\0';
}
