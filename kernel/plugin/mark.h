/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_PLUGIN_MARK_H
#define NC_PLUGIN_MARK_H

#include "novacron/abi.h"

/*
 * Which plugin the calling thread is in, so that a crash can be laid at the right door. The mark is
 * set around every call into a plugin; the handler of fatal signals writes it to a file that the
 * next start reads. A thread that the plugin started itself has no mark: it is told by its code.
 */
typedef struct nc_mark {
	const char *plugin; /* NULL: our own code. Both outlive the call. */
	const char *what;   /* "compute.create" */
} nc_mark;

/* The former mark. The thread's first gives it a stack for the handler, which lasts as long as it. */
nc_mark nc_mark_enter(const char *plugin, const char *what);
void nc_mark_leave(nc_mark former);

/* Take over SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGABRT; what was installed before (a sanitizer)
 * runs after us. Once a process; `path` is kept open for append. */
nc_code nc_mark_install(const char *path, nc_error *err);

/* The object that `symbol` lies in is code of this plugin's; for the life of the process. */
void nc_mark_code(const char *plugin, const void *symbol);

#endif
