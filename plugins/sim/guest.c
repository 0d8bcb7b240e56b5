/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the verbs on guests share: finding the one that is meant, whose it is, whether there is
 * room, addresses. Under the instance's lock.
 */
#define NC_PLUG_DOMAIN "sim"
#include "guest.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *sim_format(nc_msg_mem *mem, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	text = n < 0 ? NULL : nc_msg_alloc(mem, (size_t)n + 1);
	if (!text)
		return NULL;
	va_start(ap, fmt);
	(void)vsnprintf(text, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return text;
}

void *sim_list_copy(nc_msg_mem *mem, const void *items, size_t n, size_t size, size_t more)
{
	void *copy = nc_msg_alloc(mem, (n + more) * size + 1);

	if (copy && n)
		memcpy(copy, items, n * size);
	return copy;
}

sim_tag sim_tag_of(const nc_tag *tag)
{
	return (sim_tag){ tag->installation, tag->object, tag->operation, tag->epoch };
}

nc_code sim_check_owner(const char *what, const char *native_id, const sim_tag *has,
	const nc_tag *wants, nc_error *err)
{
	if (strcmp(has->installation, wants->installation) == 0 &&
		strcmp(has->object, wants->object) == 0)
		return NC_OK;
	return nc_plug_fail(err, NC_E_CONFLICT, 0,
		"Adopt it first if it is to be yours: novacron orphan adopt.",
		"%s \"%s\" belongs to %s of %s", what, native_id, has->object, has->installation);
}

nc_code sim_guest_find(const sim_call *call, const char *native_id, const char *uuid,
	const nc_tag *tag, sim_guest **ret, nc_error *err)
{
	const sim_world *w = &call->inst->world;
	char by_uuid[64];
	sim_guest *g = native_id ? sim_world_guest(w, native_id) : NULL;
	nc_code rc;

	(void)snprintf(by_uuid, sizeof(by_uuid), "sim-%.40s", uuid);
	if (!native_id)
		g = sim_world_guest(w, by_uuid);
	if (!g)
		return nc_plug_fail(err, NC_E_NOTFOUND, 0,
			"Look with inventory: it was removed, or never made.",
			"there is no guest \"%s\"", native_id ? native_id : by_uuid);
	rc = sim_check_owner("guest", g->doc->native_id, &g->doc->tag, tag, err);
	if (rc != NC_OK)
		return rc;
	if (*call->target && strcmp(call->target, g->doc->host) != 0)
		return nc_plug_fail(err, NC_E_CONFLICT, NC_ERR_RETRYABLE,
			"Take the host that inventory names as the target.",
			"guest \"%s\" is on host %s, not on %s", g->doc->native_id, g->doc->host,
			call->target);
	*ret = g;
	return NC_OK;
}

nc_code sim_check_running(const sim_guest_doc *doc, const char *to, nc_error *err)
{
	if (doc->power == SIM_POWER_RUNNING)
		return NC_OK;
	return nc_plug_fail(err, NC_E_CONFLICT, NC_ERR_USER_FAULT, "Start the guest first.",
		"guest \"%s\" must run %s; it is %s", doc->native_id, to,
		nc_msg_enum_name(sim_power_names, doc->power));
}

static bool has_booted(const struct nc_inst *inst, const sim_guest_doc *doc)
{
	return doc->boots > 0 &&
	       (doc->power == SIM_POWER_RUNNING || doc->power == SIM_POWER_PAUSED) &&
	       sim_now_ms() >= doc->booted_at_ms + inst->cfg->guest_boot_ms;
}

nc_code sim_guest_addresses(const struct nc_inst *inst, const sim_guest_doc *doc, nc_msg_mem *mem,
	const nc_address **ret, size_t *ret_n)
{
	nc_address *list = nc_msg_alloc(mem, (doc->n_nics + 1) * sizeof(*list));
	bool is_up = has_booted(inst, doc);
	size_t n = 0;

	if (!list)
		return NC_E_NOMEM;
	for (size_t i = 0; i < doc->n_nics; i++) {
		const sim_nic_doc *nic = &doc->nics[i];

		/* A fixed address is known before the guest has it. */
		if (!*nic->ip || nic->is_down || !(is_up || nic->is_static))
			continue;
		list[n++] = (nc_address){ nic->id, nic->ip,
			nic->is_static ? NC_ADDRESS_SOURCE_STATIC : NC_ADDRESS_SOURCE_DHCP };
	}
	*ret = list;
	*ret_n = n;
	return NC_OK;
}

nc_code sim_guest_message(const struct nc_inst *inst, const sim_guest_doc *doc, nc_msg_mem *mem,
	nc_compute_guest *ret)
{
	*ret = (nc_compute_guest){ .native_id = doc->native_id,
		.uuid = doc->uuid,
		.name = doc->name,
		.host = doc->host,
		.tag = { doc->tag.installation, doc->tag.object, doc->tag.operation,
			doc->tag.epoch },
		.has_tag = true,
		.power = doc->power,
		.vcpus = doc->vcpus,
		.memory_mib = doc->memory_mib,
		.obs_seq = doc->obs_seq,
		.owned = true };
	return sim_guest_addresses(inst, doc, mem, &ret->addresses, &ret->n_addresses);
}

