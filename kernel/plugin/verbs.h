/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_PLUGIN_VERBS_H
#define NC_PLUGIN_VERBS_H

#include <stdint.h>

#include "base/cleanup.h"

/*
 * Every verb that a plugin may serve, as one const table: the transport, the conformance kit and
 * the status page are mechanical over it. A new verb is a new row; nothing else changes.
 */
typedef enum nc_verb_shape {
	NC_SHAPE_OP,      /* nc_verb_fn: accepted, then op_complete */
	NC_SHAPE_QUERY,   /* nc_query_fn: objects through a sink, over when it returns */
	NC_SHAPE_RECOVER, /* nc_recover_fn */
	NC_SHAPE_STREAM,  /* nc_stream.open: an op with a socket */
	NC_SHAPE_STATS,   /* nc_compute_stats.sample: names in, rows out */
	NC_SHAPE_SCORE    /* nc_scheduler.score: arrays in, arrays out */
} nc_verb_shape;

typedef struct nc_verb {
	const char *name;    /* "compute.create": what journal, logs and wire say */
	const char *ext;     /* "nc.compute/1": the extension whose table has the slot */
	const char *recover; /* verb that tells what became of it ("compute.recover"), or NULL */
	nc_verb_shape shape;
	uint16_t offset; /* of the slot in the extension's table */
	uint16_t number; /* row; for bit sets of this process only, never stored or sent */
} nc_verb;

#define NC_VERB_MAX 128u /* rows at most: size of a bit set */

const nc_verb *nc_verb_find(const char *name); /* NULL when there is none */
const nc_verb *nc_verb_at(unsigned number);    /* 0 … count-1; NULL past the end */
unsigned nc_verb_count(void);
const char *nc_verb_shape_name(nc_verb_shape shape);

#endif
