/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_MODEL_IDENTITY_H
#define NC_MODEL_IDENTITY_H

#include "model/object.h"

/* Who may do what, as data; auth/ decides by it. */
typedef struct nc_user {
	nc_object o; /* status: active disabled locked */
	const char *email;
	const char *display_name;
	nc_secret_field password;
	int is_enabled;
	int is_administrator;
	const char *default_project; /* ref */
	int64_t last_login_at_ms;    /* observed */
} nc_user;

typedef struct nc_group {
	nc_object o;
	const char **members; /* refs: users */
	size_t n_members;
} nc_group;

typedef struct nc_role_rule {
	const char *id;
	int is_deny;
	const char **actions; /* "vm.power.*" */
	size_t n_actions;
	const char *selector; /* "env=prod"; NULL = all */
} nc_role_rule;

typedef struct nc_role {
	nc_object o;
	int is_builtin;
	nc_role_rule *rules;
	size_t n_rules;
} nc_role;

typedef struct nc_role_binding {
	nc_object o;              /* o.project NULL: everywhere */
	const char *role;         /* ref */
	const char *user, *group; /* refs: one of them */
	int64_t expires_at_ms;
} nc_role_binding;

typedef struct nc_token {
	nc_object o;         /* status: active expired revoked */
	const char *user;    /* ref */
	const char *digest;  /* of the secret: what a request is looked up by */
	const char **scopes; /* actions; none = all of the user's */
	size_t n_scopes;
	int64_t expires_at_ms, revoked_at_ms;
	int64_t last_used_at_ms; /* observed */
} nc_token;

typedef struct nc_ssh_key {
	nc_object o;
	const char *public_key;
	const char *fingerprint;
	const char *user; /* ref: whose */
} nc_ssh_key;

typedef struct nc_secret_obj {
	nc_object o;
	nc_secret_field value;
	const char *content_type;
	int64_t expires_at_ms;
} nc_secret_obj;

enum { NC_USER_IX_EMAIL = NC_IX_OWN };
enum { NC_TOKEN_IX_DIGEST = NC_IX_OWN };

#endif
