/* SPDX-License-Identifier: Apache-2.0 */
#include "memstore.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * See memstore.h. The log is an array of records, the spaces are one skip list in order of (space,
 * key), and every materialise call notes what it overwrote until a trim makes it durable. One lock
 * for all; callbacks run under it.
 */

enum { LEVELS = 16 };

typedef struct row {
	uint32_t space;
	uint64_t rev;
	char *key, *val;
	size_t key_len, val_len;
	int is_damaged, is_lost;
	struct row *next[LEVELS];
} row;

typedef struct rec {
	char *ptr;
	size_t len;
	int is_damaged, is_lost; /* its bytes can, or can't be had */
} rec;

/* What one materialise call replaced; val NULL = there was nothing. */
typedef struct undo {
	struct undo *older;
	uint64_t applied;
	uint32_t n;
	struct {
		uint32_t space;
		uint64_t rev;
		char *key, *val;
		size_t key_len, val_len;
	} at[];
} undo;

struct nc_inst {
	pthread_mutex_t store_lock; /* guards all below */
	uint64_t epoch, head, trimmed, applied;
	rec *recs; /* of seq i + 1 at i */
	size_t cap;
	row *first[LEVELS];
	undo *undos;
	uint64_t n_undos;
	uint64_t mark_head, mark_undos;
	unsigned random;
	uint64_t calls[MS_CALLS + 1];
	uint64_t fail_at[MS_CALLS + 1], fail_to[MS_CALLS + 1];
	memstore_fault fault[MS_CALLS + 1];
	int has_failed, is_cut;
	uint32_t append_us, largest;
	memstore_hook hook;
	void *hook_arg;
};

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

static char *copy(const void *p, size_t n)
{
	char *c = must(malloc(n + 1));
	if (n)
		memcpy(c, p, n);
	c[n] = '\0';
	return c;
}

memstore *memstore_new(void)
{
	memstore *m = must(calloc(1, sizeof(*m)));
	pthread_mutex_init(&m->store_lock, NULL);
	m->random = 1;
	return m;
}

static void free_undo(undo *u)
{
	for (uint32_t i = 0; i < u->n; i++) {
		free(u->at[i].key);
		free(u->at[i].val);
	}
	free(u);
}

static void drop_undos(memstore *m)
{
	for (undo *u = m->undos, *older; u; u = older) {
		older = u->older;
		free_undo(u);
	}
	m->undos = NULL;
	m->n_undos = 0;
}

static void free_row(row *r)
{
	free(r->key);
	free(r->val);
	free(r);
}

void memstore_free(memstore *m)
{
	for (uint64_t i = 0; i < m->head; i++)
		free(m->recs[i].ptr);
	free(m->recs);
	for (row *r = m->first[0], *next; r; r = next) {
		next = r->next[0];
		free_row(r);
	}
	drop_undos(m);
	pthread_mutex_destroy(&m->store_lock);
	free(m);
}

/* ---- rows ---- */

static int row_cmp(const row *r, uint32_t space, nc_bytes key)
{
	if (r->space != space)
		return r->space < space ? -1 : 1;
	return nc_bytes_cmp((nc_bytes){ r->key, r->key_len }, key);
}

/* The first row >= (space, key); the links that lead to it go into at. */
static row *seek(memstore *m, uint32_t space, nc_bytes key, row ***at)
{
	row **links = m->first;
	for (int level = LEVELS - 1; level >= 0; level--) {
		while (links[level] && row_cmp(links[level], space, key) < 0)
			links = links[level]->next;
		if (at)
			at[level] = &links[level];
	}
	return links[0];
}

