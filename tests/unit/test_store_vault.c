/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "store/vault.h"
#include "store_util.h"

static char *new_key_file(void)
{
	static int n;
	char name[40];
	snprintf(name, sizeof(name), "keys-%d", n++);
	return nc_test_path(name);
}

static nc_vault *open_secrets(nc_db *db, const char *path)
{
	nc_vault *s = NULL;
	nc_error err = NC_ERROR_INIT;
	nc_vault_options o = { db, K_SECRET, path };
	CHECK_OK(nc_vault_open(&o, &s, &err), &err);
	return s;
}

static nc_code put_secret(nc_db *db, nc_vault *s, const char *handle, const char *value)
{
	nc_txn *t = nc_txn_new(db);
	nc_code code = nc_vault_put(s, t, handle, nc_str(value), NULL);
	if (code != NC_OK) {
		nc_txn_free(t);
		return code;
	}
	return nc_txn_commit(t, NULL, NULL);
}

/* The value, or the name of what went wrong. */
static const char *get_secret(nc_vault *s, const char *handle, char out[64])
{
	nc_secret *value = NULL;
	nc_code code = nc_vault_get(s, handle, &value, NULL);
	if (code == NC_OK)
		snprintf(out, 64, "%.*s", (int)nc_secret_get(value).len,
			(const char *)nc_secret_get(value).ptr);
	else
		snprintf(out, 64, "%s", nc_code_name(code));
	nc_secret_free(value);
	return out;
}

static void secret_comes_back_and_lies_sealed(void)
{
	memstore *m = memstore_new();
	char value[64];
	_cleanup_(nc_freep) char *path = new_key_file();
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	nc_vault *s = open_secrets(db, path);
	REQUIRE(s != NULL);
	CHECK_CODE(put_secret(db, s, "sec_1", "correct horse"), NC_OK);
	CHECK_CODE(put_secret(db, s, "sec_1@2", "battery staple"), NC_OK);
	CHECK_CODE(put_secret(db, s, "sec_2", ""), NC_OK);
	CHECK_STR(get_secret(s, "sec_1", value), "correct horse");
	CHECK_STR(get_secret(s, "sec_1@2", value), "battery staple");
	CHECK_STR(get_secret(s, "sec_2", value), "");
	CHECK_STR(get_secret(s, "sec_1@3", value), "not_found");
	CHECK_OK(nc_db_flush(db, NULL), NULL);
	CHECK(!memstore_contains(m, nc_str("horse")));
	CHECK(!memstore_contains(m, nc_str("staple")));
	CHECK_UINT(memstore_count(m, 1), 3);
	struct stat st;
	CHECK_INT(stat(path, &st), 0);
	CHECK_UINT(st.st_mode & 07777, 0600);
	nc_vault_close(s);
	nc_db_close(db);
	db = su_open(m);
	REQUIRE(db != NULL);
	s = open_secrets(db, path);
	REQUIRE(s != NULL);
	CHECK_STR(get_secret(s, "sec_1", value), "correct horse");
	nc_txn *t = nc_txn_new(db);
	nc_vault_del(s, t, "sec_1");
	su_commit(t, NULL);
	CHECK_STR(get_secret(s, "sec_1", value), "not_found");
	CHECK_STR(get_secret(s, "sec_1@2", value), "battery staple");
	CHECK_OK(nc_db_flush(db, NULL), NULL);
	CHECK_UINT(memstore_count(m, 1), 2);
	nc_vault_close(s);
	nc_db_close(db);
	memstore_free(m);
}

