/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plugin to start from: one host, guests in memory, calls that end at once. It serves create,
 * destroy, inventory, fingerprint and recover of nc.compute/1 and says "unsupported" to the rest
 * by leaving the slots empty. Replace what touches `guests` by calls to your hypervisor.
 *
 * What every driver has to get right is in here: one lock that is never held across a call to the
 * host, results checked by their schema, errors with a hint, a repeated key that makes no second
 * guest, the ownership tag, and a recover that tells the truth.
 */
#define NC_PLUG_DOMAIN "template"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "config.h" /* made from schema.json */
#include "novacron-sdk/messages.h"
#include "novacron/compute.h"

#define GUESTS_MAX 256

NC_PLUG_EMBED(manifest_text, "manifest.json");
NC_PLUG_EMBED(schema_text, "schema.json");

typedef struct guest {
	nc_compute_create_request *made; /* packed: outlives the call; NULL: the place is free */
	char key[NC_OP_KEY_MAX + 1];     /* of the operation that made it */
	char native_id[64];
} guest;

struct nc_inst {
	const nc_host *host;
	template_config *cfg; /* packed; replaced by reconfigure, under lock */
	pthread_mutex_t lock;
	guest guests[GUESTS_MAX]; /* under lock */
	uint64_t seq;             /* obs_seq of the last change, under lock */
};

/* Under the lock. */
static guest *find(nc_inst *inst, const char *uuid)
{
	for (size_t i = 0; i < GUESTS_MAX; i++)
		if (inst->guests[i].made && strcmp(inst->guests[i].made->uuid, uuid) == 0)
			return &inst->guests[i];
	return NULL;
}

static guest *find_place(nc_inst *inst)
{
	for (size_t i = 0; i < GUESTS_MAX; i++)
		if (!inst->guests[i].made)
			return &inst->guests[i];
	return NULL;
}

static nc_code check_owner(const guest *g, const nc_tag *tag, nc_error *err)
{
	if (strcmp(g->made->tag.installation, tag->installation) == 0 &&
		strcmp(g->made->tag.object, tag->object) == 0)
		return NC_OK;
	return nc_plug_fail(err, NC_E_CONFLICT, 0, "Adopt the guest first if it is to be yours.",
		"guest \"%s\" belongs to %s", g->native_id, g->made->tag.object);
}

/* Under the lock. The guest that is there afterwards in *ret. */
static nc_code make_guest(nc_inst *inst, const nc_compute_create_request *req, const char *key,
	const guest **ret, nc_error *err)
{
	guest *g = find(inst, req->uuid);
	nc_code rc;

	if (g) {
		rc = check_owner(g, &req->tag, err);
		*ret = g;
		if (rc != NC_OK || strcmp(g->key, key) == 0)
			return rc; /* the same call again gets the same guest */
		return nc_plug_fail(err, NC_E_EXISTS, 0, "Ask recover with the key that made it.",
			"uuid %s was made by operation key \"%s\"", req->uuid, g->key);
	}
	g = find_place(inst);
	if (!g)
		return nc_plug_fail(err, NC_E_QUOTA, 0, "Remove a guest first.",
			"there are %d guests already", GUESTS_MAX);
	g->made = nc_msg_pack(&nc_compute_create_request_msg, req);
	if (!g->made)
		return nc_plug_nomem(err);
	memcpy(g->key, key, strlen(key) + 1);
	memcpy(g->native_id, "t-", 2);
	memcpy(g->native_id + 2, req->uuid, strlen(req->uuid) + 1);
	inst->seq++;
	*ret = g;
	return NC_OK;
}

static void fill_result(
	const nc_inst *inst, const guest *g, char native_id[64], nc_compute_create_result *ret)
{
	memcpy(native_id, g->native_id, 64); /* the guest may go once the lock is released */
	*ret = (nc_compute_create_result){ .native_id = native_id,
		.power = g->made->start ? NC_POWER_RUNNING : NC_POWER_STOPPED,
		.obs_seq = (int64_t)inst->seq };
}

