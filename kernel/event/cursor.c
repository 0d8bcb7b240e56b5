/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a place in the log: "<log_id>.<seq>.<n>". Clients must not look inside; we must be
 * able to refuse what is not ours, so parsing is strict. */
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "event/event.h"

void nc_cursor_format(const char *log_id, uint64_t seq, uint32_t n, char out[64])
{
	snprintf(out, 64, "%.26s.%llu.%u", log_id, (unsigned long long)seq, n);
}

static const char *parse_u64(const char *s, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;

	if (*s < '0' || *s > '9' || (*s == '0' && s[1] >= '0' && s[1] <= '9'))
		return NULL;
	for (; *s >= '0' && *s <= '9'; s++) {
		uint64_t digit = (uint64_t)(*s - '0');
		if (v > (max - digit) / 10)
			return NULL;
		v = v * 10 + digit;
	}
	*ret = v;
	return s;
}

int nc_cursor_parse(const char *s, char log_id[NC_ULID_LEN + 1], uint64_t *ret_seq, uint32_t *ret_n)
{
	uint64_t seq, n;

	if (strnlen(s, 64) >= 64 || strlen(s) < NC_ULID_LEN + 4 || !nc_ulid_is(s, NC_ULID_LEN) ||
		s[NC_ULID_LEN] != '.')
		return -1;
	const char *p = parse_u64(s + NC_ULID_LEN + 1, UINT64_MAX, &seq);
	if (!p || *p != '.')
		return -1;
	p = parse_u64(p + 1, UINT32_MAX, &n);
	if (!p || *p)
		return -1;
	memcpy(log_id, s, NC_ULID_LEN);
	log_id[NC_ULID_LEN] = '\0';
	*ret_seq = seq;
	*ret_n = (uint32_t)n;
	return 0;
}
