/* SPDX-License-Identifier: Apache-2.0 */
#include "model/member.h"

/*
 * Objects as JSON: what is stored is what is served, so this runs once a change, not once a read.
 * Members come in the order of the tables, the observed ones last. Absent ones are left out,
 * unless the table says null. No allocation of its own; the buffer's limit is the only failure.
 */

static void render_labels(const nc_labels *l, nc_jw *w)
{
	nc_jw_obj(w);
	for (size_t i = 0; i < l->n; i++)
		nc_jw_kstr(w, l->v[i].key, l->v[i].value);
	nc_jw_obj_end(w);
}

static void render_struct(const nc_sub_def *sub, const void *base, nc_jw *w)
{
	nc_jw_obj(w);
	for (size_t i = 0; i < sub->n_fields; i++)
		nc_member_render(&sub->fields[i], base, w);
	nc_jw_obj_end(w);
}

static void render_seq(const nc_field_def *d, nc_seq s, nc_jw *w)
{
	nc_jw_arr(w);
	for (size_t i = 0; i < s.n; i++) {
		if (d->type == NC_T_OBJS)
			render_struct(d->sub, (const char *)s.v + i * d->sub->size, w);
		else
			nc_jw_str(w, ((const char *const *)s.v)[i]);
	}
	nc_jw_arr_end(w);
}

static void render_secret(const nc_secret_field *s, nc_jw *w)
{
	nc_jw_obj(w);
	nc_jw_kbool(w, "set", s->is_set);
	nc_jw_ku64(w, "version", s->version);
	if (s->digest)
		nc_jw_kstr(w, "digest", s->digest);
	nc_jw_obj_end(w);
}

static int is_list(const nc_field_def *d)
{
	return d->type == NC_T_LABELS || d->type == NC_T_STRS || d->type == NC_T_REFS ||
	       d->type == NC_T_OBJS;
}

/* True when the member is absent and that has been said, or needs no saying. */
static int render_absent(const nc_field_def *d, const void *base, nc_jw *w)
{
	if (!nc_member_is_absent(d, base))
		return 0;
	if (is_list(d))
		return d->flags & NC_FF_QUIET;
	if (d->flags & NC_FF_NULL) {
		nc_jw_key(w, d->name);
		nc_jw_null(w);
	}
	return 1;
}

static void render_present(const nc_field_def *d, const void *base, nc_jw *w)
{
	switch ((nc_field_type)d->type) {
	case NC_T_STR:
	case NC_T_NAME:
	case NC_T_REF:
		nc_jw_str(w, NC_GET(char *, d, base));
		break;
	case NC_T_I64:
		nc_jw_i64(w, NC_GET(int64_t, d, base));
		break;
	case NC_T_U64:
		nc_jw_u64(w, NC_GET(uint64_t, d, base));
		break;
	case NC_T_F64:
		nc_jw_f64(w, NC_GET(double, d, base));
		break;
	case NC_T_BOOL:
		nc_jw_bool(w, NC_GET(int, d, base));
		break;
	case NC_T_ENUM:
		nc_jw_str(w, d->choices[NC_GET(int, d, base)]);
		break;
	case NC_T_TIME:
		nc_jw_time(w, NC_GET(int64_t, d, base));
		break;
	case NC_T_LABELS:
		render_labels(&NC_GET(nc_labels, d, base), w);
		break;
	case NC_T_STRS:
	case NC_T_REFS:
	case NC_T_OBJS:
		render_seq(d, nc_seq_get(d, base), w);
		break;
	case NC_T_OBJ:
		render_struct(d->sub, nc_ptr_get(d, base), w);
		break;
	case NC_T_STRUCT:
		render_struct(d->sub, (const char *)base + d->offset, w);
		break;
	case NC_T_JSON: {
		nc_bytes b = NC_GET(nc_bytes, d, base);
		nc_jw_raw(w, b.ptr, b.len);
		break;
	}
	case NC_T_SECRET:
		render_secret(&NC_GET(nc_secret_field, d, base), w);
		break;
	}
}

void nc_member_render(const nc_field_def *d, const void *base, nc_jw *w)
{
	if (d->flags & NC_FF_INPUT || render_absent(d, base, w))
		return;
	nc_jw_key(w, d->name);
	render_present(d, base, w);
}

void nc_object_render(nc_object *obj, nc_buf *out)
{
	nc_span spans[NC_SPANS_MAX];
	size_t n = nc_kind_spans(obj->kind, spans);
	nc_jw w;
	if (obj->kind->derive)
		obj->kind->derive(obj);
	nc_jw_init(&w, out);
	nc_jw_obj(&w);
	for (size_t s = 0; s < n; s++)
		for (size_t i = 0; i < spans[s].n; i++)
			nc_member_render(&spans[s].f[i], obj, &w);
	nc_jw_obj_end(&w);
	nc_jw_done(&w);
}
