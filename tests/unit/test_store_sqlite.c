/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of the SQLite store that can be looked at from inside alone: its checksums, its
 * arithmetic on keys, and a backup of a version that no plugin writes any more.
 */
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "testing.h"

/* The plugin's own words for what base/ has too. */
#undef _cleanup_
#include "container.h"
#include "crc32c.h"
#include "inst.h"
#include "midkey.h"

/* ---- checksums ---- */

static void crc32c_gives_the_known_answers(void)
{
	static const uint8_t zeros[32];
	uint8_t ones[32], rising[32];
	memset(ones, 0xff, sizeof(ones));
	for (uint8_t i = 0; i < 32; i++)
		rising[i] = i;
	CHECK_UINT(ss_crc32c(0, "123456789", 9), 0xe3069283u);
	CHECK_UINT(ss_crc32c(0, zeros, sizeof(zeros)), 0x8a9136aau);
	CHECK_UINT(ss_crc32c(0, ones, sizeof(ones)), 0x62a8ab43u);
	CHECK_UINT(ss_crc32c(0, rising, sizeof(rising)), 0x46dd794eu);
	CHECK_UINT(ss_crc32c(0, NULL, 0), 0);
}

static void crc32c_is_the_same_without_the_instruction_and_in_pieces(void)
{
	uint8_t buf[300];
	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (uint8_t)nc_test_random();
	for (int i = 0; i < 2000; i++) {
		size_t at = nc_test_random() % 40, n = nc_test_random() % (sizeof(buf) - 40);
		size_t cut = n ? nc_test_random() % n : 0;
		uint32_t whole = ss_crc32c(0, buf + at, n);
		uint32_t pieces = ss_crc32c(ss_crc32c(0, buf + at, cut), buf + at + cut, n - cut);
		if (!CHECK_UINT(ss_crc32c_portable(0, buf + at, n), whole) ||
			!CHECK_UINT(pieces, whole))
			return;
	}
}

static void a_checksum_knows_whose_bytes_it_guards(void)
{
	nc_bytes a = { "abc", 3 }, b = { "abcd", 4 }, d = { "d", 1 }, none = { "", 0 };
	CHECK(ss_crc_record(1, a) != ss_crc_record(2, a));
	CHECK(ss_crc_kv(1, a, 7, d) != ss_crc_kv(2, a, 7, d));
	CHECK(ss_crc_kv(1, a, 7, d) != ss_crc_kv(1, a, 8, d));
	CHECK(ss_crc_kv(1, a, 7, d) != ss_crc_kv(1, b, 7, none)); /* where the key ends */
	CHECK(ss_crc_meta(1, 2, 3, none) != ss_crc_meta(1, 3, 2, none));
}

/* ---- places between keys ---- */

static ss_place random_place(void)
{
	static const uint8_t bytes[] = { 0x00, 0x01, 0x41, 0xfe, 0xff };
	ss_place p = { .len = nc_test_random() % 6 };
	for (size_t i = 0; i < p.len; i++)
		p.bytes[i] = bytes[nc_test_random() % sizeof(bytes)];
	return p;
}

static int compare(const ss_place *a, const ss_place *b)
{
	return ss_bytes_cmp(ss_place_bytes(a), ss_place_bytes(b));
}

static void a_place_between_two_lies_between_them(void)
{
	for (int i = 0; i < 20000; i++) {
		ss_place low = random_place(), high = random_place(), mid;
		if (compare(&low, &high) >= 0)
			continue;
		ss_place next;
		ss_place_after(&next, ss_place_bytes(&low));
		bool is_there = compare(&next, &high) < 0;
		bool is_found = ss_place_between(&low, &high, &mid);
		if (!CHECK_INT(is_found, is_there) || !is_found)
			continue;
		CHECK(compare(&low, &mid) < 0 && compare(&mid, &high) < 0);
	}
}

