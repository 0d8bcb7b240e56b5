/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CONFIG_SECTION_H
#define NC_CONFIG_SECTION_H

#include <stddef.h>
#include <string.h>

/* Inside config/ only: the table's keys stand in sections, "dwcp.transport.min_streams" in two. */

/* How many sections a key stands in. */
static inline size_t nc_config_depth(const char *key)
{
	size_t n = 0;

	for (; *key; key++)
		n += *key == '.';
	return n;
}

/* How many of them two keys share; `a` may be NULL. */
static inline size_t nc_config_shared_depth(const char *a, const char *b)
{
	size_t n = 0;

	for (size_t i = 0; a && a[i] && a[i] == b[i]; i++)
		n += a[i] == '.';
	return n;
}

/* The i-th word of a key and its length. */
static inline const char *nc_config_word(const char *key, size_t i, size_t *ret_len)
{
	while (i--)
		key = strchr(key, '.') + 1;
	*ret_len = strcspn(key, ".");
	return key;
}

#endif
