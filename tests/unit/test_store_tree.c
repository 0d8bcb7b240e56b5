/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "store/tree.h"
#include "testing.h"

enum { N_ITEMS = 4000 };

/* Items with one key each, in arbitrary order of keys; keys repeat, so that ids matter. */
typedef struct world {
	nc_forest forest;
	nc_item *item[N_ITEMS];
	const nc_ikey *key[N_ITEMS];
	uint8_t is_in[N_ITEMS];
	size_t n_in;
} world;

static nc_item *make_item(size_t i, size_t n_keys)
{
	char id[32], key[32];
	snprintf(id, sizeof(id), "vm_%06zu", i);
	snprintf(key, sizeof(key), "k%04zu", i * 7919 % n_keys);
	nc_key k = { 0, (uint16_t)strlen(key), key };
	return nc_item_new(1, 1, nc_str(id), &k, 1, nc_str("x"));
}

static world *world_new(size_t n_keys)
{
	world *w = calloc(1, sizeof(*w));
	nc_forest_init(&w->forest);
	for (size_t i = 0; i < N_ITEMS; i++) {
		w->item[i] = make_item(i, n_keys);
		w->key[i] = nc_ikey_next(nc_item_idkey(w->item[i]));
	}
	return w;
}

static void world_free(world *w, nc_tree *t)
{
	nc_forest_bury(&w->forest, nc_forest_commit(&w->forest));
	nc_tree_free(t);
	nc_forest_done(&w->forest);
	for (size_t i = 0; i < N_ITEMS; i++)
		nc_item_free(w->item[i]);
	free(w);
}

static const char *why(const nc_tree *t)
{
	const char *fault = nc_tree_fault(t);
	return fault ? fault : "";
}

static void put(world *w, nc_tree *t, size_t i)
{
	const nc_ikey *old;
	CHECK_CODE(nc_tree_put(&w->forest, t, w->key[i], &old), NC_OK);
	CHECK((old != NULL) == w->is_in[i]);
	w->n_in += !w->is_in[i];
	w->is_in[i] = 1;
}

static void del(world *w, nc_tree *t, size_t i)
{
	const nc_ikey *old;
	CHECK_CODE(nc_tree_del(&w->forest, t, w->key[i], &old), NC_OK);
	CHECK((old != NULL) == w->is_in[i]);
	w->n_in -= w->is_in[i];
	w->is_in[i] = 0;
}

static void commit(world *w)
{
	nc_forest_bury(&w->forest, nc_forest_commit(&w->forest));
}

static const world *sort_world;
static int by_key(const void *a, const void *b)
{
	size_t i = *(const size_t *)a, j = *(const size_t *)b;
	int c = nc_bytes_cmp(nc_ikey_bytes(sort_world->key[i]), nc_ikey_bytes(sort_world->key[j]));
	return c ? c : (i > j) - (i < j);
}

/* The tree has exactly what the world says, in order, both ways. */
static void check_same(const world *w, const nc_tree *t)
{
	size_t *order = malloc(N_ITEMS * sizeof(*order)), n = 0;
	for (size_t i = 0; i < N_ITEMS; i++) {
		if (w->is_in[i])
			order[n++] = i;
	}
	sort_world = w;
	qsort(order, n, sizeof(*order), by_key);
	CHECK_STR(why(t), "");
	CHECK_UINT(t->n, n);
	nc_walk up, down;
	nc_tree_seek(t, NULL, NC_ASCENDING, &up);
	nc_tree_seek(t, NULL, NC_DESCENDING, &down);
	for (size_t i = 0; i < n; i++) {
		CHECK(nc_tree_next(&up) == w->key[order[i]]);
		CHECK(nc_tree_next(&down) == w->key[order[n - 1 - i]]);
	}
	CHECK(!nc_tree_next(&up));
	CHECK(!nc_tree_next(&down));
	free(order);
}

static void tree_keeps_order_through_random_puts_and_deletes(void)
{
	const size_t n_keys[] = { 1, 17, N_ITEMS };
	for (size_t k = 0; k < NC_LEN(n_keys); k++) {
		world *w = world_new(n_keys[k]);
		nc_tree t = { NULL, 0 };
		for (size_t i = 0; i < 30000; i++) {
			/* phases of growth and of shrinking, down to nothing */
			int grows = (i / 6000) % 2 == 0;
			size_t which = nc_test_random() % N_ITEMS;
			if (nc_test_random() % 10 < (grows ? 8 : 1))
				put(w, &t, which);
			else
				del(w, &t, which);
			if (nc_test_random() % 50 == 0)
				commit(w);
			if (i % 3000 == 0)
				check_same(w, &t);
		}
		check_same(w, &t);
		for (size_t i = 0; i < N_ITEMS; i++)
			del(w, &t, i);
		CHECK(!t.top);
		world_free(w, &t);
	}
}

