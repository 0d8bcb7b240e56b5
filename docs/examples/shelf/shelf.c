/* SPDX-License-Identifier: Apache-2.0 */
/*
 * example.shelf: a provider with one host, whose guests are files. Each file holds the key of the
 * last call that changed the guest, and the guest. Because both are replaced by one rename, recover
 * can always tell whether a call has happened. Every verb is over when it returns, so there is
 * nothing to stop, to drain or to join.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "novacron-sdk/messages.h"
#include "novacron/compute.h"

#define HOST     "shelf-0"
#define PATH_CAP 4096
#define FILE_CAP (64u << 10)

struct nc_inst {
	const nc_host *host;
	shelf_config *cfg;          /* one block */
	pthread_mutex_t shelf_lock; /* guards the files */
};

typedef struct guest { /* one file, read */
	nc_msg_mem mem;
	char text[FILE_CAP];
	char key[NC_OP_KEY_MAX + 1];
	nc_compute_guest g;
} guest;

/* ---- files ---- */

static int is_uuid(const char *s)
{
	return strlen(s) == 36 && strspn(s, "0123456789abcdef-") == 36;
}

static nc_code path_of(nc_inst *inst, const char *uuid, char *path, nc_error *err)
{
	if (!is_uuid(uuid))
		return nc_plug_fail(err, NC_E_INVAL, NC_ERR_USER_FAULT,
			"Name the guest by the uuid that the kernel chose.",
			"uuid \"%.40s\" is not one", uuid);
	(void)snprintf(path, PATH_CAP, "%s/%s.guest", inst->cfg->folder, uuid);
	return NC_OK;
}

static nc_code fail_errno(nc_error *err, const char *what, const char *path)
{
	int e = errno;

	nc_plug_fail(err, NC_E_UNAVAILABLE, NC_ERR_RETRYABLE,
		"Look at the folder of this provider's configuration.",
		"could not %s \"%.200s\": %s", what, path, strerror(e));
	if (err)
		err->native = e;
	return NC_E_UNAVAILABLE;
}

/* NC_E_NOTFOUND: there is no such guest. */
static nc_code read_guest(const char *path, guest *ret, nc_error *err)
{
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(ret->text, 1, sizeof(ret->text) - 1, f) : 0;
	char *end;

	memset(&ret->mem, 0, sizeof(ret->mem));
	if (!f && errno == ENOENT)
		return nc_plug_fail(err, NC_E_NOTFOUND, 0, "It may be gone; list the inventory.",
			"there is no guest \"%.200s\"", path);
	if (!f)
		return fail_errno(err, "open", path);
	(void)fclose(f);
	ret->text[n] = '\0';
	end = strchr(ret->text, '\n');
	if (!end || end - ret->text > (ptrdiff_t)NC_OP_KEY_MAX)
		return nc_plug_fail(
			err, NC_E_PROTO, 0, "Remove the file.", "\"%.200s\" is no guest", path);
	(void)snprintf(ret->key, sizeof(ret->key), "%.*s", (int)(end - ret->text), ret->text);
	return nc_msg_read(&nc_compute_guest_msg, nc_plug_str(end + 1), &ret->mem, &ret->g, err);
}

static nc_code write_guest(
	const char *path, const char *key, const nc_compute_guest *g, nc_error *err)
{
	nc_plug_buf b = NC_PLUG_BUF(FILE_CAP);
	char beside[PATH_CAP + 8];
	nc_code rc;
	int fd;

	(void)snprintf(beside, sizeof(beside), "%s.new", path);
	nc_plug_buf_printf(&b, "%s\n", key);
	rc = nc_msg_write(&nc_compute_guest_msg, g, &b, err);
	fd = rc == NC_OK ? open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
	if (rc == NC_OK && (fd < 0 || write(fd, b.ptr, b.len) != (ssize_t)b.len || fsync(fd) < 0 ||
				   rename(beside, path) < 0))
		rc = fail_errno(err, "write", path);
	if (fd >= 0)
		(void)close(fd);
	nc_plug_buf_done(&b);
	return rc;
}

