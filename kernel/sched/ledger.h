/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_SCHED_LEDGER_H
#define NC_SCHED_LEDGER_H

/* Inside of sched/: the ledger and the books beside it. Nobody else includes it. */

#include <pthread.h>

#include "base/atomics.h"
#include "base/map.h"
#include "model/guest.h"
#include "model/host.h"
#include "model/infra.h"
#include "model/tenancy.h"
#include "sched/sched.h"

#define CHUNK_SLOTS 1024u
#define CHUNKS_MAX  64u
#define SLOTS_MAX   (CHUNK_SLOTS * CHUNKS_MAX)
#define NO_SLOT     UINT32_MAX

/* Words that hosts have and requests ask for are numbered, each class for itself, and kept as bits:
 * 256 different ones of each. */
typedef enum { NC_BITS_TRAIT, NC_BITS_NETWORK, NC_BITS_POOL, NC_BITS_COUNT } nc_bits_class;
#define BIT_WORDS 4

/* Who stands in a slot. Never changed nor freed while the scheduler lives, so that who has seen it
 * may go on looking. */
typedef struct nc_ident {
	struct nc_ident *older; /* every one ever made */
	char id[NC_DB_ID_MAX + 1], provider[NC_DB_ID_MAX + 1], name[64];
} nc_ident;

/*
 * Hosts as columns. Written by the sequencer thread alone (foreign: by whoever looks at guests),
 * read by any worker without a lock: each number is read whole, together they may be of different
 * moments, which the claim's guard settles. A slot is used again after its host was deleted; the
 * pointer in `ident` is the mark of a seqlock over the row, and no two hosts have the same.
 */
typedef struct nc_chunk {
	nc_loose64 free[NC_RES_COUNT][CHUNK_SLOTS];
	nc_loose64 foreign[NC_RES_COUNT][CHUNK_SLOTS]; /* held there by guests that aren't ours */
	nc_loose64 overhead_mib[CHUNK_SLOTS];
	nc_loose32 is_usable[CHUNK_SLOTS];                   /* enabled and up */
	nc_beacon_ptr ident[CHUNK_SLOTS];                    /* nc_ident; NULL = nobody */
	nc_loose32 zone[CHUNK_SLOTS], provider[CHUNK_SLOTS]; /* numbers of words */
	nc_loose32 host_group[CHUNK_SLOTS];                  /* its failure domain's, 0 = none */
	nc_loose64 bits[NC_BITS_COUNT][BIT_WORDS][CHUNK_SLOTS];
	nc_loose32 is_exclusive[CHUNK_SLOTS];         /* has any of: */
	nc_loose64 exclusive[BIT_WORDS][CHUNK_SLOTS]; /* traits that a guest must ask for */
	nc_loose64 capacity[NC_RES_COUNT][CHUNK_SLOTS];
	struct nc_slot_raw {  /* what capacity is made of; the sequencer's own */
		uint64_t rev; /* of the host's item */
		int64_t total[NC_RES_COUNT], reserved[NC_RES_COUNT];
		double ratio[NC_RES_COUNT];
	} raw[CHUNK_SLOTS];
} nc_chunk;

typedef struct nc_row { /* one slot of the columns */
	nc_chunk *c;
	uint32_t i;
} nc_row;

typedef struct nc_quota_book { /* limits of one quota object */
	struct nc_quota_book *next;
	char id[NC_DB_ID_MAX + 1];
	uint64_t rev;
	int64_t limit[NC_USE_COUNT]; /* -1 = none */
} nc_quota_book;

typedef struct nc_project_book {
	int64_t used[NC_USE_COUNT];
	int64_t limit[NC_USE_COUNT]; /* the least of its quotas' */
	nc_quota_book *quotas;
} nc_project_book;

typedef struct nc_group_book { /* a vm_group: how many of it stand in which slot */
	uint64_t rev;
	nc_vm_group_policy policy;
	nc_vm_group_domain domain;
	int64_t max_per_domain;
	nc_map *counts; /* slot (4 bytes) → count, as a pointer-sized number */
} nc_group_book;

typedef struct nc_host_group_book { /* hosts that fail together */
	uint32_t number;
	char **hosts;
	size_t n_hosts;
} nc_host_group_book;

struct nc_sched {
	nc_beacon_ptr chunks[CHUNKS_MAX];
	nc_beacon32 n_slots; /* ever used */
	nc_loose64 seq;      /* of the last batch applied: the generation a decision names */