static void secret_in_another_ones_place_is_refused(void)
{
	memstore *m = memstore_new();
	char value[64], body[200];
	_cleanup_(nc_freep) char *path = new_key_file();
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	nc_vault *s = open_secrets(db, path);
	REQUIRE(s != NULL);
	CHECK_CODE(put_secret(db, s, "mine", "public"), NC_OK);
	CHECK_CODE(put_secret(db, s, "other", "hidden"), NC_OK);
	const nc_root *r = nc_db_read_begin(db);
	nc_bytes sealed = nc_item_body(nc_root_get(r, K_SECRET, nc_str("other")));
	size_t len = sealed.len;
	memcpy(body, sealed.ptr, len);
	nc_db_read_end(db);
	const struct {
		size_t at;
		const char *want;
	} rows[] = { { 0, "protocol" }, { 5, "not_found" }, { 13, "denied" }, { len - 1, "denied" },
		{ 999, "denied" } };
	for (size_t i = 0; i < NC_LEN(rows); i++) {
		nc_txn *t = nc_txn_new(db);
		if (rows[i].at < len)
			body[rows[i].at] = (char)(body[rows[i].at] ^ 1);
		/* 999: untouched, but under another name */
		nc_txn_put(t, K_SECRET, nc_str(rows[i].at < len ? "other" : "mine"), NULL, 0,
			(nc_bytes){ body, len }, NC_HOT);
		su_commit(t, NULL);
		CHECK_STR(get_secret(s, rows[i].at < len ? "other" : "mine", value), rows[i].want);
		if (rows[i].at < len)
			body[rows[i].at] = (char)(body[rows[i].at] ^ 1);
	}
	nc_vault_close(s);
	nc_db_close(db);
	memstore_free(m);
}

static void digest_tells_values_apart_for_ever(void)
{
	memstore *m = memstore_new();
	char a[NC_VAULT_DIGEST_LEN + 1], b[NC_VAULT_DIGEST_LEN + 1], c[NC_VAULT_DIGEST_LEN + 1];
	_cleanup_(nc_freep) char *path = new_key_file();
	_cleanup_(nc_freep) char *elsewhere = new_key_file();
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	nc_vault *s = open_secrets(db, path), *other = open_secrets(db, elsewhere);
	REQUIRE(s && other);
	nc_vault_digest(s, nc_str("password"), a);
	nc_vault_digest(s, nc_str("Password"), b);
	nc_vault_digest(other, nc_str("password"), c);
	CHECK(strcmp(a, b) != 0);
	CHECK(strcmp(a, c) != 0);
	CHECK_OK(nc_vault_rotate(s, NULL, NULL), NULL);
	nc_vault_digest(s, nc_str("password"), b);
	CHECK_STR(b, a);
	nc_vault_close(s);
	s = open_secrets(db, path);
	REQUIRE(s != NULL);
	nc_vault_digest(s, nc_str("password"), b);
	CHECK_STR(b, a);
	nc_vault_close(s);
	nc_vault_close(other);
	nc_db_close(db);
	memstore_free(m);
}

static void copy_of_file(const char *path, char **ret, size_t *ret_len)
{
	CHECK_CODE(nc_file_read(path, 10000, ret, ret_len, NULL), NC_OK);
}

static void rotation_leaves_nothing_under_the_old_key(void)
{
	memstore *m = memstore_new();
	char value[64], handle[40], old[12];
	_cleanup_(nc_freep) char *path = new_key_file();
	_cleanup_(nc_freep) char *before = NULL, *after = NULL;
	size_t len;
	nc_error err = NC_ERROR_INIT;
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	nc_vault *s = open_secrets(db, path);
	REQUIRE(s != NULL);
	for (int i = 0; i < 300; i++) {
		snprintf(handle, sizeof(handle), "sec_%d", i);
		CHECK_CODE(put_secret(db, s, handle, handle), NC_OK);
	}
	const nc_root *r = nc_db_read_begin(db);
	memcpy(old, nc_item_body(nc_root_get(r, K_SECRET, nc_str("sec_7"))).ptr, sizeof(old));
	nc_db_read_end(db);
	copy_of_file(path, &before, &len);
	CHECK(memstore_contains(m, (nc_bytes){ old, sizeof(old) }));
	uint64_t n = 0;
	CHECK_OK(nc_vault_rotate(s, &n, &err), &err);
	CHECK_UINT(n, 300);
	CHECK(!nc_vault_is_rotating(s));
	CHECK(!memstore_contains(m, (nc_bytes){ old, sizeof(old) }));
	copy_of_file(path, &after, &len);
	CHECK(strstr(before, "\nkey ") && !strstr(after, strstr(before, "\nkey ")));
	for (int i = 0; i < 300; i++) {
		snprintf(handle, sizeof(handle), "sec_%d", i);
		CHECK_STR(get_secret(s, handle, value), handle);
	}
	nc_vault_close(s);
	s = open_secrets(db, path);
	REQUIRE(s != NULL);
	CHECK_STR(get_secret(s, "sec_299", value), "sec_299");
	CHECK_UINT(su_faults(db), 0);
	nc_vault_close(s);
	nc_db_close(db);
	memstore_free(m);
}

