/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_FLOW_KEYRING_H
#define NC_FLOW_KEYRING_H

#include "model/secrets.h"

/*
 * The keys that seal secret values, from the key file: one key a line, 64 hex digits, the present
 * one first and former ones after it for as long as anything is still sealed under them. The file
 * lies outside of what a backup holds. Any thread; `ring_lock` guards the keys, which change only
 * in a rotation.
 */
typedef struct nc_keyring nc_keyring;

#define NC_KEYS_MAX 4

/* Makes the file, mode 0600, with a fresh key where there is none. NC_E_DENIED: others can read
 * it. NC_E_INVAL: it holds something else. */
nc_code nc_keyring_open(const char *path, nc_keyring **ret, nc_error *err);
void nc_keyring_free(nc_keyring *k); /* wipes */
NC_DEFINE_CLEANUP(nc_keyring *, nc_keyring_free);
/* Copies, present one first; returns how many. The caller wipes them (nc_zero). */
size_t nc_keyring_get(nc_keyring *k, nc_seal_key out[NC_KEYS_MAX]);
/* A fresh key in front of the others, durable in the file first. */
nc_code nc_keyring_rotate(nc_keyring *k, nc_error *err);
/* Drop all former keys: nothing is sealed under them any more. */
nc_code nc_keyring_retire(nc_keyring *k, nc_error *err);

#endif
