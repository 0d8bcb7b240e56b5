/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "testing.h"

/* Both alphabets, both ways; the rows are RFC 4648's and what must be refused. */

static void rfc_4648_agrees(void)
{
	static const struct {
		const char *bytes, *plain, *url;
	} rows[] = {
		{ "", "", "" },
		{ "f", "Zg==", "Zg" },
		{ "fo", "Zm8=", "Zm8" },
		{ "foo", "Zm9v", "Zm9v" },
		{ "foob", "Zm9vYg==", "Zm9vYg" },
		{ "fooba", "Zm9vYmE=", "Zm9vYmE" },
		{ "foobar", "Zm9vYmFy", "Zm9vYmFy" },
		{ "\xfb\xff\xbf", "+/+/", "-_-_" },
	};
	char text[16], back[16];
	size_t n;
	for (size_t i = 0; i < NC_LEN(rows); i++) {
		nc_bytes b = { rows[i].bytes, strlen(rows[i].bytes) };
		nc_base64_encode(b, text);
		CHECK_STR(text, rows[i].plain);
		CHECK_UINT(strlen(text), NC_BASE64_LEN(b.len));
		CHECK_INT(nc_base64_decode(text, strlen(text), back, &n), 0);
		CHECK(n == b.len && !memcmp(back, b.ptr, n));
		nc_base64url_encode(b, text);
		CHECK_STR(text, rows[i].url);
		CHECK_UINT(strlen(text), NC_BASE64URL_LEN(b.len));
		CHECK_INT(nc_base64url_decode(text, strlen(text), back, &n), 0);
		CHECK(n == b.len && !memcmp(back, b.ptr, n));
	}
}

static void what_nobody_writes_is_refused(void)
{
	static const char *const plain[] = { "Zg", "Zg=", "Z===", "====", "=",
		"Zh==", "Zm9=", "Zm 9", "Zm9v\n", "-_-_", "Zg==Zg==", "Zm9v=" };
	static const char *const url[] = { "Z", "Zg==", "Zh", "Zm9", "Zm9vY", "+/+/", "Zm9v ",
		"Z\n" };
	char back[16];
	size_t n;
	for (size_t i = 0; i < NC_LEN(plain); i++)
		if (!CHECK_INT(nc_base64_decode(plain[i], strlen(plain[i]), back, &n), -1))
			printf("    %s\n", plain[i]);
	for (size_t i = 0; i < NC_LEN(url); i++)
		if (!CHECK_INT(nc_base64url_decode(url[i], strlen(url[i]), back, &n), -1))
			printf("    %s\n", url[i]);
}

NC_TESTS(base64){
	T(rfc_4648_agrees),
	T(what_nobody_writes_is_refused),
};
