/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_util.h"

/* What a database does for its users when nothing goes wrong. */

static void first_open_makes_an_identity_and_the_next_one_finds_it(void)
{
	memstore *m = memstore_new();
	char log_id[32], installation[32];
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	CHECK(nc_ulid_is(nc_db_log_id(db), strlen(nc_db_log_id(db))));
	snprintf(log_id, sizeof(log_id), "%s", nc_db_log_id(db));
	snprintf(installation, sizeof(installation), "%s", nc_db_installation(db));
	CHECK(strcmp(log_id, installation) != 0);
	CHECK_UINT(nc_db_seq(db), 1);
	uint64_t epoch = nc_db_epoch(db);
	nc_db_close(db);
	memstore_power(m, UINT64_MAX);
	db = su_open(m);
	REQUIRE(db != NULL);
	CHECK_STR(nc_db_log_id(db), log_id);
	CHECK_STR(nc_db_installation(db), installation);
	CHECK(nc_db_epoch(db) > epoch);
	CHECK_UINT(nc_db_seq(db), 2);
	nc_db_close(db);
	memstore_free(m);
}

static void put_is_seen_at_once_and_after_reopening(void)
{
	memstore *m = memstore_new();
	char body[64];
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	nc_txn *t = nc_txn_new(db);
	su_put_vm(t, "vm_1", "web-1", "running", "tier=web", "{\"a\":1}");
	uint64_t seq = 0;
	su_commit(t, &seq);
	CHECK_UINT(seq, 2);
	CHECK_STR(su_body(db, K_VM, "vm_1", body), "{\"a\":1}");
	CHECK_UINT(su_rev(db, K_VM, "vm_1"), 2);
	CHECK(su_is_found(db, "web-1", "vm_1"));
	CHECK(!su_is_found(db, "web-2", "vm_1"));
	for (int round = 0; round < 2; round++) {
		nc_db_close(db);
		db = su_open(m);
		REQUIRE(db != NULL);
		CHECK_STR(su_body(db, K_VM, "vm_1", body), "{\"a\":1}");
		CHECK_UINT(su_rev(db, K_VM, "vm_1"), 2);
		CHECK(su_is_found(db, "web-1", "vm_1"));
	}
	nc_db_close(db);
	memstore_free(m);
}

static void indexes_follow_every_change(void)
{
	memstore *m = memstore_new();
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	nc_bytes none = { NULL, 0 };
	for (int i = 0; i < 500; i++) {
		char id[40], name[40];
		snprintf(id, sizeof(id), "vm_%03d", i);
		snprintf(name, sizeof(name), "web-%03d", i);
		CHECK_OK(su_vm(db, id, name, i % 2 ? "running" : "stopped", NULL), NULL);
	}
	const nc_root *r = nc_db_read_begin(db);
	CHECK_UINT(nc_root_count(r, K_VM), 500);
	CHECK_UINT(nc_root_count_key(r, K_VM, VM_STATUS, nc_str("running"), 1000), 250);
	CHECK_UINT(nc_root_count_key(r, K_VM, VM_STATUS, nc_str("running"), 7), 7);
	CHECK_UINT(nc_root_count_key(r, K_VM, VM_STATUS, nc_str("lost"), 7), 0);
	nc_walk w;
	nc_bytes key;
	const nc_item *it;
	int n = 0;
	nc_walk_init(&w, r, K_VM, VM_STATUS, nc_str("stopped"), none, NC_ASCENDING);
	for (char id[40]; (it = nc_walk_next(&w, &key)) != NULL; n++) {
		snprintf(id, sizeof(id), "vm_%03d", n * 2);
		CHECK_STR(nc_item_id(it), id);
		CHECK_STR((const char *)key.ptr, "stopped");
	}
	CHECK_INT(n, 250);
	nc_walk_init(&w, r, K_VM, NC_BY_ID, none, nc_str("vm_123"), NC_DESCENDING);
	CHECK_STR(nc_item_id(nc_walk_next(&w, NULL)), "vm_123");
	CHECK_STR(nc_item_id(nc_walk_next(&w, NULL)), "vm_122");
	nc_walk_init(&w, r, K_VM, VM_STATUS, nc_str("running"), none, NC_DESCENDING);
	CHECK_STR(nc_item_id(nc_walk_next(&w, NULL)), "vm_499");
	nc_walk_init(&w, r, K_VM, VM_STATUS, nc_str("stopped"), nc_str("vm_100"), NC_ASCENDING);
	CHECK_STR(nc_item_id(nc_walk_next(&w, NULL)), "vm_100");
	nc_walk_init(&w, r, K_VM, NC_BY_ID, none, none, NC_DESCENDING);
	CHECK_STR(nc_item_id(nc_walk_next(&w, NULL)), "vm_499");
	CHECK(nc_root_get(r, 60, nc_str("x")) == NULL);
	CHECK(nc_root_find(r, K_VM, 9, nc_str("x")) == NULL);
	nc_db_read_end(db);
	CHECK_OK(su_vm(db, "vm_001", "renamed", "stopped", NULL), NULL);
	CHECK_OK(su_del(db, K_VM, "vm_003", NULL), NULL);
	r = nc_db_read_begin(db);
	CHECK_UINT(nc_root_count_key(r, K_VM, VM_STATUS, nc_str("running"), 1000), 248);
	CHECK_UINT(nc_root_count_key(r, K_VM, VM_STATUS, nc_str("stopped"), 1000), 251);
	nc_db_read_end(db);
	CHECK(su_is_found(db, "renamed", "vm_001"));
	CHECK(!su_is_found(db, "web-001", "vm_001"));
	CHECK(!su_is_found(db, "web-003", "vm_003"));
	CHECK_UINT(su_faults(db), 0);
	nc_db_close(db);
	memstore_free(m);
}

