/* SPDX-License-Identifier: Apache-2.0 */
/* Local identity: a peer's uid to a principal, a role to what it may do. Pure functions over the
 * configuration; any thread. */
#include "auth/principal.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "model/problem.h"

static int role_of(const nc_config *cfg, const nc_peer_claims *peer, nc_config_role *ret)
{
	*ret = NC_CONFIG_ADMINISTRATOR;
	if (peer->uid == 0 || peer->is_in_admin_group)
		return 1;
	for (size_t i = 0; i < cfg->server.uid_map.n; i++)
		if (cfg->server.uid_map.v[i].uid == peer->uid) {
			*ret = cfg->server.uid_map.v[i].role;
			return 1;
		}
	return 0;
}

nc_code nc_principal_of_peer(
	const nc_config *cfg, const nc_peer_claims *peer, nc_principal *ret, nc_error *err)
{
	nc_principal p = { .uid = peer->uid };

	if (!role_of(cfg, peer, &p.role)) {
		nc_problem_err(
			err, "unauthenticated", "uid %u has no access here", (unsigned)peer->uid);
		return nc_err_hint(err, NC_E_DENIED,
			"join the group %s, or have \"%u:operator\" added to server.uid_map",
			*cfg->server.socket_group ? cfg->server.socket_group : "novacron",
			(unsigned)peer->uid);
	}
	snprintf(p.name, sizeof(p.name), "uid:%u", (unsigned)peer->uid);
	*ret = p;
	return NC_OK;
}

static int starts_with_any(const char *s, const char *const *prefixes)
{
	for (; *prefixes; prefixes++)
		if (!strncmp(s, *prefixes, strlen(*prefixes)))
			return 1;
	return 0;
}

static int is_reading(const char *permission)
{
	size_t n = strlen(permission);

	return n > 5 && !strcmp(permission + n - 5, ".read");
}

nc_code nc_principal_may(const nc_principal *p, const char *permission, nc_error *err)
{
	static const char *const administrators_own[] = { "admin.", "plugin.", "state.",
		"provider.", "host.", "quota.", "project.", "orphan.", "operation.abandon",
		"vm.reset_state", NULL };

	if (p->role == NC_CONFIG_ADMINISTRATOR)
		return NC_OK;
	if (is_reading(permission) && strncmp(permission, "admin.", 6))
		return NC_OK;
	if (p->role == NC_CONFIG_OPERATOR && !starts_with_any(permission, administrators_own))
		return NC_OK;
	nc_problem_err(err, "denied", "%s may not %s", p->name, permission);
	return nc_err_hint(err, NC_E_DENIED, "an administrator can change server.uid_map");
}