static nc_code create_guest(nc_inst *inst, nc_op op, nc_bytes target, nc_bytes req, nc_error *err)
{
	nc_compute_create_request parsed;
	nc_compute_create_result result;
	nc_msg_mem mem = { 0 };
	const guest *g;
	char native_id[64];
	nc_code rc = nc_msg_read(&nc_compute_create_request_msg, req, &mem, &parsed, err);

	(void)target; /* there is one host */
	if (rc == NC_OK) {
		const char *key = inst->host->op_key(inst->host->ctx, op);

		pthread_mutex_lock(&inst->lock);
		rc = make_guest(inst, &parsed, key, &g, err);
		if (rc == NC_OK)
			fill_result(inst, g, native_id, &result);
		pthread_mutex_unlock(&inst->lock);
	}
	nc_msg_done(&mem);
	if (rc == NC_OK) /* accepted, and already over; not NC_OK: not accepted */
		nc_plug_done(inst->host, op, &nc_compute_create_result_msg, &result);
	return rc;
}

static nc_code destroy_guest(nc_inst *inst, nc_op op, nc_bytes target, nc_bytes req, nc_error *err)
{
	nc_compute_destroy_request parsed;
	nc_compute_destroy_result result = { .changed = false };
	nc_msg_mem mem = { 0 };
	nc_code rc = nc_msg_read(&nc_compute_destroy_request_msg, req, &mem, &parsed, err);

	(void)target;
	if (rc == NC_OK) {
		guest *g;

		pthread_mutex_lock(&inst->lock);
		g = find(inst, parsed.uuid);
		if (g)
			rc = check_owner(g, &parsed.tag, err);
		if (g && rc == NC_OK) {
			free(g->made);
			g->made = NULL;
			inst->seq++;
			result.changed = true;
		}
		pthread_mutex_unlock(&inst->lock);
	}
	nc_msg_done(&mem);
	if (rc == NC_OK)
		nc_plug_done(inst->host, op, &nc_compute_destroy_result_msg, &result);
	return rc;
}

/* Written one by one: the guest at `i` is copied under the lock and sent without it. */
static nc_code emit_guest(nc_inst *inst, size_t i, nc_sink *sink, nc_error *err)
{
	nc_compute_create_request *made = NULL;
	nc_compute_guest msg = { .owned = true, .has_tag = true };
	char native_id[64];
	nc_code rc = NC_OK;

	pthread_mutex_lock(&inst->lock);
	if (inst->guests[i].made) {
		made = nc_msg_pack(&nc_compute_create_request_msg, inst->guests[i].made);
		rc = made ? NC_OK : nc_plug_nomem(err);
		memcpy(native_id, inst->guests[i].native_id, sizeof(native_id));
		msg.obs_seq = (int64_t)inst->seq;
	}
	pthread_mutex_unlock(&inst->lock);
	if (!made)
		return rc;
	msg.native_id = native_id;
	msg.uuid = made->uuid;
	msg.name = made->name;
	msg.tag = made->tag;
	msg.power = made->start ? NC_POWER_RUNNING : NC_POWER_STOPPED;
	msg.vcpus = made->vcpus;
	msg.memory_mib = made->memory_mib;
	rc = nc_plug_emit(inst->host, sink, &nc_compute_guest_msg, &msg, err);
	free(made);
	return rc;
}

static nc_code inventory(
	nc_inst *inst, nc_op op, nc_bytes target, nc_bytes req, nc_sink *sink, nc_error *err)
{
	nc_code rc = NC_OK;

	(void)op;
	(void)target;
	(void)req; /* native_ids is only a wish: more may be listed */
	for (size_t i = 0; rc == NC_OK && i < GUESTS_MAX; i++)
		rc = emit_guest(inst, i, sink, err);
	return rc;
}

