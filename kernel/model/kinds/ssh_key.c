/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "model/identity.h"

/* A public key that guests let in. */

static const nc_field_def fields[] = {
	NC_FIELD_STR(nc_ssh_key, public_key, "public_key", .mut = NC_IMMUTABLE, .max_len = 8192,
		.flags = NC_FF_REQUIRED, .doc = "One line as in authorized_keys"),
	NC_FIELD_REF(nc_ssh_key, user, "user", NC_KIND_USER, .mut = NC_IMMUTABLE,
		.flags = NC_FF_WEAK, .doc = "Whose it is"),
	NC_FIELD_STR(nc_ssh_key, fingerprint, "fingerprint", NC_BY_SERVER, .doc = "SHA256:…"),
};

static void validate(const nc_object *obj, nc_faults *f)
{
	static const char *const types[] = { "ssh-ed25519 ", "ssh-rsa ", "ecdsa-sha2-",
		"sk-ssh-ed25519@openssh.com ", "sk-ecdsa-sha2-" };
	const char *key = NC_AS(const nc_ssh_key, obj)->public_key;
	if (!key)
		return;
	if (strchr(key, '\n')) {
		nc_fault_add(f, "public_key", "format", "must be one line");
		return;
	}
	for (size_t i = 0; i < NC_LEN(types); i++)
		if (strncmp(key, types[i], strlen(types[i])) == 0)
			return;
	nc_fault_add(f, "public_key", "format", "is not an SSH public key");
	nc_fault_hint(f, "give what is in ~/.ssh/id_ed25519.pub");
}

const nc_kind nc_kind_ssh_key = {
	NC_KIND_TABLE(SSH_KEY, "ssh_key", "ssh-keys", "key", nc_ssh_key, fields),
	.scope = NC_SCOPE_PROJECT,
	.verbs = NC_CAN_ALL,
	.feature = "kernel.first_boot",
	.validate = validate,
	.doc = "A public key that guests let in",
};