static void unique_key_is_given_once(void)
{
	memstore *m = memstore_new();
	nc_error err = NC_ERROR_INIT;
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	CHECK_OK(su_vm(db, "vm_1", "web", "a", &err), &err);
	CHECK_CODE(su_vm(db, "vm_2", "web", "a", &err), NC_E_EXISTS);
	CHECK_STR(err.message, "vm name web is taken by vm_1");
	CHECK_UINT(su_rev(db, K_VM, "vm_2"), 0);
	/* changing the holder itself is fine, and so is taking over what is let go */
	CHECK_OK(su_vm(db, "vm_1", "web", "b", &err), &err);
	CHECK_OK(su_vm(db, "vm_1", "www", "b", &err), &err);
	CHECK_OK(su_vm(db, "vm_2", "web", "a", &err), &err);
	/* two swap their names at once */
	nc_txn *t = nc_txn_new(db);
	su_put_vm(t, "vm_1", "web", NULL, NULL, "");
	su_put_vm(t, "vm_2", "www", NULL, NULL, "");
	su_commit(t, NULL);
	CHECK(su_is_found(db, "web", "vm_1"));
	CHECK(su_is_found(db, "www", "vm_2"));
	/* two new ones of one name in one transaction */
	t = nc_txn_new(db);
	su_put_vm(t, "vm_3", "new", NULL, NULL, "");
	su_put_vm(t, "vm_4", "new", NULL, NULL, "");
	CHECK_CODE(nc_txn_commit(t, NULL, &err), NC_E_EXISTS);
	CHECK_HAS(err.message, "new");
	CHECK_OK(su_del(db, K_VM, "vm_1", &err), &err);
	CHECK_OK(su_vm(db, "vm_5", "web", "a", &err), &err);
	nc_db_close(db);
	memstore_free(m);
}

