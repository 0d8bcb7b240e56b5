/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"
#include "model/member.h"

/*
 * Hash over what the user asked: how nc_model_put sees, without a copy of the object as it was
 * read, whether intent moved. Keyed per process and never stored. Chained, so that "ab","c" and
 * "a","bc" differ. Pure functions.
 */

static uint64_t mix(uint64_t seed, const void *p, size_t n)
{
	uint64_t h = nc_hash((nc_bytes){ p, n });
	seed = (seed ^ h) * 0x9e3779b97f4a7c15u;
	return seed ^ (seed >> 29) ^ n;
}

static uint64_t mix_text(uint64_t seed, const char *s)
{
	return mix(seed, s ? s : "", s ? strlen(s) : 0);
}

/* Members of sub-objects that are not intent don't count. */
static uint64_t hash_struct(const nc_sub_def *sub, const void *base, uint64_t seed)
{
	for (size_t i = 0; i < sub->n_fields; i++)
		if (sub->fields[i].cls == NC_INTENT)
			seed = nc_member_hash(&sub->fields[i], base, seed);
	return seed;
}

static uint64_t hash_seq(const nc_field_def *d, nc_seq s, uint64_t seed)
{
	seed = mix(seed, &s.n, sizeof(s.n));
	for (size_t i = 0; i < s.n; i++)
		seed = d->type == NC_T_OBJS
			       ? hash_struct(d->sub, (char *)s.v + i * d->sub->size, seed)
			       : mix_text(seed, ((const char *const *)s.v)[i]);
	return seed;
}

uint64_t nc_member_hash(const nc_field_def *d, const void *base, uint64_t seed)
{
	switch ((nc_field_type)d->type) {
	case NC_T_STR:
	case NC_T_NAME:
	case NC_T_REF:
		return mix_text(seed, NC_GET(char *, d, base));
	case NC_T_LABELS: {
		const nc_labels *l = &NC_GET(nc_labels, d, base);
		seed = mix(seed, &l->n, sizeof(l->n));
		for (size_t i = 0; i < l->n; i++)
			seed = mix_text(mix_text(seed, l->v[i].key), l->v[i].value);
		return seed;
	}
	case NC_T_STRS:
	case NC_T_REFS:
	case NC_T_OBJS:
		return hash_seq(d, nc_seq_get(d, base), seed);
	case NC_T_OBJ: {
		const void *p = nc_ptr_get(d, base);
		return p ? hash_struct(d->sub, p, seed + 1) : mix(seed, "", 0);
	}
	case NC_T_STRUCT:
		return hash_struct(d->sub, (const char *)base + d->offset, seed);
	case NC_T_JSON: {
		nc_bytes b = NC_GET(nc_bytes, d, base);
		return mix(seed, b.ptr ? b.ptr : "", b.len);
	}
	case NC_T_SECRET: {
		const nc_secret_field *s = &NC_GET(nc_secret_field, d, base);
		seed = mix(seed, &s->is_set, sizeof(s->is_set));
		seed = mix(seed, &s->version, sizeof(s->version));
		return mix(seed, s->fresh.ptr ? s->fresh.ptr : "", s->fresh.len);
	}
	default:
		return mix(seed, (const char *)base + d->offset, nc_field_size(d));
	}
}

uint64_t nc_object_intent(const nc_object *obj)
{
	nc_span spans[NC_SPANS_MAX];
	size_t n = nc_kind_spans(obj->kind, spans);
	uint64_t h = obj->kind->number;
	for (size_t s = 0; s < n; s++)
		for (size_t i = 0; i < spans[s].n; i++)
			if (spans[s].f[i].cls == NC_INTENT && !(spans[s].f[i].flags & NC_FF_INPUT))
				h = nc_member_hash(&spans[s].f[i], obj, h);
	return h ? h : 1;
}