static void set_row(memstore *m, uint32_t space, nc_bytes key, nc_bytes val, uint64_t rev)
{
	row **at[LEVELS];
	row *r = seek(m, space, key, at);
	int is_there = r && row_cmp(r, space, key) == 0;
	if (!val.ptr) {
		for (int level = 0; is_there && level < LEVELS; level++) {
			if (*at[level] == r)
				*at[level] = r->next[level];
		}
		if (is_there)
			free_row(r);
		return;
	}
	if (!is_there) {
		r = must(calloc(1, sizeof(*r)));
		r->space = space;
		r->key = copy(key.ptr, key.len);
		r->key_len = key.len;
		int height = 1;
		while (height < LEVELS && rand_r(&m->random) % 3 == 0)
			height++;
		for (int level = 0; level < height; level++) {
			r->next[level] = *at[level];
			*at[level] = r;
		}
	}
	free(r->val);
	r->val = copy(val.ptr, val.len);
	r->val_len = val.len;
	r->rev = rev;
	r->is_damaged = r->is_lost = 0;
}

/* ---- faults ---- */

static memstore_fault fault_of(memstore *m, memstore_call call)
{
	memstore_fault f = MS_WELL;
	const memstore_call both[] = { call, MS_ANY };
	for (size_t i = 0; i < 2; i++) {
		memstore_call c = both[i];
		uint64_t n = ++m->calls[c];
		if (m->fail_at[c] && n >= m->fail_at[c] && n <= m->fail_to[c])
			f = m->fault[c];
	}
	if (f != MS_WELL)
		m->has_failed = 1;
	return m->is_cut ? MS_REFUSE : f;
}

static nc_code fail(memstore_fault f, nc_error *err)
{
	if (f == MS_FULL) {
		nc_err(err, NC_E_UNAVAILABLE, "could not write state.log: no space left on device");
		return nc_err_hint(err, NC_E_UNAVAILABLE, "free space on that file system");
	}
	if (f == MS_DAMAGED)
		return nc_err(err, NC_E_PROTO, "the log ends before its head");
	nc_err(err, NC_E_UNAVAILABLE, "the store was told to fail");
	if (err && (f == MS_UNKNOWN_DONE || f == MS_UNKNOWN_LOST))
		err->flags |= NC_ERR_OUTCOME_UNKNOWN;
	return NC_E_UNAVAILABLE;
}

static memstore_fault begin(memstore *m, memstore_call call)
{
	pthread_mutex_lock(&m->store_lock);
	memstore_hook hook = m->hook;
	void *arg = m->hook_arg;
	pthread_mutex_unlock(&m->store_lock);
	if (hook)
		hook(arg, call);
	pthread_mutex_lock(&m->store_lock);
	return fault_of(m, call);
}

static nc_code end(memstore *m, nc_code code)
{
	pthread_mutex_unlock(&m->store_lock);
	return code;
}

/* ---- the table ---- */

static nc_code ms_lead(nc_inst *m, const char *node, uint32_t ttl_ms, uint64_t *epoch,
	uint64_t *head, nc_error *err)
{
	(void)node;
	memstore_fault f = begin(m, MS_LEAD);
	if (f != MS_WELL)
		return end(m, fail(f, err));
	(void)ttl_ms;
	if (m->epoch % 2 == 0)
		m->epoch++; /* odd: somebody leads; a usurper or a power cut leaves it even */
	*epoch = m->epoch;
	*head = m->head;
	return end(m, NC_OK);
}

static void add_record(memstore *m, nc_bytes raw)
{
	if (m->head == m->cap) {
		m->cap = m->cap ? m->cap * 2 : 64;
		m->recs = must(realloc(m->recs, m->cap * sizeof(*m->recs)));
	}
	m->recs[m->head++] = (rec){ copy(raw.ptr, raw.len), raw.len, 0, 0 };
}

