/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is for sale: instance types, images and prices, from the configuration or of our own. Spot
 * prices move by the hour, drawn from the seed.
 */
#define NC_PLUG_DOMAIN "sim"
#include <stdio.h>
#include <string.h>

#include "query.h"

#define HOUR_MS (3600 * 1000LL)

static const sim_instance_type usual_types[] = {
	{ "sim.small", 1, 2048, 0 },
	{ "sim.medium", 2, 8192, 0 },
	{ "sim.large", 4, 16384, 0 },
	{ "sim.xlarge", 8, 32768, 100 },
};
static const sim_image usual_images[] = {
	{ "ubuntu-22.04", "ubuntu", "22.04", 5, 681574400 },
	{ "ubuntu-24.04", "ubuntu", "24.04", 5, 620756992 },
	{ "debian-12", "debian", "12", 3, 347078656 },
	{ "alpine-3.20", "alpine", "3.20", 1, 138412032 },
};

static const sim_instance_type *types_of(const sim_config *cfg, size_t *ret_n)
{
	*ret_n = cfg->n_types ? cfg->n_types : sizeof(usual_types) / sizeof(usual_types[0]);
	return cfg->n_types ? cfg->types : usual_types;
}

static void add_types(const struct nc_inst *inst, sim_batch *b)
{
	size_t n;
	const sim_instance_type *types = types_of(inst->cfg, &n);

	for (size_t i = 0; i < n; i++) {
		static const char *const traits[] = { "hw.cpu.avx2" };
		nc_catalog_types_result msg = { .name = types[i].name,
			.vcpus = types[i].vcpus,
			.memory_mib = types[i].memory_mib,
			.storage_gib = types[i].storage_gib,
			.traits = traits,
			.n_traits = 1 };

		sim_batch_add(b, &nc_catalog_types_result_msg, &msg); /* sold in every zone */
	}
}

SIM_QUERY(sim_catalog_types)
{
	nc_catalog_types_request parsed;
	char host[SIM_TARGET_MAX];
	nc_msg_mem mem = { 0 };
	sim_batch b = SIM_BATCH_INIT;
	nc_code rc = sim_query_begin(inst, "catalog.types", op, target, req,
		&nc_catalog_types_request_msg, &mem, &parsed, host, err);

	if (rc == NC_OK) {
		pthread_mutex_lock(&inst->lock);
		add_types(inst, &b);
		pthread_mutex_unlock(&inst->lock);
		rc = sim_batch_send(&b, inst, sink, err);
	}
	sim_batch_done(&b);
	nc_msg_done(&mem);
	return rc;
}

SIM_QUERY(sim_catalog_images)
{
	static const int32_t firmware[] = { NC_FIRMWARE_BIOS, NC_FIRMWARE_UEFI };
	nc_catalog_images_request parsed;
	char host[SIM_TARGET_MAX];
	nc_msg_mem mem = { 0 };
	sim_batch b = SIM_BATCH_INIT;
	nc_code rc = sim_query_begin(inst, "catalog.images", op, target, req,
		&nc_catalog_images_request_msg, &mem, &parsed, host, err);

	if (rc == NC_OK) {
		const sim_image *images;
		size_t n;

		pthread_mutex_lock(&inst->lock);
		n = inst->cfg->n_images ? inst->cfg->n_images
					: sizeof(usual_images) / sizeof(usual_images[0]);
		images = inst->cfg->n_images ? inst->cfg->images : usual_images;
		for (size_t i = 0; i < n; i++) {
			nc_catalog_images_result msg = { .name = images[i].name,
				.os = { NC_OS_FAMILY_LINUX, images[i].distro, images[i].version },
				.arch = "x86_64",
				.size_bytes = images[i].size_bytes,
				.min_disk_gib = images[i].min_disk_gib,
				.firmware = firmware,
				.n_firmware = 2 };

			sim_batch_add(&b, &nc_catalog_images_result_msg, &msg);
		}
		pthread_mutex_unlock(&inst->lock);
		rc = sim_batch_send(&b, inst, sink, err);
	}
	sim_batch_done(&b);
	nc_msg_done(&mem);
	return rc;
}