static void rotation_can_be_cut_at_every_store_call_and_go_on(void)
{
	memstore *m = memstore_new();
	char value[64], handle[40];
	_cleanup_(nc_freep) char *path = new_key_file();
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	nc_vault *s = open_secrets(db, path);
	REQUIRE(s != NULL);
	for (int i = 0; i < 150; i++) {
		snprintf(handle, sizeof(handle), "sec_%d", i);
		CHECK_CODE(put_secret(db, s, handle, handle), NC_OK);
	}
	int cuts = 0;
	for (uint64_t nth = 1; nth < 40; nth++) {
		memstore_fail(m, MS_ANY, nth, UINT64_MAX, MS_REFUSE);
		nc_code code = nc_vault_rotate(s, NULL, NULL);
		int has_failed = memstore_has_failed(m);
		cuts += code != NC_OK;
		/* the power goes: what the materialiser wrote may be gone with it */
		memstore_cut(m);
		nc_vault_close(s);
		nc_db_close(db);
		memstore_heal(m);
		memstore_power(m, nc_test_random() % (memstore_unsynced(m) + 1));
		db = su_open(m);
		REQUIRE(db != NULL);
		s = open_secrets(db, path);
		REQUIRE(s != NULL);
		for (int i = 0; i < 150; i += 7) {
			snprintf(handle, sizeof(handle), "sec_%d", i);
			CHECK_STR(get_secret(s, handle, value), handle);
		}
		CHECK(code == NC_OK || nc_vault_is_rotating(s) || nth == 1);
		if (nth % 5 == 0) {
			CHECK_OK(nc_vault_rotate(s, NULL, NULL), NULL);
			CHECK(!nc_vault_is_rotating(s));
		}
		if (!has_failed)
			break;
	}
	CHECK(cuts > 3);
	CHECK_OK(nc_vault_rotate(s, NULL, NULL), NULL);
	CHECK_STR(get_secret(s, "sec_149", value), "sec_149");
	nc_vault_close(s);
	nc_db_close(db);
	memstore_free(m);
}

static void a_key_file_put_back_during_a_rotation_loses_no_key(void)
{
	memstore *m = memstore_new();
	char value[64];
	_cleanup_(nc_freep) char *path = new_key_file();
	_cleanup_(nc_freep) char *before = NULL, *during = NULL, *after = NULL;
	size_t len, during_len;
	nc_error err = NC_ERROR_INIT;
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	nc_vault *s = open_secrets(db, path);
	REQUIRE(s != NULL);
	CHECK_CODE(put_secret(db, s, "sec_1", "one"), NC_OK);
	copy_of_file(path, &before, &len);
	memstore_fail(m, MS_ANY, 2, UINT64_MAX, MS_REFUSE);
	CHECK(nc_vault_rotate(s, NULL, NULL) != NC_OK);
	REQUIRE(nc_vault_is_rotating(s));
	memstore_heal(m);
	copy_of_file(path, &during, &during_len);
	CHECK_OK(nc_file_replace(path, 0600, (nc_bytes){ before, len }, NULL), NULL);
	nc_code code = NC_E_UNAVAILABLE; /* until the store has found its feet again */
	for (int i = 0; i < 500 && code == NC_E_UNAVAILABLE; i++) {
		usleep(10000);
		code = nc_vault_rotate(s, NULL, &err);
	}
	CHECK_CODE(code, NC_E_CONFLICT);
	CHECK_HAS(err.message, "was changed during the rotation");
	copy_of_file(path, &after, &len);
	CHECK_STR(after, before);
	CHECK_STR(get_secret(s, "sec_1", value), "one");
	CHECK_OK(nc_file_replace(path, 0600, (nc_bytes){ during, during_len }, NULL), NULL);
	CHECK_OK(nc_vault_rotate(s, NULL, &err), &err);
	CHECK_STR(get_secret(s, "sec_1", value), "one");
	nc_vault_close(s);
	nc_db_close(db);
	memstore_free(m);
}

