/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An operation begun in the very record that makes it: its local steps run and its first call named
 * before anybody was told that it exists. That spares a record and a turn; whoever asked sees at
 * once where it goes. What can't be done then is done as ever, by a worker, who can say why.
 */
#include "base/clock.h"
#include "op/turn.h"

/* So that publishing it needs no memory. */
static int keep(nc_ops *ops, nc_run *run)
{
	int is_kept = 0;

	pthread_mutex_lock(&ops->lock);
	if (!ops->is_stopping && !nc_run_find(ops, run->id) &&
		nc_timers_reserve(&ops->timers, nc_map_count(ops->runs) + 1) == 0 &&
		nc_map_put(ops->runs, nc_str(run->id), run, NULL) == NC_OK) {
		run->where = NC_RUN_COMMITTING;
		run->is_begun = 1;
		ops->records_out++;
		is_kept = 1;
	}
	pthread_mutex_unlock(&ops->lock);
	return is_kept;
}

nc_begun nc_ops_begin(nc_opctx *c)
{
	nc_ops *ops = c->ops;
	nc_turn t = { .run = nc_run_new(ops, c->op), .c = *c };
	nc_go g = NC_GO_ON;

	if (!t.run)
		return NC_BEGUN_NOT;
	while (g == NC_GO_ON && !nc_turn_is_backward(c->op))
		g = nc_turn_forward(&t);
	int is_there = g == NC_GO_COMMIT && t.run->wants_call && c->op->state == NC_OPER_RUNNING &&
		       keep(ops, t.run);
	c->target_is_dirty = t.c.target_is_dirty;
	if (is_there)
		return NC_BEGUN;
	nc_run_free(t.run);
	return NC_BEGUN_NOT;
}

void nc_ops_forget(nc_ops *ops, const char *id)
{
	pthread_mutex_lock(&ops->lock);
	nc_run *run = nc_run_find(ops, id);
	int is_begun = run && run->is_begun;
	if (is_begun)
		nc_run_drop(run);
	int is_last = is_begun && !--ops->records_out && ops->is_orphan;
	pthread_mutex_unlock(&ops->lock);
	if (is_last)
		nc_ops_destroy(ops);
}

int nc_run_take_begun(nc_ops *ops, const char *id)
{
	nc_run *run = nc_run_find(ops, id);

	if (!run || !run->is_begun)
		return 0;
	run->is_begun = 0;
	ops->records_out--;
	if (!ops->is_stopping)
		nc_run_durable(run);
	return 1;
}