static nc_code ms_append(
	nc_inst *m, uint64_t epoch, uint64_t head, const nc_bytes *recs, uint32_t n, nc_error *err)
{
	memstore_fault f = begin(m, MS_APPEND);
	if (m->append_us) {
		uint32_t us = m->append_us;
		pthread_mutex_unlock(&m->store_lock);
		usleep(us);
		pthread_mutex_lock(&m->store_lock);
	}
	if (f == MS_WELL && (epoch != m->epoch || head != m->head))
		return end(m, nc_err(err, NC_E_CONFLICT, "epoch or head is not this one"));
	if (f == MS_WELL || f == MS_UNKNOWN_DONE) {
		for (uint32_t i = 0; i < n; i++)
			add_record(m, recs[i]);
		m->largest = n > m->largest ? n : m->largest;
	}
	if (f == MS_UNKNOWN_DONE || f == MS_UNKNOWN_LOST)
		m->epoch += m->epoch % 2; /* it has to lead again */
	return end(m, f == MS_WELL ? NC_OK : fail(f, err));
}

static nc_code ms_head(nc_inst *m, nc_store_head *ret, nc_error *err)
{
	memstore_fault f = begin(m, MS_HEAD);
	if (f != MS_WELL)
		return end(m, fail(f, err));
	ret->epoch = m->epoch;
	ret->head = m->head;
	ret->trimmed_seq = m->trimmed;
	ret->applied_seq = m->applied;
	return end(m, NC_OK);
}

static nc_code ms_read(
	nc_inst *m, uint64_t after, uint32_t wait_ms, nc_rec_cb cb, void *arg, nc_error *err)
{
	(void)wait_ms;
	memstore_fault f = begin(m, MS_READ);
	if (f != MS_WELL)
		return end(m, fail(f, err));
	if (after < m->trimmed)
		return end(m, nc_err(err, NC_E_NOTFOUND, "trimmed"));
	nc_code code = NC_OK;
	for (uint64_t i = after; i < m->head && code == NC_OK; i++) {
		if (m->recs[i].is_damaged)
			return end(m, nc_err(err, NC_E_PROTO, "record %llu is damaged",
					      (unsigned long long)(i + 1)));
		code = cb(arg, i + 1, (nc_bytes){ m->recs[i].ptr, m->recs[i].len });
	}
	return end(m, code);
}

static void note_undo(undo *u, memstore *m, const nc_kv *kv)
{
	row *r = seek(m, kv->space, kv->key, NULL);
	int is_there = r && row_cmp(r, kv->space, kv->key) == 0;
	uint32_t i = u->n++;
	u->at[i].space = kv->space;
	u->at[i].key = copy(kv->key.ptr, kv->key.len);
	u->at[i].key_len = kv->key.len;
	u->at[i].rev = is_there ? r->rev : 0;
	u->at[i].val = is_there ? copy(r->val, r->val_len) : NULL;
	u->at[i].val_len = is_there ? r->val_len : 0;
}

static nc_code ms_materialise(
	nc_inst *m, uint64_t epoch, uint64_t applied, const nc_kv *kvs, uint32_t n, nc_error *err)
{
	memstore_fault f = begin(m, MS_MATERIALISE);
	size_t bytes = 0;
	if (f != MS_WELL)
		return end(m, fail(f, err));
	if (epoch != m->epoch)
		return end(m, nc_err(err, NC_E_CONFLICT, "epoch is not this one"));
	for (uint32_t i = 0; i < n; i++)
		bytes += kvs[i].key.len + kvs[i].val.len;
	if (bytes > NC_STORE_BATCH_MAX || applied < m->applied || applied > m->head)
		return end(m, nc_err(err, NC_E_INVAL, "a batch past the limits"));
	undo *u = must(calloc(1, sizeof(*u) + n * sizeof(u->at[0])));
	u->applied = m->applied;
	u->older = m->undos;
	m->undos = u;
	m->n_undos++;
	for (uint32_t i = 0; i < n; i++) {
		note_undo(u, m, &kvs[i]);
		set_row(m, kvs[i].space, kvs[i].key, kvs[i].val, kvs[i].rev);
	}
	m->applied = applied;
	return end(m, NC_OK);
}