	nc_db *db; /* or NULL */

	/* The sequencer's own. */
	int is_behind;    /* some change could not be applied */
	uint32_t *unused; /* slots whose hosts are gone */
	uint32_t n_unused;
	nc_ident *idents;
	nc_map *host_groups; /* host_group id → nc_host_group_book */

	/* Guards everything below; held for a look-up, never across a scan. */
	pthread_mutex_t book_lock;
	nc_sched_options opt;
	int has_new_options; /* capacities are to be computed again */
	nc_map *slot_of;     /* host id → number + 1 */
	nc_map *words;       /* zone, provider or host group → number from 1 */
	uint32_t n_words;
	nc_map *bit_of[NC_BITS_COUNT]; /* word → bit + 1 */
	uint32_t n_bits[NC_BITS_COUNT];
	nc_map *groups;      /* vm_group id → nc_group_book */
	nc_map *projects;    /* project id → nc_project_book */
	nc_map *quota_owner; /* quota id → nc_project_book: where it counts now */

	nc_sched_stage stages[8]; /* constant once anything runs */
	uint32_t n_stages;
};

/* ---- ledger.c ---- */
nc_row nc_row_at(const nc_sched *s, uint32_t slot);
uint32_t nc_slot_count(const nc_sched *s);            /* numbers below it may be looked at */
uint32_t nc_slot_find(nc_sched *s, const char *host); /* NO_SLOT */
static inline const nc_ident *nc_row_ident(nc_row r)
{
	return nc_beacon_ptr_get(&r.c->ident[r.i]);
}
static inline int64_t nc_row_free(nc_row r, int resource)
{
	return nc_loose64_get(&r.c->free[resource][r.i]) -
	       nc_loose64_get(&r.c->foreign[resource][r.i]);
}
nc_code nc_ledger_put_host(nc_sched *s, const nc_host_obj *h, nc_error *err);
void nc_ledger_drop_host(nc_sched *s, const char *id);
void nc_ledger_recompute(nc_sched *s); /* capacities, if the options have changed */
/* Take, or with sign -1 give back. */
void nc_ledger_take(nc_row r, const int64_t want[NC_RES_COUNT], int sign);
void nc_ledger_free(nc_sched *s);

/* ---- words.c ---- */
typedef enum { NC_WORD_FIND, NC_WORD_MAKE } nc_word_how;
/* Number of a word; 0 = never met, or no memory to make it. */
uint32_t nc_word_number(nc_sched *s, const char *word, nc_word_how how);
typedef struct nc_bits {
	uint64_t w[BIT_WORDS];
} nc_bits;
/* Adds to *ret what there is. NC_E_NOTFOUND: some have no bit, never met or one too many.
 * NC_E_NOMEM, where they are to be made. */
nc_code nc_bits_of(nc_sched *s, nc_bits_class of, const char *const *words, size_t n,
	nc_word_how how, nc_bits *ret);

/* ---- projects.c ---- */
nc_code nc_projects_put_quota(
	nc_sched *s, const char *project, const nc_quota_obj *q, uint64_t rev, nc_error *err);
void nc_projects_drop_quota(nc_sched *s, const char *id);
/* Whether the book's limits are those of the tip. */
int nc_projects_is_current(nc_sched *s, const nc_root *tip, const char *project);
nc_code nc_projects_check(nc_sched *s, const nc_root *root, const char *project,
	const int64_t delta[NC_USE_COUNT], nc_error *err);
/* NC_E_NOMEM leaves all as it was; giving back never fails. */
nc_code nc_projects_take(
	nc_sched *s, const char *project, const int64_t use[NC_USE_COUNT], int sign);
void nc_projects_free(nc_sched *s);

