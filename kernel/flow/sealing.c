/* SPDX-License-Identifier: Apache-2.0 */
/* Secret fields on their way into the store and, for one plugin call, out of it. */
#include "flow/sealing.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/secret.h"

nc_code nc_flow_seal(nc_flow *f, nc_txn *t, const nc_root *r, nc_object *obj, nc_error *err)
{
	nc_seal_key keys[NC_KEYS_MAX];
	size_t n = nc_keyring_get(f->keyring, keys);
	nc_code rc = n ? nc_secrets_put(t, r, obj, &keys[0], err)
		       : nc_err(err, NC_E_INTERNAL, "there is no key to seal with");

	nc_zero(keys, sizeof(keys));
	return rc;
}

nc_code nc_act_forget_secrets(nc_flow *f, nc_txn *t, nc_object *obj, nc_error *err)
{
	const nc_root *r = nc_db_read_begin(f->db);

	(void)err;
	nc_secrets_delete(t, r, obj);
	nc_db_read_end(f->db);
	return NC_OK;
}
