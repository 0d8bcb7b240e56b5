/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/secret.h"

/* Secrets in memory, and sealing. */

static const uint8_t key[32] = "0123456789abcdef0123456789abcde";

static void a_secret_keeps_its_bytes(void)
{
	char value[] = "hunter2";
	_cleanup_(nc_secret_freep) nc_secret *s = nc_secret_new(nc_str(value));
	REQUIRE(s);
	nc_zero(value, sizeof(value));
	CHECK_MEM(value, "\0\0\0\0\0\0\0\0", 8);
	CHECK(nc_bytes_eq(nc_secret_get(s), nc_str("hunter2")));
	_cleanup_(nc_secret_freep) nc_secret *none = nc_secret_new((nc_bytes){ NULL, 0 });
	REQUIRE(none);
	CHECK_UINT(nc_secret_get(none).len, 0);
	static char big[20000];
	memset(big, 'b', sizeof(big));
	_cleanup_(nc_secret_freep) nc_secret *large = nc_secret_new((nc_bytes){ big, 20000 });
	REQUIRE(large);
	CHECK_MEM(nc_secret_get(large).ptr, big, sizeof(big));
	CHECK(nc_secret_new((nc_bytes){ big, SIZE_MAX }) == NULL);
}

static void equality_looks_at_all_bytes(void)
{
	CHECK(nc_secret_eq(nc_str("abc"), nc_str("abc")));
	CHECK(!nc_secret_eq(nc_str("abc"), nc_str("abd")));
	CHECK(!nc_secret_eq(nc_str("abc"), nc_str("ab")));
	CHECK(nc_secret_eq(nc_str(""), (nc_bytes){ NULL, 0 }));
}

static void what_was_sealed_opens(void)
{
	static const char *const texts[] = { "", "x", "a password of some length" };
	for (size_t i = 0; i < NC_LEN(texts); i++) {
		uint8_t sealed[100], again[100];
		char open[100];
		size_t n = 0, m = 0, len = 99;
		nc_bytes plain = nc_str(texts[i]);
		nc_error err = NC_ERROR_INIT;
		CHECK_OK(nc_seal(key, nc_str("vm_1"), plain, sealed, 100, &n, &err), &err);
		CHECK_OK(nc_seal(key, nc_str("vm_1"), plain, again, 100, &m, &err), &err);
		CHECK_UINT(n, plain.len + NC_SEAL_OVERHEAD);
		CHECK(n != m || memcmp(sealed, again, n) != 0); /* a nonce of its own */
		nc_bytes box = { sealed, n };
		CHECK_OK(nc_unseal(key, nc_str("vm_1"), box, open, 100, &len, &err), &err);
		CHECK(nc_bytes_eq((nc_bytes){ open, len }, plain));
	}
}

