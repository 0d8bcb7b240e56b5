/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_HTTP_SERVER_H
#define NC_HTTP_SERVER_H

#include <pthread.h>

#include "http/peer.h"
#include "http/reactor.h"
#include "http/router.h"

typedef struct nc_http_bound {
	nc_http_listen spec; /* its address is ours */
	char *address;
	int unix_fd; /* shared by the reactors; -1 for inet, where each has its own */
	ino_t inode; /* of the socket file, to know it by */
	uint16_t port;
} nc_http_bound;

/* Made by new and constant after it, but for what the locks and atomics guard. */
struct nc_http_server {
	nc_http_options opts; /* with the defaults filled in */
	nc_http_bound *bound; /* one per opts.listen */
	nc_http_router *router;
	nc_http_census census;
	nc_http_reactor *reactors;
	_Atomic unsigned next_reactor; /* round robin of unix connections; relaxed */

	pthread_mutex_t state_lock; /* guards what follows; nothing is called with it held */
	pthread_cond_t state_changed;
	unsigned reported; /* reactors that have started, or drained: since it was last 0 */
	nc_code start_code;
	unsigned threads; /* running: the caller's of start, drain and free alone */
};

/* From a reactor: it has started (or could not), it has drained. */
void nc_http_server_report(nc_http_server *s, nc_code code);

#endif