static void halving_finds_every_key_in_a_few_thousand_steps(void)
{
	for (int i = 0; i < 200; i++) {
		ss_place low = { .len = 0 }, high, mid, sought;
		sought.len = 1 + nc_test_random() % NC_STORE_KEY_MAX;
		for (size_t k = 0; k < sought.len; k++)
			sought.bytes[k] = (uint8_t)(i % 3 ? nc_test_random() : i % 2 ? 0 : 0xff);
		ss_place_last(&high);
		REQUIRE(compare(&sought, &high) < 0);
		int steps = 0;
		for (; steps < 5000 && ss_place_between(&low, &high, &mid); steps++) {
			if (compare(&mid, &sought) < 0)
				low = mid;
			else
				high = mid;
		}
		CHECK(steps < 5000);
		CHECK_INT(compare(&high, &sought), 0);
	}
}

static void the_longest_key_has_a_place_after_it(void)
{
	uint8_t key[NC_STORE_KEY_MAX];
	ss_place after, last;
	memset(key, 0xff, sizeof(key));
	ss_place_after(&after, (nc_bytes){ key, sizeof(key) });
	ss_place_last(&last);
	CHECK(ss_bytes_cmp(ss_place_bytes(&after), (nc_bytes){ key, sizeof(key) }) > 0);
	CHECK(compare(&after, &last) < 0);
}

/* ---- a backup of before ---- */

static const char old_log[] =
	"CREATE TABLE meta (k INTEGER PRIMARY KEY, a INTEGER, b INTEGER, t TEXT);"
	"CREATE TABLE rec (seq INTEGER PRIMARY KEY, data BLOB);"
	"INSERT INTO meta VALUES (1, 0, 0, ''), (2, 3, 50, ''), (3, 10, 0, ''), (4, 0, 0, 'x');"
	"WITH RECURSIVE n(i) AS (SELECT 11 UNION ALL SELECT i + 1 FROM n WHERE i < 50)"
	" INSERT INTO rec SELECT i, CAST('record ' || i AS BLOB) FROM n;";
static const char old_state[] =
	"CREATE TABLE meta (k INTEGER PRIMARY KEY, a INTEGER, b INTEGER, t TEXT);"
	"CREATE TABLE kv (space INTEGER, key BLOB, val BLOB, rev INTEGER, PRIMARY KEY (space, key))"
	" WITHOUT ROWID;"
	"INSERT INTO meta VALUES (1, 0, 0, ''), (5, 40, 0, '');"
	"INSERT INTO kv VALUES (7, CAST('key' AS BLOB), CAST('value' AS BLOB), 12);";

