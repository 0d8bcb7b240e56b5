/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks for damage: SQLite's own examination of the pages, then every checksum, the log's order
 * and gaps, and whether the two files belong together. Each file is seen as of one moment, the
 * state's first, so that the log holds all the state has seen. Threads: the connections', beside
 * all other calls. Must never change anything, nor stop at the first fault.
 */
#include "check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "crc32c.h"
#include "error.h"
#include "inst.h"
#include "walk.h"

#define STEPS_A_LOOK 20000 /* of SQLite's machine: some milliseconds */

typedef struct report {
	nc_fault_cb cb;
	void *arg;
	uint64_t faults;
	bool tells_recorded;
} report;

static nc_code tell_kv(report *r, uint32_t space, nc_bytes key, uint64_t seq, const char *what)
{
	r->faults++;
	return r->cb(r->arg, space, key, seq, what);
}

static nc_code ss_printf(3, 4) tell(report *r, uint64_t seq, const char *fmt, ...)
{
	char what[400];
	va_list args;
	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	return tell_kv(r, 0, (nc_bytes){ NULL, 0 }, seq, what);
}

/* A meta row; where it is damaged, that is a fault and *ret is all ones. */
static nc_code get_meta(report *r, ss_conn *c, ss_meta_key k, ss_meta *ret, nc_error *err)
{
	nc_error e = { .struct_size = sizeof(e) };
	nc_code code = ss_meta_get(c, k, ret, &e);
	if (code == NC_E_PROTO) {
		*ret = (ss_meta){ .a = UINT64_MAX, .b = UINT64_MAX };
		return tell(r, 0, "%s", e.message);
	}
	if (code != NC_OK && err)
		*err = e;
	return code;
}

static nc_code check_pages(report *r, ss_conn *c, nc_error *err)
{
	_cleanup_(ss_stmt_donep) sqlite3_stmt *st = NULL;
	nc_code code = ss_stmt(c, SS_INTEGRITY, &st, err);
	const char *name = strrchr(c->path, '/') ? strrchr(c->path, '/') + 1 : c->path;
	while (code == NC_OK) {
		int rc = sqlite3_step(st);
		if (rc == SQLITE_DONE)
			return NC_OK;
		if (ss_is_damage(rc))
			return tell(r, 0, "%s: %s", name, sqlite3_errstr(rc));
		if (rc != SQLITE_ROW)
			return ss_fail_db(err, c->db, "examine the pages", c->path);
		const char *line = (const char *)sqlite3_column_text(st, 0);
		if (!line)
			return ss_fail_nomem(err, "examine the pages");
		if (strcmp(line, "ok") != 0)
			code = tell(r, 0, "%s: %.300s", name, line);
	}
	return code;
}

/* ---- the log ---- */

typedef struct log_walk {
	report *r;
	ss_conn *c;
	uint64_t next; /* seq that must come next */
	uint64_t head; /* UINT64_MAX = not known */
} log_walk;

static nc_code tell_missing(log_walk *w, uint64_t from, uint64_t to, const char *how)
{
	if (from == to)
		return tell(w->r, from, "record %s", how);
	return tell(w->r, from, "records %llu to %llu %s", (unsigned long long)from,
		(unsigned long long)to, how);
}

static nc_code check_record(log_walk *w, sqlite3_stmt *st)
{
	uint64_t seq = (uint64_t)sqlite3_column_int64(st, 0);
	bool is_whole =
		ss_crc_record(seq, ss_column_bytes(st, 2)) == (uint32_t)sqlite3_column_int64(st, 1);
	nc_code code = NC_OK;
	if (seq > w->next)
		code = tell_missing(w, w->next, seq - 1, "missing");
	if (code == NC_OK && !is_whole)
		code = tell(w->r, seq, "wrong checksum");
	if (code == NC_OK && seq > w->head)
		code = tell(w->r, seq, "record past the head, %llu", (unsigned long long)w->head);
	w->next = seq + 1;
	return code;
}

/* Records until the end (SQLITE_DONE), cb's refusal (SQLITE_OK with *ret), or a failure. */
static int check_records(log_walk *w, nc_code *ret, nc_error *err)
{
	_cleanup_(ss_stmt_donep) sqlite3_stmt *st = NULL;
	*ret = ss_stmt(w->c, SS_REC_READ, &st, err);
	if (*ret != NC_OK)
		return SQLITE_OK;
	sqlite3_bind_int64(st, 1, (int64_t)w->next);
	sqlite3_bind_int64(st, 2, -1);
	for (;;) {
		int rc = sqlite3_step(st);
		if (rc != SQLITE_ROW)
			return rc;
		*ret = check_record(w, st);
		if (*ret != NC_OK)
			return SQLITE_OK;
	}
}

