/* SPDX-License-Identifier: Apache-2.0 */
/* The SDK's small things: CRC-32C, base64, JSON strings, the bounded buffer. */
#include <stdlib.h>
#include <string.h>

#include "novacron-sdk/plug.h"
#include "testing.h"

static void crc32c_agrees_with_published_values(void)
{
	uint8_t zeros[32] = { 0 }, ones[32], up[32];

	memset(ones, 0xFF, sizeof(ones));
	for (size_t i = 0; i < 32; i++)
		up[i] = (uint8_t)i;
	CHECK_UINT(nc_plug_crc32c(0, "123456789", 9), 0xE3069283u);
	CHECK_UINT(nc_plug_crc32c(0, zeros, 32), 0x8A9136AAu);
	CHECK_UINT(nc_plug_crc32c(0, ones, 32), 0x62A8AB43u);
	CHECK_UINT(nc_plug_crc32c(0, up, 32), 0x46DD794Eu);
	CHECK_UINT(nc_plug_crc32c(nc_plug_crc32c(0, "1234", 4), "56789", 5), 0xE3069283u);
}

static void crc32c_of_two_parts_joins_without_reading_them(void)
{
	uint8_t data[300];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)nc_test_random();
	for (size_t cut = 0; cut <= sizeof(data); cut++)
		CHECK_UINT(nc_plug_crc32c_join(nc_plug_crc32c(0, data, cut),
				   nc_plug_crc32c(0, data + cut, sizeof(data) - cut),
				   sizeof(data) - cut),
			nc_plug_crc32c(0, data, sizeof(data)));
}

static void base64_comes_back(void)
{
	uint8_t data[64], back[64];

	for (size_t n = 0; n <= sizeof(data); n++) {
		nc_plug_buf b = NC_PLUG_BUF(256);

		data[n % 64] = (uint8_t)nc_test_random();
		nc_plug_buf_base64(&b, data, n);
		CHECK_INT(nc_plug_unbase64(b.ptr, b.len, back, n), (int64_t)n);
		CHECK(n == 0 || memcmp(data, back, n) == 0);
		if (n > 0)
			CHECK_INT(nc_plug_unbase64(b.ptr, b.len, back, n - 1), -1);
		nc_plug_buf_done(&b);
	}
	CHECK_INT(nc_plug_unbase64("abc", 3, back, 64), -1);
	CHECK_INT(nc_plug_unbase64("ab=c", 4, back, 64), -1);
	CHECK_INT(nc_plug_unbase64("a===", 4, back, 64), -1);
	CHECK_INT(nc_plug_unbase64("ab!=", 4, back, 64), -1);
}

static void json_strings_replace_what_is_not_utf8(void)
{
	nc_plug_buf b = NC_PLUG_BUF(256);

	nc_plug_buf_json_str(&b, "a\"b\\\n\xc3\xa9\xff\xed\xa0\x80z\x7f");
	CHECK_STR(b.ptr,
		"\"a\\\"b\\\\\\u000a\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz"
		"\\u007f\"");
	nc_plug_buf_done(&b);
}

static void the_buffer_never_passes_its_limit(void)
{
	nc_plug_buf b = NC_PLUG_BUF(10);

	nc_plug_buf_puts(&b, "12345");
	nc_plug_buf_printf(&b, "%s", "678901");
	CHECK_INT(b.error, NC_E_INVAL);
	CHECK_STR(b.ptr, "12345");
	nc_plug_buf_reset(&b);
	nc_plug_buf_puts(&b, "1234567890");
	CHECK_INT(b.error, NC_OK);
	CHECK_STR(b.ptr, "1234567890");
	nc_plug_buf_done(&b);
}

static void errors_carry_domain_message_and_hint(void)
{
	nc_error err = { .struct_size = sizeof(err) };
	char longer[400];

	memset(longer, 'x', sizeof(longer));
	longer[399] = '\0';
	CHECK_CODE(nc_plug_fail_in("kit", &err, NC_E_BUSY, NC_ERR_RETRYABLE, "Wait.", "%s", longer),
		NC_E_BUSY);
	CHECK_STR(err.domain, "kit");
	CHECK_STR(err.hint, "Wait.");
	CHECK_UINT(strlen(err.message), 319);
	CHECK_CODE(nc_plug_fail_in("kit", NULL, NC_E_BUSY, 0, NULL, "x"), NC_E_BUSY);
}

NC_TESTS(sdk_plug){
	T(crc32c_agrees_with_published_values),
	T(crc32c_of_two_parts_joins_without_reading_them),
	T(base64_comes_back),
	T(json_strings_replace_what_is_not_utf8),
	T(the_buffer_never_passes_its_limit),
	T(errors_carry_domain_message_and_hint),
};