static void expectations_are_about_the_state_before(void)
{
	memstore *m = memstore_new();
	nc_error err = NC_ERROR_INIT;
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	nc_txn *t = nc_txn_new(db);
	nc_txn_expect(t, K_VM, nc_str("vm_1"), 0);
	su_put_vm(t, "vm_1", "web", NULL, NULL, "");
	uint64_t rev = 0;
	su_commit(t, &rev);

	t = nc_txn_new(db);
	nc_txn_expect(t, K_VM, nc_str("vm_1"), 0);
	CHECK_CODE(nc_txn_commit(t, NULL, &err), NC_E_CONFLICT);
	CHECK_STR(err.message, "vm vm_1 exists already");
	t = nc_txn_new(db);
	nc_txn_expect(t, K_VM, nc_str("vm_1"), rev + 7);
	CHECK_CODE(nc_txn_commit(t, NULL, &err), NC_E_CONFLICT);
	CHECK_HAS(err.message, "was changed meanwhile");
	t = nc_txn_new(db);
	nc_txn_expect(t, K_VM, nc_str("vm_9"), rev);
	CHECK_CODE(nc_txn_commit(t, NULL, &err), NC_E_CONFLICT);
	CHECK_STR(err.message, "vm vm_9 no longer exists");
	t = nc_txn_new(db);
	nc_txn_expect(t, K_VM, nc_str("vm_1"), rev);
	su_put_vm(t, "vm_1", "web", NULL, NULL, "2");
	su_commit(t, NULL);

	t = nc_txn_new(db);
	nc_txn_expect_exists(t, K_NET, nc_str("net_1"));
	CHECK_CODE(nc_txn_commit(t, NULL, &err), NC_E_NOTFOUND);
	CHECK_STR(err.message, "network net_1 does not exist");
	t = nc_txn_new(db);
	nc_txn_expect_exists(t, K_NET, nc_str("net_1"));
	nc_txn_put(t, K_NET, nc_str("net_1"), NULL, 0, nc_str("n"), NC_HOT);
	su_commit(t, NULL);
	t = nc_txn_new(db);
	nc_txn_expect_exists(t, K_NET, nc_str("net_1"));
	nc_txn_del(t, K_NET, nc_str("net_1"));
	CHECK_CODE(nc_txn_commit(t, NULL, &err), NC_E_NOTFOUND);
	nc_db_close(db);
	memstore_free(m);
}

static void key_in_use_is_seen_but_for_own_changes(void)
{
	memstore *m = memstore_new();
	nc_error err = NC_ERROR_INIT;
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	nc_txn *t = nc_txn_new(db);
	nc_key net = { VM_NET, 5, "net_1" };
	nc_txn_put(t, K_VM, nc_str("vm_1"), &net, 1, nc_str(""), NC_HOT);
	su_commit(t, NULL);
	t = nc_txn_new(db);
	nc_txn_expect_unused(t, K_VM, VM_NET, nc_str("net_1"));
	nc_txn_del(t, K_NET, nc_str("net_1"));
	CHECK_CODE(nc_txn_commit(t, NULL, &err), NC_E_CONFLICT);
	CHECK_STR(err.message, "vm vm_1 has network net_1");
	t = nc_txn_new(db);
	nc_txn_expect_unused(t, K_VM, VM_NET, nc_str("net_1"));
	nc_txn_del(t, K_NET, nc_str("net_1"));
	nc_txn_del(t, K_VM, nc_str("vm_1"));
	su_commit(t, NULL);
	t = nc_txn_new(db);
	nc_txn_expect_unused(t, K_VM, VM_NET, nc_str("net_1"));
	nc_txn_put(t, K_VM, nc_str("vm_2"), &net, 1, nc_str(""), NC_HOT);
	su_commit(t, NULL);
	nc_db_close(db);
	memstore_free(m);
}

static void last_change_of_an_item_in_a_transaction_counts(void)
{
	memstore *m = memstore_new();
	char body[64];
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	const int many[] = { 3, 40 };
	for (size_t k = 0; k < NC_LEN(many); k++) {
		nc_txn *t = nc_txn_new(db);
		for (int i = 0; i < many[k]; i++) {
			char id[40];
			snprintf(id, sizeof(id), "vm_%zu_%d", k, i);
			su_put_vm(t, id, NULL, "a", NULL, "first");
		}
		for (int i = 0; i < many[k]; i += 2) {
			char id[40];
			snprintf(id, sizeof(id), "vm_%zu_%d", k, i);
			su_put_vm(t, id, NULL, "b", NULL, "second");
		}
		char last[40];
		snprintf(last, sizeof(last), "vm_%zu_1", k);
		nc_txn_del(t, K_VM, nc_str(last));
		su_commit(t, NULL);
		CHECK_UINT(su_rev(db, K_VM, last), 0);
		snprintf(last, sizeof(last), "vm_%zu_2", k);
		CHECK_STR(su_body(db, K_VM, last, body), "second");
	}
	CHECK_UINT(su_faults(db), 0);
	nc_db_close(db);
	memstore_free(m);
}

