/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_FLOW_VM_MOVE_H
#define NC_FLOW_VM_MOVE_H

#include "flow/internal.h"

/*
 * What a migration's operation (vm_migrate.c) and who ends one that ended in doubt (vm_settle.c)
 * share. In doubt: its task is over, and `move_to` still stands.
 */

/* The guest is where `how` says, and holds that alone. The VM is to be put by the caller. */
nc_code nc_vm_end_move(
	nc_flow *f, nc_txn *t, const nc_root *r, nc_vm *vm, nc_move_end how, nc_error *err);
/* The call that the migration c->op had out last, to be asked after. NC_E_NOTFOUND: it had none. */
nc_code nc_vm_move_question(
	nc_opctx *c, nc_vm *vm, nc_op_call *call, const char **ret_key, nc_error *err);
/* What a driver calls a host; NULL = there is none of that id. */
const char *nc_vm_move_host(nc_opctx *c, const char *host, nc_error *err);

/* ---- vm_settle.c ---- */

/* One provider's VMs in doubt, and how long each is left alone. One thread at a time. */
typedef struct nc_doubts nc_doubts;
nc_doubts *nc_doubts_new(void); /* NULL = no memory */
void nc_doubts_free(nc_doubts *d);
/* Ask the provider's driver, which answers, and end what it is certain about. Blocking. */
void nc_doubts_settle(nc_doubts *d, nc_flow *f, const char *provider);

#endif
