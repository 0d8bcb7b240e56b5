/* SPDX-License-Identifier: Apache-2.0 */
#include "model/schema.h"

#include "model/member.h"

/*
 * A kind's table as JSON Schema. Three forms, because what is shown, what a create takes and what
 * a patch takes are three documents. Pure functions; follows the tables as deep as they nest.
 */

static const char *const mut_words[] = { "live", "next-start", "immutable", "subresource",
	"server" };

static const char *word_of_type(const nc_field_def *d)
{
	switch ((nc_field_type)d->type) {
	case NC_T_I64:
	case NC_T_U64:
		return "integer";
	case NC_T_F64:
		return "number";
	case NC_T_BOOL:
		return "boolean";
	case NC_T_STRS:
	case NC_T_REFS:
	case NC_T_OBJS:
		return "array";
	case NC_T_OBJ:
	case NC_T_STRUCT:
	case NC_T_LABELS:
	case NC_T_JSON:
		return "object";
	default:
		return "string";
	}
}

static void put_fields(const nc_span *spans, size_t n, nc_schema_form form, nc_jw *w);

static void put_sub(const nc_field_def *d, nc_schema_form form, nc_jw *w)
{
	nc_span one = { d->sub->fields, d->sub->n_fields };
	nc_jw_kstr(w, "title", d->sub->name);
	put_fields(&one, 1, form, w);
}

static void put_items(const nc_field_def *d, nc_schema_form form, nc_jw *w)
{
	nc_jw_ku64(w, "maxItems", nc_field_limit(d));
	nc_jw_kobj(w, "items");
	if (d->type == NC_T_OBJS) {
		nc_jw_kstr(w, "type", "object");
		put_sub(d, form, w);
	} else {
		nc_jw_kstr(w, "type", "string");
	}
	nc_jw_obj_end(w);
}

static void put_range(const nc_field_def *d, nc_jw *w)
{
	if (d->min == 0 && d->max == 0)
		return;
	nc_jw_ki64(w, "minimum", d->min);
	if (d->max != INT64_MAX)
		nc_jw_ki64(w, "maximum", d->max);
}

static void put_choices(const nc_field_def *d, nc_jw *w)
{
	/* open: a newer kernel may say more words */
	nc_jw_karr(w, d->mut == NC_SERVER ? "examples" : "enum");
	for (size_t i = 0; d->choices[i]; i++)
		if (d->choices[i][0])
			nc_jw_str(w, d->choices[i]);
	nc_jw_arr_end(w);
}

static void put_secret(nc_schema_form form, nc_jw *w)
{
	nc_jw_kbool(w, "x-secret", 1);
	if (form != NC_SCHEMA_OBJECT) {
		nc_jw_kbool(w, "writeOnly", 1);
		return;
	}
	nc_jw_kraw(w, "properties",
		"{\"set\":{\"type\":\"boolean\"},\"version\":{\"type\":\"integer\"},"
		"\"digest\":{\"type\":\"string\"}}",
		sizeof("{\"set\":{\"type\":\"boolean\"},\"version\":{\"type\":\"integer\"},"
		       "\"digest\":{\"type\":\"string\"}}") -
			1);
}

static void put_by_type(const nc_field_def *d, nc_schema_form form, nc_jw *w)
{
	switch ((nc_field_type)d->type) {
	case NC_T_I64:
	case NC_T_U64:
	case NC_T_F64:
		put_range(d, w);
		break;
	case NC_T_ENUM:
		put_choices(d, w);
		break;
	case NC_T_TIME:
		nc_jw_kstr(w, "format", "date-time");
		break;
	case NC_T_NAME:
		nc_jw_kstr(w, "pattern", "^[a-z0-9][a-z0-9.-]{0,62}$");
		break;
	case NC_T_STR:
		nc_jw_ku64(w, "maxLength", nc_field_limit(d));
		break;
	case NC_T_LABELS:
		nc_jw_kobj(w, "additionalProperties");
		nc_jw_kstr(w, "type", "string");
		nc_jw_obj_end(w);
		break;
	case NC_T_STRS:
	case NC_T_REFS:
	case NC_T_OBJS:
		put_items(d, form, w);
		break;
	case NC_T_OBJ:
	case NC_T_STRUCT:
		put_sub(d, form, w);
		break;
	case NC_T_SECRET:
		put_secret(form, w);
		break;
	case NC_T_BOOL:
	case NC_T_REF:
	case NC_T_JSON:
		break;
	}
}

