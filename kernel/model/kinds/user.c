/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "model/identity.h"

/* A person, or a program, that may log in. */

static const nc_field_def fields[] = {
	NC_FIELD_STR(nc_user, email, "email", .flags = NC_FF_INDEXED, .index = NC_USER_IX_EMAIL,
		.max_len = 128, .doc = "Unique; may be used to log in"),
	NC_FIELD_STR(nc_user, display_name, "display_name", .doc = "For people"),
	NC_FIELD_SECRET(nc_user, password, "password", .max_len = 1024, .doc = "Kept as a hash"),
	NC_FIELD_BOOL(nc_user, is_enabled, "enabled", .flags = NC_FF_DEFAULT, .def = 1,
		.doc = "Off: no login, and no token works"),
	NC_FIELD_BOOL(nc_user, is_administrator, "administrator", .doc = "May do everything"),
	NC_FIELD_REF(nc_user, default_project, "default_project", NC_KIND_PROJECT,
		.flags = NC_FF_WEAK, .doc = "Where a request acts that names no project"),
	NC_FIELD_TIME(nc_user, last_login_at_ms, "last_login_at", NC_SEEN, .doc = "Last login"),
};
static const char *const indexes[] = { "email" };
static const char *const statuses[] = { "active", "disabled", "locked", NULL };

static void validate(const nc_object *obj, nc_faults *f)
{
	const nc_user *u = NC_AS(const nc_user, obj);
	const char *at = u->email ? strchr(u->email, '@') : NULL;
	if (u->email && (!at || at == u->email || !at[1] || strpbrk(u->email, " \t<>,")))
		nc_fault_add(f, "email", "format", "is not an e-mail address");
}

static void derive(nc_object *obj)
{
	const nc_user *u = NC_AS(nc_user, obj);
	if (!u->is_enabled)
		obj->status = "disabled";
	else if (!obj->status || strcmp(obj->status, "locked") != 0)
		obj->status = "active";
}

const nc_kind nc_kind_user = {
	NC_KIND_TABLE(USER, "user", "users", "usr", nc_user, fields),
	.scope = NC_SCOPE_GLOBAL,
	.verbs = NC_CAN_ALL,
	.n_own_indexes = NC_LEN(indexes),
	.own_indexes = indexes,
	.own_unique = 1u << 0,
	.statuses = statuses,
	.initial_status = "active",
	.feature = "kernel.identity",
	.validate = validate,
	.derive = derive,
	.doc = "A person, or a program, that may log in",
};
