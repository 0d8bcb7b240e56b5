/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the calls share: taking the files out of use, and what health is told of writes that
 * failed. Any thread.
 */
#include "inst.h"

#include "error.h"

void ss_break(nc_inst *inst, const char *why)
{
	ss_gate_break(&inst->gate, why);
	ss_tip_wake(&inst->tip);
}

void ss_note_failure(nc_inst *inst, const nc_error *err)
{
	pthread_mutex_lock(&inst->trouble_lock);
	inst->is_in_trouble = true;
	inst->trouble = *err;
	pthread_mutex_unlock(&inst->trouble_lock);
}

void ss_note_success(nc_inst *inst)
{
	pthread_mutex_lock(&inst->trouble_lock);
	inst->is_in_trouble = false;
	pthread_mutex_unlock(&inst->trouble_lock);
}

nc_code ss_refuse_read_only(const nc_inst *inst, nc_error *err)
{
	if (!inst->folder.is_read_only)
		return NC_OK;
	return ss_fail(err, NC_E_UNAVAILABLE,
		"Make the folder and its files writable by the daemon's user, on a disk mounted "
		"read-write, and start again; reads go on.",
		"store \"%.200s\" is read-only", inst->folder.dir);
}
