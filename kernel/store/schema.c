/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"
#include "store/root.h"

/*
 * The kinds that the higher room declared, and where each one's trees lie in a root. Made once at
 * open, read by everyone after.
 */

static nc_code add_kind(nc_schema *s, const nc_kind_def *def, nc_error *err)
{
	if (def->number == 0 || def->number >= NC_DB_KINDS_MAX)
		return nc_err(err, NC_E_INVAL, "kind %s has number %u, outside of 1 to %d",
			def->name, def->number, NC_DB_KINDS_MAX - 1);
	if (s->kind[def->number])
		return nc_err(err, NC_E_INVAL, "kinds %s and %s have the same number %u", def->name,
			s->kind[def->number]->name, def->number);
	if (def->n_indexes > NC_DB_INDEXES_MAX)
		return nc_err(err, NC_E_INVAL, "kind %s has %u indexes, more than %d", def->name,
			def->n_indexes, NC_DB_INDEXES_MAX);
	s->kind[def->number] = def;
	s->first_tree[def->number] = (uint16_t)s->n_trees;
	s->n_trees += def->n_indexes + 2u; /* by id, tombs */
	for (uint16_t i = 0; i < def->n_indexes; i++)
		s->has_unique[def->number] |= def->indexes[i].is_unique;
	return NC_OK;
}

nc_code nc_schema_init(nc_schema *s, const nc_kind_def *kinds, uint32_t n, nc_error *err)
{
	*s = (nc_schema){ .n_trees = 0 };
	for (uint32_t i = 0; i < n; i++) {
		nc_code code = add_kind(s, &kinds[i], err);
		if (code != NC_OK)
			return code;
	}
	return NC_OK;
}

const nc_kind_def *nc_schema_kind(const nc_schema *s, uint16_t kind)
{
	return kind < NC_DB_KINDS_MAX ? s->kind[kind] : NULL;
}

const char *nc_schema_kind_name(const nc_schema *s, uint16_t kind)
{
	const nc_kind_def *def = nc_schema_kind(s, kind);
	return def ? def->name : "object of an unknown kind";
}

int nc_schema_is_unique(const nc_schema *s, uint16_t kind, uint16_t index)
{
	const nc_kind_def *def = nc_schema_kind(s, kind);
	return def && index < def->n_indexes && def->indexes[index].is_unique;
}
