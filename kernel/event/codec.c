/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event's two forms: the compact binary one that lies in the log, and the JSON that clients
 * see. Pure functions; strings of a decoded event are borrowed from the entry, whose strings are
 * therefore stored with their NUL.
 */
#include "event/event.h"

#include <string.h>

#include "base/err.h"
#include "base/jsonw.h"

#define EVENT_FORMAT 1
#define EVENT_MAX    (64u << 10)

static void put_str(nc_buf *b, const char *s)
{
	size_t n = s ? strlen(s) + 1 : 0; /* 0 = there is none */

	nc_buf_put_lstr(b, s, n);
}

static void put_event(nc_buf *b, const nc_event *e)
{
	nc_buf_putc(b, EVENT_FORMAT);
	nc_buf_put_u64(b, (uint64_t)e->ts_ms);
	nc_buf_put_varint(b, e->object_revision);
	put_str(b, e->type);
	put_str(b, e->topic);
	put_str(b, e->key);
	put_str(b, e->name);
	put_str(b, e->project);
	put_str(b, e->actor);
	put_str(b, e->op_id);
	put_str(b, e->decision_id);
	nc_buf_put_lstr(b, e->data.ptr, e->data.len);
}

/* An entry that no lane takes: the transaction must fail rather than lose its event. */
static const nc_bytes unfit = { NULL, SIZE_MAX };

void nc_event_add(nc_txn *t, const nc_event *e)
{
	char mem[1024]; /* enough for nearly all */
	_cleanup_(nc_buf_done) nc_buf large;
	nc_buf b;

	nc_buf_init(&large, EVENT_MAX);
	nc_buf_init_fixed(&b, mem, sizeof(mem));
	put_event(&b, e);
	if (nc_buf_failed(&b)) {
		put_event(&large, e);
		b = large; /* borrowed */
	}
	int is_fit = e->type && *e->type && e->topic && *e->topic && !nc_buf_failed(&b);
	nc_txn_append(t, NC_LANE_EVENT, is_fit ? nc_buf_bytes(&b) : unfit);
}

static const char *get_str(nc_cur *c)
{
	nc_bytes s = nc_cur_lstr(c);
	const char *text = s.ptr;

	if (!s.len)
		return NULL;
	if (text[s.len - 1] || memchr(text, '\0', s.len - 1)) {
		c->bad = 1;
		return NULL;
	}
	return text;
}

nc_code nc_event_decode(nc_bytes entry, nc_event *ret, nc_error *err)
{
	nc_cur c = nc_cur_of(entry);
	nc_event e = { 0 };
	uint8_t format = nc_cur_u8(&c);

	if (format != EVENT_FORMAT)
		return nc_err(err, NC_E_PROTO, "event entry of an unknown format %u", format);
	e.ts_ms = (int64_t)nc_cur_u64(&c);
	e.object_revision = nc_cur_varint(&c);
	const char **fields[] = { &e.type, &e.topic, &e.key, &e.name, &e.project, &e.actor,
		&e.op_id, &e.decision_id };
	for (size_t i = 0; i < NC_LEN(fields); i++)
		*fields[i] = get_str(&c);
	e.data = nc_cur_lstr(&c);
	if (c.bad || c.p != c.end || !e.type || !e.topic)
		return nc_err(err, NC_E_PROTO, "event entry of %zu bytes is damaged", entry.len);
	*ret = e;
	return NC_OK;
}

static void opt(nc_jw *w, const char *key, const char *value)
{
	if (value)
		nc_jw_kstr(w, key, value);
}

void nc_event_render(const nc_event *e, const char *log_id, uint64_t seq, uint32_t n, nc_buf *json)
{
	char cursor[64];
	nc_jw w;

	nc_cursor_format(log_id, seq, n, cursor);
	nc_jw_init(&w, json);
	nc_jw_obj(&w);
	nc_jw_ku64(&w, "seq", seq);
	nc_jw_kstr(&w, "cursor", cursor);
	nc_jw_ktime(&w, "ts", e->ts_ms);
	nc_jw_kstr(&w, "type", e->type);
	nc_jw_kstr(&w, "topic", e->topic);
	opt(&w, "key", e->key);
	opt(&w, "name", e->name);
	opt(&w, "project", e->project);
	opt(&w, "actor", e->actor);
	opt(&w, "op_id", e->op_id);
	opt(&w, "decision_id", e->decision_id);
	if (e->object_revision)
		nc_jw_ku64(&w, "object_revision", e->object_revision);
	if (e->data.len)
		nc_jw_kraw(&w, "data", e->data.ptr, e->data.len);
	nc_jw_obj_end(&w);
}
