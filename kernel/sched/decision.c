/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decisions as they are stored: about a kilobyte of binary columns with what a person may ask
 * later, and rendered only when somebody does. Little-endian, strings with their length, ids that
 * are ULIDs as their 16 bytes, strict when read: what the writer would not have written is
 * refused. Pure functions.
 */
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/id.h"
#include "base/jsonw.h"
#include "sched/ledger.h"

#define FORMAT     1
#define LIST_MAX   1024 /* names in one list of a request */
#define ULID_BYTES 16

#define WORD_(upper, word) word,
const char *const nc_filter_words[] = { NC_FILTERS(WORD_) };
_Static_assert(NC_LEN(nc_filter_words) == NC_FILTER_COUNT, "a word for each");

/* ---- ids: "hst_" and a ULID in 17 bytes, anything else as text ---- */

enum { ID_TEXT, ID_HOST };
static const char host_prefix[] = "hst_";
static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* 26 digits of 5 bits are 130: the first may only be 0 to 7. */
static int pack_ulid(const char *s, uint8_t out[ULID_BYTES])
{
	unsigned bits = 0, n_bits = 0, n = 0;

	if (strlen(s) != NC_ULID_LEN || s[0] > '7')
		return 0;
	for (int i = 0; i < NC_ULID_LEN; i++) {
		const char *d = memchr(digits, s[i], 32);
		if (!d)
			return 0;
		bits = (bits << 5 | (unsigned)(d - digits)) & 0xfffu;
		n_bits += i ? 5 : 3;
		if (n_bits >= 8) {
			n_bits -= 8;
			out[n++] = (uint8_t)(bits >> n_bits);
		}
	}
	return 1;
}

static void unpack_ulid(const uint8_t in[ULID_BYTES], char out[NC_ULID_LEN + 1])
{
	unsigned bits = 0, n_bits = 2; /* two zero bits in front */
	int n = 0;

	for (int i = 0; i < ULID_BYTES; i++) {
		bits = (bits << 8 | in[i]) & 0xffffu;
		for (n_bits += 8; n_bits >= 5; n_bits -= 5)
			out[n++] = digits[bits >> (n_bits - 5) & 31u];
	}
	out[n] = '\0';
}

static void put_str(nc_buf *b, const char *s)
{
	nc_buf_put_lstr(b, s ? s : "", s ? strlen(s) : 0);
}

static void put_id(nc_buf *b, const char *id)
{
	uint8_t packed[ULID_BYTES];
	size_t n = sizeof(host_prefix) - 1;

	if (!strncmp(id, host_prefix, n) && pack_ulid(id + n, packed)) {
		nc_buf_putc(b, ID_HOST);
		nc_buf_put(b, packed, sizeof(packed));
		return;
	}
	nc_buf_putc(b, ID_TEXT);
	put_str(b, id);
}

/* ---- writing ---- */

/* Scores to four places, as an unsigned number with the sign last. */
static void put_score(nc_buf *b, double v)
{
	double most = 1e12;
	int64_t n = (int64_t)(NC_MAX(NC_MIN(v, most), -most) * 10000);

	nc_buf_put_varint(b, n < 0 ? (uint64_t)-n << 1 | 1 : (uint64_t)n << 1);
}

static double get_score(nc_cur *c)
{
	uint64_t n = nc_cur_varint(c);
	double v = (double)(n >> 1) / 10000;

	return n & 1 ? -v : v;
}

static void put_list(nc_buf *b, const char *const *list, uint32_t n)
{
	n = NC_MIN(n, (uint32_t)LIST_MAX);
	nc_buf_put_varint(b, n);
	for (uint32_t i = 0; i < n; i++)
		put_str(b, list[i]);
}

static void put_request(nc_buf *b, const nc_place_req *req)
{
	put_str(b, req->consumer);
	put_str(b, req->project);
	for (int i = 0; i < NC_RES_COUNT; i++)
		nc_buf_put_varint(b, (uint64_t)req->want[i]);
	put_str(b, req->provider);
	put_str(b, req->zone);
	put_str(b, req->host);
	put_str(b, req->vm_group);
	put_list(b, req->traits, req->n_traits);
	put_list(b, req->networks, req->n_networks);
	put_list(b, req->pools, req->n_pools);
	put_list(b, req->exclude, req->n_exclude);
}

static void put_near(nc_buf *b, const nc_verdict *v)
{
	int is_there = v->near.ident && !v->n_survivors;

	nc_buf_putc(b, (char)is_there);
	if (!is_there)
		return;
	put_id(b, v->near.ident->id);
	put_str(b, v->near.ident->name);
	for (int i = 0; i < NC_RES_COUNT; i++)
		nc_buf_put_varint(b, (uint64_t)v->near.missing[i]);
}