static nc_code fingerprint(
	nc_inst *inst, nc_op op, nc_bytes target, nc_bytes req, nc_sink *sink, nc_error *err)
{
	nc_compute_host msg = { .state = NC_HOST_STATE_UP,
		.vcpus = 8,
		.cpu_model = "",
		.zone = "",
		.hypervisor = { "template", "0.1.0" } };
	char name[64];

	(void)op;
	(void)target;
	(void)req;
	pthread_mutex_lock(&inst->lock);
	memcpy(name, inst->cfg->host, strlen(inst->cfg->host) + 1);
	msg.memory_mib = inst->cfg->memory_mib;
	for (size_t i = 0; i < GUESTS_MAX; i++) {
		const nc_compute_create_request *made = inst->guests[i].made;

		msg.used.guests += made != NULL;
		msg.used.vcpus += made ? made->vcpus : 0;
		msg.used.memory_mib += made ? made->memory_mib : 0;
	}
	pthread_mutex_unlock(&inst->lock);
	msg.name = name;
	return nc_plug_emit(inst->host, sink, &nc_compute_host_msg, &msg, err);
}

static nc_code recover_create(nc_inst *inst, const nc_compute_recover_request *ask,
	int32_t *ret_state, nc_sink *sink, nc_error *err)
{
	nc_compute_create_request req;
	nc_compute_create_result result;
	nc_msg_mem mem = { 0 };
	char native_id[64];
	nc_code rc = nc_msg_read(&nc_compute_create_request_msg, ask->request, &mem, &req, err);

	if (rc == NC_OK) {
		const guest *g;

		pthread_mutex_lock(&inst->lock);
		g = find(inst, req.uuid);
		*ret_state = g && strcmp(g->key, ask->key) == 0 ? NC_REC_DONE : NC_REC_ABSENT;
		if (*ret_state == NC_REC_DONE)
			fill_result(inst, g, native_id, &result);
		pthread_mutex_unlock(&inst->lock);
		if (*ret_state == NC_REC_DONE)
			rc = nc_plug_emit(
				inst->host, sink, &nc_compute_create_result_msg, &result, err);
	}
	nc_msg_done(&mem);
	return rc;
}

/* A guest that is still there was not destroyed; one that is gone may never have been there. */
static nc_code recover_destroy(
	nc_inst *inst, const nc_compute_recover_request *ask, int32_t *ret_state, nc_error *err)
{
	nc_compute_destroy_request req;
	nc_msg_mem mem = { 0 };
	nc_code rc = nc_msg_read(&nc_compute_destroy_request_msg, ask->request, &mem, &req, err);

	if (rc == NC_OK) {
		pthread_mutex_lock(&inst->lock);
		*ret_state = find(inst, req.uuid) ? NC_REC_ABSENT : NC_REC_UNKNOWN;
		pthread_mutex_unlock(&inst->lock);
	}
	nc_msg_done(&mem);
	return rc;
}

static nc_code recover(nc_inst *inst, nc_op op, nc_bytes target, nc_bytes req, int32_t *ret_state,
	nc_sink *sink, nc_error *err)
{
	nc_compute_recover_request ask;
	nc_msg_mem mem = { 0 };
	nc_code rc = nc_msg_read(&nc_compute_recover_request_msg, req, &mem, &ask, err);

	(void)op; /* nothing runs longer than its call, so there is nothing to attach to */
	(void)target;
	if (rc == NC_OK && strcmp(ask.verb, "compute.create") == 0)
		rc = recover_create(inst, &ask, ret_state, sink, err);
	else if (rc == NC_OK && strcmp(ask.verb, "compute.destroy") == 0)
		rc = recover_destroy(inst, &ask, ret_state, err);
	else if (rc == NC_OK)
		rc = nc_plug_fail(err, NC_E_UNSUPPORTED, 0, "Ask about create or destroy.",
			"there is no verb \"%s\"", ask.verb);
	nc_msg_done(&mem);
	return rc;
}

