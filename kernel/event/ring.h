/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_EVENT_RING_H
#define NC_EVENT_RING_H

/* Inside of event/: the newest events in memory, in order. */

#include <pthread.h>

#include "store/db.h"

typedef struct nc_place { /* in the log: everything up to (seq, n) is behind it */
	uint64_t seq;
	uint32_t n; /* UINT32_MAX: the whole record */
} nc_place;

static inline int nc_place_is_after(nc_place a, nc_place b)
{
	return a.seq > b.seq || (a.seq == b.seq && a.n > b.n);
}

typedef struct nc_ring_entry { /* shared by the ring and those who read it */
	nc_place at;
	uint32_t refs; /* ring_lock */
	size_t len;
	char bytes[];
} nc_ring_entry;

typedef struct nc_ring {
	pthread_mutex_t ring_lock; /* guards all below */
	nc_ring_entry **slots;
	uint32_t cap;
	uint64_t written;  /* in all; slots[(written - 1) % cap] is the newest */
	uint64_t kept;     /* of these, the last so many are there */
	nc_place floor;    /* every event after it is in the ring */
	uint64_t last_seq; /* of the last batch */
} nc_ring;

nc_code nc_ring_init(nc_ring *r, uint32_t cap, uint64_t seq, nc_error *err);
void nc_ring_done(nc_ring *r);
/* The sequencer: the events of a batch. Returns how many there are. */
uint64_t nc_ring_publish(nc_ring *r, const nc_db_batch *b);

/* At most max entries after `from`, in order. 0 = some of them are not in the ring any more. Each
 * taken entry is given back, all together. */
typedef struct nc_ring_part {
	nc_ring_entry *entry[64];
	uint32_t n;
} nc_ring_part;
int nc_ring_take(nc_ring *r, nc_place from, uint32_t max, nc_ring_part *ret);
void nc_ring_give_back(nc_ring *r, nc_ring_part *part);

#endif
