/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stage: what the plugin has is found by its queries, what a try needs is made by its verbs. A
 * verb that can't be prepared for is not exercised, which is not its failure.
 */
#include "stage.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "try.h"

static void *slot_of(kit_host *h, const char *ext, size_t offset)
{
	const uint32_t *table = kit_host_extension(h, ext);
	void *slot = NULL;

	if (table && *table >= offset + sizeof(slot)) /* struct_size comes first */
		memcpy(&slot, (const char *)table + offset, sizeof(slot));
	return slot;
}

nc_query_fn kit_query_slot(kit_host *h, const kit_verb *v)
{
	void *slot = slot_of(h, v->ext, v->offset);
	nc_query_fn fn;

	memcpy(&fn, &slot, sizeof(fn)); /* C has no cast from data to functions */
	return fn;
}

nc_verb_fn kit_verb_slot(kit_host *h, const kit_verb *v)
{
	void *slot = slot_of(h, v->ext, v->offset);
	nc_verb_fn fn;

	memcpy(&fn, &slot, sizeof(fn));
	return fn;
}

struct nc_sink *kit_query(kit_stage *s, const char *verb, const char *target, const char *request)
{
	const kit_verb *v = kit_verb_find(verb);
	nc_query_fn fn = kit_query_slot(s->h, v);
	nc_error err = { .struct_size = sizeof(err) };
	struct nc_sink *sink;
	kit_op *op;

	if (!fn)
		return NULL;
	sink = kit_sink_new(s->h);
	op = kit_op_new(s->h, verb, NULL);
	op->is_query = true;
	if (fn(s->h->inst, op->op, nc_plug_str(target), nc_plug_str(request), sink, &err) !=
		NC_OK) {
		kit_output_error(s->h, "an error", &err);
		kit_sink_free(sink);
		return NULL;
	}
	return sink;
}

/* The text at `path` of an object: a member, or item `at` of a list (-1: the last). */
static void pick(const char *object, const char *member, int at, char *to, size_t cap)
{
	json_t *doc = json_loads(object, 0, NULL), *value = json_object_get(doc, member);

	if (json_is_array(value)) {
		size_t n = json_array_size(value);

		value = json_array_get(value, at < 0 ? n - 1 : (size_t)at);
	}
	if (json_is_string(value))
		(void)snprintf(to, cap, "%s", json_string_value(value));
	json_decref(doc);
}

static void override(const kit_stage *s, const char *name, char *to, size_t cap)
{
	const char *set = kit_folder_setting(s->h->folder, name);

	if (set)
		(void)snprintf(to, cap, "%s", set);
}

bool kit_stage_open(kit_stage *s, kit_host *h)
{
	struct nc_sink *hosts;

	memset(s, 0, sizeof(*s));
	s->h = h;
	s->serial = (unsigned)getpid() * 1000u;
	hosts = kit_query(s, "compute.fingerprint", "", "{}");
	if (hosts && kit_sink_first(hosts)) {
		const char *first = kit_sink_first(hosts), *second = kit_sink_next(hosts, first);

		pick(first, "name", 0, s->host, sizeof(s->host));
		pick(first, "networks", 0, s->network, sizeof(s->network));
		pick(first, "pools", -1, s->pool, sizeof(s->pool));
		if (second)
			pick(second, "name", 0, s->host2, sizeof(s->host2));
	}
	if (hosts)
		kit_sink_free(hosts);
	override(s, "target", s->host, sizeof(s->host));
	override(s, "destination", s->host2, sizeof(s->host2));
	override(s, "network", s->network, sizeof(s->network));
	override(s, "pool", s->pool, sizeof(s->pool));
	return *s->host != '\0';
}

void kit_stage_key(kit_stage *s, char key[NC_OP_KEY_MAX + 1])
{
	(void)snprintf(key, NC_OP_KEY_MAX + 1, "op_kit%u.try.0", ++s->serial);
}

const char *kit_stage_target(const kit_stage *s, const kit_verb *v)
{
	return v->target == KIT_ON_HOST ? s->host : v->target == KIT_ON_POOL ? s->pool : "";
}

static void new_id(kit_stage *s, const char *prefix, char id[64], char uuid[37])
{
	unsigned n = ++s->serial;

	(void)snprintf(id, 64, "%s_kit%u", prefix, n);
	(void)snprintf(uuid, 37, "%08x-0000-5000-8000-%08x%04x", n, n, n & 0xFFFFu);
}

/* Run a verb of preparation and keep a string of its answer. */
static bool make(kit_stage *s, const char *verb, const char *member, char *to, size_t cap)
{
	const kit_verb *v = kit_verb_find(verb);
	kit_op *op = kit_try(s, v, &(kit_how){ .wait = true });

	if (!op || !op->is_complete || op->outcome != NC_DONE) {
		(void)snprintf(s->why, sizeof(s->why), "could not prepare by %s: %.120s", verb,
			op && op->err.message[0] ? op->err.message : "not done");
		return false;
	}
	if (to) {
		*to = '\0';
		pick(op->result, member, 0, to, cap);
	}
	return true;
}

bool kit_stage_prepare(kit_stage *s, unsigned needs)
{
	static const struct {
		unsigned need;
		const char *verb, *member;
		size_t to;
	} steps[] = {
		{ KIT_NEEDS_GUEST, "compute.create", "native_id", offsetof(kit_stage, native_id) },
		{ KIT_NEEDS_SNAPSHOT, "snapshot.create", "snapshot",
			offsetof(kit_stage, snapshot) },
		{ KIT_NEEDS_BACKUP, "backup.begin", "backup", offsetof(kit_stage, backup) },
		{ KIT_NEEDS_DISK, "disk.attach", NULL, 0 },
		{ KIT_NEEDS_NIC, "nic.attach", NULL, 0 },
		{ KIT_NEEDS_VOLUME, "volume.create", "native_id", offsetof(kit_stage, volume) },
		{ KIT_NEEDS_NETWORK, "network.create", "native_id", offsetof(kit_stage, net) },
		{ KIT_NEEDS_PORT, "network.port_create", "native_id", offsetof(kit_stage, port) },
	};

	new_id(s, "vm", s->id, s->uuid);
	new_id(s, "volume", s->volume_id, s->volume_uuid);
	new_id(s, "network", s->net_id, s->net_uuid);
	new_id(s, "port", s->port_id, s->port_uuid);
	new_id(s, "snapshot", s->made_id, s->made_uuid);
	*s->native_id = *s->snapshot = *s->backup = *s->volume = *s->net = *s->port = '\0';
	if (needs & KIT_NEEDS_TWO_HOSTS && !*s->host2) {
		(void)snprintf(s->why, sizeof(s->why), "there is one host only");
		return false;
	}
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (needs & steps[i].need &&
			!make(s, steps[i].verb, steps[i].member,
				steps[i].member ? (char *)s + steps[i].to : NULL, 256))
			return false;
	return true;
}
