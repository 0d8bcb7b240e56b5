/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_AUTH_PASSWORD_H
#define NC_AUTH_PASSWORD_H

#include <stdint.h>

#include "base/buf.h"

/*
 * Passwords: kept as argon2id in the form that others read as well
 * ("$argon2id$v=19$m=…,t=…,p=…$salt$hash"), so that who steals the state has to pay for each guess.
 * Each call takes `memory_kib` for some tens of milliseconds: workers only.
 */
typedef struct nc_password_cost {
	uint32_t memory_kib, passes;
} nc_password_cost;

#define NC_PASSWORD_HASH_MAX 128
#define NC_PASSWORD_MAX      1024 /* bytes of one */

nc_code nc_password_hash(const nc_password_cost *c, nc_bytes password,
	char out[NC_PASSWORD_HASH_MAX], nc_error *err);
/*
 * NC_E_DENIED: it is another one, or hash is NULL (there is no such user, which takes as long to
 * say as a hash of this cost), or no hash of ours. NC_E_NOMEM.
 */
nc_code nc_password_verify(
	const nc_password_cost *c, const char *hash, nc_bytes password, nc_error *err);
/* It was made at another cost: after the next right password it is worth making anew. */
int nc_password_is_dated(const nc_password_cost *c, const char *hash);

/*
 * What a new one has to be: long enough, without control characters, of more than a few
 * different letters, not among the first that anybody tries, and not made of what is known of its
 * owner (names, address; a NULL-ended list). NC_E_INVAL says which; it never repeats the password.
 */
nc_code nc_password_check(
	nc_bytes password, size_t min_length, const char *const *known, nc_error *err);

#endif
