/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plugin's face: entry, and the life of an instance. Nothing happens before create; destroy
 * returns when no call is under way and the checkpoint thread has ended.
 */
#include "novacron/plugin.h"

#include <string.h>

#include "embedded.h" /* manifest.json and schema.json as strings, made by the build */
#include "error.h"
#include "health.h"
#include "inst.h"

/* A checkpoint failed, on its thread or a writer's. A failed sync means that nobody knows any more
 * what is on the disk; anything else can be tried again. */
static void checkpoint_failed(void *arg, bool is_sync_failure, const nc_error *err)
{
	nc_inst *inst = arg;
	ss_note_failure(inst, err);
	if (is_sync_failure)
		ss_break(inst, err->message);
}

static void inst_init(nc_inst *inst, const nc_host *host)
{
	inst->host = host;
	ss_folder_init(&inst->folder);
	ss_gate_init(&inst->gate);
	ss_tip_init(&inst->tip);
	ss_turn_init(&inst->turn);
	ss_pool_init(&inst->pool);
	ss_checkpointer_init(&inst->checkpointer, checkpoint_failed, inst);
	pthread_mutex_init(&inst->trouble_lock, NULL);
}

static void inst_done(nc_inst *inst)
{
	pthread_mutex_destroy(&inst->trouble_lock);
	ss_checkpointer_done(&inst->checkpointer);
	ss_pool_done(&inst->pool);
	ss_turn_done(&inst->turn);
	ss_tip_done(&inst->tip);
	ss_gate_done(&inst->gate);
	ss_folder_close(&inst->folder);
	sqlite3_free(inst);
}

static nc_code inst_open(nc_inst *inst, nc_error *err)
{
	if (inst->config.purpose == SS_RESTORE)
		return NC_OK;
	nc_code code = ss_folder_open(&inst->folder, inst->config.path, err);
	if (code == NC_OK)
		code = ss_files_open(inst, err);
	if (code == NC_OK)
		ss_gate_reopen_done(&inst->gate, true);
	return code;
}

static nc_code plugin_create(const nc_host *host, nc_bytes config, nc_inst **out, nc_error *err)
{
	if (!sqlite3_threadsafe() || sqlite3_libversion_number() < 3037000)
		return ss_fail(err, NC_E_UNSUPPORTED, "Install SQLite 3.37 or newer.",
			"SQLite %s is too old, or was built without threads", sqlite3_libversion());
	/* No block of pages ahead for each connection, a quarter of a megabyte whether used or not. Refused
	 * once SQLite is in use: then the first instance has said it. */
	(void)sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0);
	nc_inst *inst = ss_calloc(sizeof(*inst));
	if (!inst)
		return ss_fail_nomem(err, "open the store");
	inst_init(inst, host);
	nc_code code = ss_config_parse(config, &inst->config, err);
	if (code == NC_OK)
		code = inst_open(inst, err);
	if (code == NC_OK)
		*out = inst;
	else
		inst_done(inst);
	return code;
}

static void wake_readers(void *arg)
{
	ss_tip_wake(arg);
}

static void plugin_destroy(nc_inst *inst)
{
	if (!inst)
		return;
	bool is_broken = ss_gate_is_broken(&inst->gate);
	ss_gate_end(&inst->gate, wake_readers, &inst->tip);
	ss_files_close(inst, is_broken ? SS_CLOSE_AS_IS : SS_CLOSE_CLEAN);
	inst_done(inst);
}

/* No call outlives itself, so there is nothing to wait for. */
static nc_code plugin_drain(nc_inst *inst, nc_op op, nc_error *err)
{
	(void)err;
	inst->host->op_complete(inst->host->ctx, op, NC_DONE, NULL, (nc_bytes){ NULL, 0 });
	return NC_OK;
}

static const struct extension {
	const char *id;
	const void *table;
} extensions[] = {
	{ NC_EXT_STORE, &ss_store },
	{ NC_EXT_STORE_RESTORE, &ss_store_restore },
};

static const void *plugin_get_extension(nc_inst *inst, const char *id)
{
	(void)inst;
	for (size_t i = 0; i < SS_LEN(extensions); i++) {
		if (!strcmp(extensions[i].id, id))
			return extensions[i].table;
	}
	return NULL;
}

static const nc_plugin plugin = {
	.struct_size = sizeof(nc_plugin),
	.create = plugin_create,
	.health = ss_health,
	.drain = plugin_drain,
	.destroy = plugin_destroy,
	.get_extension = plugin_get_extension,
};

static const nc_entry entry = {
	.struct_size = sizeof(nc_entry),
	.abi = NC_ABI,
	.id = "novacron.store-sqlite",
	.version = "0.1.0",
	.manifest_json = ss_manifest_json,
	.config_schema_json = ss_schema_json,
	.plugin = &plugin,
};

NC_EXPORT const nc_entry *nc_plugin_entry_v1(uint32_t host_abi);

const nc_entry *nc_plugin_entry_v1(uint32_t host_abi)
{
	return NC_ABI_MAJOR_OF(host_abi) == NC_ABI_MAJOR ? &entry : NULL;
}
