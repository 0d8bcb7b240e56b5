/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_TXN_H
#define SIM_TXN_H

#include "inst.h"

/*
 * One act: what it changes is gathered, written to the truth as one line, and only then put into
 * the world, so that an act is there whole or not at all. Under the instance's lock from init to
 * done.
 */
typedef struct sim_change {
	sim_kind kind;
	void *doc;       /* packed, ours until commit; NULL: it goes */
	char *native_id; /* of one that goes */
} sim_change;

typedef struct sim_txn {
	struct nc_inst *inst;
	sim_change *changes;
	size_t n, cap;
	uint64_t seq;
	int64_t now_ms;
	nc_code error; /* sticky: NC_E_NOMEM */
} sim_txn;

void sim_txn_init(sim_txn *t, struct nc_inst *inst);
void sim_txn_done(sim_txn *t); /* drops what was not committed */

/* The document as it shall be; obs_seq is set here. The draft is copied. */
void sim_txn_put_guest(sim_txn *t, const sim_guest_doc *draft);
void sim_txn_put_volume(sim_txn *t, const sim_volume_doc *draft);
void sim_txn_put_network(sim_txn *t, const sim_network_doc *draft);
void sim_txn_put_port(sim_txn *t, const sim_port_doc *draft);
void sim_txn_del(sim_txn *t, sim_kind kind, const char *native_id);

/* `begin` and `end` may be NULL. NC_E_NOMEM or the file's error: nothing has changed. */
nc_code sim_txn_commit(
	sim_txn *t, const sim_begin_doc *begin, const sim_end_doc *end, nc_error *err);

#endif