static int probe(log_walk *w, uint64_t from, uint64_t *ret_seq)
{
	_cleanup_(ss_stmt_donep) sqlite3_stmt *st = NULL;
	if (ss_stmt(w->c, SS_REC_PROBE, &st, NULL) != NC_OK)
		return SQLITE_NOMEM;
	sqlite3_bind_int64(st, 1, (int64_t)from);
	int rc = sqlite3_step(st);
	if (rc == SQLITE_ROW && ret_seq)
		*ret_seq = (uint64_t)sqlite3_column_int64(st, 0);
	return rc;
}

/* Where looking for records ends. */
static uint64_t last_seq(const log_walk *w)
{
	return w->head == UINT64_MAX ? (uint64_t)INT64_MAX : w->head;
}

/* The least seq found by halving from which records can be found again. */
static nc_code skip_lost(log_walk *w, nc_error *err)
{
	uint64_t low = w->next, high = last_seq(w) + 1;
	while (high - low > 1) {
		uint64_t mid = low + (high - low) / 2;
		int rc = probe(w, mid, NULL);
		if (rc == SQLITE_ROW || rc == SQLITE_DONE)
			high = mid;
		else if (ss_is_damage(rc))
			low = mid;
		else
			return ss_fail_db(err, w->c->db, "search the log", w->c->path);
	}
	nc_code code = tell_missing(w, w->next, high - 1, "can't be read: the page is damaged");
	w->next = high;
	return code;
}

static nc_code skip_damage(log_walk *w, int why, bool *ret_is_over, nc_error *err)
{
	uint64_t seq = 0;
	int rc = probe(w, w->next, &seq);
	if (rc == SQLITE_DONE)
		*ret_is_over = true;
	else if (ss_is_damage(rc) && w->next > last_seq(w))
		*ret_is_over = true; /* damage behind the end holds nothing */
	else if (ss_is_damage(rc))
		return skip_lost(w, err);
	else if (rc != SQLITE_ROW)
		return ss_fail_db(err, w->c->db, "search the log", w->c->path);
	if (*ret_is_over)
		return NC_OK;
	nc_code code = seq > w->next ? tell_missing(w, w->next, seq - 1, "missing") : NC_OK;
	w->next = seq + 1;
	return code == NC_OK ? tell(w->r, seq, "can't be read: %s", sqlite3_errstr(why)) : code;
}

static nc_code walk_log(log_walk *w, nc_error *err)
{
	nc_code code = NC_OK;
	bool is_over = false;
	while (code == NC_OK && !is_over) {
		int rc = check_records(w, &code, err);
		if (code != NC_OK || rc == SQLITE_DONE)
			break;
		if (!ss_is_damage(rc))
			return ss_fail_db(err, w->c->db, "walk the log", w->c->path);
		code = skip_damage(w, rc, &is_over, err);
	}
	if (code == NC_OK && w->head != UINT64_MAX && w->next <= w->head)
		code = tell_missing(w, w->next, w->head, "missing at the end");
	return code;
}

static nc_code check_log(report *r, ss_conn *c, uint64_t head, uint64_t trimmed, nc_error *err)
{
	ss_meta lease;
	log_walk w = { .r = r, .c = c, .head = head };
	w.next = trimmed == UINT64_MAX ? 1 : trimmed + 1;
	nc_code code = get_meta(r, c, SS_META_LEASE, &lease, err);
	if (code == NC_OK)
		code = check_pages(r, c, err);
	return code == NC_OK ? walk_log(&w, err) : code;
}

/* ---- the state ---- */

typedef struct kv_check {
	report *r;
	const ss_walk *w;
	ss_place last;
} kv_check;

static nc_code check_kv(void *arg, const nc_kv *kv)
{
	kv_check *k = arg;
	nc_code code = NC_OK;
	if (kv->flags && k->w->is_recorded) {
		if (!k->r->tells_recorded)
			return NC_OK;
		return tell_kv(k->r, kv->space, kv->key, kv->rev,
			kv->flags == NC_KV_LOST
				? "from here to the next key all was lost when a page was damaged"
				: "the value was lost when it was damaged");
	}
	if (kv->flags == NC_KV_LOST)
		return tell_kv(k->r, kv->space, kv->key, 0,
			"from here to the next key nothing can be read: a page is damaged");
	if (kv->flags == NC_KV_CORRUPT)
		code = tell_kv(k->r, kv->space, kv->key, kv->rev,
			"the value has a wrong checksum or can't be read");
	if (code == NC_OK && ss_bytes_cmp(kv->key, ss_place_bytes(&k->last)) <= 0)
		code = tell_kv(k->r, kv->space, kv->key, kv->rev, "keys are out of order");
	ss_place_set(&k->last, kv->key);
	return code;
}

static nc_code check_space(report *r, ss_conn *c, uint32_t space, nc_error *err)
{
	kv_check k = { .r = r };
	ss_walk w = { .c = c, .space = space, .left = UINT32_MAX, .cb = check_kv, .arg = &k };
	k.w = &w;
	return ss_walk_space(&w, err);
}