/* ---- what a verb does, under the lock; *out is its result ---- */

typedef union request {
	nc_compute_create_request create;
	nc_compute_power_request power;
	nc_compute_destroy_request destroy;
} request;
typedef union result {
	nc_compute_create_result create;
	nc_compute_power_result power;
	nc_compute_destroy_result destroy;
} result;
typedef struct verb {
	const char *name;
	const nc_msg *request, *result;
	nc_code (*run)(
		nc_inst *, const char *key, const request *, guest *, result *out, nc_error *);
	/* What became of a call with this key: NC_REC_*; DONE fills *out. */
	int32_t (*find)(nc_inst *, const char *key, const request *, guest *, result *out);
} verb;

static nc_code create(
	nc_inst *inst, const char *key, const request *r, guest *there, result *out, nc_error *err)
{
	const nc_compute_create_request *q = &r->create;
	nc_compute_guest g = { .native_id = q->uuid,
		.uuid = q->uuid,
		.name = q->name,
		.host = HOST,
		.tag = q->tag,
		.has_tag = true,
		.power = q->start ? NC_POWER_RUNNING : NC_POWER_STOPPED,
		.vcpus = q->vcpus,
		.memory_mib = q->memory_mib,
		.obs_seq = 1,
		.owned = true };
	char path[PATH_CAP];
	nc_code rc = path_of(inst, q->uuid, path, err);

	if (rc == NC_OK && read_guest(path, there, err) == NC_OK)
		g = there->g; /* made already, by this key or another: never a second one */
	else if (rc == NC_OK)
		rc = write_guest(path, key, &g, err);
	out->create = (nc_compute_create_result){
		.native_id = g.uuid, .power = g.power, .obs_seq = g.obs_seq
	};
	return rc;
}

static nc_code power(
	nc_inst *inst, const char *key, const request *r, guest *there, result *out, nc_error *err)
{
	const nc_compute_power_request *q = &r->power;
	int32_t goal = q->action == NC_POWER_ACTION_START ? NC_POWER_RUNNING : NC_POWER_STOPPED;
	char path[PATH_CAP];
	nc_code rc = path_of(inst, q->uuid, path, err);

	if (q->action != NC_POWER_ACTION_START && q->action != NC_POWER_ACTION_STOP)
		return nc_plug_fail(err, NC_E_UNSUPPORTED, 0, "A shelf knows start and stop.",
			"power action %s is not there",
			nc_msg_enum_name(nc_power_action_names, q->action));
	if (rc == NC_OK)
		rc = read_guest(path, there, err);
	if (rc != NC_OK)
		return rc;
	out->power = (nc_compute_power_result){ .native_id = q->native_id,
		.changed = there->g.power != goal,
		.power = goal,
		.obs_seq = ++there->g.obs_seq };
	there->g.power = goal;
	return write_guest(path, key, &there->g, err);
}

static nc_code destroy(
	nc_inst *inst, const char *key, const request *r, guest *there, result *out, nc_error *err)
{
	char path[PATH_CAP];
	nc_code rc = path_of(inst, r->destroy.uuid, path, err);

	(void)key;
	(void)there;
	if (rc != NC_OK)
		return rc;
	out->destroy.changed = unlink(path) == 0;
	return out->destroy.changed || errno == ENOENT ? NC_OK : fail_errno(err, "remove", path);
}

/* ---- recover ---- */

static int32_t find_create(nc_inst *i, const char *key, const request *r, guest *there, result *out)
{
	char path[PATH_CAP];
	nc_code rc = path_of(i, r->create.uuid, path, NULL);

	(void)key;
	if (rc == NC_OK)
		rc = read_guest(path, there, NULL);
	if (rc != NC_OK)
		return rc == NC_E_NOTFOUND ? NC_REC_ABSENT : NC_REC_UNKNOWN;
	out->create = (nc_compute_create_result){ .native_id = there->g.native_id,
		.power = there->g.power,
		.obs_seq = there->g.obs_seq };
	return NC_REC_DONE;
}

