/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_FLOW_PROVIDER_SECRETS_H
#define NC_FLOW_PROVIDER_SECRETS_H

#include "base/json.h"
#include "base/secret.h"
#include "flow/internal.h"

/*
 * Secrets in the configuration of a provider: the fields that its plugin's schema marks x-secret.
 * They lie sealed in the vault, and the object has {set, version, digest} in their place, which is
 * what is stored, shown and taken back for "as it is".
 */
typedef struct nc_provider_config { /* one that came with a request */
	json_t *schema;
	json_t *was;      /* what the object has now; NULL: it is new */
	json_t *doc;      /* what is asked for; secrets in the clear until they are sealed */
	json_t *shown;    /* digest → {set, version, digest}, of `was` */
	json_t *places;   /* the same by path, of which two may look alike */
	nc_secret *plain; /* as the plugin would get it, to be checked */
} nc_provider_config;

/* The configuration of the stage's provider, beside the one it has now. NC_E_NOTFOUND, with a hint:
 * there is no such plugin, or none whose schema tells what is a secret. Faults go to the act. */
nc_code nc_provider_config_read(
	nc_stage *s, const nc_root *r, nc_provider_config *ret, nc_error *err);
/*
 * Into the object and the vault, with the stage's transaction; values that went or were replaced are
 * shredded. *ret_is_same: it is what it was. A value that is given again keeps its version.
 */
nc_code nc_provider_config_seal(
	nc_stage *s, nc_provider_config *c, int *ret_is_same, nc_error *err);
void nc_provider_config_done(nc_provider_config *c);

/* The configuration with its secrets, to make an instance of. The caller frees *ret, which wipes it.
 * NC_E_NOTFOUND: the plugin or a value is not there; the provider may have been changed meanwhile. */
nc_code nc_provider_config_open(nc_flow *f, const nc_provider *p, nc_secret **ret, nc_error *err);
/* Seal what lies in a stored object in the clear, because the schema has come to mark it since. The
 * log keeps it until it is trimmed past that. Blocking; the keeper. */
nc_code nc_provider_config_seal_stored(nc_flow *f, nc_provider *p, nc_error *err);

#endif
