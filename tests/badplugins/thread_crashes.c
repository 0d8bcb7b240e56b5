/* SPDX-License-Identifier: Apache-2.0 */
/* Follows a null pointer in a thread of its own, while no thread of the host's is in the plugin. */
#define BAD_VERB wrong
#include "novacron/plugin.h"
static nc_code wrong(nc_inst *, nc_op, nc_bytes, nc_bytes, nc_error *);
#include "plugin.h"

__attribute__((no_sanitize("undefined"))) static void *crash(void *arg)
{
	volatile int *nowhere = NULL;
	*nowhere = 1;
	return arg;
}

static nc_code wrong(nc_inst *self, nc_op op, nc_bytes target, nc_bytes req, nc_error *err)
{
	(void)target;
	(void)req;
	(void)err;
	(void)self;
	(void)op;
	pthread_t thread;
	if (pthread_create(&thread, NULL, crash, NULL) != 0)
		return NC_E_NOMEM;
	pthread_detach(thread);
	return NC_OK;
}