static void limits_are_told_by_name(void)
{
	memstore *m = memstore_new();
	nc_error err = NC_ERROR_INIT;
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	static char big[NC_STORE_VAL_MAX];
	nc_bytes none = { NULL, 0 };
	nc_txn *t = nc_txn_new(db);
	nc_txn_put(t, K_VM, nc_str("vm_1"), NULL, 0, (nc_bytes){ big, sizeof(big) }, NC_HOT);
	CHECK_CODE(nc_txn_commit(t, NULL, &err), NC_E_INVAL);
	CHECK_HAS(err.message, "vm vm_1 takes ");
	t = nc_txn_new(db);
	nc_txn_put(t, K_VM, nc_str("vm_1"), NULL, 0, (nc_bytes){ big, sizeof(big) - 13 }, NC_HOT);
	su_commit(t, NULL);
	t = nc_txn_new(db);
	nc_txn_put(t, K_VM, (nc_bytes){ big, 48 }, NULL, 0, none, NC_HOT);
	CHECK_CODE(nc_txn_commit(t, NULL, &err), NC_E_INVAL);
	t = nc_txn_new(db);
	nc_key key = { VM_NAME, 201, big };
	nc_txn_put(t, K_VM, nc_str("vm_2"), &key, 1, none, NC_HOT);
	CHECK_CODE(nc_txn_commit(t, NULL, &err), NC_E_INVAL);
	CHECK_STR(err.message, "name of vm vm_2 has 201 bytes, more than 200");
	t = nc_txn_new(db);
	nc_txn_put(t, 61, nc_str("x"), NULL, 0, none, NC_HOT);
	CHECK_CODE(nc_txn_commit(t, NULL, &err), NC_E_INVAL);
	t = nc_txn_new(db);
	for (int i = 0; i < 40; i++) {
		char id[40];
		snprintf(id, sizeof(id), "vm_%d", i);
		nc_txn_put(t, K_VM, nc_str(id), NULL, 0, (nc_bytes){ big, 250000 }, NC_HOT);
	}
	CHECK_CODE(nc_txn_commit(t, NULL, &err), NC_E_INVAL);
	CHECK_STR(err.message, "a transaction takes at most 8388608 bytes");
	t = nc_txn_new(db);
	nc_txn_append(t, 3, nc_str("x"));
	CHECK_CODE(nc_txn_commit(t, NULL, &err), NC_E_INVAL);
	CHECK_CODE(nc_txn_commit(NULL, NULL, &err), NC_E_NOMEM);
	CHECK_UINT(su_faults(db), 0);
	nc_db_close(db);
	memstore_free(m);
}

/* ---- guards and hooks ---- */

typedef struct tally {
	int checks, undos, dones, order;
	int undo_order, done_order;
	nc_code answer;
	uint64_t seq;
} tally;
static int tick;

static nc_code guard_check(void *arg, const nc_root *tip, nc_error *err)
{
	tally *y = arg;
	(void)tip;
	y->checks++;
	y->order = ++tick;
	return y->answer == NC_OK ? NC_OK : nc_err(err, y->answer, "no room for it");
}

static void guard_undo(void *arg)
{
	tally *y = arg;
	y->undos++;
	y->undo_order = ++tick;
}

static void guard_done(void *arg, uint64_t seq)
{
	tally *y = arg;
	y->dones++;
	y->seq = seq;
	y->done_order = ++tick;
}

static nc_guard guard_of(tally *y)
{
	return (nc_guard){ .check = guard_check, .undo = guard_undo, .done = guard_done, .arg = y };
}

