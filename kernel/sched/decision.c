/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decisions as they are stored: about a kilobyte of binary with what a person may ask later, and
 * rendered only when somebody does. Little-endian, strings with their length, strict when read.
 */
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/jsonw.h"
#include "sched/ledger.h"

#define FORMAT 1

#define WORD_(upper, word) word,
const char *const nc_filter_words[] = { NC_FILTERS(WORD_) };
static const char *const resource_words[] = { "vcpus", "memory_mib", "disk_gib" };

static void put_str(nc_buf *b, const char *s)
{
	nc_buf_put_lstr(b, s ? s : "", s ? strlen(s) : 0);
}

static void put_f64(nc_buf *b, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	nc_buf_put_u64(b, bits);
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
	nc_buf_put_varint(b, req->n_traits);
	for (uint32_t i = 0; i < req->n_traits; i++)
		put_str(b, req->traits[i]);
}

void nc_decision_write(nc_sched *s, const nc_place_req *req, const nc_verdict *v,
	const nc_placement *p, nc_buf *out)
{
	nc_buf_putc(out, FORMAT);
	put_str(out, p->decision_id);
	nc_buf_put_u64(out, (uint64_t)nc_clock_wall_ms());
	nc_buf_put_u64(out, atomic_load_explicit(&s->seq, memory_order_relaxed));
	put_request(out, req);
	nc_buf_put_varint(out, v->n_seen);
	nc_buf_put_varint(out, v->n_fits);
	nc_buf_put_varint(out, NC_FILTER_COUNT);
	for (int i = 0; i < NC_FILTER_COUNT; i++)
		nc_buf_put_varint(out, v->refused[i]);
	nc_buf_put_varint(out, v->n_survivors);
	for (uint32_t i = 0; i < v->n_survivors; i++) {
		put_str(out, nc_slot_at(s, v->survivors[i].slot)->id);
		put_f64(out, v->survivors[i].score);
	}
	put_str(out, p->host);
	nc_buf_put_varint(out, p->n_alternates);
	for (uint32_t i = 0; i < p->n_alternates; i++)
		put_str(out, p->alternates[i]);
	int has_near = v->near_slot != NO_SLOT && !v->n_survivors;
	nc_buf_putc(out, (char)has_near);
	if (!has_near)
		return;
	put_str(out, nc_slot_at(s, v->near_slot)->id);
	nc_buf_putc(out, (char)v->near_resource);
	nc_buf_put_varint(out, (uint64_t)v->near_short);
}

/* ---- rendering ---- */

static void copy_str(nc_cur *c, nc_jw *w, const char *key)
{
	nc_bytes s = nc_cur_lstr(c);

	if (!s.len)
		return;
	nc_jw_key(w, key);
	nc_jw_strn(w, s.ptr, s.len);
}

static void render_request(nc_cur *c, nc_jw *w)
{
	nc_jw_kobj(w, "request");
	copy_str(c, w, "consumer");
	copy_str(c, w, "project");
	for (int i = 0; i < NC_RES_COUNT; i++)
		nc_jw_ku64(w, resource_words[i], nc_cur_varint(c));
	copy_str(c, w, "provider");
	copy_str(c, w, "zone");
	copy_str(c, w, "host");
	copy_str(c, w, "vm_group");
	nc_jw_karr(w, "traits");
	for (uint64_t n = nc_cur_varint(c); n && !c->bad; n--) {
		nc_bytes s = nc_cur_lstr(c);
		nc_jw_strn(w, s.ptr ? s.ptr : "", s.len);
	}
	nc_jw_arr_end(w);
	nc_jw_obj_end(w);
}

static void render_filters(nc_cur *c, nc_jw *w)
{
	uint64_t n = nc_cur_varint(c);

	nc_jw_kobj(w, "filters");
	for (uint64_t i = 0; i < n && !c->bad; i++) {
		uint64_t refused = nc_cur_varint(c);
		if (refused && i < NC_FILTER_COUNT)
			nc_jw_ku64(w, nc_filter_words[i], refused);
	}
	nc_jw_obj_end(w);
}

static void render_candidates(nc_cur *c, nc_jw *w)
{
	nc_jw_karr(w, "candidates");
	for (uint64_t n = nc_cur_varint(c); n && !c->bad; n--) {
		double score;
		nc_jw_obj(w);
		copy_str(c, w, "id");
		uint64_t bits = nc_cur_u64(c);
		memcpy(&score, &bits, sizeof(score));
		nc_jw_kstr(w, "verdict", "fits");
		nc_jw_kobj(w, "scores");
		nc_jw_kf64(w, "fit", score);
		nc_jw_obj_end(w);
		nc_jw_obj_end(w);
	}
	nc_jw_arr_end(w);
}

static void render_choice(nc_cur *c, nc_jw *w)
{
	copy_str(c, w, "chosen");
	nc_jw_karr(w, "alternates");
	for (uint64_t n = nc_cur_varint(c); n && !c->bad; n--) {
		nc_bytes s = nc_cur_lstr(c);
		nc_jw_strn(w, s.ptr ? s.ptr : "", s.len);
	}
	nc_jw_arr_end(w);
	if (!nc_cur_u8(c))
		return;
	nc_jw_kobj(w, "nearest_miss");
	copy_str(c, w, "host");
	uint8_t resource = nc_cur_u8(c);
	nc_jw_kstr(w, "resource", resource < NC_RES_COUNT ? resource_words[resource] : "unknown");
	nc_jw_ku64(w, "short", nc_cur_varint(c));
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
	nc_jw_obj(&w);
	copy_str(&c, &w, "id");
	nc_jw_ktime(&w, "decided_at", (int64_t)nc_cur_u64(&c));
	nc_jw_ku64(&w, "ledger_generation", nc_cur_u64(&c));
	nc_jw_key(&w, "policy_bundle_rev");
	nc_jw_null(&w);
	render_request(&c, &w);
	nc_jw_ku64(&w, "hosts_seen", nc_cur_varint(&c));
	nc_jw_ku64(&w, "hosts_fit", nc_cur_varint(&c));
	render_filters(&c, &w);
	render_candidates(&c, &w);
	render_choice(&c, &w);
	nc_jw_obj_end(&w);
	if (c.bad || c.p != c.end) {
		json->len = mark;
		return nc_err(err, NC_E_PROTO, "a decision of %zu bytes is damaged", decision.len);
	}
	return nc_buf_failed(json) ? nc_err_nomem(err) : NC_OK;
}
