/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "map.h"
#include "messages.h"

/*
 * What there is: hosts and pools, which the configuration makes, and guests, volumes, networks and
 * ports, which verbs make. Each of these is one packed document that is replaced whole. Not
 * locked; the instance's lock covers it.
 */
typedef enum sim_kind { SIM_GUEST, SIM_VOLUME, SIM_NETWORK, SIM_PORT, SIM_KINDS } sim_kind;

typedef struct sim_size {
	int64_t vcpus, memory_mib, storage_gib;
} sim_size;

typedef struct sim_pool {
	char *name; /* "local@host-00042", "shared@zone-a" */
	int64_t total_gib, used_gib;
	const char *zone;
	uint32_t host; /* UINT32_MAX: the zone's hosts share it */
	uint32_t n_users;
} sim_pool;

typedef struct sim_host {
	const char *name; /* within the name of its pool */
	const char *zone;
	const char *const *traits;
	size_t n_traits;
	sim_size size, used; /* storage: of its own pool */
	uint32_t pool;       /* its own; the zone's is zone_pool */
	uint32_t zone_pool;
	struct sim_guest *guests; /* in no order */
	uint32_t n_guests;
} sim_host;

typedef struct sim_guest {
	const sim_guest_doc *doc;
	sim_host *host;
	struct sim_guest *next, **prev; /* on its host */
} sim_guest;

typedef struct sim_world {
	sim_host *hosts;
	uint32_t n_hosts;
	sim_pool *pools; /* one a host, then one a zone */
	uint32_t n_pools;
	sim_map host_by_name, pool_by_name;
	/* By native id. Guests: sim_guest; the others: their packed document. */
	sim_map by_id[SIM_KINDS];
	sim_guest *spare_guests; /* reserved, linked by next */
	uint32_t n_spare_guests;
	uint32_t last_ip; /* the last address handed out, counted over all networks */
} sim_world;

/* Make hosts and pools. The configuration must outlive the world. NC_E_INVAL or NC_E_NOMEM. */
nc_code sim_world_init(sim_world *w, const sim_config *cfg, nc_error *err);
void sim_world_done(sim_world *w);

sim_host *sim_world_host(const sim_world *w, const char *name); /* NULL: none */
sim_pool *sim_world_pool(const sim_world *w, const char *name);
sim_guest *sim_world_guest(const sim_world *w, const char *native_id);
const sim_volume_doc *sim_world_volume(const sim_world *w, const char *native_id);
const sim_network_doc *sim_world_network(const sim_world *w, const char *native_id);
const sim_port_doc *sim_world_port(const sim_world *w, const char *native_id);

/*
 * Take a packed document in the place of the one of the same native id; it is the world's from
 * then on. Cannot fail: sim_world_reserve came before, and hosts and pools it names are there.
 */
bool sim_world_reserve(sim_world *w, sim_kind kind, size_t more);
void sim_world_put(sim_world *w, sim_kind kind, void *doc);
void sim_world_del(sim_world *w, sim_kind kind, const char *native_id);

const nc_msg *sim_kind_msg(sim_kind kind);
/* The document behind a value of by_id. */
const void *sim_doc_of(sim_kind kind, const void *value);
const char *sim_doc_native_id(sim_kind kind, const void *doc);

#endif
