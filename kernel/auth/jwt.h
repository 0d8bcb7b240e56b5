/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_AUTH_JWT_H
#define NC_AUTH_JWT_H

#include "auth/ed25519.h"
#include "base/secret.h"

/*
 * Access tokens: JSON web tokens signed with Ed25519, which live for minutes. Ours alone are taken:
 * the head must be, byte for byte, the one we write, so no algorithm is ever chosen by the token.
 */
#define NC_JWT_MAX 1024 /* bytes of a whole token */

typedef struct nc_jwt_key { /* a key pair, and the head of what it signs */
	nc_secret *seed;
	uint8_t public_key[NC_ED25519_PUBLIC];
	char id[17];   /* "kid" */
	char head[96]; /* base64url */
} nc_jwt_key;

/* From the 32 bytes of its seed. The caller calls nc_jwt_key_done. */
nc_code nc_jwt_key_init(nc_jwt_key *k, nc_bytes seed, nc_error *err);
void nc_jwt_key_done(nc_jwt_key *k); /* cleanup form; safe on what is all zero */

#define NC_JWT_ID_MAX 64
typedef struct nc_jwt {
	char user[NC_JWT_ID_MAX];    /* "sub" */
	char session[NC_JWT_ID_MAX]; /* "sid" */
	int64_t issued_s, expires_s; /* "iat", "exp" */
} nc_jwt;

nc_code nc_jwt_sign(const nc_jwt_key *k, const nc_jwt *t, nc_buf *out, nc_error *err);
/*
 * Signature, form and time. NC_E_DENIED with what is wrong: "expired" is told apart, because a
 * client renews then, and everything else is "not valid".
 */
nc_code nc_jwt_verify(
	const nc_jwt_key *k, nc_bytes token, int64_t now_s, nc_jwt *ret, nc_error *err);

#endif