static int32_t find_power(nc_inst *i, const char *key, const request *r, guest *there, result *out)
{
	char path[PATH_CAP];
	nc_code rc = path_of(i, r->power.uuid, path, NULL);

	if (rc == NC_OK)
		rc = read_guest(path, there, NULL);
	if (rc != NC_OK)
		return NC_REC_UNKNOWN;
	if (strcmp(there->key, key) != 0)
		return NC_REC_ABSENT; /* the last change was another's: ours has not happened */
	out->power = (nc_compute_power_result){ .native_id = there->g.native_id,
		.changed = true,
		.power = there->g.power,
		.obs_seq = there->g.obs_seq };
	return NC_REC_DONE;
}

static int32_t find_destroy(
	nc_inst *i, const char *key, const request *r, guest *there, result *out)
{
	char path[PATH_CAP];

	(void)key;
	(void)there;
	if (path_of(i, r->destroy.uuid, path, NULL) != NC_OK)
		return NC_REC_UNKNOWN;
	if (access(path, F_OK) == 0)
		return NC_REC_ABSENT;
	out->destroy.changed = true;
	return errno == ENOENT ? NC_REC_DONE : NC_REC_UNKNOWN;
}

static const verb verbs[] = {
	{ "compute.create", &nc_compute_create_request_msg, &nc_compute_create_result_msg, create,
		find_create },
	{ "compute.power", &nc_compute_power_request_msg, &nc_compute_power_result_msg, power,
		find_power },
	{ "compute.destroy", &nc_compute_destroy_request_msg, &nc_compute_destroy_result_msg,
		destroy, find_destroy },
};

/* ---- verbs: read, do, answer ---- */

static nc_code submit(nc_inst *inst, const verb *v, nc_op op, nc_bytes req, nc_error *err)
{
	const nc_host *h = inst->host;
	guest *there = calloc(1, sizeof(*there));
	nc_msg_mem mem = { 0 };
	request r;
	result out;
	nc_code rc = there ? nc_msg_read(v->request, req, &mem, &r, err) : nc_plug_nomem(err);

	memset(&out, 0, sizeof(out));
	if (rc == NC_OK && h->op_stop_reason(h->ctx, op) != NC_RUN) {
		nc_error why = { .struct_size = sizeof(why) };
		nc_plug_fail(&why, NC_E_CANCELLED, 0, "", "it was stopped before it began");
		h->op_complete(h->ctx, op, NC_CANCELLED, &why, (nc_bytes){ 0 });
	} else if (rc == NC_OK) {
		pthread_mutex_lock(&inst->shelf_lock);
		rc = v->run(inst, h->op_key(h->ctx, op), &r, there, &out, err);
		pthread_mutex_unlock(&inst->shelf_lock);
		if (rc == NC_OK) /* accepted, and over: completed before we return */
			nc_plug_done(h, op, v->result, &out);
	}
	if (there)
		nc_msg_done(&there->mem);
	nc_msg_done(&mem);
	free(there);
	return rc;
}

static nc_code shelf_create(nc_inst *i, nc_op op, nc_bytes target, nc_bytes req, nc_error *err)
{
	(void)target;
	return submit(i, &verbs[0], op, req, err);
}
static nc_code shelf_power(nc_inst *i, nc_op op, nc_bytes target, nc_bytes req, nc_error *err)
{
	(void)target;
	return submit(i, &verbs[1], op, req, err);
}
static nc_code shelf_destroy(nc_inst *i, nc_op op, nc_bytes target, nc_bytes req, nc_error *err)
{
	(void)target;
	return submit(i, &verbs[2], op, req, err);
}