static void value_sealed_before_a_rotation_is_refused_after_it(void)
{
	memstore *m = memstore_new();
	char value[64];
	_cleanup_(nc_freep) char *path = new_key_file();
	nc_error err = NC_ERROR_INIT;
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	nc_vault *s = open_secrets(db, path);
	REQUIRE(s != NULL);
	nc_txn *t = nc_txn_new(db);
	for (uint32_t v = 1; v < 20; v++)
		CHECK_OK(nc_vault_put(s, t, v % 2 ? "late" : "latest", nc_str("x"), &err), &err);
	CHECK_OK(nc_vault_rotate(s, NULL, &err), &err);
	CHECK_CODE(nc_txn_commit(t, NULL, &err), NC_E_UNAVAILABLE);
	CHECK(err.flags & NC_ERR_RETRYABLE);
	CHECK_STR(get_secret(s, "late", value), "not_found");
	CHECK_CODE(put_secret(db, s, "late", "x"), NC_OK);
	CHECK_STR(get_secret(s, "late", value), "x");
	nc_vault_close(s);
	nc_db_close(db);
	memstore_free(m);
}

static void key_file_that_does_not_fit_is_refused(void)
{
	memstore *m = memstore_new(), *m2 = memstore_new();
	_cleanup_(nc_freep) char *path = new_key_file();
	_cleanup_(nc_freep) char *own = NULL;
	size_t len;
	nc_error err = NC_ERROR_INIT;
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	nc_vault *s = open_secrets(db, path);
	REQUIRE(s != NULL);
	CHECK_CODE(put_secret(db, s, "sec_1", "value"), NC_OK);
	nc_vault_close(s);
	s = NULL;
	copy_of_file(path, &own, &len);
	nc_vault_options o = { db, K_SECRET, path };
	CHECK_INT(chmod(path, 0640), 0);
	CHECK_CODE(nc_vault_open(&o, &s, &err), NC_E_DENIED);
	CHECK_HAS(err.hint, "chmod 600");
	CHECK_INT(unlink(path), 0);
	CHECK_CODE(nc_vault_open(&o, &s, &err), NC_E_NOTFOUND);
	CHECK_HAS(err.hint, "put the key file back");
	CHECK(access(path, F_OK) != 0); /* and none was made up */
	/* half a file; a file of other keys; of another installation */
	CHECK_OK(nc_file_replace(path, 0600, (nc_bytes){ own, len - 4 }, NULL), NULL);
	CHECK_CODE(nc_vault_open(&o, &s, &err), NC_E_PROTO);
	char *key = strstr(own, "\nkey ") + 5;
	key[0] = key[0] == '0' ? '1' : '0';
	CHECK_OK(nc_file_replace(path, 0600, (nc_bytes){ own, len }, NULL), NULL);
	CHECK_CODE(nc_vault_open(&o, &s, &err), NC_E_NOTFOUND);
	CHECK_HAS(err.message, "secret sec_1 is sealed with key");
	nc_db_close(db);
	db = su_open(m2);
	REQUIRE(db != NULL);
	o.db = db;
	CHECK_CODE(nc_vault_open(&o, &s, &err), NC_E_CONFLICT);
	CHECK(s == NULL);
	nc_db_close(db);
	memstore_free(m);
	memstore_free(m2);
}

static void a_bare_key_made_beforehand_becomes_the_installations_own(void)
{
	static const char bare[] =
		"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n";
	memstore *m = memstore_new();
	char value[64];
	size_t len;
	_cleanup_(nc_freep) char *path = new_key_file();
	_cleanup_(nc_freep) char *after = NULL;
	nc_error err = NC_ERROR_INIT;
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	CHECK_OK(nc_file_replace(path, 0600, nc_str(bare), NULL), NULL);
	nc_vault *s = open_secrets(db, path);
	REQUIRE(s != NULL);
	copy_of_file(path, &after, &len);
	CHECK_HAS(after, nc_db_installation(db));
	CHECK_CODE(put_secret(db, s, "sec_1", "value"), NC_OK);
	nc_vault_close(s);
	s = open_secrets(db, path);
	REQUIRE(s != NULL);
	CHECK_STR(get_secret(s, "sec_1", value), "value");
	nc_vault_close(s);
	s = NULL;
	/* but not where something is sealed under another */
	nc_vault_options o = { db, K_SECRET, path };
	CHECK_OK(nc_file_replace(path, 0600, nc_str(bare), NULL), NULL);
	CHECK_CODE(nc_vault_open(&o, &s, &err), NC_E_CONFLICT);
	CHECK_HAS(err.message, "under another key");
	CHECK_OK(nc_file_replace(path, 0600, (nc_bytes){ bare, 63 }, NULL), NULL);
	CHECK_CODE(nc_vault_open(&o, &s, &err), NC_E_PROTO);
	CHECK(s == NULL);
	nc_db_close(db);
	memstore_free(m);
}