static nc_code give(const row *r, nc_kv_cb cb, void *arg)
{
	nc_kv kv = { .space = r->space, .key = { r->key, r->key_len }, .rev = r->rev };
	if (r->is_damaged)
		kv.flags = NC_KV_CORRUPT;
	else
		kv.val = (nc_bytes){ r->val, r->val_len };
	return cb(arg, &kv);
}

static nc_code ms_scan(nc_inst *m, uint32_t space, nc_bytes from, nc_bytes to, uint32_t max,
	nc_kv_cb cb, void *arg, nc_error *err)
{
	memstore_fault f = begin(m, MS_SCAN);
	if (f != MS_WELL)
		return end(m, fail(f, err));
	nc_code code = NC_OK;
	uint32_t n = 0;
	int was_lost = 0;
	for (row *r = seek(m, space, from, NULL); r && code == NC_OK; r = r->next[0]) {
		if (r->space != space || (to.len && row_cmp(r, space, to) >= 0))
			break;
		if (r->is_lost) {
			if (!was_lost)
				code = cb(arg, &(nc_kv){ .space = space,
						       .flags = NC_KV_LOST,
						       .key = { r->key, r->key_len } });
			was_lost = 1;
			continue;
		}
		was_lost = 0;
		if (max && n++ == max)
			break;
		code = give(r, cb, arg);
	}
	return end(m, code);
}

static nc_code ms_get(
	nc_inst *m, uint32_t space, nc_bytes key, nc_kv_cb cb, void *arg, nc_error *err)
{
	memstore_fault f = begin(m, MS_GET);
	if (f != MS_WELL)
		return end(m, fail(f, err));
	row *r = seek(m, space, key, NULL);
	if (!r || row_cmp(r, space, key) != 0)
		return end(m, nc_err(err, NC_E_NOTFOUND, "no such key"));
	if (r->is_lost)
		return end(m, nc_err(err, NC_E_PROTO, "the page can't be read"));
	return end(m, give(r, cb, arg));
}

static nc_code ms_trim(nc_inst *m, uint64_t epoch, uint64_t upto, nc_error *err)
{
	memstore_fault f = begin(m, MS_TRIM);
	if (f != MS_WELL)
		return end(m, fail(f, err));
	if (epoch != m->epoch)
		return end(m, nc_err(err, NC_E_CONFLICT, "epoch is not this one"));
	if (upto > m->applied)
		return end(m, nc_err(err, NC_E_INVAL, "past what is applied"));
	drop_undos(m);
	if (upto > m->trimmed)
		m->trimmed = upto;
	return end(m, NC_OK);
}

static nc_code ms_salvage(nc_inst *m, uint64_t seq, nc_rec_cb cb, void *arg, nc_error *err)
{
	pthread_mutex_lock(&m->store_lock);
	if (seq <= m->trimmed || seq > m->head || m->recs[seq - 1].is_lost)
		return end(m, nc_err(err, NC_E_NOTFOUND, "nothing is left"));
	return end(m, cb(arg, seq, (nc_bytes){ m->recs[seq - 1].ptr, m->recs[seq - 1].len }));
}

static nc_code ms_check(nc_inst *m, nc_fault_cb cb, void *arg, nc_error *err)
{
	pthread_mutex_lock(&m->store_lock);
	nc_code code = NC_OK;
	uint32_t n = 0;
	for (row *r = m->first[0]; r && code == NC_OK; r = r->next[0]) {
		if (!r->is_damaged && !r->is_lost)
			continue;
		n++;
		code = cb(arg, r->space, (nc_bytes){ r->key, r->key_len }, r->rev,
			"checksum is wrong");
	}
	for (uint64_t i = m->trimmed; i < m->head && code == NC_OK; i++) {
		if (!m->recs[i].is_damaged)
			continue;
		n++;
		code = cb(arg, 0, (nc_bytes){ NULL, 0 }, i + 1, "checksum is wrong");
	}
	if (code == NC_OK && n > 0)
		code = nc_err(err, NC_E_PROTO, "%u faults", n);
	return end(m, code);
}

