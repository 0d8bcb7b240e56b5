/* SPDX-License-Identifier: Apache-2.0 */
#include "http/path.h"

#include <string.h>

#include "http/chars.h"

/* Cutting a path into decoded segments. Pure; any thread. */

static int is_dots(const char *s)
{
	return s[0] == '.' && (s[1] == '\0' || (s[1] == '.' && s[2] == '\0'));
}

int nc_http_path_split(const char *path, size_t n, char *mem, nc_http_path *ret)
{
	const char *end = path + n;
	ret->count = 0;
	ret->is_deeper = ret->has_slash = 0;
	for (const char *p = path; p < end;) {
		p++; /* the slash */
		const char *slash = memchr(p, '/', (size_t)(end - p));
		const char *next = slash ? slash : end;
		size_t len =
			nc_http_percent_decode(mem, p, (size_t)(next - p), NC_HTTP_PLUS_IS_PLUS);
		if (is_dots(mem))
			return -1;
		if (memchr(mem, '/', len))
			ret->has_slash = 1;
		if (ret->count < NC_PATH_DEPTH) {
			ret->raw_at[ret->count] = (uint32_t)(p - path);
			ret->segment[ret->count++] = mem;
		} else {
			ret->is_deeper = 1;
		}
		mem += len + 1; /* no longer than the slash and the text it stands for */
		p = next;
	}
	return 0;
}
