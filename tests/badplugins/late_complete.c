/* SPDX-License-Identifier: Apache-2.0 */
/* P5: a thread of its own outlives destroy and completes an operation then. */
#define BAD_VERB    start_late
#define BAD_DESTROY leave_running
#include "novacron/plugin.h"
static nc_code start_late(nc_inst *, nc_op, nc_bytes, nc_bytes, nc_error *);
static void leave_running(nc_inst *);
#include "plugin.h"

static nc_op taken;
static int is_destroyed;

static void *complete_late(void *arg)
{
	nc_inst *self = arg; /* never freed, so only the host call is wrong */
	while (!__atomic_load_n(&is_destroyed, __ATOMIC_ACQUIRE))
		usleep(1000);
	usleep(20000);
	complete_done(self, taken, "{}");
	return NULL;
}

static nc_code start_late(nc_inst *self, nc_op op, nc_bytes target, nc_bytes req, nc_error *err)
{
	pthread_t thread;
	(void)target;
	(void)req;
	(void)err;
	taken = op;
	if (pthread_create(&thread, NULL, complete_late, self) != 0)
		return NC_E_NOMEM;
	pthread_detach(thread); /* P6 too, but that one can't be seen */
	return NC_OK;
}

static void leave_running(nc_inst *self)
{
	(void)self;
	__atomic_store_n(&is_destroyed, 1, __ATOMIC_RELEASE);
}
