/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_SCHED_LEDGER_H
#define NC_SCHED_LEDGER_H

/* Inside of sched/: the ledger and the books beside it. Nobody else includes it. */

#include <pthread.h>
#include <stdatomic.h>

#include "base/map.h"
#include "model/guest.h"
#include "model/host.h"
#include "sched/sched.h"

#define CHUNK_SLOTS 1024u
#define CHUNKS_MAX  64u
#define SLOTS_MAX   (CHUNK_SLOTS * CHUNKS_MAX)
#define TRAIT_WORDS 4 /* 256 different traits */
#define NO_SLOT	    UINT32_MAX

/*
 * One host. Written by the sequencer thread alone, read by any worker without a lock: each number
 * is read as one, together they may be from different moments, which the claim's guard settles.
 * All accesses are relaxed; a slot becomes visible through n_slots (release / acquire), after which
 * id and target never change.
 */
typedef struct nc_slot {
	_Atomic int64_t free[NC_RES_COUNT], capacity[NC_RES_COUNT];
	_Atomic uint64_t traits[TRAIT_WORDS];
	_Atomic uint32_t is_usable; /* enabled and up; 0 also when the host is gone */
	_Atomic uint32_t zone, provider; /* numbers of nc_names */
	_Atomic int64_t overhead_mib;
	char id[NC_DB_ID_MAX + 1];
	char target[64];
} nc_slot;

typedef struct nc_group_book { /* a vm_group with hard policy */
	nc_vm_group_policy policy;
	nc_vm_group_domain domain;
	int64_t max_per_domain;
	nc_map *counts; /* domain (4 bytes) → count, as a pointer-sized number */
	int64_t total;
} nc_group_book;

enum { NC_USE_VMS = NC_RES_COUNT, NC_USE_COUNT };
typedef struct nc_project_book {
	int64_t used[NC_USE_COUNT];
	int64_t limit[NC_USE_COUNT]; /* -1 = none */
} nc_project_book;

struct nc_sched {
	_Atomic(nc_slot *) chunks[CHUNKS_MAX];
	_Atomic uint32_t n_slots;
	_Atomic uint64_t seq; /* of the last batch applied: the generation a decision names */

	/* Guards everything below; held for a look-up, never across a scan. */
	pthread_mutex_t book_lock;
	nc_sched_options opt;
	nc_map *slot_of;  /* host id → number + 1 */
	nc_map *names;	  /* word → number; zones, providers, traits share it, from 1 */
	uint32_t n_names;
	nc_map *trait_of; /* trait → bit + 1 */
	uint32_t n_traits;
	nc_map *groups;	  /* vm_group id → nc_group_book */
	nc_map *projects; /* project id → nc_project_book */
	nc_sched_stage stages[8];
	uint32_t n_stages;
};

/* ---- ledger.c ---- */
nc_slot *nc_slot_at(const nc_sched *s, uint32_t number);
uint32_t nc_slot_find(nc_sched *s, const char *host); /* NO_SLOT */
uint32_t nc_slot_count(const nc_sched *s);
nc_code nc_ledger_put_host(nc_sched *s, const nc_host_obj *h, nc_error *err);
void nc_ledger_drop_host(nc_sched *s, const char *id);
/* Take (or with negative amounts give back). The sequencer, or before anything runs. */
void nc_ledger_take(nc_slot *slot, const int64_t want[NC_RES_COUNT], int sign);
/* Number of a word; 0 = never met (make 0) or no memory. */
typedef enum { NC_NAME_FIND, NC_NAME_MAKE } nc_name_how;
uint32_t nc_name_number(nc_sched *s, const char *word, nc_name_how how);
/* Bits of a list of traits. Returns -1 when one was never met: no host has it. */
int nc_trait_bits(
	nc_sched *s, const char *const *traits, size_t n, nc_name_how how, uint64_t *bits);

/* Whose host it is, into out. */
nc_code nc_sched_provider_of(
	const nc_root *r, const char *host, char out[NC_DB_ID_MAX + 1], nc_error *err);

/* ---- books.c: projects and groups; each takes book_lock itself ---- */
nc_code nc_book_put_group(nc_sched *s, const nc_vm_group *g, nc_error *err);
void nc_book_drop_group(nc_sched *s, const char *id);
nc_code nc_book_put_quota(
	nc_sched *s, const char *project, const nc_object *quota, nc_error *err);
/* What a consumer holds of both books, given or taken (sign). NC_E_NOMEM leaves all as it was. */
nc_code nc_book_take(nc_sched *s, const char *project, const char *group, uint32_t slot,
	const int64_t want[NC_RES_COUNT], int64_t vms, int sign);
nc_code nc_book_check_quota(nc_sched *s, const char *project, const int64_t delta[NC_RES_COUNT],
	int64_t vms, nc_error *err);
/* Whether one more of the group may stand on the slot; soft ones always may. */
int nc_book_group_allows(nc_sched *s, const char *group, uint32_t slot);
/* How many of the group stand there: what soft policies score by. */
int64_t nc_book_group_count(nc_sched *s, const char *group, uint32_t slot, int *ret_is_soft_anti);
void nc_books_free(nc_sched *s);

/* ---- decision.c ---- */
#define NC_FILTERS(X)                                                                              \
	X(STATE, "state")                                                                          \
	X(PROVIDER, "provider")                                                                    \
	X(ZONE, "zone")                                                                            \
	X(HOST, "host")                                                                            \
	X(EXCLUDED, "excluded")                                                                    \
	X(TRAITS, "traits")                                                                        \
	X(VCPU, "vcpus")                                                                           \
	X(MEMORY, "memory_mib")                                                                    \
	X(DISK, "disk_gib")                                                                        \
	X(GROUP, "vm_group")                                                                       \
	X(STAGE, "policy")
#define NC_FILTER_ENUM_(upper, word) NC_FILTER_##upper,
enum { NC_FILTERS(NC_FILTER_ENUM_) NC_FILTER_COUNT, NC_FILTER_NONE = 255 };
extern const char *const nc_filter_words[];

#define NC_SURVIVORS_MAX 64
typedef struct nc_survivor {
	uint32_t slot;
	double score; /* less is better */
} nc_survivor;

typedef struct nc_verdict { /* what a placement found */
	uint32_t refused[NC_FILTER_COUNT];
	uint32_t n_seen; /* hosts looked at: first fit stops early */
	nc_survivor survivors[NC_SURVIVORS_MAX];
	uint32_t n_survivors, n_fits; /* n_fits counts all */
	uint32_t near_slot;	      /* NO_SLOT = none */
	uint8_t near_resource;
	int64_t near_short;
	double near_ratio;
} nc_verdict;
void nc_decision_write(nc_sched *s, const nc_place_req *req, const nc_verdict *v,
	const nc_placement *p, nc_buf *out);

#endif