static void the_cipher_is_aes_256_gcm(void)
{
	/* GCM test case 14 of the specification: zero key, nonce and block */
	static const uint8_t zero_key[32];
	uint8_t sealed[44];
	char open[16];
	size_t len = 0;
	CHECK_INT(nc_unhex("000000000000000000000000"
			   "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919",
			  88, sealed),
		0);
	nc_bytes none = { NULL, 0 };
	CHECK_CODE(
		nc_unseal(zero_key, none, (nc_bytes){ sealed, 44 }, open, 16, &len, NULL), NC_OK);
	CHECK_UINT(len, 16);
	CHECK_MEM(open, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
}

static void every_changed_bit_is_denied_and_nothing_leaves(void)
{
	uint8_t sealed[40];
	char open[12];
	size_t n = 0, len = 77;
	nc_error err = NC_ERROR_INIT;
	CHECK_OK(nc_seal(key, nc_str("aad"), nc_str("twelve bytes"), sealed, 40, &n, &err), &err);
	for (size_t bit = 0; bit < n * 8; bit++) {
		memset(open, 'k', sizeof(open));
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		nc_bytes box = { sealed, n };
		REQUIRE(CHECK_CODE(
			nc_unseal(key, nc_str("aad"), box, open, 12, &len, &err), NC_E_DENIED));
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		REQUIRE(memchr(open, 't', sizeof(open)) == NULL);
	}
	CHECK_UINT(len, 77);
	nc_bytes box = { sealed, n };
	uint8_t other[32] = { 1 };
	CHECK_CODE(nc_unseal(other, nc_str("aad"), box, open, 12, &len, &err), NC_E_DENIED);
	CHECK_CODE(nc_unseal(key, nc_str("aae"), box, open, 12, &len, &err), NC_E_DENIED);
	box.len--;
	CHECK_CODE(nc_unseal(key, nc_str("aad"), box, open, 12, &len, &err), NC_E_DENIED);
	box.len = NC_SEAL_OVERHEAD - 1;
	CHECK_CODE(nc_unseal(key, nc_str("aad"), box, open, 12, &len, &err), NC_E_DENIED);
	CHECK(!strstr(err.message, "twelve"));
}

static void too_small_an_output_is_refused(void)
{
	uint8_t sealed[32];
	char open[4];
	size_t n = 77;
	nc_error err = NC_ERROR_INIT;
	CHECK_CODE(nc_seal(key, nc_str(""), nc_str("abcd"), sealed, 31, &n, &err), NC_E_INVAL);
	CHECK_UINT(n, 77);
	CHECK_OK(nc_seal(key, nc_str(""), nc_str("abcd"), sealed, 32, &n, &err), &err);
	nc_bytes box = { sealed, n };
	CHECK_CODE(nc_unseal(key, nc_str(""), box, open, 3, &n, &err), NC_E_INVAL);
	CHECK_OK(nc_unseal(key, nc_str(""), box, open, 4, &n, &err), &err);
}

/* OpenSSL allocates with us here, before it has allocated anything. */
static void *ssl_malloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return nc_malloc(n);
}

static void *ssl_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return nc_realloc(p, n);
}

static void ssl_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	nc_free(p);
}

__attribute__((constructor)) static void install_in_openssl(void)
{
	CRYPTO_set_mem_functions(ssl_malloc, ssl_realloc, ssl_free);
}

static nc_code seal_and_open(void)
{
	uint8_t sealed[32];
	char open[4];
	size_t n = 77, len = 77;
	nc_code rc = nc_seal(key, nc_str("a"), nc_str("abcd"), sealed, 32, &n, NULL);
	CHECK_UINT(n, rc == NC_OK ? 32 : 77);
	CHECK_UINT(ERR_peek_error(), 0);
	if (rc != NC_OK)
		return rc;
	nc_bytes box = { sealed, n };
	rc = nc_unseal(key, nc_str("a"), box, open, 4, &len, NULL);
	CHECK_UINT(len, rc == NC_OK ? 4 : 77);
	CHECK_UINT(ERR_peek_error(), 0);
	CHECK(rc != NC_OK || memcmp(open, "abcd", 4) == 0);
	return rc;
}

static void running_out_of_memory_while_sealing_is_an_answer(void)
{
	CHECK_CODE(nc_seal_init(NULL), NC_OK); /* OpenSSL itself doesn't survive it before */
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	rc = seal_and_open();
}

static void running_out_of_memory_gives_no_secret(void)
{
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		_cleanup_(nc_secret_freep) nc_secret *s = nc_secret_new(nc_str("x"));
		rc = s ? NC_OK : NC_E_NOMEM;
	}
}

NC_TESTS(secret){
	T(a_secret_keeps_its_bytes),
	T(equality_looks_at_all_bytes),
	T(what_was_sealed_opens),
	T(the_cipher_is_aes_256_gcm),
	T(every_changed_bit_is_denied_and_nothing_leaves),
	T(too_small_an_output_is_refused),
	T(running_out_of_memory_while_sealing_is_an_answer),
	T(running_out_of_memory_gives_no_secret),
};