static void a_key_file_that_was_replaced_is_overwritten_on_the_disk(void)
{
	memstore *m = memstore_new();
	char old[200] = "", kept[200] = "";
	_cleanup_(nc_freep) char *path = new_key_file();
	_cleanup_(nc_freep) char *copy = new_key_file();
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	nc_vault *s = open_secrets(db, path);
	REQUIRE(s != NULL);
	FILE *f = fopen(path, "r");
	REQUIRE(f != NULL);
	CHECK_OK(nc_vault_rotate(s, NULL, NULL), NULL);
	CHECK(fread(old, 1, sizeof(old) - 1, f) > 0);
	CHECK_STR(old, ""); /* zeros */
	fclose(f);
	/* a second name is somebody's copy, which is theirs */
	CHECK_INT(link(path, copy), 0);
	CHECK_OK(nc_vault_rotate(s, NULL, NULL), NULL);
	f = fopen(copy, "r");
	REQUIRE(f != NULL);
	CHECK(fread(kept, 1, sizeof(kept) - 1, f) > 0);
	CHECK_HAS(kept, "novacron-keys");
	fclose(f);
	nc_vault_close(s);
	nc_db_close(db);
	memstore_free(m);
}

static void all_of_one_prefix_are_deleted_and_no_others(void)
{
	memstore *m = memstore_new();
	char value[64];
	_cleanup_(nc_freep) char *path = new_key_file();
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	nc_vault *s = open_secrets(db, path);
	REQUIRE(s != NULL);
	const char *const names[] = { "vm_1.a", "vm_1.b", "vm_10.a", "vm_1-", "vm_2.a" };
	for (size_t i = 0; i < NC_LEN(names); i++)
		CHECK_CODE(put_secret(db, s, names[i], names[i]), NC_OK);
	nc_txn *t = nc_txn_new(db);
	nc_vault_del_all(s, t, nc_db_read_begin(db), "vm_1.");
	nc_db_read_end(db);
	su_commit(t, NULL);
	for (size_t i = 0; i < NC_LEN(names); i++)
		CHECK_STR(get_secret(s, names[i], value), i < 2 ? "not_found" : names[i]);
	nc_vault_close(s);
	nc_db_close(db);
	memstore_free(m);
}

static void names_and_limits_of_secrets_are_checked(void)
{
	memstore *m = memstore_new();
	_cleanup_(nc_freep) char *path = new_key_file();
	static char big[NC_VAULT_VALUE_MAX + 1];
	nc_error err = NC_ERROR_INIT;
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	nc_vault *s = open_secrets(db, path);
	REQUIRE(s != NULL);
	nc_txn *t = nc_txn_new(db);
	nc_bytes v = nc_str("v");
	CHECK_CODE(nc_vault_put(s, t, "", v, &err), NC_E_INVAL);
	CHECK_CODE(nc_vault_put(s, t, NULL, v, &err), NC_E_INVAL);
	CHECK_CODE(nc_vault_put(s, t, "012345678901234567890123456789012345678901234567", v, &err),
		NC_E_INVAL);
	CHECK_CODE(nc_vault_put(s, t, "a", (nc_bytes){ big, sizeof(big) }, &err), NC_E_INVAL);
	CHECK_CODE(nc_vault_put(s, t, "01234567890123456789012345678901234567890123456",
			   (nc_bytes){ big, sizeof(big) - 1 }, &err),
		NC_OK);
	CHECK_CODE(nc_vault_put(s, NULL, "a", v, &err), NC_OK);
	su_commit(t, NULL);
	nc_vault_close(s);
	nc_db_close(db);
	memstore_free(m);
}

