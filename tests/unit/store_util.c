/* SPDX-License-Identifier: Apache-2.0 */
#include "store_util.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

static const nc_index_def vm_indexes[] = {
	[VM_NAME] = { "name", 1 },
	[VM_STATUS] = { "status", 0 },
	[VM_LABEL] = { "label", 0 },
	[VM_NET] = { "network", 0 },
};
static const nc_index_def op_indexes[] = { [OP_STATE] = { "state", 0 } };

const nc_kind_def su_kinds[4] = {
	{ .number = K_VM, .n_indexes = 4, .name = "vm", .indexes = vm_indexes, .shape = 1 },
	{ .number = K_OP, .n_indexes = 1, .name = "operation", .indexes = op_indexes, .shape = 1 },
	{ .number = K_NET, .n_indexes = 0, .name = "network", .shape = 1 },
	{ .number = K_SECRET, .n_indexes = 0, .name = "secret", .shape = 1 },
};

nc_db_options su_options(memstore *m)
{
	nc_log_set_level(L_ERROR); /* what a test does is no news */
	return (nc_db_options){ .table = &memstore_table,
		.inst = m,
		.node = "test",
		.kinds = su_kinds,
		.n_kinds = NC_LEN(su_kinds),
		.materialise_delay_ms = 1 };
}

nc_db *su_open(memstore *m)
{
	nc_db *db = NULL;
	nc_error err = NC_ERROR_INIT;
	nc_db_options o = su_options(m);
	CHECK_OK(nc_db_open(&o, &db, &err), &err);
	return db;
}

void su_put_vm(nc_txn *t, const char *id, const char *name, const char *status, const char *label,
	const char *body)
{
	nc_key keys[3];
	uint32_t n = 0;
	if (name)
		keys[n++] = (nc_key){ VM_NAME, (uint16_t)strlen(name), name };
	if (status)
		keys[n++] = (nc_key){ VM_STATUS, (uint16_t)strlen(status), status };
	if (label)
		keys[n++] = (nc_key){ VM_LABEL, (uint16_t)strlen(label), label };
	nc_txn_put(t, K_VM, nc_str(id), keys, n, nc_str(body), NC_HOT);
}

void su_put_op(nc_txn *t, const char *id, const char *state, const char *body, nc_warmth w)
{
	nc_key key = { OP_STATE, (uint16_t)strlen(state), state };
	nc_txn_put(t, K_OP, nc_str(id), &key, 1, nc_str(body), w);
}

nc_code su_vm(nc_db *db, const char *id, const char *name, const char *status, nc_error *err)
{
	nc_txn *t = nc_txn_new(db);
	su_put_vm(t, id, name, status, NULL, name ? name : "");
	return nc_txn_commit(t, NULL, err);
}

nc_code su_del(nc_db *db, uint16_t kind, const char *id, nc_error *err)
{
	nc_txn *t = nc_txn_new(db);
	nc_txn_del(t, kind, nc_str(id));
	return nc_txn_commit(t, NULL, err);
}

nc_code su_commit(nc_txn *t, uint64_t *ret_seq)
{
	nc_error err = NC_ERROR_INIT;
	nc_code code = nc_txn_commit(t, ret_seq, &err);
	CHECK_OK(code, &err);
	return code;
}

static void copy_body(const nc_item *it, char out[64])
{
	nc_bytes b = it ? nc_item_body(it) : (nc_bytes){ "", 0 };
	size_t n = NC_MIN(b.len, (size_t)63);
	memcpy(out, b.ptr, n);
	out[n] = '\0';
}

const char *su_body(nc_db *db, uint16_t kind, const char *id, char out[64])
{
	const nc_root *r = nc_db_read_begin(db);
	copy_body(nc_root_get(r, kind, nc_str(id)), out);
	nc_db_read_end(db);
	return out;
}

uint64_t su_rev(nc_db *db, uint16_t kind, const char *id)
{
	const nc_root *r = nc_db_read_begin(db);
	const nc_item *it = nc_root_get(r, kind, nc_str(id));
	uint64_t rev = it ? it->rev : 0;
	nc_db_read_end(db);
	return rev;
}

int su_is_found(nc_db *db, const char *name, const char *id)
{
	const nc_root *r = nc_db_read_begin(db);
	const nc_item *it = nc_root_find(r, K_VM, VM_NAME, nc_str(name));
	int is = it && strcmp(nc_item_id(it), id) == 0;
	nc_db_read_end(db);
	return is;
}

static nc_code take_body(void *arg, const nc_item *it)
{
	copy_body(it, arg);
	return NC_OK;
}

nc_code su_get(nc_db *db, uint16_t kind, const char *id, char out[64], nc_error *err)
{
	out[0] = '\0';
	return nc_db_get(db, kind, nc_str(id), take_body, out, err);
}

static void print_fault(void *arg, const char *what)
{
	(void)arg;
	printf("    fault: %s\n", what);
}

uint64_t su_faults(nc_db *db)
{
	uint64_t n = 0;
	nc_error err = NC_ERROR_INIT;
	CHECK_OK(nc_db_check(db, print_fault, NULL, &n, &err), &err);
	return n;
}

int su_wait(int (*holds)(void *arg), void *arg)
{
	for (int i = 0; i < 10000; i++) {
		if (holds(arg))
			return 1;
		usleep(1000);
	}
	return 0;
}