static void guard_refuses_or_is_told_the_end(void)
{
	memstore *m = memstore_new();
	nc_error err = NC_ERROR_INIT;
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	tally a = { .answer = NC_OK }, b = { .answer = NC_E_QUOTA }, c = { .answer = NC_OK };
	nc_guard ga = guard_of(&a), gb = guard_of(&b), gc = guard_of(&c);
	nc_txn *t = nc_txn_new(db);
	su_put_vm(t, "vm_1", "web", NULL, NULL, "");
	nc_txn_guard(t, &ga);
	nc_txn_guard(t, &gb);
	nc_txn_guard(t, &gc);
	CHECK_CODE(nc_txn_commit(t, NULL, &err), NC_E_QUOTA);
	CHECK_STR(err.message, "no room for it");
	CHECK_INT(a.checks, 1);
	CHECK_INT(a.undos, 1);
	CHECK_INT(b.checks, 1);
	CHECK_INT(b.undos, 0);
	CHECK_INT(c.checks, 0);
	CHECK_UINT(su_rev(db, K_VM, "vm_1"), 0);
	b.answer = NC_OK;
	t = nc_txn_new(db);
	su_put_vm(t, "vm_1", "web", NULL, NULL, "");
	nc_txn_guard(t, &ga);
	nc_txn_guard(t, &gb);
	uint64_t seq = 0;
	su_commit(t, &seq);
	CHECK_INT(a.dones, 1);
	CHECK_INT(b.dones, 1);
	CHECK_UINT(a.seq, seq);
	CHECK(a.order < b.order);
	/* a failed append undoes, the last one first */
	memstore_fail(m, MS_APPEND, 1, 0, MS_REFUSE);
	t = nc_txn_new(db);
	nc_txn_guard(t, &ga);
	nc_txn_guard(t, &gb);
	CHECK_CODE(nc_txn_commit(t, NULL, &err), NC_E_UNAVAILABLE);
	CHECK_INT(a.undos, 2);
	CHECK_INT(b.undos, 1);
	CHECK(b.undo_order < a.undo_order);
	nc_db_close(db);
	memstore_free(m);
}

typedef struct seen {
	uint64_t first, last, batches, entries, made, changed, deleted;
	nc_db *db;
} seen;

static nc_code see_entry(void *ctx, uint64_t seq, uint32_t n, nc_bytes entry)
{
	seen *s = ctx;
	(void)seq;
	(void)n;
	(void)entry;
	s->entries++;
	return NC_OK;
}

static void see_change(
	void *ctx, uint64_t seq, uint16_t kind, const nc_item *was, const nc_item *now)
{
	seen *s = ctx;
	(void)kind;
	if (now && now->rev != seq)
		abort();
	s->made += !was;
	s->changed += was && now;
	s->deleted += !now;
}

static void see_batch(void *ctx, const nc_db_batch *b)
{
	seen *s = ctx;
	if (!s->first)
		s->first = nc_db_batch_first(b);
	else if (nc_db_batch_first(b) != s->last + 1)
		abort();
	s->last = nc_db_batch_last(b);
	s->batches++;
	nc_db_batch_entries(b, NC_LANE_EVENT, see_entry, s);
	nc_db_batch_changes(b, see_change, s);
	const nc_root *r = nc_db_read_begin(s->db);
	if (nc_root_seq(r) != s->last)
		abort();
	nc_db_read_end(s->db);
}

static void hook_sees_every_change_once(void)
{
	memstore *m = memstore_new();
	seen s = { 0 };
	nc_db_options o = su_options(m);
	o.hooks = (nc_db_hooks){ .ctx = &s, .published = see_batch };
	REQUIRE(CHECK_OK(nc_db_open(&o, &s.db, NULL), NULL));
	nc_db *db = s.db;
	CHECK_UINT(s.batches, 0);
	for (int i = 0; i < 20; i++) {
		nc_txn *t = nc_txn_new(db);
		char id[40];
		snprintf(id, sizeof(id), "vm_%d", i % 10);
		su_put_vm(t, id, NULL, "x", NULL, "");
		nc_txn_append(t, NC_LANE_EVENT, nc_str("e1"));
		nc_txn_append(t, NC_LANE_AUDIT, nc_str("a"));
		nc_txn_append(t, NC_LANE_EVENT, nc_str("e2"));
		su_commit(t, NULL);
	}
	CHECK_OK(su_del(db, K_VM, "vm_3", NULL), NULL);
	CHECK_OK(su_del(db, K_VM, "vm_3", NULL), NULL); /* nothing there any more */
	nc_db_close(db);
	CHECK_UINT(s.first, 2);
	CHECK_UINT(s.last, 23);
	CHECK_UINT(s.made, 10);
	CHECK_UINT(s.changed, 10);
	CHECK_UINT(s.deleted, 1);
	CHECK_UINT(s.entries, 40);
	memstore_free(m);
}

/* ---- shapes ---- */