static void secrets_survive_each_failed_allocation(void)
{
	memstore *m = memstore_new();
	_cleanup_(nc_freep) char *path = new_key_file();
	char value[64];
	nc_code rc = NC_OK;
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	NC_TORTURE(rc)
	{
		nc_vault *s = NULL;
		nc_vault_options o = { db, K_SECRET, path };
		rc = nc_vault_open(&o, &s, NULL);
		CHECK((rc == NC_OK) == (s != NULL));
		if (s)
			nc_vault_close(s);
	}
	nc_vault *s = open_secrets(db, path);
	REQUIRE(s != NULL);
	NC_TORTURE(rc)
	{
		rc = put_secret(db, s, "sec_1", "value");
	}
	NC_TORTURE(rc)
	{
		nc_secret *v = NULL;
		rc = nc_vault_get(s, "sec_1", &v, NULL);
		CHECK((rc == NC_OK) == (v != NULL));
		nc_secret_free(v);
	}
	NC_TORTURE(rc)
	{
		rc = nc_vault_rotate(s, NULL, NULL);
	}
	CHECK_STR(get_secret(s, "sec_1", value), "value");
	nc_vault_close(s);
	nc_db_close(db);
	memstore_free(m);
}

typedef struct user {
	pthread_t thread;
	nc_db *db;
	nc_vault *s;
	int which, wrong;
} user;

static void *use_secrets(void *arg)
{
	user *u = arg;
	for (uint32_t v = 1; v <= 100; v++) {
		char handle[40], value[64], want[64];
		nc_code code;
		snprintf(handle, sizeof(handle), "sec_%d@%u", u->which, v);
		snprintf(want, sizeof(want), "value %u", v);
		do
			code = put_secret(u->db, u->s, handle, want);
		while (code == NC_E_UNAVAILABLE);
		u->wrong += code != NC_OK;
		u->wrong += strcmp(get_secret(u->s, handle, value), want) != 0;
	}
	return NULL;
}

static void secrets_are_used_while_the_key_is_rotated(void)
{
	memstore *m = memstore_new();
	_cleanup_(nc_freep) char *path = new_key_file();
	user users[3];
	nc_error err = NC_ERROR_INIT;
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	nc_vault *s = open_secrets(db, path);
	REQUIRE(s != NULL);
	for (int i = 0; i < 3; i++) {
		users[i] = (user){ .db = db, .s = s, .which = i };
		pthread_create(&users[i].thread, NULL, use_secrets, &users[i]);
	}
	for (int i = 0; i < 5; i++)
		CHECK_OK(nc_vault_rotate(s, NULL, &err), &err);
	for (int i = 0; i < 3; i++) {
		pthread_join(users[i].thread, NULL);
		CHECK_INT(users[i].wrong, 0);
	}
	for (int i = 0; i < 3; i++) {
		for (uint32_t v = 1; v <= 100; v++) {
			char handle[40], value[64], want[64];
			snprintf(handle, sizeof(handle), "sec_%d@%u", i, v);
			snprintf(want, sizeof(want), "value %u", v);
			CHECK_STR(get_secret(s, handle, value), want);
		}
	}
	nc_vault_close(s);
	nc_db_close(db);
	memstore_free(m);
}

NC_TESTS(store_vault){
	T(secret_comes_back_and_lies_sealed),
	T(secret_in_another_ones_place_is_refused),
	T(digest_tells_values_apart_for_ever),
	T(rotation_leaves_nothing_under_the_old_key),
	T(rotation_can_be_cut_at_every_store_call_and_go_on),
	T(a_key_file_put_back_during_a_rotation_loses_no_key),
	T(value_sealed_before_a_rotation_is_refused_after_it),
	T(key_file_that_does_not_fit_is_refused),
	T(a_bare_key_made_beforehand_becomes_the_installations_own),
	T(a_key_file_that_was_replaced_is_overwritten_on_the_disk),
	T(all_of_one_prefix_are_deleted_and_no_others),
	T(names_and_limits_of_secrets_are_checked),
	T(secrets_survive_each_failed_allocation),
	T(secrets_are_used_while_the_key_is_rotated),
};
