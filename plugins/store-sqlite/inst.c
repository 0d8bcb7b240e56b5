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

void ss_note_damage(nc_inst *inst)
{
	pthread_mutex_lock(&inst->trouble_lock);
	inst->is_state_damaged = true;
	pthread_mutex_unlock(&inst->trouble_lock);
}

bool ss_is_rebuild_due(nc_inst *inst)
{
	pthread_mutex_lock(&inst->trouble_lock);
	bool is_due = inst->is_state_damaged && ss_now_ns() >= inst->rebuild_after_ns;
	pthread_mutex_unlock(&inst->trouble_lock);
	return is_due;
}

nc_code ss_refuse_read_only(nc_inst *inst, nc_error *err)
{
	if (!inst->folder.is_read_only)
		return NC_OK;
	pthread_mutex_lock(&inst->trouble_lock);
	bool is_known = inst->is_in_trouble;
	if (is_known && err)
		*err = inst->trouble;
	nc_code code = inst->trouble.code;
	pthread_mutex_unlock(&inst->trouble_lock);
	if (is_known)
		return code;
	return ss_fail(err, NC_E_UNAVAILABLE,
		"Make the folder and its files writable by the daemon's user, on a disk mounted "
		"read-write; reads go on, and writes will by themselves.",
		"store \"%.200s\" is read-only", inst->folder.dir);
}
