/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <inttypes.h>

#include "base/err.h"
#include "base/id.h"
#include "model/member.h"
#include "model/problem.h"

/*
 * Whether something acts on a value, and whether values are in their range: what the table says of each member, for whole objects after
 * a create and for changed members after a patch. Reading has seen to types. Pure functions.
 */

static int is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
}

const char *nc_name_why_not(const char *name, size_t len)
{
	if (len == 0)
		return "must not be empty";
	if (len > 63)
		return "must be at most 63 characters long";
	if (nc_id_is(name, NULL) || (len == NC_ULID_LEN && nc_ulid_is(name, len)))
		return "must not look like an id";
	if (name[0] == '.' || name[0] == '-')
		return "must start with a letter or a digit";
	for (size_t i = 0; i < len; i++)
		if (!is_name_char(name[i]))
			return "may have lower-case letters, digits, '.' and '-' only";
	return NULL;
}

static void check_len(nc_faults *f, const nc_field_def *d, const nc_jpath *at, size_t n)
{
	size_t limit = nc_field_limit(d);
	if (n > limit)
		nc_fault_at(f, at, "length", "is %zu bytes long, at most %zu are taken", n, limit);
}

static void check_name(nc_faults *f, const nc_jpath *at, const char *s)
{
	const char *why = nc_name_why_not(s, strlen(s));
	if (why)
		nc_fault_at(f, at, "format", "%s", why);
}

/* An id of the right kind, or a name that may yet be resolved to one. */
static void check_ref(nc_faults *f, const nc_field_def *d, const nc_jpath *at, const char *s)
{
	const nc_kind *want = nc_kind_get(d->ref);
	if (!nc_id_is(s, NULL)) {
		if (want && want->flags & NC_KF_GIVEN_ID)
			return;
		const char *why = nc_name_why_not(s, strlen(s));
		if (why)
			nc_fault_at(f, at, "format", "is neither an id nor a name: %s", why);
		return;
	}
	const nc_kind *is = nc_kind_of_id(s);
	if (want && is != want) {
		nc_fault_at(f, at, "format", "is the id of %s%s, not of a %s", is ? "a " : "",
			is ? is->name : "nothing known", want->name);
	}
}

static void check_i64(nc_faults *f, const nc_field_def *d, const nc_jpath *at, int64_t v)
{
	const char *unit = d->unit ? d->unit : "";
	const char *gap = d->unit ? " " : "";
	if (d->type == NC_T_U64 && v < 0)
		nc_fault_at(f, at, "range", "is too large");
	if (d->min == 0 && d->max == 0)
		return;
	if (v < d->min)
		nc_fault_at(f, at, "range", "must be at least %" PRId64 "%s%s", d->min, gap, unit);
	else if (v > d->max)
		nc_fault_at(f, at, "range", "must be at most %" PRId64 "%s%s", d->max, gap, unit);
}

static void check_f64(nc_faults *f, const nc_field_def *d, const nc_jpath *at, double v)
{
	if (d->min == 0 && d->max == 0)
		return;
	if (v < (double)d->min)
		nc_fault_at(f, at, "range", "must be at least %" PRId64, d->min);
	else if (v > (double)d->max)
		nc_fault_at(f, at, "range", "must be at most %" PRId64, d->max);
}

static int is_label_key(const char *s)
{
	size_t n = strlen(s);
	if (n == 0 || n > 63 || !isalnum((unsigned char)s[0]))
		return 0;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && !strchr("._/-", s[i]))
			return 0;
	return 1;
}

static void check_labels(nc_faults *f, const nc_field_def *d, const nc_jpath *at, nc_labels l)
{
	if (l.n > nc_field_limit(d))
		nc_fault_at(
			f, at, "length", "are %zu, at most %zu are taken", l.n, nc_field_limit(d));
	for (size_t i = 0; i < l.n; i++) {
		nc_jpath here = { at, l.v[i].key, 0 };
		if (!is_label_key(l.v[i].key))
			nc_fault_at(f, &here, "format",
				"a label's key is 1 to 63 letters, digits, '.', '_', '/' and '-'");
		else if (strlen(l.v[i].value) > 128)
			nc_fault_at(f, &here, "length", "must be at most 128 bytes long");
	}
}

static void check_strs(nc_faults *f, const nc_field_def *d, const nc_jpath *at, nc_seq s)
{
	const char *const *v = s.v;
	if (s.n > nc_field_limit(d)) {
		nc_fault_at(f, at, "length", "has %zu elements, at most %zu are taken", s.n,
			nc_field_limit(d));
		return;
	}
	for (size_t i = 0; i < s.n; i++) {
		nc_jpath here = { at, NULL, i };
		if (!v[i][0])
			nc_fault_at(f, &here, "required", "must not be empty");
		else if (strlen(v[i]) > 255)
			nc_fault_at(f, &here, "length", "must be at most 255 bytes long");
		else if (d->type == NC_T_REFS)
			check_ref(f, d, &here, v[i]);
	}
}

void nc_struct_check(nc_faults *f, const nc_sub_def *sub, const nc_jpath *at, const void *base)
{
	for (size_t i = 0; i < sub->n_fields; i++) {
		nc_jpath here = { at, sub->fields[i].name, 0 };
		nc_member_check(f, &sub->fields[i], &here, base);
	}
}

