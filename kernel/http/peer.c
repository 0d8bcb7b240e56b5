/* SPDX-License-Identifier: Apache-2.0 */
#include "http/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/alloc.h"

/*
 * Who connects, and how many. Credentials of Unix peers are those of connect time; groups are asked
 * for when somebody wants to know, because few do. The census is one small lock taken when a
 * connection comes and when it goes, never for a request.
 */

static int unix_peer(int fd, nc_http_peer *ret)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return -1;
	*ret = (nc_http_peer){
		.kind = NC_HTTP_PEER_UNIX,
		.uid = cred.uid,
		.gid = cred.gid,
		.pid = cred.pid,
	};
	return 0;
}

static int inet_peer(const struct sockaddr *sa, nc_http_peer *ret)
{
	const void *address;
	int family = sa->sa_family;
	*ret = (nc_http_peer){ .kind = NC_HTTP_PEER_INET };
	if (family == AF_INET) {
		struct sockaddr_in in;
		memcpy(&in, sa, sizeof(in));
		ret->port = ntohs(in.sin_port);
		return inet_ntop(family, &in.sin_addr, ret->address, sizeof(ret->address)) ? 0 : -1;
	}
	if (family != AF_INET6)
		return -1;
	struct sockaddr_in6 in6;
	memcpy(&in6, sa, sizeof(in6));
	ret->port = ntohs(in6.sin6_port);
	address = &in6.sin6_addr;
	if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) {
		family = AF_INET;
		address = &in6.sin6_addr.s6_addr[12];
	}
	return inet_ntop(family, address, ret->address, sizeof(ret->address)) ? 0 : -1;
}

int nc_http_peer_of(int fd, const struct sockaddr *sa, nc_http_peer *ret)
{
	return sa->sa_family == AF_UNIX ? unix_peer(fd, ret) : inet_peer(sa, ret);
}

int nc_http_peer_fd_in_group(int fd, const nc_http_peer *peer, gid_t gid)
{
	if (peer->kind != NC_HTTP_PEER_UNIX)
		return 0;
	if (peer->gid == gid)
		return 1;
	gid_t few[64];
	_cleanup_(nc_freep) gid_t *many = NULL;
	gid_t *groups = few;
	socklen_t len = sizeof(few);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, few, &len) < 0) {
		/* ERANGE: len says how much it takes */
		if (errno != ERANGE || !(groups = many = nc_malloc(len)) ||
			getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, many, &len) < 0)
			return 0;
	}
	for (size_t i = 0; i < len / sizeof(gid_t); i++) {
		if (groups[i] == gid)
			return 1;
	}
	return 0;
}

/* ---- the census ---- */

nc_code nc_http_census_init(nc_http_census *c, unsigned total_max, unsigned each_max)
{
	*c = (nc_http_census){ .total_max = total_max, .each_max = each_max };
	pthread_mutex_init(&c->census_lock, NULL);
	c->each = nc_map_new();
	return c->each ? NC_OK : NC_E_NOMEM;
}

void nc_http_census_done(nc_http_census *c)
{
	nc_map_free(c->each);
	c->each = NULL;
	pthread_mutex_destroy(&c->census_lock);
}

/* One IPv6 customer has a /64 at least, so that is what counts as an address. */
static nc_bytes census_key(const nc_http_peer *peer, unsigned char mem[16])
{
	if (inet_pton(AF_INET6, peer->address, mem) == 1)
		return (nc_bytes){ mem, 8 };
	if (inet_pton(AF_INET, peer->address, mem) == 1)
		return (nc_bytes){ mem, 4 };
	return (nc_bytes){ mem, 0 };
}

/* Counts are kept in the map's pointers. */
static nc_code change_each(nc_http_census *c, const nc_http_peer *peer, int delta)
{
	unsigned char mem[16];
	nc_bytes key = census_key(peer, mem);
	uintptr_t count = (uintptr_t)nc_map_get(c->each, key);
	if (delta < 0) {
		if (count <= 1) {
			nc_map_del(c->each, key);
			return NC_OK;
		}
		count--;
	} else {
		if (count >= c->each_max)
			return NC_E_QUOTA;
		count++;
	}
	return nc_map_put(c->each, key, (void *)count, NULL);
}

nc_code nc_http_census_enter(nc_http_census *c, const nc_http_peer *peer)
{
	nc_code code = NC_OK;
	pthread_mutex_lock(&c->census_lock);
	if (c->total >= c->total_max)
		code = NC_E_QUOTA;
	else if (peer->kind == NC_HTTP_PEER_INET)
		code = change_each(c, peer, 1);
	if (code == NC_OK)
		c->total++;
	pthread_mutex_unlock(&c->census_lock);
	return code;
}

void nc_http_census_leave(nc_http_census *c, const nc_http_peer *peer)
{
	pthread_mutex_lock(&c->census_lock);
	nc_assert(c->total > 0);
	c->total--;
	/* Replacing the value of a key that is there needs no memory. */
	if (peer->kind == NC_HTTP_PEER_INET)
		(void)change_each(c, peer, -1);
	pthread_mutex_unlock(&c->census_lock);
}

unsigned nc_http_census_total(nc_http_census *c)
{
	pthread_mutex_lock(&c->census_lock);
	unsigned total = c->total;
	pthread_mutex_unlock(&c->census_lock);
	return total;
}
