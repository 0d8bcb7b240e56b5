/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_MODEL_CHANGE_H
#define NC_MODEL_CHANGE_H

/* Inside model/: one struct being changed by a patch or a put, member by member. */

#include "model/member.h"

typedef enum nc_change_how { NC_BY_PATCH, NC_BY_PUT } nc_change_how;

#define NC_CHANGED_MAX 64
typedef struct nc_changer {
	nc_span spans[NC_SPANS_MAX];
	size_t n_spans;
	size_t size;
	nc_change_how how;
	nc_reader reader;
	const void *was; /* untouched until the end */
	void *work;      /* what it becomes */
	void *future;    /* the same with what is pending in force; == work where nothing can be */
	void *scratch;   /* for one member at a time */
	json_t *pending; /* NULL where nothing can be */
	int defers;      /* next-start changes must wait */
	int is_deferred;
	int keeps_pending; /* the request has what is pending in it: values that are there mean it */
	const nc_field_def *changed[NC_CHANGED_MAX];
	size_t n_changed;
	const char *route; /* of the object, for hints: "/api/v1/vms/{id}" */
} nc_changer;

/* Arena memory for the copies; 0 = full (said in the faults). spans, reader, how are set. */
int nc_changer_begin(nc_changer *c, const void *was, size_t size);
/* One member of the request. */
void nc_changer_member(nc_changer *c, const nc_field_def *d, const nc_jpath *at, json_t *value);
/* All members of a patch, or of a put. */
void nc_changer_object(nc_changer *c, const nc_jpath *at, const json_t *in);
const nc_field_def *nc_changer_find(const nc_changer *c, const char *name);
void nc_changer_note(nc_changer *c, const nc_field_def *d);

#endif