/* Between half and one and a half of the usual part of the price on demand. */
static int64_t spot(
	const sim_config *cfg, int64_t price, const char *type, const char *zone, int64_t hour)
{
	char word[600];
	double u;

	(void)snprintf(word, sizeof(word), "%s/%s", type, zone);
	u = sim_chance((uint64_t)cfg->seed, word, "spot", (uint64_t)hour);
	return (int64_t)((double)price * (double)cfg->prices.spot_percent / 100.0 * (0.5 + u));
}

static void add_instance_prices(const sim_config *cfg, const sim_instance_type *t, const char *zone,
	int64_t now_ms, sim_batch *b)
{
	const sim_price_list *p = &cfg->prices;
	int64_t price =
		t->vcpus * p->vcpu_hour_micros + t->memory_mib * p->memory_gib_hour_micros / 1024;
	nc_catalog_prices_result msg = { .item = NC_PRICE_ITEM_INSTANCE,
		.type = t->name,
		.zone = zone,
		.market = NC_PRICE_MARKET_ON_DEMAND,
		.currency = cfg->currency,
		.unit = NC_PRICE_UNIT_HOUR,
		.price_micros = price,
		.as_of_ms = now_ms / HOUR_MS * HOUR_MS };

	sim_batch_add(b, &nc_catalog_prices_result_msg, &msg);
	msg.market = NC_PRICE_MARKET_SPOT;
	msg.price_micros = spot(cfg, price, t->name, zone, now_ms / HOUR_MS);
	sim_batch_add(b, &nc_catalog_prices_result_msg, &msg);
}

static void add_flat_prices(const sim_config *cfg, int64_t now_ms, sim_batch *b)
{
	const struct {
		int32_t item, unit;
		int64_t micros;
	} flat[] = {
		{ NC_PRICE_ITEM_STORAGE, NC_PRICE_UNIT_GIB_MONTH,
			cfg->prices.storage_gib_month_micros },
		{ NC_PRICE_ITEM_ADDRESS, NC_PRICE_UNIT_HOUR, cfg->prices.address_hour_micros },
		{ NC_PRICE_ITEM_EGRESS, NC_PRICE_UNIT_GIB, cfg->prices.egress_gib_micros },
	};

	for (size_t i = 0; i < sizeof(flat) / sizeof(flat[0]); i++) {
		nc_catalog_prices_result msg = { .item = flat[i].item,
			.type = "",
			.zone = "",
			.market = NC_PRICE_MARKET_ON_DEMAND,
			.currency = cfg->currency,
			.unit = flat[i].unit,
			.price_micros = flat[i].micros,
			.as_of_ms = now_ms / HOUR_MS * HOUR_MS };

		sim_batch_add(b, &nc_catalog_prices_result_msg, &msg);
	}
}

static void add_prices(
	const struct nc_inst *inst, const nc_catalog_prices_request *req, sim_batch *b)
{
	const sim_world *w = &inst->world;
	int64_t now_ms = sim_now_ms();
	size_t n;
	const sim_instance_type *types = types_of(inst->cfg, &n);

	for (uint32_t z = w->n_hosts; z < w->n_pools; z++) { /* the zones, by their pools */
		if (req->zone && strcmp(req->zone, w->pools[z].zone) != 0)
			continue;
		for (size_t i = 0; i < n; i++)
			if (!req->type || strcmp(req->type, types[i].name) == 0)
				add_instance_prices(
					inst->cfg, &types[i], w->pools[z].zone, now_ms, b);
	}
	if (!req->type)
		add_flat_prices(inst->cfg, now_ms, b);
}

SIM_QUERY(sim_catalog_prices)
{
	nc_catalog_prices_request parsed;
	char host[SIM_TARGET_MAX];
	nc_msg_mem mem = { 0 };
	sim_batch b = SIM_BATCH_INIT;
	nc_code rc = sim_query_begin(inst, "catalog.prices", op, target, req,
		&nc_catalog_prices_request_msg, &mem, &parsed, host, err);

	if (rc == NC_OK) {
		pthread_mutex_lock(&inst->lock);
		add_prices(inst, &parsed, &b);
		pthread_mutex_unlock(&inst->lock);
		rc = sim_batch_send(&b, inst, sink, err);
	}
	sim_batch_done(&b);
	nc_msg_done(&mem);
	return rc;
}
