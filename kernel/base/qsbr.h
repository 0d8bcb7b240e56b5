/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_BASE_QSBR_H
#define NC_BASE_QSBR_H

#include <stdint.h>

#include "base/cleanup.h"

/*
 * Quiescent-state based reclamation: readers take no lock and no count; a writer retires memory,
 * which is freed when every registered reader has passed a quiescent point since. A reader that
 * blocks for long goes offline first. One domain for the process.
 */
typedef struct nc_qsbr_reader nc_qsbr_reader;
nc_qsbr_reader *nc_qsbr_register(void); /* this thread; starts online; NULL = no memory */
void nc_qsbr_unregister(nc_qsbr_reader *r);
nc_qsbr_reader *nc_qsbr_self(void);      /* this thread's, or NULL */
void nc_qsbr_quiesce(nc_qsbr_reader *r); /* "I hold no borrowed pointer now" */
void nc_qsbr_offline(nc_qsbr_reader *r); /* before blocking */
void nc_qsbr_online(nc_qsbr_reader *r);
int nc_qsbr_is_online(const nc_qsbr_reader *r); /* it keeps what is retired from going */

/* Writer side; one writer thread at a time. fn(p) runs later on the writer's thread. Out of
 * memory it waits for the readers instead (never leaks, never frees early). A writer that is also
 * a registered reader is taken as quiescent in retire and synchronize: it holds no borrowed
 * pointer there. */
void nc_qsbr_retire(void *p, void (*fn)(void *));
void nc_qsbr_poll(void);        /* free what can be */
void nc_qsbr_synchronize(void); /* wait for all readers, free everything retired */

#endif
