/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "novacron/companions.h"
#include "novacron/stream.h"
#include "plugin/pack.h"
#include "plugin/rt_internal.h"

/* How each shape of verb is called: its arguments, and what its answer means. On a worker of the
 * instance, under no lock. */

static void run_op(nc_rt *rt, rt_op *o, rt_outcome *r)
{
	nc_verb_fn fn;
	memcpy(&fn, &rt->slot[o->verb->number], sizeof(fn));
	r->code = fn(rt->self, (nc_op){ o->handle }, o->target, o->request, &r->err);
}

static void run_query(nc_rt *rt, rt_op *o, rt_outcome *r)
{
	nc_query_fn fn;
	nc_code broken = NC_OK;
	nc_sink *sink = nc_sink_open_objects(rt, o->id);
	memcpy(&fn, &rt->slot[o->verb->number], sizeof(fn));
	if (!sink) {
		r->code = nc_err_nomem(&r->err);
		return;
	}
	r->code = fn(rt->self, (nc_op){ o->handle }, o->target, o->request, sink, &r->err);
	r->n_objects = nc_sink_close(sink, &broken);
	if (r->code == NC_OK && broken != NC_OK)
		r->code = nc_err(&r->err, broken == NC_E_INVAL ? NC_E_PROTO : broken,
			"%s of plugin %s is not whole: an object was refused", o->verb->name,
			rt->plugin);
}

static void run_recover(nc_rt *rt, rt_op *o, rt_outcome *r)
{
	nc_recover_fn fn;
	nc_code broken = NC_OK;
	int32_t state = NC_REC_UNKNOWN;
	nc_sink *sink = nc_sink_open_buf(rt, &r->out, 0);
	memcpy(&fn, &rt->slot[o->verb->number], sizeof(fn));
	if (!sink) {
		r->code = nc_err_nomem(&r->err);
		return;
	}
	r->code = fn(rt->self, (nc_op){ o->handle }, o->target, o->request, &state, sink, &r->err);
	nc_sink_close(sink, &broken);
	if (r->code != NC_OK)
		return;
	if (state < NC_REC_ABSENT || state > NC_REC_UNKNOWN) {
		nc_rt_strike(rt, NC_P0_CONTRACT, "%s answered the state %d", o->verb->name, state);
		state = NC_REC_UNKNOWN;
	}
	/* A result that did not fit is no result: what was done is then not known for certain. */
	r->recover_state = broken == NC_OK ? state : NC_REC_UNKNOWN;
}

/* Sockets' inodes have 32 bits. */
static uint64_t place_of(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 ? (uint64_t)fd << 32 | (uint32_t)st.st_ino : 0;
}

int nc_rt_is_open_at(uint64_t stream_place)
{
	return stream_place && place_of((int)(stream_place >> 32)) == stream_place;
}

static void run_stream(nc_rt *rt, rt_op *o, rt_outcome *r)
{
	__typeof__(((nc_stream *)NULL)->open) fn;
	int fd = o->fd;
	memcpy(&fn, &rt->slot[o->verb->number], sizeof(fn));
	o->stream_place = place_of(fd);
	r->code = fn(rt->self, (nc_op){ o->handle }, o->target, o->request, fd, &r->err);
	o->fd = -1;
	if (r->code != NC_OK)
		close(fd); /* refused: it stayed ours */
}

static void run_stats(nc_rt *rt, rt_op *o, rt_outcome *r)
{
	__typeof__(((nc_compute_stats *)NULL)->sample) fn;
	nc_unpacked_stats u;
	nc_code rc = nc_unpack_stats(o->request, &u);
	nc_stat_row *rows = rc == NC_OK ? nc_malloc(((size_t)u.n + 1) * sizeof(*rows)) : NULL;
	if (!rows) {
		r->code = nc_err(&r->err, rc == NC_OK ? NC_E_NOMEM : rc, "bad list of guests");
	} else {
		memset(rows, 0xff, u.n * sizeof(*rows)); /* unknown, unless it says otherwise */
		memcpy(&fn, &rt->slot[o->verb->number], sizeof(fn));
		r->code =
			fn(rt->self, (nc_op){ o->handle }, o->target, u.guests, u.n, rows, &r->err);
		if (r->code == NC_OK)
			nc_buf_put(&r->out, rows, u.n * sizeof(*rows));
	}
	nc_free(rows);
	nc_unpacked_stats_done(&u);
}

static void run_score(nc_rt *rt, rt_op *o, rt_outcome *r)
{
	__typeof__(((nc_scheduler *)NULL)->score) fn;
	nc_unpacked_score u;
	nc_code rc = nc_unpack_score(o->request, &u);
	if (rc != NC_OK) {
		r->code = nc_err(&r->err, rc, "bad batch to score");
		return;
	}
	memcpy(&fn, &rt->slot[o->verb->number], sizeof(fn));
	r->code = fn(rt->self, (nc_op){ o->handle }, &u.batch, &r->err);
	if (r->code == NC_OK)
		nc_buf_put(&r->out, u.batch.score, u.batch.n_cand * sizeof(double));
	nc_unpacked_score_done(&u);
}

void nc_rt_run_shape(nc_rt *rt, rt_op *o, rt_outcome *r)
{
	if (o->verb->number >= NC_VERB_MAX) {
		nc_rt_run_life(rt, o, r);
		return;
	}
	switch (o->verb->shape) {
	case NC_SHAPE_OP:
		run_op(rt, o, r);
		return;
	case NC_SHAPE_QUERY:
		run_query(rt, o, r);
		return;
	case NC_SHAPE_RECOVER:
		run_recover(rt, o, r);
		return;
	case NC_SHAPE_STREAM:
		run_stream(rt, o, r);
		return;
	case NC_SHAPE_STATS:
		run_stats(rt, o, r);
		return;
	case NC_SHAPE_SCORE:
		run_score(rt, o, r);
		return;
	}
}