static nc_code shelf_recover(nc_inst *inst, nc_op op, nc_bytes target, nc_bytes req,
	int32_t *ret_state, nc_sink *sink, nc_error *err)
{
	guest *there = calloc(1, sizeof(*there));
	nc_msg_mem mem = { 0 };
	nc_compute_recover_request ask;
	request r;
	result out;
	nc_code rc = there ? nc_msg_read(&nc_compute_recover_request_msg, req, &mem, &ask, err)
			   : nc_plug_nomem(err);

	(void)op;
	(void)target;
	*ret_state = NC_REC_UNKNOWN;
	memset(&out, 0, sizeof(out));
	for (size_t i = 0; rc == NC_OK && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		const verb *v = &verbs[i];
		if (strcmp(v->name, ask.verb) != 0)
			continue;
		if ((rc = nc_msg_read(v->request, ask.request, &mem, &r, err)) != NC_OK)
			break;
		pthread_mutex_lock(&inst->shelf_lock);
		*ret_state = v->find(inst, ask.key, &r, there, &out);
		pthread_mutex_unlock(&inst->shelf_lock);
		if (*ret_state == NC_REC_DONE)
			rc = nc_plug_emit(inst->host, sink, v->result, &out, err);
	}
	if (there)
		nc_msg_done(&there->mem);
	nc_msg_done(&mem);
	free(there);
	return rc;
}

/* ---- queries ---- */

typedef nc_code (*each_fn)(void *ctx, const nc_compute_guest *g, nc_error *err);

static nc_code each_guest(nc_inst *inst, each_fn fn, void *ctx, nc_error *err)
{
	guest *one = calloc(1, sizeof(*one));
	DIR *dir = one ? opendir(inst->cfg->folder) : NULL;
	nc_code rc = !one ? nc_plug_nomem(err) : NC_OK;
	char path[PATH_CAP];

	if (one && !dir)
		rc = fail_errno(err, "list", inst->cfg->folder);
	for (struct dirent *e; rc == NC_OK && dir && (e = readdir(dir));) {
		size_t n = strlen(e->d_name);
		if (n != 42 || strcmp(e->d_name + 36, ".guest") != 0)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", inst->cfg->folder, e->d_name);
		pthread_mutex_lock(&inst->shelf_lock);
		rc = read_guest(path, one, err);
		pthread_mutex_unlock(&inst->shelf_lock);
		if (rc == NC_OK)
			rc = fn(ctx, &one->g, err);
		else if (rc == NC_E_NOTFOUND)
			rc = NC_OK; /* gone meanwhile */
		nc_msg_done(&one->mem);
	}
	if (dir)
		(void)closedir(dir);
	free(one);
	return rc;
}

typedef struct listing {
	nc_inst *inst;
	const nc_compute_inventory_request *q;
	nc_sink *sink;
} listing;

static nc_code list_one(void *ctx, const nc_compute_guest *g, nc_error *err)
{
	const listing *l = ctx;
	int is_wanted = l->q->n_native_ids == 0;

	for (size_t i = 0; i < l->q->n_native_ids; i++)
		is_wanted |= strcmp(l->q->native_ids[i], g->native_id) == 0;
	return is_wanted ? nc_plug_emit(l->inst->host, l->sink, &nc_compute_guest_msg, g, err)
			 : NC_OK;
}

static nc_code shelf_inventory(
	nc_inst *inst, nc_op op, nc_bytes target, nc_bytes req, nc_sink *sink, nc_error *err)
{
	nc_compute_inventory_request q;
	nc_msg_mem mem = { 0 };
	nc_code rc = nc_msg_read(&nc_compute_inventory_request_msg, req, &mem, &q, err);

	(void)op;
	(void)target; /* there is one host */
	if (rc == NC_OK)
		rc = each_guest(inst, list_one, &(listing){ inst, &q, sink }, err);
	nc_msg_done(&mem);
	return rc;
}

static nc_code add_use(void *ctx, const nc_compute_guest *g, nc_error *err)
{
	nc_host_used *used = ctx;

	(void)err;
	used->vcpus += g->vcpus;
	used->memory_mib += g->memory_mib;
	used->guests++;
	return NC_OK;
}