const nc_store memstore_table = {
	.struct_size = sizeof(nc_store),
	.lead = ms_lead,
	.append = ms_append,
	.head = ms_head,
	.read = ms_read,
	.materialise = ms_materialise,
	.scan = ms_scan,
	.get = ms_get,
	.trim = ms_trim,
	.check = ms_check,
	.salvage = ms_salvage,
};

/* ---- what tests do to it ---- */

void memstore_fail(memstore *m, memstore_call call, uint64_t nth, uint64_t count, memstore_fault f)
{
	pthread_mutex_lock(&m->store_lock);
	m->fail_at[call] = m->calls[call] + nth;
	m->fail_to[call] =
		count > UINT64_MAX - m->fail_at[call] ? UINT64_MAX : m->fail_at[call] + count;
	m->fault[call] = f;
	m->has_failed = 0;
	pthread_mutex_unlock(&m->store_lock);
}

int memstore_has_failed(memstore *m)
{
	pthread_mutex_lock(&m->store_lock);
	int has = m->has_failed;
	pthread_mutex_unlock(&m->store_lock);
	return has;
}

void memstore_heal(memstore *m)
{
	pthread_mutex_lock(&m->store_lock);
	memset(m->fail_at, 0, sizeof(m->fail_at));
	pthread_mutex_unlock(&m->store_lock);
}

void memstore_cut(memstore *m)
{
	pthread_mutex_lock(&m->store_lock);
	m->is_cut = 1;
	pthread_mutex_unlock(&m->store_lock);
}

static void undo_last(memstore *m)
{
	undo *u = m->undos;
	for (uint32_t i = u->n; i > 0; i--) {
		nc_bytes key = { u->at[i - 1].key, u->at[i - 1].key_len };
		nc_bytes val = { u->at[i - 1].val, u->at[i - 1].val_len };
		set_row(m, u->at[i - 1].space, key, val, u->at[i - 1].rev);
	}
	m->applied = u->applied;
	m->undos = u->older;
	m->n_undos--;
	free_undo(u);
}

void memstore_power(memstore *m, uint64_t keep)
{
	pthread_mutex_lock(&m->store_lock);
	while (m->n_undos > keep)
		undo_last(m);
	m->is_cut = 0;
	m->epoch += m->epoch % 2;
	pthread_mutex_unlock(&m->store_lock);
}

void memstore_mark(memstore *m)
{
	pthread_mutex_lock(&m->store_lock);
	m->mark_head = m->head;
	m->mark_undos = m->n_undos;
	pthread_mutex_unlock(&m->store_lock);
}

void memstore_rewind(memstore *m)
{
	pthread_mutex_lock(&m->store_lock);
	while (m->n_undos > m->mark_undos)
		undo_last(m);
	while (m->head > m->mark_head)
		free(m->recs[--m->head].ptr);
	pthread_mutex_unlock(&m->store_lock);
}

uint64_t memstore_unsynced(memstore *m)
{
	pthread_mutex_lock(&m->store_lock);
	uint64_t n = m->n_undos;
	pthread_mutex_unlock(&m->store_lock);
	return n;
}

void memstore_set_hook(memstore *m, memstore_hook hook, void *arg)
{
	pthread_mutex_lock(&m->store_lock);
	m->hook = hook;
	m->hook_arg = arg;
	pthread_mutex_unlock(&m->store_lock);
}

void memstore_set_delay_us(memstore *m, uint32_t append_us)
{
	pthread_mutex_lock(&m->store_lock);
	m->append_us = append_us;
	pthread_mutex_unlock(&m->store_lock);
}

uint64_t memstore_calls(memstore *m, memstore_call call)
{
	pthread_mutex_lock(&m->store_lock);
	uint64_t n = m->calls[call];
	pthread_mutex_unlock(&m->store_lock);
	return n;
}

