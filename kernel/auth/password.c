/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/password.h"

#include <argon2.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/secret.h"

/*
 * The reference implementation, with one lane: logins come one by one, and a second thread for each
 * would only let a flood of them take both cores. No state; any thread.
 */

enum { SALT = 16, HASH = 32, LANES = 1, DISTINCT_MIN = 5, KNOWN_MIN = 4 };

static nc_code failed(nc_error *err, int e)
{
	if (e == ARGON2_MEMORY_ALLOCATION_ERROR)
		return nc_err_nomem(err);
	return nc_err(err, NC_E_INTERNAL, "argon2id: %s", argon2_error_message(e));
}

nc_code nc_password_hash(
	const nc_password_cost *c, nc_bytes password, char out[NC_PASSWORD_HASH_MAX], nc_error *err)
{
	uint8_t salt[SALT];

	if (RAND_bytes(salt, sizeof(salt)) != 1)
		return nc_err(err, NC_E_INTERNAL, "there are no random numbers");
	int e = argon2id_hash_encoded(c->passes, c->memory_kib, LANES, password.ptr, password.len,
		salt, sizeof(salt), HASH, out, NC_PASSWORD_HASH_MAX);
	return e == ARGON2_OK ? NC_OK : failed(err, e);
}

static nc_code refuse(nc_error *err)
{
	return nc_err(err, NC_E_DENIED, "wrong user or password");
}

/* As much work as for somebody. */
static nc_code verify_nobody(const nc_password_cost *c, nc_bytes password, nc_error *err)
{
	static const uint8_t salt[SALT];
	uint8_t hash[HASH];

	int e = argon2id_hash_raw(c->passes, c->memory_kib, LANES, password.ptr, password.len, salt,
		sizeof(salt), hash, sizeof(hash));
	nc_zero(hash, sizeof(hash));
	return e == ARGON2_OK ? refuse(err) : failed(err, e);
}

nc_code nc_password_verify(
	const nc_password_cost *c, const char *hash, nc_bytes password, nc_error *err)
{
	if (!hash)
		return verify_nobody(c, password, err);
	int e = argon2id_verify(hash, password.ptr, password.len);
	if (e == ARGON2_OK)
		return NC_OK;
	return e == ARGON2_MEMORY_ALLOCATION_ERROR ? nc_err_nomem(err) : refuse(err);
}

int nc_password_is_dated(const nc_password_cost *c, const char *hash)
{
	char want[64];
	int n = snprintf(want, sizeof(want), "$argon2id$v=%d$m=%u,t=%u,p=%d$",
		ARGON2_VERSION_NUMBER, c->memory_kib, c->passes, LANES);

	return strncmp(hash, want, (size_t)n) != 0;
}

/* ---- what a new one has to be ---- */

/* Of twelve letters and more, what lists of stolen passwords begin with. */
static const char *const common[] = { "123456789012", "1234567890123", "password1234",
	"passwordpassword", "qwertyuiop123", "qwertyuiop12", "administrator", "changeme1234",
	"letmeinletmein", "novacron1234", "iloveyou1234", "welcome12345", "1q2w3e4r5t6y",
	"abcdefghijkl", "adminadminadmin" };

static int is_same(nc_bytes a, const char *b)
{
	return a.len == strlen(b) && !strncasecmp(a.ptr, b, a.len);
}

static size_t distinct(nc_bytes p)
{
	uint8_t seen[256] = { 0 };
	const uint8_t *s = p.ptr;
	size_t n = 0;

	for (size_t i = 0; i < p.len; i++) {
		n += !seen[s[i]];
		seen[s[i]] = 1;
	}
	nc_zero(seen, sizeof(seen));
	return n;
}

/* Of UTF-8. */
static size_t letters(nc_bytes p)
{
	const uint8_t *s = p.ptr;
	size_t n = 0;

	for (size_t i = 0; i < p.len; i++)
		n += (s[i] & 0xc0) != 0x80;
	return n;
}

static int has_control(nc_bytes p)
{
	const uint8_t *s = p.ptr;

	for (size_t i = 0; i < p.len; i++)
		if (s[i] < 32 || s[i] == 127)
			return 1;
	return 0;
}

/* Whether it is that word, with at most three letters more: "alice.smith1!". */
static int is_made_of(nc_bytes p, const char *word)
{
	size_t n = strlen(word);

	if (n < KNOWN_MIN || p.len < n || p.len > n + 3)
		return 0;
	for (size_t i = 0; i + n <= p.len; i++)
		if (!strncasecmp((const char *)p.ptr + i, word, n))
			return 1;
	return 0;
}

static nc_code weak(nc_error *err, const char *why)
{
	nc_err(err, NC_E_INVAL, "%s", why);
	return nc_err_hint(err, NC_E_INVAL,
		"a few words that don't belong together are easy to "
		"keep in mind and hard to guess");
}

nc_code nc_password_check(
	nc_bytes password, size_t min_length, const char *const *known, nc_error *err)
{
	char text[80];

	if (letters(password) < min_length) {
		snprintf(text, sizeof(text), "is shorter than %zu letters", min_length);
		return weak(err, text);
	}
	if (password.len > NC_PASSWORD_MAX)
		return nc_err(err, NC_E_INVAL, "is longer than %d bytes", NC_PASSWORD_MAX);
	if (has_control(password))
		return nc_err(err, NC_E_INVAL, "has control characters in it");
	if (distinct(password) < DISTINCT_MIN)
		return weak(err, "has hardly any different letters");
	for (size_t i = 0; i < NC_LEN(common); i++)
		if (is_same(password, common[i]))
			return weak(err, "is one of the first that anybody tries");
	for (; known && *known; known++)
		if (is_made_of(password, *known))
			return weak(err, "is made of what is known of its owner");
	return NC_OK;
}
