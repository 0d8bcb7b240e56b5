/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "auth/jwt.h"
#include "base/base64.h"
#include "base/hash.h"
#include "testing.h"

/* Ed25519 and the tokens signed with it. Wycheproof's cases: test_auth_wycheproof.c. */

static const uint8_t seed[NC_ED25519_SEED] = { 1, 2, 3 };
static const nc_jwt some = {
	.user = "usr_1", .session = "ses_1", .issued_s = 1000, .expires_s = 1600
};

static nc_bytes seed_bytes(void)
{
	return (nc_bytes){ seed, sizeof(seed) };
}

static void sign(const nc_jwt_key *k, const nc_jwt *t, nc_buf *out)
{
	nc_error err = NC_ERROR_INIT;
	nc_buf_init(out, NC_JWT_MAX);
	CHECK_OK(nc_jwt_sign(k, t, out, &err), &err);
}

/* RFC 8032, section 7.1, test 2. */
static void rfc_8032_agrees(void)
{
	uint8_t s[32], want[64], got[64], public_key[32], want_public[32];
	nc_unhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", 64, s);
	nc_unhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", 64,
		want_public);
	nc_unhex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
		 "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
		128, want);
	CHECK_CODE(nc_ed25519_public(s, public_key, NULL), NC_OK);
	CHECK_MEM(public_key, want_public, 32);
	CHECK_CODE(nc_ed25519_sign(s, nc_str("r"), got, NULL), NC_OK);
	CHECK_MEM(got, want, 64);
	CHECK_CODE(nc_ed25519_verify(public_key, nc_str("r"), (nc_bytes){ got, 64 }, NULL), NC_OK);
	CHECK_CODE(nc_ed25519_verify(public_key, nc_str("s"), (nc_bytes){ got, 64 }, NULL),
		NC_E_DENIED);
}

static void token_comes_back_as_it_was_signed(void)
{
	_cleanup_(nc_jwt_key_done) nc_jwt_key k = { .seed = NULL };
	_cleanup_(nc_buf_done) nc_buf b;
	nc_error err = NC_ERROR_INIT;
	nc_jwt t;
	CHECK_OK(nc_jwt_key_init(&k, seed_bytes(), &err), &err);
	sign(&k, &some, &b);
	CHECK_OK(nc_jwt_verify(&k, nc_buf_bytes(&b), 1000, &t, &err), &err);
	CHECK_STR(t.user, "usr_1");
	CHECK_STR(t.session, "ses_1");
	CHECK_INT(t.issued_s, 1000);
	CHECK_INT(t.expires_s, 1600);
	/* As others read it: three parts, a head that says what it is. */
	char head[128];
	size_t n;
	CHECK_INT(nc_base64url_decode(b.ptr, strcspn(b.ptr, "."), head, &n), 0);
	head[n] = '\0';
	CHECK_HAS(head, "{\"alg\":\"EdDSA\",\"kid\":\"");
}

static void time_is_kept(void)
{
	_cleanup_(nc_jwt_key_done) nc_jwt_key k = { .seed = NULL };
	_cleanup_(nc_buf_done) nc_buf b;
	nc_error err = NC_ERROR_INIT;
	nc_jwt t = { .user = "untouched" };
	CHECK_CODE(nc_jwt_key_init(&k, seed_bytes(), NULL), NC_OK);
	sign(&k, &some, &b);
	CHECK_CODE(nc_jwt_verify(&k, nc_buf_bytes(&b), 1600, &t, &err), NC_E_DENIED);
	CHECK_STR(err.message, "the token has expired");
	CHECK_CODE(nc_jwt_verify(&k, nc_buf_bytes(&b), 1000 - 61, &t, &err), NC_E_DENIED);
	CHECK_STR(err.message, "the token is from the future");
	CHECK_STR(t.user, "untouched");
	CHECK_CODE(nc_jwt_verify(&k, nc_buf_bytes(&b), 1599, &t, &err), NC_OK);
}

static void every_other_byte_is_refused(void)
{
	_cleanup_(nc_jwt_key_done) nc_jwt_key k = { .seed = NULL };
	_cleanup_(nc_buf_done) nc_buf b;
	nc_jwt t;
	CHECK_CODE(nc_jwt_key_init(&k, seed_bytes(), NULL), NC_OK);
	sign(&k, &some, &b);
	for (size_t i = 0; i < b.len; i++)
		for (int bit = 0; bit < 8; bit++) {
			b.ptr[i] = (char)(b.ptr[i] ^ 1 << bit);
			if (!CHECK_CODE(nc_jwt_verify(&k, nc_buf_bytes(&b), 1000, &t, NULL),
				    NC_E_DENIED))
				printf("    byte %zu, bit %d\n", i, bit);
			b.ptr[i] = (char)(b.ptr[i] ^ 1 << bit);
		}
	for (size_t n = 0; n < b.len; n++)
		CHECK_CODE(nc_jwt_verify(&k, (nc_bytes){ b.ptr, n }, 1000, &t, NULL), NC_E_DENIED);
	nc_buf_putc(&b, 'A');
	CHECK_CODE(nc_jwt_verify(&k, nc_buf_bytes(&b), 1000, &t, NULL), NC_E_DENIED);
}

static void token_of_another_key_is_refused(void)
{
	static const uint8_t other_seed[NC_ED25519_SEED] = { 9 };
	_cleanup_(nc_jwt_key_done) nc_jwt_key k = { .seed = NULL }, other = { .seed = NULL };
	_cleanup_(nc_buf_done) nc_buf b, mixed;
	nc_jwt t;
	CHECK_CODE(nc_jwt_key_init(&k, seed_bytes(), NULL), NC_OK);
	CHECK_CODE(nc_jwt_key_init(&other, (nc_bytes){ other_seed, 32 }, NULL), NC_OK);
	CHECK(strcmp(k.id, other.id) != 0);
	sign(&other, &some, &b);
	CHECK_CODE(nc_jwt_verify(&k, nc_buf_bytes(&b), 1000, &t, NULL), NC_E_DENIED);
	/* Nor with our head before it. */
	nc_buf_init(&mixed, NC_JWT_MAX);
	nc_buf_puts(&mixed, k.head);
	nc_buf_puts(&mixed, b.ptr + strlen(other.head));
	CHECK_CODE(nc_jwt_verify(&k, nc_buf_bytes(&mixed), 1000, &t, NULL), NC_E_DENIED);
}

static void key_has_its_length(void)
{
	nc_jwt_key k;
	nc_error err = NC_ERROR_INIT;
	CHECK_CODE(nc_jwt_key_init(&k, (nc_bytes){ seed, 31 }, &err), NC_E_INVAL);
	CHECK_HAS(err.message, "32 bytes, not 31");
}

NC_TESTS(auth_jwt){
	T(rfc_8032_agrees),
	T(token_comes_back_as_it_was_signed),
	T(time_is_kept),
	T(every_other_byte_is_refused),
	T(token_of_another_key_is_refused),
	T(key_has_its_length),
};
