/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_FLOW_VM_DEVICES_H
#define NC_FLOW_VM_DEVICES_H

#include "flow/acts.h"
#include "flow/request.h"
#include "flow/thing.h"

/*
 * Disks and NICs of a VM: what must hold before a driver is asked for them, in a create and when
 * they are attached; and their own operations (vm_disk.c, vm_nic.c).
 */

/* In an act, for the elements from these numbers on: networks are there, MACs are chosen, volumes
 * are free and become this VM's in the same transaction, all of one provider, which becomes the
 * VM's. Faults go to the act. */
nc_code nc_vm_take_devices(
	nc_stage *s, const nc_root *r, nc_vm *vm, size_t disk, size_t nic, nc_error *err);
/* In a step: the volume is nobody's again. Gone or another's: nothing to do. */
nc_code nc_vm_free_volume(nc_opctx *c, const nc_vm *vm, const char *volume, nc_error *err);
nc_code nc_vm_free_volumes(nc_opctx *c, const nc_vm *vm, nc_error *err);

/* The VM's own disk, which the driver has let go of and calls so, is a volume from now on. */
nc_code nc_vm_keep_disk(
	nc_opctx *c, const nc_vm *vm, const nc_vm_disk *d, const char *native_id, nc_error *err);
/* The same for all that a destroy has left, by its result. */
nc_code nc_vm_keep_disks(nc_opctx *c, const nc_vm *vm, nc_bytes result, nc_error *err);

/* POST|PATCH|DELETE of an element. */
nc_code nc_vm_sub(nc_stage *s, const nc_root *r, const nc_sub_ask *ask, nc_error *err);
nc_code nc_vm_disk_sub(nc_stage *s, const nc_root *r, const nc_sub_ask *ask, nc_error *err);
nc_code nc_vm_nic_sub(nc_stage *s, const nc_root *r, const nc_sub_ask *ask, nc_error *err);

/* What operations on an element share. The request is {"id": …, …}. */
nc_code nc_vm_begin_sub(nc_stage *s, const nc_root *r, const char *kind, const char *extension,
	json_t *request /* taken */, nc_error *err);
/* The element's id, out of the operation's request; NC_E_INVAL where there is none, NC_E_NOTFOUND
 * where the VM is gone. */
nc_code nc_vm_sub_id(nc_opctx *c, const char **ret, nc_error *err);
int64_t nc_vm_sub_i64(nc_opctx *c, const char *key);
nc_code nc_vm_sub_drop(nc_vm *vm, const char *field, const char *id, nc_error *err);
/* A whole `prepare`. */
nc_code nc_vm_sub_ask(
	nc_opctx *c, const char *verb, nc_req_fill fill, nc_op_call *call, nc_error *err);
/* How it ended for the VM, an `ended`: the event is of "vm.disk.attach" "vm.disk_attached" or
 * "vm.disk_attach_failed". What a failed step left is known unless its outcome is not and it could
 * not be taken back. */
nc_code nc_vm_sub_ended(nc_opctx *c, nc_error *err);
int nc_op_left_unknown(const nc_operation *op);

#endif
