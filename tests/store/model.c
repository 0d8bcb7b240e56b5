/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store's contents as a function of seed and seq. Pure but for the stores passed in; any thread.
 */
#include "model.h"

#include <stdlib.h>
#include <string.h>

static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static void fill(uint64_t state, uint8_t *buf, size_t n)
{
	for (size_t at = 0; at < n; at += 8) {
		state = mix(state);
		memcpy(buf + at, &state, n - at < 8 ? n - at : 8);
	}
}

size_t st_record(uint64_t seed, uint64_t seq, uint8_t *buf)
{
	uint64_t r = mix(seed ^ mix(seq));
	size_t n = r % 8 == 0 ? r / 8 % ST_RECORD_MAX : r / 8 % 900;
	fill(r, buf, n);
	return n;
}

bool st_record_is(uint64_t seed, uint64_t seq, nc_bytes rec)
{
	uint8_t want[ST_RECORD_MAX];
	size_t n = st_record(seed, seq, want);
	return n == rec.len && (!n || !memcmp(want, rec.ptr, n));
}

/* Change `i` of a record: where it goes, and whether it deletes. */
typedef struct change {
	uint32_t space, key;
	bool is_delete;
} change;

static uint32_t change_count(uint64_t seed, uint64_t seq)
{
	return (uint32_t)(mix(seed * 3 + seq) % (ST_CHANGES_MAX + 1));
}

static change change_at(uint64_t seed, uint64_t seq, uint32_t i)
{
	uint64_t r = mix(mix(seed + seq) + i);
	return (change){
		.space = (uint32_t)(r % ST_MODEL_SPACES),
		.key = (uint32_t)(r / 7 % ST_MODEL_KEYS),
		.is_delete = r / 1024 % 5 == 0,
	};
}

/* Keys are binary, of different lengths, and some are prefixes of others. */
static size_t make_key(uint32_t key, uint8_t *buf)
{
	size_t n = 1 + key % 8;
	memset(buf, key % 2 ? 0xff : 0x00, n);
	buf[0] = (uint8_t)(key / 8 * 8);
	return n;
}

static size_t make_val(uint64_t seed, uint64_t seq, uint32_t i, uint8_t *buf)
{
	uint64_t r = mix(seed ^ mix(seq * 16 + i));
	size_t n = r % 1024;
	fill(r, buf, n);
	return n;
}

uint32_t st_changes(uint64_t seed, uint64_t seq, nc_kv *kv, st_room *room)
{
	uint32_t n = change_count(seed, seq);
	for (uint32_t i = 0; i < n; i++) {
		change c = change_at(seed, seq, i);
		size_t key_len = make_key(c.key, room->key[i]);
		size_t val_len = make_val(seed, seq, i, room->val[i]);
		kv[i] = (nc_kv){ .space = c.space, .key = { room->key[i], key_len }, .rev = seq };
		if (!c.is_delete)
			kv[i].val = (nc_bytes){ room->val[i], val_len };
	}
	return n;
}

void st_model_init(st_model *m, uint64_t seed)
{
	memset(m, 0, sizeof(*m));
	m->seed = seed;
}

void st_model_advance(st_model *m, uint64_t seq)
{
	while (m->seq < seq) {
		m->seq++;
		uint32_t n = change_count(m->seed, m->seq);
		for (uint32_t i = 0; i < n; i++) {
			change c = change_at(m->seed, m->seq, i);
			m->rev[c.space][c.key] = c.is_delete ? 0 : m->seq;
			m->which[c.space][c.key] = (uint8_t)i;
		}
	}
}

/* ---- comparing ---- */

typedef struct comparison {
	const st_model *m;
	uint32_t found;
	bool is_right;
} comparison;

static int find_key(nc_bytes key)
{
	uint8_t buf[24];
	for (uint32_t k = 0; k < ST_MODEL_KEYS; k++) {
		size_t n = make_key(k, buf);
		if (n == key.len && !memcmp(buf, key.ptr, n))
			return (int)k;
	}
	return -1;
}