static void tree_keeps_nodes_full_when_filled_in_order(void)
{
	world *w = world_new(1); /* one key: in order of id */
	nc_tree t = { NULL, 0 };
	for (size_t i = 0; i < N_ITEMS; i++)
		put(w, &t, i);
	check_same(w, &t);
	CHECK(nc_tree_nodes(&t) < N_ITEMS / 64 + N_ITEMS / 64 / 16 + 3);
	world_free(w, &t);
}

static void tree_of_an_older_root_does_not_change(void)
{
	world *w = world_new(97), *before = world_new(97);
	nc_tree t = { NULL, 0 };
	for (size_t i = 0; i < N_ITEMS; i += 2)
		put(w, &t, i);
	commit(w);
	nc_tree old = t;
	memcpy(before->is_in, w->is_in, sizeof(w->is_in));
	memcpy(before->key, w->key, sizeof(w->key)); /* borrowed for the comparison */
	for (size_t i = 0; i < N_ITEMS; i++) {
		if (i % 3 == 0)
			put(w, &t, i);
		else
			del(w, &t, i);
	}
	check_same(before, &old);
	check_same(w, &t);
	nc_tnode *dead = nc_forest_commit(&w->forest);
	check_same(before, &old);
	nc_forest_bury(&w->forest, dead);
	for (size_t i = 0; i < N_ITEMS; i++)
		before->key[i] = NULL;
	nc_tree none = { NULL, 0 };
	world_free(before, &none);
	world_free(w, &t);
}

static void tree_rolls_back_to_what_was_committed(void)
{
	world *w = world_new(97);
	nc_tree t = { NULL, 0 };
	for (size_t i = 0; i < 1000; i++)
		put(w, &t, i);
	commit(w);
	nc_tree tip = t;
	uint8_t is_in[N_ITEMS];
	memcpy(is_in, w->is_in, sizeof(is_in));
	for (size_t i = 500; i < 3000; i++) {
		put(w, &tip, i);
		del(w, &tip, i - 500);
	}
	nc_forest_rollback(&w->forest);
	memcpy(w->is_in, is_in, sizeof(is_in));
	check_same(w, &t);
	world_free(w, &t);
}

static void tree_replaces_an_entry_by_its_new_version(void)
{
	world *w = world_new(97);
	nc_tree t = { NULL, 0 };
	for (size_t i = 0; i < N_ITEMS; i++)
		put(w, &t, i);
	commit(w);
	for (size_t i = 0; i < N_ITEMS; i++) {
		nc_item *now = make_item(i, 97), *was = w->item[i];
		const nc_ikey *old;
		const nc_ikey *k = nc_ikey_next(nc_item_idkey(now));
		CHECK_CODE(nc_tree_put(&w->forest, &t, k, &old), NC_OK);
		CHECK(old == w->key[i]);
		w->item[i] = now;
		w->key[i] = k;
		nc_item_free(was);
	}
	/* no low may still point at what was freed */
	check_same(w, &t);
	world_free(w, &t);
}

static void tree_build_gives_the_same_as_putting(void)
{
	const size_t sizes[] = { 0, 1, 2, 55, 56, 57, 58, 112, 113, 1568, 1569, 1570, 1625,
		N_ITEMS };
	for (size_t s = 0; s < NC_LEN(sizes); s++) {
		world *w = world_new(1);
		nc_tree t = { NULL, 0 };
		CHECK_CODE(nc_tree_build(&w->forest, &t, w->key, sizes[s]), NC_OK);
		memset(w->is_in, 1, sizes[s]);
		check_same(w, &t);
		for (size_t i = 0; i < N_ITEMS; i += 3) {
			if (w->is_in[i])
				del(w, &t, i);
			else
				put(w, &t, i);
		}
		check_same(w, &t);
		world_free(w, &t);
	}
}

