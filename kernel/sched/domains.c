/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Failure domains: host groups that say their hosts may fail together. A host in several counts in
 * the one with the least id. Groups change rarely, so each change places all hosts anew. The
 * sequencer's alone.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "sched/ledger.h"

static void book_free(nc_host_group_book *b)
{
	for (size_t i = 0; i < b->n_hosts; i++)
		nc_free(b->hosts[i]);
	nc_free(b->hosts);
	nc_free(b);
}
NC_DEFINE_CLEANUP(nc_host_group_book *, book_free);

static nc_host_group_book *book_of(nc_sched *s, const nc_host_group *g)
{
	_cleanup_(book_freep) nc_host_group_book *b = nc_calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->number = nc_word_number(s, g->o.id, NC_WORD_MAKE);
	b->hosts = nc_calloc(g->n_hosts + 1, sizeof(*b->hosts));
	if (!b->number || !b->hosts)
		return NULL;
	for (; b->n_hosts < g->n_hosts; b->n_hosts++)
		if (!(b->hosts[b->n_hosts] = nc_strdup(g->hosts[b->n_hosts])))
			return NULL;
	return nc_steal(&b);
}

typedef struct placing { /* of a slot: the least group found so far */
	nc_bytes group;
	uint32_t number;
} placing;

static nc_code place_all(nc_sched *s, nc_error *err)
{
	uint32_t n = nc_slot_count(s);
	_cleanup_(nc_freep) placing *at = nc_calloc(n + 1, sizeof(*at));
	nc_bytes id;
	void *val;
	size_t it = 0;

	if (!at)
		return nc_err_nomem(err);
	while (nc_map_next(s->host_groups, &it, &id, &val)) {
		const nc_host_group_book *b = val;
		for (size_t i = 0; i < b->n_hosts; i++) {
			uint32_t slot = nc_slot_find(s, b->hosts[i]);
			if (slot == NO_SLOT)
				continue;
			if (!at[slot].number || nc_bytes_cmp(id, at[slot].group) < 0)
				at[slot] = (placing){ id, b->number };
		}
	}
	for (uint32_t i = 0; i < n; i++) {
		nc_row r = nc_row_at(s, i);
		nc_loose32_set(&r.c->host_group[r.i], at[i].number);
	}
	return NC_OK;
}

nc_code nc_domains_put(nc_sched *s, const nc_host_group *g, nc_error *err)
{
	void *old = NULL;

	if (!g->is_failure_domain)
		return nc_domains_drop(s, g->o.id, err);
	_cleanup_(book_freep) nc_host_group_book *b = book_of(s, g);
	if (!b || nc_map_put(s->host_groups, nc_str(g->o.id), b, &old) != NC_OK)
		return nc_err_nomem(err);
	nc_steal(&b);
	if (old)
		book_free(old);
	return place_all(s, err);
}

nc_code nc_domains_drop(nc_sched *s, const char *id, nc_error *err)
{
	nc_host_group_book *b = nc_map_del(s->host_groups, nc_str(id));

	if (!b)
		return NC_OK;
	book_free(b);
	return place_all(s, err);
}

void nc_domains_free(nc_sched *s)
{
	size_t it = 0;
	void *val;

	while (s->host_groups && nc_map_next(s->host_groups, &it, NULL, &val))
		book_free(val);
	nc_map_free(s->host_groups);
}