/* ---- groups.c ---- */
nc_code nc_groups_put(nc_sched *s, const nc_vm_group *g, uint64_t rev, nc_error *err);
void nc_groups_drop(nc_sched *s, const char *id);
int nc_groups_is_current(nc_sched *s, const nc_root *tip, const char *id);
/* Whether one more may stand in the slot, not counting one that leaves `from` (or NO_SLOT). */
int nc_groups_allow(nc_sched *s, const char *group, uint32_t slot, uint32_t from);
/* NC_E_NOMEM leaves all as it was. What was once counted there needs no memory any more. */
nc_code nc_groups_take(nc_sched *s, const char *group, uint32_t slot, int sign);
void nc_groups_forget_empty(nc_sched *s, const char *group, uint32_t slot);
/* A copy of a group's state, by domain, for a scan. */
typedef struct nc_group_view {
	nc_vm_group_policy policy;
	nc_vm_group_domain domain;
	int64_t max_per_domain, total;
	struct nc_domain_count {
		uint64_t domain;
		int64_t count;
	} * counts;
	size_t n;
	int is_there;
} nc_group_view;
nc_code nc_group_view_take(nc_sched *s, const char *group, uint32_t from, nc_group_view *ret);
void nc_group_view_done(nc_group_view *v);
int64_t nc_group_view_count(const nc_group_view *v, nc_row r, uint32_t slot);
int nc_group_view_allows(const nc_group_view *v, nc_row r, uint32_t slot);
void nc_groups_free(nc_sched *s);

/* ---- domains.c ---- */
/* A failure domain and its hosts; each put or drop places all hosts anew. */
nc_code nc_domains_put(nc_sched *s, const nc_host_group *g, nc_error *err);
nc_code nc_domains_drop(nc_sched *s, const char *id, nc_error *err);
void nc_domains_free(nc_sched *s);

/* ---- holding.c ---- */
/* What a consumer holds, to be counted. */
typedef struct nc_holding {
	int is_there;
	uint32_t slot;               /* NO_SLOT = of no host that the ledger knows */
	char host[NC_DB_ID_MAX + 1]; /* "" = of none */
	char group[NC_DB_ID_MAX + 1];
	int64_t amount[NC_RES_COUNT]; /* with the hypervisor's overhead: what the host gives */
	int64_t use[NC_USE_COUNT];    /* without: what the project is counted */
} nc_holding;
typedef struct nc_allocation nc_allocation;
void nc_holding_of(nc_sched *s, const nc_allocation *al, nc_holding *h);
nc_code nc_holding_take(nc_sched *s, const char *project, const nc_holding *h, int sign);
/* What the consumer holds as of root; NC_OK with !is_there when nothing. */
nc_code nc_holding_load(
	nc_sched *s, const nc_root *root, const char *consumer, nc_holding *h, nc_error *err);

/* ---- sched.c ---- */
/* On the sequencer: if the ledger is behind, all hosts, groups and quotas again. */
nc_code nc_sched_catch_up(nc_sched *s, nc_error *err);

/* ---- decision.c ---- */
#define NC_FILTERS(X)                                                                              \
	X(STATE, "state")                                                                          \
	X(PROVIDER, "provider")                                                                    \
	X(DISABLED, "disabled")                                                                    \
	X(ZONE, "zone")                                                                            \
	X(HOST, "host")                                                                            \
	X(EXCLUDED, "excluded")                                                                    \
	X(TRAITS, "traits")                                                                        \
	X(NETWORKS, "networks")                                                                    \
	X(POOLS, "pools")                                                                          \
	X(GROUP, "vm_group")                                                                       \
	X(VCPU, "vcpus")                                                                           \
	X(MEMORY, "memory_mib")                                                                    \
	X(DISK, "disk_gib")                                                                        \
	X(STAGE, "policy")
#define NC_FILTER_ENUM_(upper, word) NC_FILTER_##upper,
enum { NC_FILTERS(NC_FILTER_ENUM_) NC_FILTER_COUNT, NC_FILTER_NONE = 255 };
extern const char *const nc_filter_words[];

#define NC_SURVIVORS_MAX 64
typedef struct nc_survivor {
	uint32_t slot;
	const nc_ident *ident;
	double score; /* less is better */
} nc_survivor;

typedef struct nc_near {       /* what refused for want of capacity alone, and by how little */
	const nc_ident *ident; /* NULL = none */
	int64_t missing[NC_RES_COUNT]; /* of each; 0 = enough */
	double ratio;                  /* the largest share of a need that is missing */
} nc_near;

typedef struct nc_verdict { /* what a placement found */
	uint32_t refused[NC_FILTER_COUNT];
	uint32_t n_seen; /* hosts looked at: first fit stops early */
	uint32_t n_fits; /* all that were left, also those beyond survivors[] */
	nc_survivor survivors[NC_SURVIVORS_MAX];
	uint32_t n_survivors;
	nc_near near;
} nc_verdict;
/* `problem`: why there is no choice, or NULL. */
void nc_decision_write(nc_sched *s, const nc_place_req *req, const nc_verdict *v,
	const nc_placement *p, const nc_error *problem, nc_buf *out);

#endif