static nc_code read_config(nc_bytes text, template_config **ret, nc_error *err)
{
	template_config cfg;
	nc_msg_mem mem = { 0 };
	nc_code rc = nc_msg_read(&template_config_msg, text, &mem, &cfg, err);

	if (rc == NC_OK) {
		*ret = nc_msg_pack(&template_config_msg, &cfg);
		rc = *ret ? NC_OK : nc_plug_nomem(err);
	}
	nc_msg_done(&mem);
	return rc;
}

static nc_code create(const nc_host *host, nc_bytes config, nc_inst **out, nc_error *err)
{
	nc_inst *inst = calloc(1, sizeof(*inst));
	nc_code rc;

	if (!inst)
		return nc_plug_nomem(err);
	inst->host = host;
	rc = read_config(config, &inst->cfg, err);
	if (rc != NC_OK) {
		free(inst);
		return rc;
	}
	pthread_mutex_init(&inst->lock, NULL);
	NC_PLUG_LOG(host, NC_LOG_INFO, "template.started", "host", inst->cfg->host);
	*out = inst;
	return NC_OK;
}

static nc_code reconfigure(nc_inst *inst, nc_bytes config, nc_error *err)
{
	template_config *cfg = NULL, *old;
	const char *field;
	nc_code rc = read_config(config, &cfg, err);

	if (rc == NC_OK)
		rc = nc_msg_differs(&template_config_msg, inst->cfg, cfg, NC_MSG_RECREATE, &field);
	if (rc == NC_OK && field)
		rc = nc_plug_fail(err, NC_E_CONFLICT, 0, "Close the instance and open it again.",
			"%s can't be changed while the instance is open", field);
	if (rc != NC_OK) {
		free(cfg);
		return rc;
	}
	pthread_mutex_lock(&inst->lock);
	old = inst->cfg;
	inst->cfg = cfg;
	pthread_mutex_unlock(&inst->lock);
	free(old);
	return NC_OK;
}

static nc_code health(nc_inst *inst, nc_sink *sink, nc_error *err)
{
	nc_plugin_health_result msg = { .status = NC_HEALTH_STATUS_HEALTHY, .message = "" };

	return nc_plug_emit(inst->host, sink, &nc_plugin_health_result_msg, &msg, err);
}

static nc_code drain(nc_inst *inst, nc_op op, nc_error *err)
{
	(void)err; /* nothing runs, so all is quiet at once */
	inst->host->op_complete(inst->host->ctx, op, NC_DONE, NULL, (nc_bytes){ NULL, 0 });
	return NC_OK;
}

static void op_stop(nc_inst *inst, nc_op op, int32_t reason)
{
	(void)inst; /* by the time this could come, the call is over */
	(void)op;
	(void)reason;
}

static void destroy(nc_inst *inst)
{
	for (size_t i = 0; i < GUESTS_MAX; i++)
		free(inst->guests[i].made);
	pthread_mutex_destroy(&inst->lock);
	free(inst->cfg);
	free(inst);
}

static const void *get_extension(nc_inst *inst, const char *id)
{
	static const nc_compute compute = { .struct_size = sizeof(compute),
		.inventory = inventory,
		.fingerprint = fingerprint,
		.create = create_guest,
		.destroy = destroy_guest,
		.recover = recover };

	(void)inst;
	return strcmp(id, NC_EXT_COMPUTE) == 0 ? &compute : NULL;
}

static const nc_plugin plugin = { .struct_size = sizeof(plugin),
	.create = create,
	.reconfigure = reconfigure,
	.health = health,
	.drain = drain,
	.op_stop = op_stop,
	.destroy = destroy,
	.get_extension = get_extension };

const nc_entry *nc_plugin_entry_v1(uint32_t host_abi)
{
	static const nc_entry entry = { .struct_size = sizeof(entry),
		.abi = NC_ABI,
		.id = "com.example.template",
		.version = "0.1.0",
		.manifest_json = manifest_text,
		.config_schema_json = schema_text,
		.plugin = &plugin };

	return NC_ABI_MAJOR_OF(host_abi) == NC_ABI_MAJOR ? &entry : NULL;
}
