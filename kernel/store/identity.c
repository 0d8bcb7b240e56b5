/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "store/db_internal.h"
#include "store/meta.h"
#include "store/value.h"

/*
 * Who this state is: the format it is written in, the installation it belongs to, and the log_id
 * that cursors carry. Told by each epoch record and, so that the log can be trimmed, by the meta
 * space. The first open ever makes all of it up.
 */

/* Text of a meta value, or 0 when there is none that fits. */
static nc_code take_meta(void *arg, const nc_kv *kv)
{
	nc_buf *b = arg;
	nc_buf_reset(b);
	if (kv->val.ptr)
		nc_buf_put(b, kv->val.ptr, kv->val.len);
	return NC_OK;
}

nc_code nc_meta_get(
	const nc_store *store, nc_inst *inst, const char *name, nc_buf *ret, nc_error *err)
{
	nc_buf_reset(ret);
	nc_code code = store->get(inst, NC_SPACE_META, nc_str(name), take_meta, ret, err);
	if (code == NC_E_NOTFOUND)
		return NC_OK;
	if (code != NC_OK)
		return nc_err_wrap(err, code, "could not read %s of the state", name);
	if (ret->len == 0)
		return nc_err(err, NC_E_PROTO, "%s of the state is damaged", name);
	return NC_OK;
}

static nc_code get_u64(nc_db *db, const char *name, uint64_t *ret, nc_error *err)
{
	char mem[32];
	nc_buf b;
	nc_buf_init_fixed(&b, mem, sizeof(mem));
	nc_code code = nc_meta_get(db->store, db->inst, name, &b, err);
	if (code == NC_OK && b.len > 0) {
		nc_cur c = nc_cur_of(nc_buf_bytes(&b));
		*ret = nc_cur_u64(&c);
	}
	return code;
}

static nc_code get_ulid(nc_db *db, const char *name, char out[NC_ULID_LEN + 1], nc_error *err)
{
	char mem[64];
	nc_buf b;
	nc_buf_init_fixed(&b, mem, sizeof(mem));
	nc_code code = nc_meta_get(db->store, db->inst, name, &b, err);
	if (code != NC_OK || b.len == 0)
		return code;
	if (!nc_ulid_is(b.ptr, b.len))
		return nc_err(err, NC_E_PROTO, "%s of the state is not an id", name);
	memcpy(out, b.ptr, NC_ULID_LEN + 1);
	return NC_OK;
}

static nc_code check_format(uint64_t format, nc_error *err)
{
	if (format <= NC_STORE_FORMAT)
		return NC_OK;
	nc_err(err, NC_E_UNSUPPORTED, "the state is of format %llu, this build reads up to %u",
		(unsigned long long)format, NC_STORE_FORMAT);
	return nc_err_hint(err, NC_E_UNSUPPORTED, "%s", nc_newer_hint);
}

nc_code nc_identity_load(nc_db *db, nc_error *err)
{
	static const char *const oldest[] = { NC_META_EVENT_OLDEST, NC_META_AUDIT_OLDEST };
	uint64_t format = 0;
	nc_code code = get_u64(db, NC_META_FORMAT, &format, err);
	if (code == NC_OK)
		code = check_format(format, err);
	if (code == NC_OK)
		code = get_ulid(db, NC_META_LOG_ID, db->identity.log_id, err);
	if (code == NC_OK)
		code = get_ulid(db, NC_META_INSTALLATION, db->identity.installation, err);
	for (uint32_t lane = 1; lane <= NC_LANE_LAST && code == NC_OK; lane++)
		code = get_u64(db, oldest[lane - 1], &db->pending.lane_oldest[lane], err);
	db->identity.format = NC_STORE_FORMAT;
	return code;
}

nc_code nc_identity_seen(nc_db *db, const nc_identity *id, nc_error *err)
{
	nc_identity *own = &db->identity;
	nc_code code = check_format(id->format, err);
	if (code != NC_OK)
		return code;
	int is_known = own->installation[0] != '\0';
	if (is_known && strcmp(own->installation, id->installation) != 0)
		return nc_err(err, NC_E_PROTO, "it is of installation %s, and the state of %s",
			id->installation, own->installation);
	int is_other = is_known && strcmp(own->log_id, id->log_id) != 0;
	if (is_other && !(id->flags & NC_IDENTITY_RESTORED))
		return nc_err(err, NC_E_PROTO, "it is of log %s, and the state of %s", id->log_id,
			own->log_id);
	if (is_other && db->is_open)
		return nc_err(err, NC_E_PROTO, "the state was restored behind our back");
	if (is_known && !is_other)
		return NC_OK; /* others read it meanwhile */
	*own = *id;
	own->format = NC_STORE_FORMAT;
	own->flags = 0;
	return NC_OK;
}

nc_code nc_epoch_append_raw(const nc_store *store, nc_inst *inst, const nc_identity *id,
	const char *node, uint64_t epoch, uint64_t head, nc_error *err)
{
	_cleanup_(nc_buf_done) nc_buf rec;
	nc_buf_init(&rec, NC_STORE_VAL_MAX);
	nc_record_begin(&rec, NC_REC_EPOCH);
	nc_record_identity(&rec, id, node);
	if (nc_record_end(&rec) != NC_OK)
		return nc_err_nomem(err);
	nc_record_stamp(&rec, head + 1, epoch, nc_clock_wall_ms());
	nc_bytes raw = nc_buf_bytes(&rec);
	return store->append(inst, epoch, head, &raw, 1, err);
}

nc_code nc_epoch_append(nc_db *db, uint64_t epoch, uint64_t head, nc_error *err)
{
	nc_code code =
		nc_epoch_append_raw(db->store, db->inst, &db->identity, db->node, epoch, head, err);
	return code == NC_OK ? NC_OK
			     : nc_err_wrap(err, code, "could not write the record of epoch %llu",
				       (unsigned long long)epoch);
}
