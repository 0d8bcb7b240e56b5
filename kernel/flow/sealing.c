/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secret fields on their way into the vault and, for one plugin call, out of it; and the key of the
 * vault changed. Workers, and the keeper for what a rotation left over.
 */
#include "flow/sealing.h"

#include "base/err.h"
#include "base/log.h"
#include "model/secrets.h"

nc_code nc_flow_seal(nc_flow *f, nc_txn *t, nc_object *obj, nc_error *err)
{
	return nc_secrets_put(f->vault, t, obj, err);
}

nc_code nc_act_forget_secrets(nc_flow *f, nc_txn *t, nc_object *obj, nc_error *err)
{
	const nc_root *r = nc_db_read_begin(f->db);

	(void)err;
	nc_secrets_delete(f->vault, t, r, obj);
	nc_db_read_end(f->db);
	return NC_OK;
}

void nc_flow_digest(nc_flow *f, nc_bytes text, char out[NC_FLOW_DIGEST_LEN + 1])
{
	nc_vault_digest(f->vault, text, out);
}

void nc_flow_finish_rotation(nc_flow *f)
{
	nc_error err = NC_ERROR_INIT;

	if (!nc_vault_is_rotating(f->vault))
		return;
	nc_code rc = nc_vault_rotate(f->vault, NULL, &err);
	if (rc != NC_OK && rc != NC_E_BUSY)
		nc_log(L_WARN, "secrets.rotation.unfinished", F_ERR(&err),
			F_STR("consequence", "the old key stays; trying again at the next round"));
}
