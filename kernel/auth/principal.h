/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_AUTH_PRINCIPAL_H
#define NC_AUTH_PRINCIPAL_H

#include <sys/types.h>

#include "config/config.h"
#include "novacron/abi.h"

/*
 * Who asks. Over the Unix socket the kernel of the machine says so: uid 0 and members of
 * server.socket_group are administrators, others have what server.uid_map gives them, and nobody
 * else has anything. Users, tokens and roles join here with the full identity.
 */
typedef struct nc_principal {
	char name[48]; /* "uid:0": actor of events and audit, scope of idempotency keys */
	nc_config_role role;
	uid_t uid;
} nc_principal;

typedef struct nc_peer_claims {
	uid_t uid;
	int is_in_admin_group;
} nc_peer_claims;

/* NC_E_DENIED with a hint when the uid is mapped to nothing. */
nc_code nc_principal_of_peer(
	const nc_config *cfg, const nc_peer_claims *peer, nc_principal *ret, nc_error *err);

/* What a role may do, by the first word that matters of a permission: *.read for viewers, but not
 * admin.*; everything but the administrators' own, which principal.c lists, for operators. */
nc_code nc_principal_may(const nc_principal *p, const char *permission, nc_error *err);

#endif
