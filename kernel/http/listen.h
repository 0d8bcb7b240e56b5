/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_HTTP_LISTEN_H
#define NC_HTTP_LISTEN_H

#include <sys/socket.h>

#include "http/reactor.h"

/* One listening socket as one reactor watches it. */
struct nc_http_listener {
	nc_http_source source;
	nc_http_reactor *reactor;
	const nc_http_listen *spec;
	int fd; /* inet: this reactor's own; unix: shared, the server's */
	uint8_t is_watched;
	nc_http_timer again; /* after the system ran out of memory */
	int64_t warned_us;   /* of the last warning about descriptors */
};

/* listen.c: bind and listen; the caller owns *ret_fd. NC_PORT_SHARED: one of several on one port. */
typedef enum { NC_PORT_OWN, NC_PORT_SHARED } nc_http_port_use;
nc_code nc_http_listen_unix(const nc_http_listen *l, int *ret_fd, nc_error *err);
nc_code nc_http_listen_inet(const nc_http_listen *l, uint16_t port, nc_http_port_use use,
	int *ret_fd, uint16_t *ret_port, nc_error *err);

/* accept.c: reactor thread. */
nc_code nc_http_listener_start(nc_http_listener *l, nc_error *err);
void nc_http_listener_stop(nc_http_listener *l);
/* Take what waits in the backlog already: before draining, so that nobody is turned away who has
 * come in time. */
void nc_http_listener_accept_rest(nc_http_listener *l);

#endif
