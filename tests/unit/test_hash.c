/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/hash.h"

/* Checksums and digests against published vectors. */

static void crc32c_gives_the_published_values(void)
{
	uint8_t zeros[32] = { 0 }, ones[32], up[32];
	memset(ones, 0xff, sizeof(ones));
	for (uint8_t i = 0; i < 32; i++)
		up[i] = i;
	CHECK_UINT(nc_crc32c(0, "123456789", 9), 0xe3069283);
	CHECK_UINT(nc_crc32c(0, zeros, 32), 0x8a9136aa); /* these three: RFC 3720 B.4 */
	CHECK_UINT(nc_crc32c(0, ones, 32), 0x62a8ab43);
	CHECK_UINT(nc_crc32c(0, up, 32), 0x46dd794e);
	CHECK_UINT(nc_crc32c(0, NULL, 0), 0);
	CHECK_UINT(nc_crc32c_portable(0, up, 32), 0x46dd794e);
}

static void both_forms_agree_at_every_length_and_offset(void)
{
	uint8_t data[200];
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)nc_test_random();
	for (size_t from = 0; from < 9; from++) {
		for (size_t n = 0; n < 180; n++) {
			uint32_t a = nc_crc32c(0, data + from, n);
			REQUIRE(CHECK_UINT(nc_crc32c_portable(0, data + from, n), a));
			uint32_t half = nc_crc32c(0, data + from, n / 3);
			REQUIRE(nc_crc32c(half, data + from + n / 3, n - n / 3) == a);
		}
	}
}

static void sha256_gives_the_published_values(void)
{
	char hex[65];
	nc_sha256_hex(nc_str(""), hex);
	CHECK_STR(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	nc_sha256_hex(nc_str("abc"), hex);
	CHECK_STR(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	nc_sha256_hex((nc_bytes){ NULL, 0 }, hex);
	CHECK_STR(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void a_file_hashes_as_its_bytes(void)
{
	_cleanup_(nc_freep) char *path = nc_test_path("hashed");
	static char text[40001];
	memset(text, 'q', sizeof(text) - 1);
	nc_test_write(path, text);
	char want[65], got[65] = "";
	uint64_t size = 0;
	nc_error err = NC_ERROR_INIT;
	nc_sha256_hex(nc_str(text), want);
	_cleanup_(nc_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK_INT(lseek(fd, 17, SEEK_SET), 17);
	CHECK_OK(nc_sha256_file(fd, got, &size, &err), &err);
	CHECK_STR(got, want);
	CHECK_UINT(size, 40000);
	CHECK_INT(lseek(fd, 0, SEEK_CUR), 17);
}

static void a_file_that_cannot_be_read_leaves_the_outputs(void)
{
	char hex[65] = "kept";
	uint64_t size = 7;
	nc_error err = NC_ERROR_INIT;
	CHECK(nc_sha256_file(-1, hex, &size, &err) != NC_OK);
	CHECK_STR(hex, "kept");
	CHECK_UINT(size, 7);
	CHECK_HAS(err.message, "Bad file descriptor");
}

static void hmac_gives_the_published_values(void)
{
	uint8_t mac[32], long_key[131];
	char hex[65];
	memset(long_key, 0xaa, sizeof(long_key));
	nc_hmac_sha256(nc_str("Jefe"), nc_str("what do ya want for nothing?"), mac);
	nc_hex(mac, 32, hex); /* RFC 4231, cases 2 and 6 */
	CHECK_STR(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	nc_hmac_sha256((nc_bytes){ long_key, sizeof(long_key) },
		nc_str("Test Using Larger Than Block-Size Key - Hash Key First"), mac);
	nc_hex(mac, 32, hex);
	CHECK_STR(hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void hex_reads_back_and_junk_is_refused(void)
{
	uint8_t raw[4] = { 1, 2, 3, 4 };
	char hex[9];
	nc_hex("\x00\xff\x1a\xB2", 4, hex);
	CHECK_STR(hex, "00ff1ab2");
	CHECK_INT(nc_unhex("00FF1Ab2", 8, raw), 0);
	CHECK_MEM(raw, "\x00\xff\x1a\xb2", 4);
	CHECK_INT(nc_unhex("00f", 3, raw), -1);
	CHECK_INT(nc_unhex("1122zz", 6, raw), -1);
	CHECK_INT(nc_unhex("1122 3", 6, raw), -1);
	CHECK_MEM(raw, "\x00\xff\x1a\xb2", 4);
}

NC_TESTS(hash){
	T(crc32c_gives_the_published_values),
	T(both_forms_agree_at_every_length_and_offset),
	T(sha256_gives_the_published_values),
	T(a_file_hashes_as_its_bytes),
	T(a_file_that_cannot_be_read_leaves_the_outputs),
	T(hmac_gives_the_published_values),
	T(hex_reads_back_and_junk_is_refused),
};
