/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The instance's configuration: JSON as schema.json describes it, into a struct. SQLite's own
 * JSON reader does the parsing, on a connection in memory that lives as long as the call.
 */
#include "config.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "error.h"

typedef enum { KEY_TEXT, KEY_ENUM, KEY_NUMBER } key_type;

static const struct key {
	const char *name;
	key_type type;
	size_t offset;
	uint32_t min, max, dflt;
	const char *words[3]; /* of an enum, in the order of its values */
	uint32_t values[3];
} keys[] = {
	{ "path", KEY_TEXT, offsetof(ss_config, path), 1, SS_DIR_MAX - 1, 0, { NULL }, { 0 } },
	{ "purpose", KEY_ENUM, offsetof(ss_config, purpose), 0, 0, SS_SERVE, { "serve", "restore" },
		{ SS_SERVE, SS_RESTORE } },
	{ "synchronous", KEY_ENUM, offsetof(ss_config, synchronous), 0, 0, SS_SYNC_FULL,
		{ "full", "off" }, { SS_SYNC_FULL, SS_SYNC_OFF } },
	{ "readers", KEY_NUMBER, offsetof(ss_config, readers), 1, 64, 4, { NULL }, { 0 } },
	{ "log_cache_kib", KEY_NUMBER, offsetof(ss_config, log_cache_kib), 256, 1048576, 2048,
		{ NULL }, { 0 } },
	{ "state_cache_kib", KEY_NUMBER, offsetof(ss_config, state_cache_kib), 256, 1048576, 8192,
		{ NULL }, { 0 } },
	{ "reader_cache_kib", KEY_NUMBER, offsetof(ss_config, reader_cache_kib), 256, 1048576, 1024,
		{ NULL }, { 0 } },
};

static const char hint_schema[] = "See the plugin's schema.json.";

static uint32_t *number_at(ss_config *c, const struct key *k)
{
	return (uint32_t *)(void *)((char *)c + k->offset);
}

static void set_defaults(ss_config *c)
{
	memset(c, 0, sizeof(*c));
	for (size_t i = 0; i < SS_LEN(keys); i++) {
		if (keys[i].type != KEY_TEXT)
			*number_at(c, &keys[i]) = keys[i].dflt;
	}
}

static nc_code set_text(ss_config *c, const struct key *k, const char *text, nc_error *err)
{
	size_t len = strlen(text);
	if (len < k->min || len > k->max)
		return ss_fail(err, NC_E_INVAL, hint_schema, "%s must have %u to %u bytes, not %zu",
			k->name, k->min, k->max, len);
	memcpy((char *)c + k->offset, text, len + 1);
	return NC_OK;
}

static nc_code set_enum(ss_config *c, const struct key *k, const char *text, nc_error *err)
{
	for (size_t i = 0; i < SS_LEN(k->words) && k->words[i]; i++) {
		if (!strcmp(k->words[i], text)) {
			*number_at(c, k) = k->values[i];
			return NC_OK;
		}
	}
	return ss_fail(err, NC_E_INVAL, hint_schema, "%s can't be \"%.64s\"", k->name, text);
}

static nc_code set_number(ss_config *c, const struct key *k, int64_t v, nc_error *err)
{
	if (v < k->min || v > k->max)
		return ss_fail(err, NC_E_INVAL, hint_schema, "%s must be %u to %u, not %lld",
			k->name, k->min, k->max, (long long)v);
	*number_at(c, k) = (uint32_t)v;
	return NC_OK;
}

/* One row of json_each: name, type, value. */
static nc_code set_member(ss_config *c, sqlite3_stmt *st, nc_error *err)
{
	const char *name = (const char *)sqlite3_column_text(st, 0);
	const char *type = (const char *)sqlite3_column_text(st, 1);
	const char *text = (const char *)sqlite3_column_text(st, 2);
	if (!name || !type)
		return ss_fail_nomem(err, "read the store's configuration");
	for (size_t i = 0; i < SS_LEN(keys); i++) {
		const struct key *k = &keys[i];
		if (strcmp(k->name, name) != 0)
			continue;
		if (strcmp(type, k->type == KEY_NUMBER ? "integer" : "text") != 0)
			return ss_fail(
				err, NC_E_INVAL, hint_schema, "%s can't be of type %s", name, type);
		if (!text)
			return ss_fail_nomem(err, "read the store's configuration");
		if (k->type == KEY_NUMBER)
			return set_number(c, k, sqlite3_column_int64(st, 2), err);
		return k->type == KEY_TEXT ? set_text(c, k, text, err) : set_enum(c, k, text, err);
	}
	return ss_fail(err, NC_E_INVAL, hint_schema, "unknown key \"%.64s\"", name);
}

static nc_code read_members(sqlite3 *db, nc_bytes json, ss_config *c, nc_error *err)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db, "SELECT key, type, atom FROM json_each(?1)", -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text64(st, 1, json.ptr, json.len, SQLITE_STATIC, SQLITE_UTF8);
	nc_code code = NC_OK;
	while (rc == SQLITE_OK && code == NC_OK) {
		rc = sqlite3_step(st);
		if (rc != SQLITE_ROW)
			break;
		code = set_member(c, st, err);
		rc = SQLITE_OK;
	}
	if (code == NC_OK && (rc & 0xff) == SQLITE_NOMEM)
		code = ss_fail_nomem(err, "read the store's configuration");
	else if (code == NC_OK && rc != SQLITE_DONE)
		code = ss_fail(err, NC_E_INVAL, hint_schema, "configuration is not an object: %s",
			sqlite3_errmsg(db));
	sqlite3_finalize(st);
	return code;
}

nc_code ss_config_parse(nc_bytes json, ss_config *ret, nc_error *err)
{
	ss_config c;
	set_defaults(&c);
	if (!json.ptr || !json.len)
		return ss_fail(err, NC_E_INVAL, hint_schema, "configuration is empty");
	sqlite3 *db = NULL;
	int rc = sqlite3_open_v2(":memory:", &db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
	nc_code code = rc == SQLITE_OK ? read_members(db, json, &c, err)
				       : ss_fail_nomem(err, "read the store's configuration");
	sqlite3_close(db);
	if (code != NC_OK)
		return code;
	if (!c.path[0])
		return ss_fail(err, NC_E_INVAL, hint_schema, "path is missing");
	*ret = c;
	return NC_OK;
}
