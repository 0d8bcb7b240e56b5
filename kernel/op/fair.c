/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turn-taking between projects: a ring of lanes that have something, popped from the front and put
 * back at the end. Lanes are kept once made (projects are few). Owned by the engine, under its
 * lock.
 */
#include "op/fair.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/map.h"

typedef struct fair_lane {
	nc_list link; /* in ring while it has nodes */
	nc_list nodes;
} fair_lane;

struct nc_fair {
	nc_map *lanes; /* project → fair_lane */
	nc_list ring;
	fair_lane common;
	size_t count;
};

static void lane_init(fair_lane *l)
{
	nc_list_init(&l->link);
	nc_list_init(&l->nodes);
}

nc_fair *nc_fair_new(void)
{
	_cleanup_(nc_freep) nc_fair *f = nc_calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	nc_list_init(&f->ring);
	lane_init(&f->common);
	f->lanes = nc_map_new();
	return f->lanes ? nc_steal(&f) : NULL;
}

void nc_fair_free(nc_fair *f)
{
	size_t it = 0;
	nc_bytes key;
	void *lane;

	if (!f)
		return;
	while (nc_map_next(f->lanes, &it, &key, &lane))
		nc_free(lane);
	nc_map_free(f->lanes);
	nc_free(f);
}

static fair_lane *lane_of(nc_fair *f, const char *project)
{
	fair_lane *l = nc_map_get(f->lanes, nc_str(project));

	if (l)
		return l;
	l = nc_malloc(sizeof(*l));
	if (!l)
		return &f->common;
	lane_init(l);
	if (nc_map_put(f->lanes, nc_str(project), l, NULL) == NC_OK)
		return l;
	nc_free(l);
	return &f->common;
}

void nc_fair_push(nc_fair *f, const char *project, nc_list *node)
{
	fair_lane *l = lane_of(f, project);

	if (nc_list_is_empty(&l->nodes))
		nc_list_add_tail(&f->ring, &l->link);
	nc_list_add_tail(&l->nodes, node);
	f->count++;
}

nc_list *nc_fair_pop(nc_fair *f)
{
	if (nc_list_is_empty(&f->ring))
		return NULL;
	fair_lane *l = NC_LIST_ENTRY(f->ring.next, fair_lane, link);
	nc_list *node = l->nodes.next;
	nc_list_del(node);
	nc_list_del(&l->link);
	if (!nc_list_is_empty(&l->nodes))
		nc_list_add_tail(&f->ring, &l->link);
	f->count--;
	return node;
}

size_t nc_fair_count(const nc_fair *f)
{
	return f->count;
}
