/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the instance tells of itself: whether writes go well, from what the calls have noted. Asks
 * no disk. SQLite makes the JSON, as it reads it. Any worker thread.
 */
#include "health.h"

#include <stdio.h>

#include "error.h"

static const char health_sql[] =
	"SELECT json_object('status', ?1, 'message', ?4, 'details', json_patch("
	"json_object('read_only', json(?2), 'head', ?3), json_object('hint', ?5)))";
/* a patch drops what is null */

typedef struct report {
	const char *status;
	bool is_read_only;
	uint64_t head;
	char problem[320];
	char hint[320];
} report;

static void gather(nc_inst *inst, report *r)
{
	*r = (report){ .status = "healthy" };
	r->head = ss_tip_head(&inst->tip);
	pthread_mutex_lock(&inst->trouble_lock);
	if (inst->is_in_trouble) {
		r->status = "degraded";
		snprintf(r->problem, sizeof(r->problem), "%s", inst->trouble.message);
		snprintf(r->hint, sizeof(r->hint), "%s", inst->trouble.hint);
	}
	pthread_mutex_unlock(&inst->trouble_lock);
	nc_error err = { .struct_size = sizeof(err) };
	ss_gate *inside = NULL;
	nc_code code = ss_gate_enter(&inst->gate, &inside, &err);
	bool is_unavailable = code != NC_OK;
	if (is_unavailable) {
		r->status = "unhealthy";
	} else if ((code = ss_refuse_read_only(inst, &err)) != NC_OK) {
		r->status = "degraded";
		r->is_read_only = true;
	}
	ss_gate_leavep(&inside);
	if (code == NC_OK || (is_unavailable && r->problem[0]))
		return; /* what broke it says more than that it is broken */
	snprintf(r->problem, sizeof(r->problem), "%s", err.message);
	snprintf(r->hint, sizeof(r->hint), "%s", err.hint);
}

static int bind(sqlite3_stmt *st, const report *r)
{
	int rc = sqlite3_bind_text(st, 1, r->status, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(
			st, 2, r->is_read_only ? "true" : "false", -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(st, 3, (int64_t)r->head);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(
			st, 4, r->problem[0] ? r->problem : "writes go well", -1, SQLITE_STATIC);
	if (rc == SQLITE_OK && r->hint[0])
		rc = sqlite3_bind_text(st, 5, r->hint, -1, SQLITE_STATIC);
	return rc;
}

static nc_code write_json(nc_inst *inst, sqlite3_stmt *st, nc_sink *json, nc_error *err)
{
	const void *text = sqlite3_column_text(st, 0);
	size_t n = (size_t)sqlite3_column_bytes(st, 0);
	if (!text)
		return ss_fail_nomem(err, "tell the store's health");
	if (inst->host->sink_write(json, text, n) != NC_OK)
		return ss_fail(err, NC_E_INVAL, "", "the host took no health of %zu bytes", n);
	return NC_OK;
}

nc_code ss_health(nc_inst *inst, nc_sink *json, nc_error *err)
{
	report r;
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	gather(inst, &r);
	nc_code code = NC_OK;
	if (sqlite3_open_v2(":memory:", &db,
		    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
		    NULL) != SQLITE_OK ||
		sqlite3_prepare_v2(db, health_sql, -1, &st, NULL) != SQLITE_OK ||
		bind(st, &r) != SQLITE_OK || sqlite3_step(st) != SQLITE_ROW)
		code = ss_fail_nomem(err, "tell the store's health");
	else
		code = write_json(inst, st, json, err);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return code;
}