/* Two elements that agree in a member which must tell them apart. */
static void check_unique(nc_faults *f, const nc_field_def *d, const nc_jpath *at, nc_seq s,
	size_t i, const nc_field_def *member)
{
	const char *elem = (const char *)s.v + i * d->sub->size;
	if (nc_member_is_absent(member, elem))
		return;
	for (size_t k = 0; k < i; k++) {
		if (!nc_member_eq(member, elem, (const char *)s.v + k * d->sub->size))
			continue;
		nc_jpath here = { at, member->name, 0 };
		nc_fault_at(f, &here, "duplicate", "is the same as in element %zu", k);
		return;
	}
}

static void check_objs(nc_faults *f, const nc_field_def *d, const nc_jpath *at, const void *base)
{
	nc_seq s = nc_seq_get(d, base);
	if (s.n > nc_field_limit(d)) {
		nc_fault_at(f, at, "length", "has %zu elements, at most %zu are taken", s.n,
			nc_field_limit(d));
		return;
	}
	for (size_t i = 0; i < s.n; i++) {
		nc_jpath here = { at, NULL, i };
		nc_struct_check(f, d->sub, &here, (const char *)s.v + i * d->sub->size);
		for (size_t m = 0; m < d->sub->n_fields; m++)
			if (d->sub->fields[m].flags & NC_FF_UNIQUE)
				check_unique(f, d, &here, s, i, &d->sub->fields[m]);
	}
}

static void check_present(nc_faults *f, const nc_field_def *d, const nc_jpath *at, const void *base)
{
	switch ((nc_field_type)d->type) {
	case NC_T_STR:
		check_len(f, d, at, strlen(NC_GET(char *, d, base)));
		break;
	case NC_T_NAME:
		check_name(f, at, NC_GET(char *, d, base));
		break;
	case NC_T_REF:
		check_ref(f, d, at, NC_GET(char *, d, base));
		break;
	case NC_T_I64:
	case NC_T_U64:
		check_i64(f, d, at, NC_GET(int64_t, d, base));
		break;
	case NC_T_F64:
		check_f64(f, d, at, NC_GET(double, d, base));
		break;
	case NC_T_LABELS:
		check_labels(f, d, at, NC_GET(nc_labels, d, base));
		break;
	case NC_T_STRS:
	case NC_T_REFS:
		check_strs(f, d, at, nc_seq_get(d, base));
		break;
	case NC_T_OBJ:
		nc_struct_check(f, d->sub, at, nc_ptr_get(d, base));
		break;
	case NC_T_STRUCT:
		nc_struct_check(f, d->sub, at, (const char *)base + d->offset);
		break;
	case NC_T_OBJS:
		check_objs(f, d, at, base);
		break;
	case NC_T_SECRET:
		check_len(f, d, at, NC_GET(nc_secret_field, d, base).fresh.len);
		break;
	case NC_T_BOOL:
	case NC_T_ENUM:
	case NC_T_TIME:
	case NC_T_JSON:
		break;
	}
}

void nc_member_check(nc_faults *f, const nc_field_def *d, const nc_jpath *at, const void *base)
{
	if (!nc_member_is_absent(d, base))
		check_present(f, d, at, base);
	else if (d->flags & NC_FF_REQUIRED)
		nc_fault_at(f, at, "required", "must be given");
}

void nc_object_need_name(const nc_object *obj, nc_faults *f)
{
	if (!obj->name && !(obj->kind->flags & (NC_KF_NAMELESS | NC_KF_PLAIN)))
		nc_fault_add(f, "name", "required", "must be given");
}

void nc_object_validate(const nc_object *obj, nc_faults *f)
{
	nc_span spans[NC_SPANS_MAX];
	size_t n = nc_kind_spans(obj->kind, spans);
	for (size_t s = 0; s < n; s++)
		for (size_t i = 0; i < spans[s].n; i++) {
			const nc_field_def *d = &spans[s].f[i];
			nc_jpath at = { NULL, d->name, 0 };
			if (d->cls == NC_INTENT)
				nc_member_check(f, d, &at, obj);
		}
	nc_object_need_name(obj, f);
	if (obj->kind->validate)
		obj->kind->validate(obj, f);
}

/* ---- what is to come ---- */

static int is_among(const nc_change *change, const nc_field_def *d)
{
	for (size_t i = 0; change && i < change->n_fields; i++)
		if (!strcmp(change->fields[i], d->name))
			return 1;
	return !change;
}

static int says_something(const nc_field_def *d, const nc_object *obj, void *scratch)
{
	if (nc_member_is_absent(d, obj))
		return 0;
	nc_member_reset(d, scratch);
	return !nc_member_eq(d, obj, scratch);
}

nc_code nc_object_check_served(const nc_object *obj, const nc_change *change, nc_error *err)
{
	nc_object *plain = nc_object_new(obj->kind, obj->arena);
	nc_span spans[NC_SPANS_MAX];
	size_t n = nc_kind_spans(obj->kind, spans);
	if (!plain)
		return nc_err_nomem(err);
	for (size_t s = 0; s < n; s++)
		for (size_t i = 0; i < spans[s].n; i++) {
			const nc_field_def *d = &spans[s].f[i];
			if (!(d->flags & NC_FF_TO_COME) || !is_among(change, d) ||
				!says_something(d, obj, plain))
				continue;
			nc_problem_err(err, "unsupported",
				"%s of a %s: nothing here acts on it yet", d->name,
				obj->kind->name);
			return nc_err_hint(
				err, NC_E_UNSUPPORTED, "%s", d->hint ? d->hint : "leave it out");
		}
	return NC_OK;
}
