/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_KIT_STAGE_H
#define NC_KIT_STAGE_H

#include "host.h"
#include "novacron-sdk/messages.h"

/*
 * What a verb is tried on: hosts, networks and pools the plugin has, and guests, volumes and so on
 * made for each try through the plugin's own verbs.
 */
enum {
	KIT_NEEDS_GUEST = 1, /* running */
	KIT_NEEDS_SNAPSHOT = 2,
	KIT_NEEDS_BACKUP = 4,
	KIT_NEEDS_DISK = 8, /* disk9, beside disk0 */
	KIT_NEEDS_NIC = 16, /* nic9, beside nic0 */
	KIT_NEEDS_VOLUME = 32,
	KIT_NEEDS_NETWORK = 64,
	KIT_NEEDS_PORT = 128,
	KIT_NEEDS_TWO_HOSTS = 256,
	KIT_NEEDS_NOTHING = 0
};
typedef enum kit_target { KIT_ON_HOST, KIT_ON_POOL, KIT_ON_NONE } kit_target;

typedef struct kit_stage {
	kit_host *h;
	char host[256], host2[256], network[256], pool[256];
	unsigned serial; /* of ids and keys */
	/* Of the guest, and of what the verb itself makes. */
	char id[64], uuid[37], native_id[256];
	char made_id[64], made_uuid[37];
	char snapshot[256], backup[256], volume[256], net[256], port[256];
	char volume_id[64], volume_uuid[37], net_id[64], net_uuid[37], port_id[64], port_uuid[37];
	char why[200]; /* a preparation that failed */
} kit_stage;

typedef struct kit_verb {
	const char *name;   /* of its schema */
	const char *ext;    /* whose table has the slot */
	size_t offset;      /* of the slot */
	const char *answer; /* schema of the result, or of an object of a query */
	const char *recover_ext;
	size_t recover_offset;
	bool is_query;
	kit_target target;
	unsigned needs;
	nc_code (*request)(const kit_stage *s, nc_plug_buf *out);
	/* How often its effect is to be seen: 0, 1, more than it should; -1: can't be seen. */
	int (*effect)(kit_stage *s);
	bool makes; /* something new: a second one would be an orphan */
} kit_verb;

extern const kit_verb kit_verbs[]; /* ends with a NULL name */
const kit_verb *kit_verb_find(const char *name);

/* Look around: false when there is no host to try anything on. */
bool kit_stage_open(kit_stage *s, kit_host *h);
/* New ids, then all that `needs` says. False: s->why says what went wrong. */
bool kit_stage_prepare(kit_stage *s, unsigned needs);
/* A key never used before. */
void kit_stage_key(kit_stage *s, char key[NC_OP_KEY_MAX + 1]);
const char *kit_stage_target(const kit_stage *s, const kit_verb *v);

/* Objects of a query, called by name on the stage's target; the caller frees. NULL: it failed. */
struct nc_sink *kit_query(kit_stage *s, const char *verb, const char *target, const char *request);
nc_query_fn kit_query_slot(kit_host *h, const kit_verb *v);
nc_verb_fn kit_verb_slot(kit_host *h, const kit_verb *v);

#endif
