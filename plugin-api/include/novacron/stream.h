/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOVACRON_STREAM_H
#define NOVACRON_STREAM_H

/* nc.stream/1, plugin side: consoles, VNC, exec, uploads, NBD, backup. */

#include "novacron/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NC_EXT_STREAM "nc.stream/1"

typedef struct nc_stream {
	uint32_t struct_size;
	uint32_t flags;
	/* worker. On NC_OK the fd (a connected stream socket) is the plugin's: the one ownership
	 * transfer of the ABI; on any other code it stays the host's. EOF ends the data,
	 * op_complete ends the truth: result {"bytes":N,"crc32c":"…"}. */
	nc_code (*open)(nc_inst *, nc_op, nc_bytes target, nc_bytes spec, int32_t fd, nc_error *);
} nc_stream;

#ifdef __cplusplus
}
#endif
#endif
