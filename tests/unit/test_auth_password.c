/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "auth/password.h"
#include "testing.h"

/* Passwords: their hashes, and what is asked of a new one. */

static const nc_password_cost cheap = { .memory_kib = 64, .passes = 1 };

static void right_one_is_taken_and_no_other(void)
{
	char hash[NC_PASSWORD_HASH_MAX], again[NC_PASSWORD_HASH_MAX];
	nc_error err = NC_ERROR_INIT;
	CHECK_OK(nc_password_hash(&cheap, nc_str("correct horse"), hash, &err), &err);
	CHECK_HAS(hash, "$argon2id$v=19$m=64,t=1,p=1$");
	CHECK_CODE(nc_password_verify(&cheap, hash, nc_str("correct horse"), &err), NC_OK);
	CHECK_CODE(nc_password_verify(&cheap, hash, nc_str("correct hors"), &err), NC_E_DENIED);
	CHECK_CODE(nc_password_verify(&cheap, hash, nc_str("correct horse "), &err), NC_E_DENIED);
	CHECK_CODE(nc_password_verify(&cheap, hash, nc_str(""), &err), NC_E_DENIED);
	CHECK_STR(err.message, "wrong user or password");
	/* Nobody's, and what is no hash: refused with the same words. */
	CHECK_CODE(nc_password_verify(&cheap, NULL, nc_str("correct horse"), &err), NC_E_DENIED);
	CHECK_STR(err.message, "wrong user or password");
	CHECK_CODE(nc_password_verify(&cheap, "plain", nc_str("plain"), &err), NC_E_DENIED);
	/* Two hashes of one password have nothing in common. */
	CHECK_OK(nc_password_hash(&cheap, nc_str("correct horse"), again, &err), &err);
	CHECK(strcmp(hash, again) != 0);
}

/* Made by the reference tool: printf '%s' 'correct horse' | argon2 saltsaltsalt -id -t 2 -k 128 */
static void hash_of_another_program_is_read(void)
{
	static const char hash[] = "$argon2id$v=19$m=128,t=2,p=1$c2FsdHNhbHRzYWx0$"
				   "fFbAEndDdalnA5z1KnoE1tP37+TjZG0k2HSbArT1VoY";
	nc_error err = NC_ERROR_INIT;
	CHECK_CODE(nc_password_verify(&cheap, hash, nc_str("correct horse"), &err), NC_OK);
	CHECK_CODE(nc_password_verify(&cheap, hash, nc_str("correct house"), &err), NC_E_DENIED);
}

static void hash_of_another_cost_is_dated(void)
{
	static const nc_password_cost dearer = { .memory_kib = 128, .passes = 1 };
	char hash[NC_PASSWORD_HASH_MAX];
	CHECK_CODE(nc_password_hash(&cheap, nc_str("correct horse"), hash, NULL), NC_OK);
	CHECK(!nc_password_is_dated(&cheap, hash));
	CHECK(nc_password_is_dated(&dearer, hash));
	CHECK_CODE(nc_password_verify(&dearer, hash, nc_str("correct horse"), NULL), NC_OK);
}

static void weak_ones_are_refused_with_the_reason(void)
{
	static const char *const known[] = { "alice", "alice.smith@example.org", "bob", NULL };
	static const struct {
		const char *password, *why;
	} rows[] = {
		{ "tiny one", "is shorter than 12 letters" },
		{ "aaaaaaaaaaaaaaaa", "hardly any different" },
		{ "abababababcdabab", "hardly any different" },
		{ "PasswordPassword", "first that anybody tries" },
		{ "Alice.Smith@Example.org", "known of its owner" },
		{ "alice.smith@example.org12", "known of its owner" },
		{ "tab\tin the middle", "control characters" },
	};
	nc_error err = NC_ERROR_INIT;
	for (size_t i = 0; i < NC_LEN(rows); i++) {
		CHECK_CODE(
			nc_password_check(nc_str(rows[i].password), 12, known, &err), NC_E_INVAL);
		CHECK_HAS(err.message, rows[i].why);
		CHECK(!strstr(err.message, rows[i].password) &&
			!strstr(err.hint, rows[i].password));
	}
	char long_one[NC_PASSWORD_MAX + 1];
	for (size_t i = 0; i < sizeof(long_one); i++)
		long_one[i] = (char)('a' + i % 26);
	CHECK_CODE(nc_password_check((nc_bytes){ long_one, sizeof(long_one) }, 12, NULL, &err),
		NC_E_INVAL);
	CHECK_HAS(err.message, "is longer than");
	CHECK_OK(nc_password_check(nc_str("alice likes trains"), 12, known, &err), &err);
	CHECK_OK(nc_password_check(nc_str("\xc3\xa4rmel und kanal"), 12, NULL, &err), &err);
}

NC_TESTS(auth_password){
	T(right_one_is_taken_and_no_other),
	T(hash_of_another_program_is_read),
	T(hash_of_another_cost_is_dated),
	T(weak_ones_are_refused_with_the_reason),
};