static nc_code check_one(int64_t total, int64_t used, int64_t more, const char *what,
	const char *where, nc_error *err)
{
	if (more <= total - used)
		return NC_OK;
	return nc_plug_fail(err, NC_E_QUOTA, NC_ERR_RETRYABLE,
		"Choose another host, or turn enforce_capacity off.",
		"%s: %s %lld of %lld used, %lld asked, short by %lld", where, what, (long long)used,
		(long long)total, (long long)more, (long long)(more - (total - used)));
}

nc_code sim_check_room(
	const struct nc_inst *inst, const sim_host *host, const sim_size *more, nc_error *err)
{
	nc_code rc;

	if (!inst->cfg->enforce_capacity)
		return NC_OK;
	rc = check_one(host->size.vcpus * inst->cfg->vcpu_ratio, host->used.vcpus, more->vcpus,
		"vcpus", host->name, err);
	if (rc == NC_OK)
		rc = check_one(host->size.memory_mib, host->used.memory_mib, more->memory_mib,
			"memory_mib", host->name, err);
	return rc;
}

nc_code sim_check_pool(
	const struct nc_inst *inst, const sim_pool *pool, int64_t more_gib, nc_error *err)
{
	if (!inst->cfg->enforce_capacity)
		return NC_OK;
	return check_one(pool->total_gib, pool->used_gib, more_gib, "gib", pool->name, err);
}

nc_code sim_pool_for(const struct nc_inst *inst, const sim_host *host, const char *name,
	sim_pool **ret, nc_error *err)
{
	sim_pool *pools = inst->world.pools;
	sim_pool *p = name ? sim_world_pool(&inst->world, name) : &pools[host->pool];

	if (!p || (p != &pools[host->pool] && p != &pools[host->zone_pool]))
		return nc_plug_fail(err, NC_E_NOTFOUND, NC_ERR_USER_FAULT,
			"Take one of the pools that fingerprint lists for the host.",
			"host %s has no pool \"%s\"", host->name, name);
	*ret = p;
	return NC_OK;
}

nc_code sim_volume_for(const struct nc_inst *inst, const sim_host *host, const char *native_id,
	const sim_volume_doc **ret, nc_error *err)
{
	const sim_volume_doc *v = sim_world_volume(&inst->world, native_id);
	sim_pool *pool;
	nc_code rc;

	if (!v || *v->snapshot_of)
		return nc_plug_fail(err, NC_E_NOTFOUND, NC_ERR_USER_FAULT,
			"Take the native id of a volume from volume.inventory.",
			"there is no volume \"%s\"", native_id);
	if (*v->attached_to)
		return nc_plug_fail(err, NC_E_CONFLICT, NC_ERR_USER_FAULT,
			"Detach it from that guest first.", "volume \"%s\" is attached to \"%s\"",
			native_id, v->attached_to);
	rc = sim_pool_for(inst, host, v->pool, &pool, err);
	if (rc == NC_OK)
		*ret = v;
	return rc;
}

/* The next address of a network: its own range around the number, 10.0.0.0/8 when it has none. */
static const char *next_address(struct nc_inst *inst, const sim_network_doc *net, nc_msg_mem *mem)
{
	unsigned a = 10, b = 0, c = 0, d = 0, bits = 8;
	uint32_t base, mask, ip;
	struct in_addr in;
	char text[INET_ADDRSTRLEN];

	if (sscanf(net->cidr, "%u.%u.%u.%u/%u", &a, &b, &c, &d, &bits) != 5 || bits > 30 ||
		bits < 1) {
		a = 10;
		b = c = d = 0;
		bits = 8;
	}
	base = (a & 255) << 24 | (b & 255) << 16 | (c & 255) << 8 | (d & 255);
	mask = ~0u >> bits;
	inst->world.last_ip++;
	/* Neither the network, nor the gateway, nor the broadcast address. */
	ip = (base & ~mask) | (2 + (inst->world.last_ip - 1) % (mask - 2));
	in.s_addr = htonl(ip);
	return sim_format(mem, "%s", inet_ntop(AF_INET, &in, text, sizeof(text)));
}

nc_code sim_nic_make(
	struct nc_inst *inst, const nc_nic *want, nc_msg_mem *mem, sim_nic_doc *ret, nc_error *err)
{
	const sim_network_doc *net = sim_world_network(&inst->world, want->network);

	if (!net)
		return nc_plug_fail(err, NC_E_NOTFOUND, NC_ERR_USER_FAULT,
			"Take the native id of a network from network.inventory.",
			"there is no network \"%s\"", want->network);
	*ret = (sim_nic_doc){ .id = want->id,
		.mac = want->mac,
		.network = net->native_id,
		.ip = want->address ? want->address : next_address(inst, net, mem),
		.is_static = want->address != NULL };
	return ret->ip ? NC_OK : nc_plug_nomem(err);
}