static nc_code upgrade_vm(void *ctx, const nc_item *old, nc_item **ret, nc_error *err)
{
	(void)ctx;
	char body[64];
	nc_key key = { VM_STATUS, 2, "v2" };
	snprintf(body, sizeof(body), "%s+2", (const char *)nc_item_body(old).ptr);
	*ret = nc_item_new(old->kind, 2, nc_str(nc_item_id(old)), &key, 1, nc_str(body));
	return *ret ? NC_OK : nc_err_nomem(err);
}

static void older_shapes_are_upgraded_and_newer_ones_refused(void)
{
	memstore *m = memstore_new();
	nc_error err = NC_ERROR_INIT;
	char body[64];
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	CHECK_OK(su_vm(db, "vm_1", "one", "a", NULL), NULL);
	CHECK_OK(nc_db_flush(db, NULL), NULL);
	memstore_fail(m, MS_MATERIALISE, 1, UINT64_MAX, MS_REFUSE); /* the next stays in the log */
	CHECK_OK(su_vm(db, "vm_2", "two", "a", NULL), NULL);
	nc_db_close(db);
	memstore_heal(m);
	nc_kind_def kinds[NC_LEN(su_kinds)];
	memcpy(kinds, su_kinds, sizeof(kinds));
	kinds[0].shape = 2;
	nc_db_options o = su_options(m);
	o.kinds = kinds;
	CHECK_CODE(nc_db_open(&o, &db, &err), NC_E_UNSUPPORTED);
	CHECK_HAS(err.message, "no way from shape 1 of vm to 2");
	o.hooks.upgrade = upgrade_vm;
	REQUIRE(CHECK_OK(nc_db_open(&o, &db, &err), &err));
	CHECK_STR(su_body(db, K_VM, "vm_1", body), "one+2");
	CHECK_STR(su_body(db, K_VM, "vm_2", body), "two+2");
	CHECK_UINT(su_rev(db, K_VM, "vm_1"), 2);
	const nc_root *r = nc_db_read_begin(db);
	CHECK_UINT(nc_root_count_key(r, K_VM, VM_STATUS, nc_str("v2"), 9), 2);
	nc_db_read_end(db);
	nc_txn *t = nc_txn_new(db);
	su_put_vm(t, "vm_1", "one", NULL, NULL, "new");
	su_commit(t, NULL);
	CHECK_UINT(su_faults(db), 0);
	nc_db_close(db);
	o = su_options(m);
	CHECK_CODE(nc_db_open(&o, &db, &err), NC_E_UNSUPPORTED);
	CHECK_HAS(err.message, "vm vm_1 has shape 2, this build reads up to 1");
	CHECK_HAS(err.hint, "newer version");
	memstore_free(m);
}

static void schema_faults_are_refused(void)
{
	memstore *m = memstore_new();
	nc_error err = NC_ERROR_INIT;
	nc_db *db = NULL;
	nc_kind_def kinds[] = { su_kinds[0], su_kinds[0] };
	nc_db_options o = su_options(m);
	o.kinds = kinds;
	o.n_kinds = 2;
	CHECK_CODE(nc_db_open(&o, &db, &err), NC_E_INVAL);
	CHECK_HAS(err.message, "same number");
	kinds[1].number = 64;
	CHECK_CODE(nc_db_open(&o, &db, &err), NC_E_INVAL);
	kinds[1].number = 2;
	kinds[1].n_indexes = 17;
	CHECK_CODE(nc_db_open(&o, &db, &err), NC_E_INVAL);
	nc_store table = memstore_table;
	table.trim = NULL;
	o = su_options(m);
	o.table = &table;
	CHECK_CODE(nc_db_open(&o, &db, &err), NC_E_UNSUPPORTED);
	CHECK_HAS(err.message, "no trim");
	CHECK(db == NULL);
	memstore_free(m);
}

NC_TESTS(store_db){
	T(first_open_makes_an_identity_and_the_next_one_finds_it),
	T(put_is_seen_at_once_and_after_reopening),
	T(indexes_follow_every_change),
	T(unique_key_is_given_once),
	T(expectations_are_about_the_state_before),
	T(key_in_use_is_seen_but_for_own_changes),
	T(last_change_of_an_item_in_a_transaction_counts),
	T(limits_are_told_by_name),
	T(guard_refuses_or_is_told_the_end),
	T(hook_sees_every_change_once),
	T(older_shapes_are_upgraded_and_newer_ones_refused),
	T(schema_faults_are_refused),
};
