/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_FLOW_REQUEST_H
#define NC_FLOW_REQUEST_H

#include "base/jsonw.h"
#include "flow/internal.h"

/*
 * What every request to a driver has: identity and ownership tag; and what drivers call the things
 * it names. A request is made anew whenever it is needed (also to recover), so it must depend on
 * nothing that moves while its operation runs.
 *
 *	_cleanup_(nc_req_done) nc_req q;
 *	nc_req_begin(&q);
 *	…nc_jw_kstr(&q.w, "name", name)…
 *	return nc_req_end(&q, c, ret, err);
 */
typedef struct nc_req {
	nc_buf b;
	nc_jw w;
} nc_req;

void nc_req_begin(nc_req *q); /* opens the object */
void nc_req_done(nc_req *q);
/* Closes it; the bytes are in the turn's arena. */
nc_code nc_req_end(nc_req *q, nc_opctx *c, nc_bytes *ret, nc_error *err);
void nc_req_opt(nc_req *q, const char *key, const char *value); /* absent: nothing */
/* `object`: who owns what is made; its id. */
void nc_req_tag(nc_req *q, const nc_opctx *c, const char *object);
/* id, uuid, native_id and tag of the guest that it is about. */
void nc_req_guest(nc_req *q, const nc_opctx *c, const nc_vm *vm);
/* id, uuid and tag of a volume, network, … that is not part of a guest. */
void nc_req_thing(nc_req *q, const nc_opctx *c, const nc_object *o);
void nc_req_labels(nc_req *q, const nc_object *o);

/*
 * A whole `prepare` of a step: the call, and a request that begins with what it is about; `fill` puts
 * the rest. Of a guest it is asked of its host; of a thing call->provider, target and verb are there
 * already (nc_thing_call).
 */
typedef nc_code (*nc_req_fill)(nc_req *q, nc_opctx *c, nc_error *err);
nc_code nc_vm_ask(nc_opctx *c, const nc_vm *vm, const char *verb, nc_req_fill fill,
	nc_op_call *call, nc_error *err);
nc_code nc_thing_ask(
	nc_opctx *c, const nc_object *o, nc_req_fill fill, nc_op_call *call, nc_error *err);

/* What the driver calls an object of ours. NC_E_CONFLICT: it is not there (yet). */
nc_code nc_native_name(
	nc_opctx *c, const nc_kind *kind, const char *id, const char **ret, nc_error *err);
/* A NIC or a disk as drivers are told of it, as the value of `key` or an element (NULL). */
nc_code nc_req_nic(nc_req *q, nc_opctx *c, const char *key, const nc_vm_nic *n, nc_error *err);
nc_code nc_req_disk(nc_req *q, nc_opctx *c, const char *key, const nc_vm_disk *d, nc_error *err);

#endif