void memstore_usurp(memstore *m, const nc_bytes *recs, uint32_t n)
{
	pthread_mutex_lock(&m->store_lock);
	m->epoch += 2 + m->epoch % 2;
	for (uint32_t i = 0; i < n; i++)
		add_record(m, recs[i]);
	pthread_mutex_unlock(&m->store_lock);
}

void memstore_damage_value(memstore *m, uint32_t space, nc_bytes key)
{
	pthread_mutex_lock(&m->store_lock);
	row *r = seek(m, space, key, NULL);
	if (!r || row_cmp(r, space, key) != 0)
		abort();
	r->is_damaged = 1;
	pthread_mutex_unlock(&m->store_lock);
}

void memstore_lose_rows(memstore *m, uint32_t space, nc_bytes from, uint32_t n)
{
	pthread_mutex_lock(&m->store_lock);
	for (row *r = seek(m, space, from, NULL); r && n > 0; r = r->next[0], n--)
		r->is_lost = 1;
	pthread_mutex_unlock(&m->store_lock);
}

void memstore_damage_record(memstore *m, uint64_t seq)
{
	pthread_mutex_lock(&m->store_lock);
	m->recs[seq - 1].is_damaged = 1;
	pthread_mutex_unlock(&m->store_lock);
}

void memstore_lose_record(memstore *m, uint64_t seq)
{
	pthread_mutex_lock(&m->store_lock);
	m->recs[seq - 1].is_damaged = m->recs[seq - 1].is_lost = 1;
	pthread_mutex_unlock(&m->store_lock);
}

void memstore_flip(memstore *m, uint64_t seq, size_t bit)
{
	pthread_mutex_lock(&m->store_lock);
	m->recs[seq - 1].ptr[bit / 8] ^= (char)(1u << bit % 8);
	pthread_mutex_unlock(&m->store_lock);
}

size_t memstore_record_len(memstore *m, uint64_t seq)
{
	pthread_mutex_lock(&m->store_lock);
	size_t len = m->recs[seq - 1].len;
	pthread_mutex_unlock(&m->store_lock);
	return len;
}

void memstore_set_value(memstore *m, uint32_t space, nc_bytes key, nc_bytes val, uint64_t rev)
{
	pthread_mutex_lock(&m->store_lock);
	set_row(m, space, key, val, rev);
	pthread_mutex_unlock(&m->store_lock);
}

int memstore_contains(memstore *m, nc_bytes what)
{
	int has = 0;
	pthread_mutex_lock(&m->store_lock);
	for (uint64_t i = m->trimmed; i < m->head; i++)
		has |= memmem(m->recs[i].ptr, m->recs[i].len, what.ptr, what.len) != NULL;
	for (row *r = m->first[0]; r; r = r->next[0])
		has |= memmem(r->val, r->val_len, what.ptr, what.len) != NULL;
	pthread_mutex_unlock(&m->store_lock);
	return has;
}

uint64_t memstore_head(memstore *m)
{
	pthread_mutex_lock(&m->store_lock);
	uint64_t head = m->head;
	pthread_mutex_unlock(&m->store_lock);
	return head;
}

uint64_t memstore_trimmed(memstore *m)
{
	pthread_mutex_lock(&m->store_lock);
	uint64_t trimmed = m->trimmed;
	pthread_mutex_unlock(&m->store_lock);
	return trimmed;
}

uint64_t memstore_count(memstore *m, uint32_t space)
{
	pthread_mutex_lock(&m->store_lock);
	uint64_t n = 0;
	for (row *r = m->first[0]; r; r = r->next[0])
		n += r->space == space;
	pthread_mutex_unlock(&m->store_lock);
	return n;
}

uint32_t memstore_largest_batch(memstore *m)
{
	pthread_mutex_lock(&m->store_lock);
	uint32_t n = m->largest;
	pthread_mutex_unlock(&m->store_lock);
	return n;
}