static void tree_seeks_to_keys_between_and_beyond(void)
{
	world *w = world_new(10);
	nc_tree t = { NULL, 0 };
	for (size_t i = 0; i < N_ITEMS; i++)
		put(w, &t, i);
	for (size_t k = 0; k < 12; k++) {
		char text[16], want[16];
		nc_walk at;
		snprintf(text, sizeof(text), "k%04zu", k);
		nc_tkey before = { nc_str(text), { NULL, 0 }, NC_TIE_BEFORE };
		nc_tkey after = { nc_str(text), { NULL, 0 }, NC_TIE_AFTER };
		nc_tree_seek(&t, &before, NC_ASCENDING, &at);
		const nc_ikey *e = nc_tree_next(&at);
		CHECK((e != NULL) == (k < 10));
		if (e)
			CHECK_STR(e->ptr, text);
		nc_tree_seek(&t, &after, NC_ASCENDING, &at);
		e = nc_tree_next(&at);
		CHECK((e != NULL) == (k < 9));
		nc_tree_seek(&t, &before, NC_DESCENDING, &at);
		e = nc_tree_next(&at);
		CHECK((e != NULL) == (k > 0));
		snprintf(want, sizeof(want), "k%04zu", NC_MIN(k, (size_t)10) - 1);
		if (e)
			CHECK_STR(e->ptr, want);
		nc_tree_seek(&t, &after, NC_DESCENDING, &at);
		e = nc_tree_next(&at);
		snprintf(want, sizeof(want), "k%04zu", NC_MIN(k, (size_t)9));
		if (CHECK(e != NULL))
			CHECK_STR(e->ptr, want);
	}
	world_free(w, &t);
}

static void tree_survives_each_failed_allocation(void)
{
	world *w = world_new(97);
	nc_tree base = { NULL, 0 };
	for (size_t i = 0; i < 2000; i++)
		put(w, &base, i);
	commit(w);
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		nc_tree tip = base;
		const nc_ikey *old;
		rc = NC_OK;
		for (size_t i = 2000; i < 2040 && rc == NC_OK; i++)
			rc = nc_tree_put(&w->forest, &tip, w->key[i], &old);
		for (size_t i = 0; i < 1500 && rc == NC_OK; i += 50)
			rc = nc_tree_del(&w->forest, &tip, w->key[i], &old);
		if (rc == NC_OK)
			CHECK_STR(why(&tip), "");
		nc_forest_done(
			&w->forest); /* its spares too, so that each node is allocated anew */
	}
	check_same(w, &base);
	world_free(w, &base);
}

static void tree_build_survives_each_failed_allocation(void)
{
	world *w = world_new(1);
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		nc_tree t = { NULL, 0 };
		rc = nc_tree_build(&w->forest, &t, w->key, 2000);
		CHECK((rc == NC_OK) == (t.top != NULL));
		nc_forest_done(&w->forest);
	}
	nc_tree none = { NULL, 0 };
	world_free(w, &none);
}

static void item_sorts_its_keys_and_keeps_each_once(void)
{
	const nc_key keys[] = {
		{ 2, 1, "z" },
		{ 0, 3, "web" },
		{ 2, 1, "a" },
		{ 2, 1, "z" },
		{ 1, 0, "" },
	};
	nc_item *it = nc_item_new(1, 3, nc_str("vm_1"), keys, NC_LEN(keys), nc_str("{}"));
	REQUIRE(it != NULL);
	CHECK_UINT(it->n_keys, 4);
	CHECK_STR(nc_item_id(it), "vm_1");
	CHECK_STR(nc_item_body(it).ptr, "{}");
	CHECK_STR(nc_item_key(it, 0).ptr, "web");
	CHECK_STR(nc_item_key(it, 2).ptr, "a");
	CHECK(nc_item_key(it, 1).ptr && nc_item_key(it, 1).len == 0);
	CHECK(!nc_item_key(it, 3).ptr);
	nc_item_free(it);
}

static void item_refuses_what_is_past_a_limit(void)
{
	char big[NC_DB_KEY_MAX + 1] = { 0 };
	nc_bytes id = nc_str("vm_1"), none = { NULL, 0 };
	nc_key key = { 0, sizeof(big), big };
	CHECK(!nc_item_new(1, 1, id, &key, 1, none));
	CHECK(!nc_item_new(1, 1, none, NULL, 0, none));
	CHECK(!nc_item_new(1, 1, (nc_bytes){ big, NC_DB_ID_MAX + 1 }, NULL, 0, none));
	CHECK(!nc_item_new(1, 1, id, NULL, 0, (nc_bytes){ big, NC_STORE_VAL_MAX + 1 }));
	key.len = NC_DB_KEY_MAX;
	nc_item *it = nc_item_new(1, 1, (nc_bytes){ big, NC_DB_ID_MAX }, &key, 1, none);
	CHECK(it != NULL);
	nc_item_free(it);
}

NC_TESTS(store_tree){
	T(item_sorts_its_keys_and_keeps_each_once),
	T(item_refuses_what_is_past_a_limit),
	T(tree_keeps_order_through_random_puts_and_deletes),
	T(tree_keeps_nodes_full_when_filled_in_order),
	T(tree_of_an_older_root_does_not_change),
	T(tree_rolls_back_to_what_was_committed),
	T(tree_replaces_an_entry_by_its_new_version),
	T(tree_build_gives_the_same_as_putting),
	T(tree_seeks_to_keys_between_and_beyond),
	T(tree_survives_each_failed_allocation),
	T(tree_build_survives_each_failed_allocation),
};
