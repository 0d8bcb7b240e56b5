/* SPDX-License-Identifier: Apache-2.0 */
/* Percent-encoding of what goes into a URL (RFC 3986: unreserved bytes stay). Pure functions. */
#include "cli/url.h"

#include <string.h>

static int is_unreserved(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("-._~", c));
}

static void put_encoded(nc_buf *url, const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (is_unreserved(*p))
			nc_buf_putc(url, (char)*p);
		else
			nc_buf_printf(url, "%%%02X", *p);
	}
}

void nc_url_segment(nc_buf *url, const char *text)
{
	nc_buf_putc(url, '/');
	put_encoded(url, text);
}

void nc_url_query(nc_buf *url, const char *name, const char *value)
{
	int is_first = !url->ptr || !memchr(url->ptr, '?', url->len);

	nc_buf_putc(url, is_first ? '?' : '&');
	put_encoded(url, name);
	nc_buf_putc(url, '=');
	put_encoded(url, value);
}
