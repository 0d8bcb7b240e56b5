/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_BASE_ID_H
#define NC_BASE_ID_H

#include <stddef.h>
#include <stdint.h>

/*
 * Ids are ULIDs with a kind prefix: "vm_01J8…", 48 bits of milliseconds and 80 of randomness,
 * Crockford base32, monotone within a process. Any thread.
 */
#define NC_ULID_LEN 26
#define NC_ID_MAX   48 /* prefix, '_', ULID, NUL: room for the longest */

void nc_ulid_make(char out[NC_ULID_LEN + 1]);
/* `prefix` "vm"; out always terminated. */
void nc_id_make(const char *prefix, char out[NC_ID_MAX]);
int nc_ulid_is(const char *s, size_t n); /* exactly a ULID */
/* Shaped like an id (letters, '_', ULID): refused as a name. *ret_prefix_len may be NULL. */
int nc_id_is(const char *s, size_t *ret_prefix_len);
/* When it was made, unix milliseconds; 0 = it is not shaped like an id. */
int64_t nc_id_time_ms(const char *id);
/* Version 5 style UUID text from bytes: stable native identity for a hypervisor. */
void nc_uuid_from(const char *ns, const char *name, char out[37]);
void nc_random_bytes(void *p, size_t n); /* getrandom; asserts on failure */

#endif