static nc_code compare_kv(void *arg, const nc_kv *kv)
{
	comparison *c = arg;
	uint8_t want[1024];
	int k = find_key(kv->key);
	uint64_t rev = k < 0 ? 0 : c->m->rev[kv->space][k];
	c->found++;
	if (rev && kv->rev == rev && !kv->flags && kv->val.ptr) {
		size_t n = make_val(c->m->seed, rev, c->m->which[kv->space][k], want);
		if (n == kv->val.len && !memcmp(want, kv->val.ptr, n))
			return NC_OK;
	}
	fprintf(stderr, "  space %u key %d: rev %llu flags %u, want rev %llu at seq %llu\n",
		kv->space, k, (unsigned long long)kv->rev, kv->flags, (unsigned long long)rev,
		(unsigned long long)c->m->seq);
	c->is_right = false;
	return NC_E_INTERNAL;
}

bool st_model_matches_state(const st_model *m, st_store *s)
{
	for (uint32_t space = 0; space < ST_MODEL_SPACES; space++) {
		comparison c = { m, 0, true };
		nc_error err = ST_ERROR;
		nc_bytes none = { NULL, 0 };
		nc_code code = s->t->scan(s->inst, space, none, none, 0, compare_kv, &c, &err);
		uint32_t want = 0;
		for (uint32_t k = 0; k < ST_MODEL_KEYS; k++)
			want += m->rev[space][k] != 0;
		if (!c.is_right)
			return false;
		if (code != NC_OK || c.found != want) {
			fprintf(stderr, "  space %u: code %d %s, %u keys, want %u at seq %llu\n",
				space, code, code ? err.message : "", c.found, want,
				(unsigned long long)m->seq);
			return false;
		}
	}
	return true;
}

typedef struct log_comparison {
	uint64_t seed, next, wrong;
} log_comparison;

static nc_code compare_record(void *arg, uint64_t seq, nc_bytes rec)
{
	log_comparison *c = arg;
	if (seq != c->next || !st_record_is(c->seed, seq, rec)) {
		c->wrong = seq;
		return NC_E_INTERNAL;
	}
	c->next++;
	return NC_OK;
}

bool st_model_matches_log(uint64_t seed, st_store *s, uint64_t from, uint64_t to)
{
	log_comparison c = { seed, from, 0 };
	nc_error err = ST_ERROR;
	nc_code code = s->t->read(s->inst, from - 1, 0, compare_record, &c, &err);
	if (code == NC_OK && c.next == to + 1)
		return true;
	fprintf(stderr, "  log %llu..%llu: code %d %s, came to %llu, wrong %llu\n",
		(unsigned long long)from, (unsigned long long)to, code, code ? err.message : "",
		(unsigned long long)c.next, (unsigned long long)c.wrong);
	return false;
}

/* ---- writing ---- */

nc_code st_append_model(
	st_store *s, uint64_t seed, uint64_t epoch, uint64_t head, uint32_t n, nc_error *err)
{
	uint8_t *room = malloc((size_t)n * ST_RECORD_MAX);
	nc_bytes *rec = malloc(n * sizeof(*rec));
	if (!room || !rec)
		abort();
	for (uint32_t i = 0; i < n; i++) {
		uint8_t *buf = room + (size_t)i * ST_RECORD_MAX;
		rec[i] = (nc_bytes){ buf, st_record(seed, head + 1 + i, buf) };
	}
	nc_code code = s->t->append(s->inst, epoch, head, rec, n, err);
	free(rec);
	free(room);
	return code;
}

nc_code st_materialise_model(
	st_store *s, uint64_t seed, uint64_t epoch, uint64_t from, uint64_t to, nc_error *err)
{
	uint64_t records = to - from;
	st_room *room = malloc((size_t)(records + 1) * sizeof(*room));
	nc_kv *kv = malloc((size_t)(records + 1) * ST_CHANGES_MAX * sizeof(*kv));
	uint32_t n = 0;
	if (!room || !kv)
		abort();
	for (uint64_t i = 0; i < records; i++)
		n += st_changes(seed, from + 1 + i, kv + n, room + i);
	nc_code code = s->t->materialise(s->inst, epoch, to, kv, n, err);
	free(kv);
	free(room);
	return code;
}

static nc_code print_fault(void *arg, uint32_t space, nc_bytes key, uint64_t seq, const char *what)
{
	(void)arg;
	fprintf(stderr, "  fault: space %u key of %zu seq %llu: %s\n", space, key.len,
		(unsigned long long)seq, what);
	return NC_OK;
}

bool st_checks_clean(st_store *s)
{
	nc_error err = ST_ERROR;
	nc_code code = s->t->check(s->inst, print_fault, NULL, &err);
	if (code != NC_OK)
		fprintf(stderr, "  check: %d %s\n", code, err.message);
	return code == NC_OK;
}
