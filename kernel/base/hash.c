/* SPDX-License-Identifier: Apache-2.0 */
/* The one-shot EVP digest allocates, and so can fail; a hash that can't fail is worth more here.
 * The low-level calls are deprecated in name, do the same work, and never allocate. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/hash.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"

/*
 * Checksums and digests. CRC-32C guards against bit rot in records, SHA-256 names contents, HMAC
 * proves who wrote them. Pure functions but for the table, built once. Any thread.
 */

#define CRC32C_POLY 0x82f63b78u
static uint32_t crc_table[8][256];
static pthread_once_t crc_once = PTHREAD_ONCE_INIT;

static void build_crc_table(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t v = i;
		for (int bit = 0; bit < 8; bit++)
			v = (v >> 1) ^ (v & 1 ? CRC32C_POLY : 0);
		crc_table[0][i] = v;
	}
	for (size_t k = 1; k < 8; k++) {
		for (size_t i = 0; i < 256; i++) {
			uint32_t v = crc_table[k - 1][i];
			crc_table[k][i] = (v >> 8) ^ crc_table[0][v & 0xff];
		}
	}
}

/* Eight bytes a step: table k holds the effect of a byte that k more bytes follow. */
uint32_t nc_crc32c_portable(uint32_t crc, const void *p, size_t n)
{
	pthread_once(&crc_once, build_crc_table);
	const uint8_t *s = p;
	crc = ~crc;
	for (; n >= 8; n -= 8, s += 8) {
		uint32_t low = crc ^ ((uint32_t)s[0] | (uint32_t)s[1] << 8 | (uint32_t)s[2] << 16 |
					     (uint32_t)s[3] << 24);
		crc = crc_table[7][low & 0xff] ^ crc_table[6][low >> 8 & 0xff] ^
		      crc_table[5][low >> 16 & 0xff] ^ crc_table[4][low >> 24] ^
		      crc_table[3][s[4]] ^ crc_table[2][s[5]] ^ crc_table[1][s[6]] ^
		      crc_table[0][s[7]];
	}
	for (; n; n--)
		crc = (crc >> 8) ^ crc_table[0][(crc ^ *s++) & 0xff];
	return ~crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(
	uint32_t crc, const uint8_t *s, size_t n)
{
	uint64_t v = (uint32_t)~crc;
	for (; n >= 8; n -= 8, s += 8) {
		uint64_t word;
		memcpy(&word, s, 8);
		v = __builtin_ia32_crc32di(v, word);
	}
	uint32_t tail = (uint32_t)v;
	for (; n; n--)
		tail = __builtin_ia32_crc32qi(tail, *s++);
	return ~tail;
}

uint32_t nc_crc32c(uint32_t crc, const void *p, size_t n)
{
	if (__builtin_cpu_supports("sse4.2"))
		return crc32c_sse42(crc, p, n);
	return nc_crc32c_portable(crc, p, n);
}
#else
uint32_t nc_crc32c(uint32_t crc, const void *p, size_t n)
{
	return nc_crc32c_portable(crc, p, n);
}
#endif

void nc_hex(const void *p, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *s = p;
	for (size_t i = 0; i < n; i++) {
		*out++ = digits[s[i] >> 4];
		*out++ = digits[s[i] & 15];
	}
	*out = '\0';
}

static int unhex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int nc_unhex(const char *s, size_t n, void *out)
{
	if (n % 2)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (unhex_digit(s[i]) < 0)
			return -1; /* before the first byte is written */
	}
	uint8_t *to = out;
	for (size_t i = 0; i < n; i += 2)
		*to++ = (uint8_t)(unhex_digit(s[i]) << 4 | unhex_digit(s[i + 1]));
	return 0;
}

static void sha256_hex_final(SHA256_CTX *ctx, char out[65])
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA256_Final(digest, ctx);
	nc_hex(digest, sizeof(digest), out);
}

void nc_sha256_hex(nc_bytes b, char out[65])
{
	SHA256_CTX ctx;
	SHA256_Init(&ctx);
	SHA256_Update(&ctx, b.ptr, b.len);
	sha256_hex_final(&ctx, out);
}

nc_code nc_sha256_file(int fd, char out[65], uint64_t *ret_size, nc_error *err)
{
	uint8_t chunk[16384];
	uint64_t size = 0;
	SHA256_CTX ctx;
	SHA256_Init(&ctx);
	for (;;) {
		ssize_t n = pread(fd, chunk, sizeof(chunk), (off_t)size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return nc_err_errno(err, errno, "could not read a file to hash it");
		if (n == 0)
			break;
		SHA256_Update(&ctx, chunk, (size_t)n);
		size += (uint64_t)n;
	}
	sha256_hex_final(&ctx, out);
	if (ret_size)
		*ret_size = size;
	return NC_OK;
}

static void hmac_pass(uint8_t digest[32], const uint8_t key[64], uint8_t pad, nc_bytes msg)
{
	uint8_t block[64];
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = key[i] ^ pad;
	SHA256_CTX ctx;
	SHA256_Init(&ctx);
	SHA256_Update(&ctx, block, sizeof(block));
	SHA256_Update(&ctx, msg.ptr, msg.len);
	SHA256_Final(digest, &ctx);
	OPENSSL_cleanse(block, sizeof(block));
	OPENSSL_cleanse(&ctx, sizeof(ctx));
}

void nc_hmac_sha256(nc_bytes key, nc_bytes msg, uint8_t out[32])
{
	uint8_t block[64] = { 0 }, inner[32];
	if (key.len > sizeof(block)) {
		SHA256_CTX ctx;
		SHA256_Init(&ctx);
		SHA256_Update(&ctx, key.ptr, key.len);
		SHA256_Final(block, &ctx);
		OPENSSL_cleanse(&ctx, sizeof(ctx));
	} else if (key.len) {
		memcpy(block, key.ptr, key.len);
	}
	hmac_pass(inner, block, 0x36, msg);
	hmac_pass(out, block, 0x5c, (nc_bytes){ inner, sizeof(inner) });
	OPENSSL_cleanse(block, sizeof(block));
	OPENSSL_cleanse(inner, sizeof(inner));
}