static void write_decision(nc_sched *s, const nc_place_req *req, const nc_verdict *v,
	const nc_placement *p, const char *why, nc_buf *out)
{
	nc_buf_putc(out, FORMAT);
	put_str(out, p->decision_id);
	nc_buf_put_u64(out, (uint64_t)nc_clock_wall_ms());
	nc_buf_put_varint(out, (uint64_t)nc_loose64_get(&s->seq));
	put_request(out, req);
	nc_buf_put_varint(out, v->n_seen);
	nc_buf_put_varint(out, v->n_fits);
	nc_buf_put_varint(out, NC_FILTER_COUNT);
	for (int i = 0; i < NC_FILTER_COUNT; i++)
		nc_buf_put_varint(out, v->refused[i]);
	nc_buf_put_varint(out, v->n_survivors);
	for (uint32_t i = 0; i < v->n_survivors; i++)
		put_id(out, v->survivors[i].ident->id);
	for (uint32_t i = 0; i < v->n_survivors; i++)
		put_score(out, v->survivors[i].score);
	/* The choice is the first survivor, the alternates follow it. */
	nc_buf_putc(out, *p->host ? 1 : 0);
	nc_buf_put_varint(out, p->n_alternates);
	put_near(out, v);
	put_str(out, why);
}

void nc_decision_write(nc_sched *s, const nc_place_req *req, const nc_verdict *v,
	const nc_placement *p, const nc_error *problem, nc_buf *out)
{
	write_decision(s, req, v, p, problem ? problem->message : NULL, out);
}

void nc_sched_told(nc_sched *s, const nc_place_req *req, const char *host, const char *why,
	char *ret_id, nc_buf *decision)
{
	nc_ident ident = { .older = NULL };
	nc_verdict v = { .n_survivors = 1, .survivors = { { .ident = &ident } } };
	nc_placement p = { .n_alternates = 0 };

	nc_id_make("dec", p.decision_id);
	snprintf(ident.id, sizeof(ident.id), "%s", host);
	snprintf(p.host, sizeof(p.host), "%s", host);
	snprintf(ret_id, NC_DB_ID_MAX + 1, "%s", p.decision_id);
	write_decision(s, req, &v, &p, why, decision);
}

/* ---- reading ---- */

typedef char id_text[NC_DB_ID_MAX + 1];

typedef struct candidates {
	id_text id[NC_SURVIVORS_MAX];
	double score[NC_SURVIVORS_MAX];
	uint64_t n;
} candidates;

static void get_id(nc_cur *c, id_text out)
{
	uint8_t form = nc_cur_u8(c);

	out[0] = '\0';
	if (form == ID_HOST) {
		nc_bytes packed = nc_cur_bytes(c, ULID_BYTES);
		if (c->bad)
			return;
		memcpy(out, host_prefix, sizeof(host_prefix) - 1);
		unpack_ulid(packed.ptr, out + sizeof(host_prefix) - 1);
		return;
	}
	nc_bytes text = nc_cur_lstr(c);
	if (form != ID_TEXT || !text.len || text.len > NC_DB_ID_MAX || c->bad) {
		c->bad = 1;
		return;
	}
	memcpy(out, text.ptr, text.len);
	out[text.len] = '\0';
}

static uint64_t get_count(nc_cur *c, uint64_t max)
{
	uint64_t n = nc_cur_varint(c);

	if (n > max)
		c->bad = 1;
	return c->bad ? 0 : n;
}

static void copy_str(nc_cur *c, nc_jw *w, const char *key)
{
	nc_bytes s = nc_cur_lstr(c);

	if (!s.len)
		return;
	nc_jw_key(w, key);
	nc_jw_strn(w, s.ptr, s.len);
}

static void copy_list(nc_cur *c, nc_jw *w, const char *key)
{
	uint64_t n = get_count(c, LIST_MAX);

	if (!n)
		return;
	nc_jw_karr(w, key);
	for (; n && !c->bad; n--) {
		nc_bytes s = nc_cur_lstr(c);
		nc_jw_strn(w, s.ptr ? s.ptr : "", s.len);
	}
	nc_jw_arr_end(w);
}

static void render_request(nc_cur *c, nc_jw *w)
{
	nc_jw_kobj(w, "request");
	copy_str(c, w, "consumer");
	copy_str(c, w, "project");
	for (int i = 0; i < NC_RES_COUNT; i++)
		nc_jw_ku64(w, nc_quota_words[i], nc_cur_varint(c));
	copy_str(c, w, "provider");
	copy_str(c, w, "zone");
	copy_str(c, w, "host");
	copy_str(c, w, "vm_group");
	copy_list(c, w, "traits");
	copy_list(c, w, "networks");
	copy_list(c, w, "pools");
	copy_list(c, w, "excluded");
	nc_jw_obj_end(w);
}

