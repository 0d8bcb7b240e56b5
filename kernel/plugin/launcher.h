/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_PLUGIN_LAUNCHER_H
#define NC_PLUGIN_LAUNCHER_H

#include "base/cleanup.h"
#include "novacron/abi.h"

/*
 * The root launcher: a small process forked first thing in main, before any thread and before
 * privileges are dropped. It takes a plugin id and nothing else, reads that plugin's rights from a
 * root-owned file, hashes what it starts once more and hands back a socket and a pidfd. It ends
 * when the daemon does.
 */
typedef struct nc_launcher nc_launcher;

typedef struct nc_launcher_options {
	const char *rights_file; /* {"plugins":{"<id>":{"folder":…,"user":…,"groups":[…]}}} */
	const char *host_binary; /* root-owned nc-plugin-host */
} nc_launcher_options;

/* Only as root and single-threaded. NC_E_UNSUPPORTED (not root): carry on without one. */
nc_code nc_launcher_fork(const nc_launcher_options *opt, nc_launcher **ret, nc_error *err);
/* Ends the process and its hosts. */
void nc_launcher_free(nc_launcher *l);
NC_DEFINE_CLEANUP(nc_launcher *, nc_launcher_free);

#endif