static void put_default(const nc_field_def *d, nc_jw *w)
{
	if (!(d->flags & NC_FF_DEFAULT))
		return;
	nc_jw_key(w, "default");
	switch ((nc_field_type)d->type) {
	case NC_T_BOOL:
		nc_jw_bool(w, (int)d->def);
		break;
	case NC_T_ENUM:
		nc_jw_str(w, d->choices[d->def]);
		break;
	case NC_T_F64:
		nc_jw_f64(w, d->def_f);
		break;
	case NC_T_I64:
	case NC_T_U64:
		nc_jw_i64(w, d->def);
		break;
	default:
		nc_jw_str(w, d->def_s);
	}
}

static void put_type(const nc_field_def *d, nc_schema_form form, nc_jw *w)
{
	const char *type =
		d->type == NC_T_SECRET && form == NC_SCHEMA_OBJECT ? "object" : word_of_type(d);
	int may_be_null =
		form == NC_SCHEMA_PATCH || (form == NC_SCHEMA_OBJECT && d->flags & NC_FF_NULL);
	if (!may_be_null) {
		nc_jw_kstr(w, "type", type);
		return;
	}
	nc_jw_karr(w, "type");
	nc_jw_str(w, type);
	nc_jw_str(w, "null");
	nc_jw_arr_end(w);
}

static void put_field(const nc_field_def *d, nc_schema_form form, nc_jw *w)
{
	const nc_kind *to = nc_kind_get(d->ref);
	nc_jw_kobj(w, d->name);
	put_type(d, form, w);
	nc_jw_kstr(w, "description", d->doc);
	if (form == NC_SCHEMA_OBJECT && d->mut == NC_SERVER)
		nc_jw_kbool(w, "readOnly", 1);
	if (to)
		nc_jw_kstr(w, "x-ref", to->name);
	if (d->unit)
		nc_jw_kstr(w, "x-unit", d->unit);
	nc_jw_kstr(w, "x-mutability", mut_words[d->mut]);
	if (form != NC_SCHEMA_PATCH)
		put_default(d, w);
	put_by_type(d, form, w);
	nc_jw_obj_end(w);
}

static int is_in(const nc_field_def *d, nc_schema_form form)
{
	if (form == NC_SCHEMA_OBJECT)
		return !(d->flags & NC_FF_INPUT);
	if (form == NC_SCHEMA_CREATE)
		return d->mut != NC_SERVER;
	return d->mut == NC_LIVE || d->mut == NC_NEXT_START;
}

static int is_required(const nc_field_def *d, nc_schema_form form)
{
	return form == NC_SCHEMA_CREATE && d->flags & NC_FF_REQUIRED;
}

static void put_fields(const nc_span *spans, size_t n, nc_schema_form form, nc_jw *w)
{
	size_t n_required = 0;
	nc_jw_kobj(w, "properties");
	for (size_t s = 0; s < n; s++)
		for (size_t i = 0; i < spans[s].n; i++) {
			n_required += (size_t)is_required(&spans[s].f[i], form);
			if (is_in(&spans[s].f[i], form))
				put_field(&spans[s].f[i], form, w);
		}
	nc_jw_obj_end(w);
	if (form != NC_SCHEMA_OBJECT)
		nc_jw_kbool(w, "additionalProperties", 0);
	if (!n_required)
		return;
	nc_jw_karr(w, "required");
	for (size_t s = 0; s < n; s++)
		for (size_t i = 0; i < spans[s].n; i++)
			if (is_required(&spans[s].f[i], form))
				nc_jw_str(w, spans[s].f[i].name);
	nc_jw_arr_end(w);
}

void nc_schema_render(const nc_kind *k, nc_schema_form form, nc_jw *w)
{
	nc_span spans[NC_SPANS_MAX];
	size_t n = nc_kind_spans(k, spans);
	nc_jw_obj(w);
	nc_jw_kstr(w, "title", k->name);
	nc_jw_kstr(w, "description", k->doc);
	nc_jw_kstr(w, "type", "object");
	put_fields(spans, n, form, w);
	nc_jw_obj_end(w);
}