static void render_filters(nc_cur *c, nc_jw *w)
{
	uint64_t n = get_count(c, 64);

	nc_jw_kobj(w, "filters");
	for (uint64_t i = 0; i < n && !c->bad; i++) {
		uint64_t refused = nc_cur_varint(c);
		if (refused && i < NC_FILTER_COUNT)
			nc_jw_ku64(w, nc_filter_words[i], refused);
	}
	nc_jw_obj_end(w);
}

static void get_candidates(nc_cur *c, candidates *all)
{
	all->n = get_count(c, NC_SURVIVORS_MAX);
	for (uint64_t i = 0; i < all->n; i++)
		get_id(c, all->id[i]);
	for (uint64_t i = 0; i < all->n; i++)
		all->score[i] = get_score(c);
}

static void render_candidates(const candidates *all, nc_jw *w)
{
	nc_jw_karr(w, "candidates");
	for (uint64_t i = 0; i < all->n; i++) {
		nc_jw_obj(w);
		nc_jw_kstr(w, "id", all->id[i]);
		nc_jw_kstr(w, "verdict", "fits");
		nc_jw_kobj(w, "scores");
		nc_jw_kf64(w, "fit", all->score[i]);
		nc_jw_obj_end(w);
		nc_jw_obj_end(w);
	}
	nc_jw_arr_end(w);
}

/* 1 = there is one. */
static int render_choice(nc_cur *c, const candidates *all, nc_jw *w)
{
	uint8_t is_chosen = nc_cur_u8(c);
	uint64_t n = get_count(c, NC_PLACE_ALTERNATES);

	if (is_chosen > 1 || (is_chosen ? n >= all->n : n > 0)) {
		c->bad = 1;
		return 0;
	}
	if (is_chosen)
		nc_jw_kstr(w, "chosen", all->id[0]);
	nc_jw_karr(w, "alternates");
	for (uint64_t i = 1; i <= n; i++)
		nc_jw_str(w, all->id[i]);
	nc_jw_arr_end(w);
	return is_chosen;
}

static void render_near(nc_cur *c, nc_jw *w)
{
	id_text id;
	uint8_t is_there = nc_cur_u8(c);

	if (is_there > 1)
		c->bad = 1;
	if (is_there != 1)
		return;
	get_id(c, id);
	nc_jw_kobj(w, "nearest_miss");
	nc_jw_kstr(w, "host", id);
	copy_str(c, w, "name");
	nc_jw_kobj(w, "short");
	for (int i = 0; i < NC_RES_COUNT; i++) {
		uint64_t missing = nc_cur_varint(c);
		if (missing)
			nc_jw_ku64(w, nc_quota_words[i], missing);
	}
	nc_jw_obj_end(w);
	nc_jw_obj_end(w);
}

static void render(nc_cur *c, nc_jw *w)
{
	candidates all;

	nc_jw_obj(w);
	copy_str(c, w, "id");
	nc_jw_ktime(w, "decided_at", (int64_t)nc_cur_u64(c));
	nc_jw_ku64(w, "ledger_generation", nc_cur_varint(c));
	nc_jw_key(w, "policy_bundle_rev");
	nc_jw_null(w);
	render_request(c, w);
	nc_jw_ku64(w, "hosts_seen", nc_cur_varint(c));
	nc_jw_ku64(w, "hosts_fit", nc_cur_varint(c));
	render_filters(c, w);
	get_candidates(c, &all);
	render_candidates(&all, w);
	int is_chosen = render_choice(c, &all, w);
	render_near(c, w);
	copy_str(c, w, is_chosen ? "reason" : "problem"); /* of a placement only the latter */
	nc_jw_obj_end(w);
}

nc_code nc_decision_render(nc_bytes decision, nc_buf *json, nc_error *err)
{
	nc_cur c = nc_cur_of(decision);
	size_t mark = json->len;
	nc_jw w;

	if (nc_cur_u8(&c) != FORMAT)
		return nc_err(err, NC_E_PROTO, "a decision of an unknown format");
	nc_jw_init(&w, json);
	render(&c, &w);
	if (nc_buf_failed(json))
		return nc_err_nomem(err);
	if (!c.bad && c.p == c.end)
		return NC_OK;
	json->len = mark;
	return nc_err(err, NC_E_PROTO, "a decision of %zu bytes is damaged", decision.len);
}