static int make_old_file(const char *name, const char *sql)
{
	char *path = nc_test_path(name);
	sqlite3 *db = NULL;
	CHECK_INT(sqlite3_open(path, &db), SQLITE_OK);
	CHECK_INT(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	nc_free(path);
	return fd;
}

static int make_old_backup(uint32_t schema)
{
	static const char *const sql[] = { old_log, old_state };
	char *path = nc_test_path("old-backup");
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ss_pipe p = { .fd = fd };
	ss_container c = {
		.files = 2, .schema = schema, .epoch = 3, .head = 50, .trimmed = 10, .applied = 40
	};
	CHECK_OK(ss_container_write_header(&p, &c, NULL), NULL);
	for (size_t i = 0; i < 2; i++) {
		struct stat st;
		int file = make_old_file(ss_file_names[i], sql[i]);
		CHECK(fstat(file, &st) == 0);
		CHECK_OK(ss_container_write_file(
				 &p, ss_file_names[i], file, (uint64_t)st.st_size, NULL),
			NULL);
		close(file);
		char *made = nc_test_path(ss_file_names[i]);
		unlink(made);
		nc_free(made);
	}
	CHECK_OK(ss_container_write_end(&p, &c, NULL), NULL);
	lseek(fd, 0, SEEK_SET);
	nc_free(path);
	return fd;
}

static nc_code any_fault(void *arg, uint32_t space, nc_bytes key, uint64_t seq, const char *what)
{
	(void)arg, (void)space, (void)key, (void)seq, (void)what;
	return NC_OK;
}

static nc_code note_value(void *arg, const nc_kv *kv)
{
	*(int *)arg = kv->rev == 12 && kv->val.len == 5 && !memcmp(kv->val.ptr, "value", 5);
	return NC_OK;
}

static nc_inst *open_store(const char *dir, const char *rest)
{
	static const nc_host host = { .struct_size = sizeof(nc_host), .abi = NC_ABI };
	char config[4200];
	nc_inst *inst = NULL;
	nc_error err = { .struct_size = sizeof(err) };
	int n = snprintf(config, sizeof(config), "{\"path\":\"%s\"%s}", dir, rest);
	const nc_plugin *plugin = nc_plugin_entry_v1(NC_ABI)->plugin;
	CHECK_OK(plugin->create(&host, (nc_bytes){ config, (size_t)n }, &inst, &err), &err);
	return inst;
}

static void a_backup_of_an_older_version_is_migrated_and_checked(void)
{
	char *dir = nc_test_path("restored");
	nc_error err = { .struct_size = sizeof(err) };
	nc_store_head h = { .struct_size = sizeof(h) };
	int fd = make_old_backup(0), is_right = 0;
	const nc_plugin *plugin = nc_plugin_entry_v1(NC_ABI)->plugin;
	nc_inst *inst = open_store(dir, ",\"purpose\":\"restore\"");
	REQUIRE(inst != NULL);
	CHECK_OK(ss_store_restore.restore(inst, fd, dir, &err), &err);
	plugin->destroy(inst);
	inst = open_store(dir, "");
	REQUIRE(inst != NULL);
	CHECK_OK(ss_store.head(inst, &h, &err), &err);
	CHECK(h.epoch == 3 && h.head == 50 && h.trimmed_seq == 10 && h.applied_seq == 40);
	CHECK_OK(ss_store.get(inst, 7, (nc_bytes){ "key", 3 }, note_value, &is_right, &err), &err);
	CHECK(is_right);
	CHECK_OK(ss_store.check(inst, any_fault, NULL, &err), &err);
	plugin->destroy(inst);
	close(fd);
	nc_free(dir);
}

static void a_backup_of_a_newer_version_is_refused(void)
{
	char *dir = nc_test_path("newer");
	nc_error err = { .struct_size = sizeof(err) };
	struct stat st;
	int fd = make_old_backup(SS_SCHEMA_VERSION + 1);
	const nc_plugin *plugin = nc_plugin_entry_v1(NC_ABI)->plugin;
	nc_inst *inst = open_store(dir, ",\"purpose\":\"restore\"");
	REQUIRE(inst != NULL);
	CHECK_CODE(ss_store_restore.restore(inst, fd, dir, &err), NC_E_UNSUPPORTED);
	CHECK_HAS(err.message, "schema version 2");
	char *log = nc_test_path("newer/log.db");
	CHECK(stat(log, &st) < 0);
	plugin->destroy(inst);
	close(fd);
	nc_free(log);
	nc_free(dir);
}

static void the_entry_refuses_another_major(void)
{
	CHECK(nc_plugin_entry_v1(NC_ABI) != NULL);
	CHECK(nc_plugin_entry_v1((NC_ABI_MAJOR + 1) << 16) == NULL);
	const nc_entry *e = nc_plugin_entry_v1(NC_ABI);
	CHECK_STR(e->id, "novacron.store-sqlite");
	CHECK_HAS(e->manifest_json, "\"nc.store/1\"");
	CHECK_HAS(e->config_schema_json, "\"synchronous\"");
	CHECK(e->plugin->get_extension(NULL, NC_EXT_STORE) == &ss_store);
	CHECK(e->plugin->get_extension(NULL, NC_EXT_STORE_RESTORE) == &ss_store_restore);
	CHECK(e->plugin->get_extension(NULL, "nc.compute/1") == NULL);
}

NC_TESTS(store_sqlite){
	T(crc32c_gives_the_known_answers),
	T(crc32c_is_the_same_without_the_instruction_and_in_pieces),
	T(a_checksum_knows_whose_bytes_it_guards),
	T(a_place_between_two_lies_between_them),
	T(halving_finds_every_key_in_a_few_thousand_steps),
	T(the_longest_key_has_a_place_after_it),
	T(a_backup_of_an_older_version_is_migrated_and_checked),
	T(a_backup_of_a_newer_version_is_refused),
	T(the_entry_refuses_another_major),
};