static nc_code shelf_fingerprint(
	nc_inst *inst, nc_op op, nc_bytes target, nc_bytes req, nc_sink *sink, nc_error *err)
{
	nc_compute_host h = { .name = HOST,
		.state = NC_HOST_STATE_UP,
		.vcpus = inst->cfg->vcpus,
		.memory_mib = inst->cfg->memory_mib,
		.storage_gib = 1024,
		.cpu_model = "wood",
		.zone = "",
		.hypervisor = { "shelf", "1" } };
	nc_code rc = each_guest(inst, add_use, &h.used, err);

	(void)op;
	(void)target;
	(void)req;
	return rc == NC_OK ? nc_plug_emit(inst->host, sink, &nc_compute_host_msg, &h, err) : rc;
}

static const nc_compute compute = { .struct_size = sizeof(compute),
	.inventory = shelf_inventory,
	.fingerprint = shelf_fingerprint,
	.create = shelf_create,
	.power = shelf_power,
	.destroy = shelf_destroy,
	.recover = shelf_recover }; /* no update: asked for, it is answered as unsupported */

/* ---- life ---- */

static nc_code shelf_new(const nc_host *host, nc_bytes config, nc_inst **out, nc_error *err)
{
	nc_inst *inst = calloc(1, sizeof(*inst));
	nc_msg_mem mem = { 0 };
	shelf_config c;
	nc_code rc =
		inst ? nc_msg_read(&shelf_config_msg, config, &mem, &c, err) : nc_plug_nomem(err);

	if (rc == NC_OK && access(c.folder, W_OK) < 0)
		rc = fail_errno(err, "write in", c.folder);
	if (rc == NC_OK && !(inst->cfg = nc_msg_pack(&shelf_config_msg, &c)))
		rc = nc_plug_nomem(err);
	nc_msg_done(&mem);
	if (rc != NC_OK) {
		free(inst);
		return rc;
	}
	inst->host = host;
	pthread_mutex_init(&inst->shelf_lock, NULL);
	*out = inst;
	return NC_OK;
}

static nc_code shelf_health(nc_inst *inst, nc_sink *json, nc_error *err)
{
	static const char healthy[] = "{\"status\":\"healthy\",\"message\":\"shelved\"}";

	if (access(inst->cfg->folder, W_OK) < 0)
		return fail_errno(err, "write in", inst->cfg->folder);
	return inst->host->sink_write(json, healthy, sizeof(healthy) - 1);
}

static nc_code shelf_drain(nc_inst *inst, nc_op op, nc_error *err)
{
	(void)err;
	inst->host->op_complete(inst->host->ctx, op, NC_DONE, NULL, (nc_bytes){ 0 });
	return NC_OK;
}

static void shelf_stop(nc_inst *inst, nc_op op, int32_t reason)
{
	(void)inst; /* what runs is over in a moment */
	(void)op;
	(void)reason;
}

static void shelf_free(nc_inst *inst)
{
	pthread_mutex_destroy(&inst->shelf_lock);
	free(inst->cfg);
	free(inst);
}

static const void *shelf_extension(nc_inst *inst, const char *id)
{
	(void)inst;
	return strcmp(id, NC_EXT_COMPUTE) == 0 ? &compute : NULL;
}

static const nc_plugin shelf = { .struct_size = sizeof(shelf),
	.create = shelf_new,
	.health = shelf_health,
	.drain = shelf_drain,
	.op_stop = shelf_stop,
	.destroy = shelf_free,
	.get_extension = shelf_extension };

/* ---- the entry: nothing but const data ---- */

NC_PLUG_EMBED(manifest_text, "manifest.json");
NC_PLUG_EMBED(schema_text, "schema.json");

const nc_entry *nc_plugin_entry_v1(uint32_t host_abi)
{
	static const nc_entry entry = { .struct_size = sizeof(entry),
		.abi = NC_ABI,
		.id = "example.shelf",
		.version = "0.1.0",
		.manifest_json = manifest_text,
		.config_schema_json = schema_text,
		.plugin = &shelf };

	return NC_ABI_MAJOR_OF(host_abi) == NC_ABI_MAJOR ? &entry : NULL;
}
