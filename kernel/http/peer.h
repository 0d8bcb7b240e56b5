/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_HTTP_PEER_H
#define NC_HTTP_PEER_H

#include <pthread.h>
#include <sys/socket.h>

#include "base/map.h"
#include "http/http.h"

/* Who is at the other end of fd; `sa` is what accept returned. 0, or -1 when it is gone already. */
int nc_http_peer_of(int fd, const struct sockaddr *sa, nc_http_peer *ret);
/* Whether gid is among the peer's groups; asks the kernel each time. Unix sockets. */
int nc_http_peer_fd_in_group(int fd, const nc_http_peer *peer, gid_t gid);

/* How many connections there are, in all and from each address. Any thread. */
typedef struct nc_http_census {
	pthread_mutex_t census_lock; /* guards the rest; a leaf in the lock order */
	unsigned total, total_max;
	unsigned each_max;
	nc_map *each; /* inet address (an IPv6 one by its /64) -> count */
} nc_http_census;

nc_code nc_http_census_init(nc_http_census *c, unsigned total_max, unsigned each_max);
void nc_http_census_done(nc_http_census *c);
/* Count a connection in. NC_OK; NC_E_QUOTA or NC_E_NOMEM and it is not counted. */
nc_code nc_http_census_enter(nc_http_census *c, const nc_http_peer *peer);
void nc_http_census_leave(nc_http_census *c, const nc_http_peer *peer);
unsigned nc_http_census_total(nc_http_census *c);

#endif
