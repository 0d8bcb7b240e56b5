/* SPDX-License-Identifier: Apache-2.0 */
/* P0: uses a service that may block on the control thread. */
#define BAD_VERB wrong
#include "novacron/plugin.h"
static nc_code wrong(nc_inst *, nc_op, nc_bytes, nc_bytes, nc_error *);
#include "plugin.h"

static void on_timer(nc_inst *self, uint64_t timer, uint64_t user)
{
	const nc_kvstore *kv = self->h->get_extension(self->h->ctx, NC_EXT_KV);
	nc_bytes word = { "a", 1 };
	(void)timer;
	nc_code rc = kv->put(self->h->ctx, word, word, NULL);
	complete_done(self, (nc_op){ user }, rc == NC_E_INVAL ? "{\"refused\":true}" : "{}");
}

static nc_code wrong(nc_inst *self, nc_op op, nc_bytes target, nc_bytes req, nc_error *err)
{
	(void)target;
	(void)req;
	(void)err;
	const nc_timer *timer = self->h->get_extension(self->h->ctx, NC_EXT_TIMER);
	uint64_t id;
	return timer->start(self->h->ctx, 0, 0, on_timer, op.v, &id);
}
