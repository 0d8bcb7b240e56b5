/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/jwt.h"

#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "model/problem.h"

/*
 * head.payload.signature, each base64url. The signature is looked at before a byte of the payload
 * is parsed, so the parser sees only what we wrote. Pure functions; any thread.
 */

#define PAYLOAD_MAX 640
#define SKEW_S      60 /* a clock of ours that stepped back: how far in the future one may be issued */

nc_code nc_jwt_key_init(nc_jwt_key *k, nc_bytes seed, nc_error *err)
{
	char head[64], hash[65];

	if (seed.len != NC_ED25519_SEED)
		return nc_err(err, NC_E_INVAL, "a signing key has %d bytes, not %zu",
			NC_ED25519_SEED, seed.len);
	*k = (nc_jwt_key){ .seed = nc_secret_new(seed) };
	nc_code rc = k->seed ? nc_ed25519_public(seed.ptr, k->public_key, err) : nc_err_nomem(err);
	if (rc != NC_OK) {
		nc_jwt_key_done(k);
		return rc;
	}
	nc_sha256_hex((nc_bytes){ k->public_key, sizeof(k->public_key) }, hash);
	snprintf(k->id, sizeof(k->id), "%.16s", hash);
	int n = snprintf(head, sizeof(head), "{\"alg\":\"EdDSA\",\"kid\":\"%s\"}", k->id);
	nc_base64url_encode((nc_bytes){ head, (size_t)n }, k->head);
	return NC_OK;
}

void nc_jwt_key_done(nc_jwt_key *k)
{
	nc_secret_free(k->seed);
	k->seed = NULL;
}

/* ---- signing ---- */

static void put_base64url(nc_buf *out, nc_bytes b)
{
	char *p = nc_buf_reserve(out, NC_BASE64URL_LEN(b.len) + 1);

	if (!p)
		return;
	nc_base64url_encode(b, p);
	nc_buf_commit(out, NC_BASE64URL_LEN(b.len));
}

static nc_code put_payload(nc_buf *out, const nc_jwt *t, nc_error *err)
{
	char text[PAYLOAD_MAX];
	nc_buf b;
	nc_jw w;

	nc_buf_init_fixed(&b, text, sizeof(text));
	nc_jw_init(&w, &b);
	nc_jw_obj(&w);
	nc_jw_kstr(&w, "sub", t->user);
	nc_jw_kstr(&w, "sid", t->session);
	nc_jw_ki64(&w, "iat", t->issued_s);
	nc_jw_ki64(&w, "exp", t->expires_s);
	nc_jw_obj_end(&w);
	if (nc_buf_failed(&b))
		return nc_err(err, NC_E_INVAL, "the names in a token are too long");
	put_base64url(out, nc_buf_bytes(&b));
	return NC_OK;
}

nc_code nc_jwt_sign(const nc_jwt_key *k, const nc_jwt *t, nc_buf *out, nc_error *err)
{
	uint8_t signature[NC_ED25519_SIGNATURE];
	size_t from = out->len;

	nc_buf_puts(out, k->head);
	nc_buf_putc(out, '.');
	nc_code rc = put_payload(out, t, err);
	if (rc != NC_OK)
		return rc;
	if (nc_buf_failed(out))
		return nc_err_nomem(err);
	nc_bytes signed_part = { out->ptr + from, out->len - from };
	rc = nc_ed25519_sign(nc_secret_get(k->seed).ptr, signed_part, signature, err);
	if (rc != NC_OK)
		return rc;
	nc_buf_putc(out, '.');
	put_base64url(out, (nc_bytes){ signature, sizeof(signature) });
	return nc_buf_failed(out) ? nc_err_nomem(err) : NC_OK;
}

/* ---- taking one ---- */

static nc_code refuse(nc_error *err, const char *why)
{
	nc_problem_err(err, "unauthenticated", "the token %s", why);
	return nc_err_hint(err, NC_E_DENIED, "log in again");
}

static const char not_valid[] = "is not valid";

/* "head.payload" and the signature's text; what was signed ends before the last dot. */
static int split(const nc_jwt_key *k, nc_bytes token, nc_bytes *ret_signed, nc_bytes *ret_payload,
	nc_bytes *ret_signature)
{
	size_t head = strlen(k->head);
	const char *s = token.ptr;

	if (token.len > NC_JWT_MAX || token.len <= head || memcmp(s, k->head, head) ||
		s[head] != '.')
		return 0;
	const char *payload = s + head + 1, *end = s + token.len;
	const char *dot = memchr(payload, '.', (size_t)(end - payload));
	if (!dot)
		return 0;
	*ret_signed = (nc_bytes){ s, (size_t)(dot - s) };
	*ret_payload = (nc_bytes){ payload, (size_t)(dot - payload) };
	*ret_signature = (nc_bytes){ dot + 1, (size_t)(end - dot - 1) };
	return 1;
}

static nc_code check_signature(
	const nc_jwt_key *k, nc_bytes signed_part, nc_bytes text, nc_error *err)
{
	uint8_t signature[NC_ED25519_SIGNATURE + 2];
	size_t n;
	nc_error why = NC_ERROR_INIT;

	if (text.len != NC_BASE64URL_LEN(NC_ED25519_SIGNATURE) ||
		nc_base64url_decode(text.ptr, text.len, signature, &n) < 0)
		return refuse(err, not_valid);
	nc_code rc =
		nc_ed25519_verify(k->public_key, signed_part, (nc_bytes){ signature, n }, &why);
	if (rc == NC_E_NOMEM)
		return nc_err_nomem(err);
	return rc == NC_OK ? NC_OK : refuse(err, not_valid);
}

static int copy_id(char out[NC_JWT_ID_MAX], const json_t *j, const char *name)
{
	const char *s = json_string_value(json_object_get(j, name));

	if (!s || !*s || strlen(s) >= NC_JWT_ID_MAX)
		return 0;
	snprintf(out, NC_JWT_ID_MAX, "%s", s);
	return 1;
}

static nc_code read_payload(nc_bytes text, nc_jwt *t, nc_error *err)
{
	char payload[NC_JWT_MAX];
	size_t n;
	_cleanup_(nc_json_decrefp) json_t *j = NULL;

	if (nc_base64url_decode(text.ptr, text.len, payload, &n) < 0)
		return refuse(err, not_valid);
	nc_code rc = nc_json_parse((nc_bytes){ payload, n }, NC_JWT_MAX, &j, err);
	if (rc == NC_E_NOMEM)
		return rc;
	const json_t *iat = json_object_get(j, "iat"), *exp = json_object_get(j, "exp");
	if (rc != NC_OK || !copy_id(t->user, j, "sub") || !copy_id(t->session, j, "sid") ||
		!json_is_integer(iat) || !json_is_integer(exp))
		return refuse(err, not_valid);
	t->issued_s = json_integer_value(iat);
	t->expires_s = json_integer_value(exp);
	return NC_OK;
}

nc_code nc_jwt_verify(
	const nc_jwt_key *k, nc_bytes token, int64_t now_s, nc_jwt *ret, nc_error *err)
{
	nc_bytes signed_part, payload, signature;
	nc_jwt t;

	if (!split(k, token, &signed_part, &payload, &signature))
		return refuse(err, not_valid);
	nc_code rc = check_signature(k, signed_part, signature, err);
	if (rc == NC_OK)
		rc = read_payload(payload, &t, err);
	if (rc != NC_OK)
		return rc;
	if (now_s >= t.expires_s)
		return refuse(err, "has expired");
	if (t.issued_s > now_s + SKEW_S)
		return refuse(err, "is from the future");
	*ret = t;
	return NC_OK;
}
