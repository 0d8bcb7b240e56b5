/* SPDX-License-Identifier: Apache-2.0 */
#include "model/records.h"

/* A sealed value: what a secret field points to. The bytes are the vault's (store/vault.h). */

const nc_kind nc_kind_secret_value = {
	.number = NC_KIND_SECRET_VALUE,
	.shape = 1,
	.name = "secret_value",
	.plural = "secret-values",
	.id_prefix = "scv",
	.size = sizeof(nc_object),
	.scope = NC_SCOPE_GLOBAL,
	.flags = NC_KF_INTERNAL | NC_KF_BINARY | NC_KF_PLAIN | NC_KF_GIVEN_ID,
	.doc = "A sealed value",
};
