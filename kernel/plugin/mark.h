/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_PLUGIN_MARK_H
#define NC_PLUGIN_MARK_H

#include "novacron/abi.h"

/*
 * Which plugin the calling thread is in, so that a crash can be laid at the right door. The mark is
 * set around every call into a plugin; the handler of fatal signals writes it to a file that the
 * next start reads.
 */
typedef struct nc_mark {
	const char *plugin; /* NULL: our own code. Both outlive the call. */
	const char *what;   /* "compute.create" */
} nc_mark;

nc_mark nc_mark_enter(const char *plugin, const char *what); /* the former mark */
void nc_mark_leave(nc_mark former);

/* Take over SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGABRT; what was installed before (a sanitizer)
 * runs after us. Once a process; `path` is kept open for append. */
nc_code nc_mark_install(const char *path, nc_error *err);

#endif