static nc_code check_spaces(report *r, ss_conn *c, nc_error *err)
{
	nc_code code = NC_OK;
	for (uint64_t space = 0, lost; code == NC_OK; space++) {
		int rc = ss_walk_next_space(c, &space, &lost);
		if (rc == SQLITE_DONE)
			break;
		if (rc != SQLITE_ROW)
			return ss_fail_db(err, c->db, "walk the state", c->path);
		if (lost > 1)
			code = tell(r, 0, "state.db: spaces %llu to %llu can't be read",
				(unsigned long long)(space + 1 - lost),
				(unsigned long long)(space - 1));
		if (code == NC_OK)
			code = check_space(r, c, (uint32_t)space, err);
	}
	return code;
}

static nc_code check_applied(report *r, uint64_t applied, uint64_t head, uint64_t trimmed)
{
	nc_code code = NC_OK;
	if (applied == UINT64_MAX)
		return NC_OK; /* told as such */
	if (head != UINT64_MAX && applied > head)
		code = tell(r, 0, "state.db has seen record %llu, but the log's head is %llu",
			(unsigned long long)applied, (unsigned long long)head);
	if (code == NC_OK && trimmed != UINT64_MAX && applied < trimmed)
		code = tell(r, 0, "state.db has seen record %llu, but the log begins after %llu",
			(unsigned long long)applied, (unsigned long long)trimmed);
	return code;
}

nc_code ss_check_files(
	const ss_checked *files, nc_fault_cb cb, void *arg, uint64_t *ret_faults, nc_error *err)
{
	ss_conn *log = files->log, *state = files->state;
	_cleanup_(ss_txn_endp) ss_conn *state_txn = NULL;
	_cleanup_(ss_txn_endp) ss_conn *log_txn = NULL;
	report r = { .cb = cb, .arg = arg, .tells_recorded = files->tells_recorded };
	ss_meta applied, tip, trim;
	nc_code code = ss_txn_begin(state, SS_BEGIN_READ, &state_txn, err);
	if (code == NC_OK)
		code = get_meta(&r, state, SS_META_APPLIED, &applied, err);
	if (code == NC_OK)
		code = ss_txn_begin(log, SS_BEGIN_READ, &log_txn, err);
	if (code == NC_OK)
		code = get_meta(&r, log, SS_META_TIP, &tip, err);
	if (code == NC_OK)
		code = get_meta(&r, log, SS_META_TRIM, &trim, err);
	if (code == NC_OK)
		code = check_applied(&r, applied.a, tip.b, trim.a);
	if (code == NC_OK)
		code = check_log(&r, log, tip.b, trim.a, err);
	if (code == NC_OK)
		code = check_pages(&r, state, err);
	if (code == NC_OK)
		code = check_spaces(&r, state, err);
	*ret_faults = r.faults;
	return code;
}

nc_code ss_first_fault(void *arg, uint32_t space, nc_bytes key, uint64_t seq, const char *what)
{
	char *text = arg;
	if (key.ptr)
		snprintf(text, 200, "a key of space %u: %s", space, what);
	else if (seq)
		snprintf(text, 200, "record %llu: %s", (unsigned long long)seq, what);
	else
		snprintf(text, 200, "%s", what);
	for (char *p = text; *p; p++) {
		if (*p == '\n') /* a message is one line */
			*p = ' ';
	}
	return NC_E_PROTO;
}

/* SQLite asks this now and then; a lead, or the end, must not wait for a long look. */
static int is_unwanted(void *gate)
{
	return !ss_gate_is_open(gate);
}

void ss_check_until(ss_conn *c, ss_gate *gate)
{
	sqlite3_progress_handler(c->db, STEPS_A_LOOK, is_unwanted, gate);
}

static nc_code check_apart(nc_inst *inst, nc_fault_cb cb, void *arg, nc_error *err)
{
	/* Connections of its own: it takes long, and the pool's are for short reads. */
	_cleanup_(ss_conn_closep) ss_conn *log = NULL;
	_cleanup_(ss_conn_closep) ss_conn *state = NULL;
	ss_conn_opts o[SS_FILES];
	uint64_t faults = 0;
	ss_files_reader_opts(inst, o);
	nc_code code = ss_conn_open(&o[SS_LOG_FILE], &log, err);
	if (code == NC_OK)
		code = ss_conn_open(&o[SS_STATE_FILE], &state, err);
	if (code != NC_OK)
		return code;
	ss_check_until(log, &inst->gate);
	ss_check_until(state, &inst->gate);
	ss_checked files = { .log = log, .state = state, .tells_recorded = true };
	code = ss_check_files(&files, cb, arg, &faults, err);
	if (code == NC_OK && faults)
		return ss_fail(err, NC_E_PROTO,
			"Restore the last backup if what is named is needed.",
			"the store has %llu faults", (unsigned long long)faults);
	return code;
}

nc_code ss_check(nc_inst *inst, nc_fault_cb cb, void *arg, nc_error *err)
{
	_cleanup_(ss_gate_leavep) ss_gate *inside = NULL;
	nc_code code = ss_gate_enter(&inst->gate, &inside, err);
	return code == NC_OK ? check_apart(inst, cb, arg, err) : code;
}
