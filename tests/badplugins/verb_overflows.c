/* SPDX-License-Identifier: Apache-2.0 */
/* Has used up its thread's stack when it faults: the handler needs another one. */
#define BAD_VERB wrong
#include "novacron/plugin.h"
static nc_code wrong(nc_inst *, nc_op, nc_bytes, nc_bytes, nc_error *);
#include "plugin.h"

static volatile int deepest = 1 << 24; /* no compiler knows that this is too deep */

/* Writes to each frame, or a guard page could be stepped over. */
static int sink_down(int depth)
{
	volatile char frame[1024];
	frame[0] = frame[sizeof(frame) - 1] = (char)depth;
	return depth < deepest ? sink_down(depth + 1) + frame[0] : frame[0];
}

static nc_code wrong(nc_inst *self, nc_op op, nc_bytes target, nc_bytes req, nc_error *err)
{
	(void)target;
	(void)req;
	(void)err;
	(void)self;
	(void)op;
	return sink_down(0) ? NC_OK : NC_E_INTERNAL;
}
