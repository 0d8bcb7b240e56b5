/* SPDX-License-Identifier: Apache-2.0 */
/* P0: gives its sink to another thread. */
#define BAD_INVENTORY wrong
#include "novacron/plugin.h"
static nc_code wrong(nc_inst *, nc_op, nc_bytes, nc_bytes, nc_sink *, nc_error *);
#include "plugin.h"

typedef struct hand {
	nc_inst *self;
	nc_sink *sink;
	nc_code code;
} hand;

static void *write_there(void *arg)
{
	hand *h = arg;
	h->code = h->self->h->sink_write(h->sink, "{}", 2);
	return NULL;
}

static nc_code wrong(
	nc_inst *self, nc_op op, nc_bytes target, nc_bytes req, nc_sink *sink, nc_error *err)
{
	(void)op;
	(void)target;
	(void)req;
	(void)err;
	hand h = { self, sink, NC_OK };
	pthread_t thread;
	if (pthread_create(&thread, NULL, write_there, &h) != 0)
		return NC_E_NOMEM;
	pthread_join(thread, NULL);
	return h.code == NC_E_INVAL ? NC_OK : NC_E_INTERNAL;
}
