/* SPDX-License-Identifier: Apache-2.0 */
/* V5: of what is under way recover says that it never was. */
#include <stdio.h>
#include <string.h>

#include "../variant.h"
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char key_under_way[NC_OP_KEY_MAX + 1]; /* of the last that was begun; under lock */
static nc_op op_under_way;

static nc_code power(nc_inst *inst, nc_op op, nc_bytes target, nc_bytes req, nc_error *err)
{
	const char *key = variant_real_host->op_key(variant_real_host->ctx, op);

	pthread_mutex_lock(&lock);
	(void)snprintf(key_under_way, sizeof(key_under_way), "%s", key);
	op_under_way = op;
	pthread_mutex_unlock(&lock);
	return variant_real_compute->power(inst, op, target, req, err);
}

static void op_complete(
	nc_host_ctx *ctx, nc_op op, int32_t outcome, const nc_error *err, nc_bytes result)
{
	pthread_mutex_lock(&lock);
	if (op.v == op_under_way.v)
		*key_under_way = '\0';
	pthread_mutex_unlock(&lock);
	variant_real_host->op_complete(ctx, op, outcome, err, result);
}

static nc_code recover(nc_inst *inst, nc_op op, nc_bytes target, nc_bytes request, int32_t *state,
	nc_sink *sink, nc_error *err)
{
	size_t n;
	bool is_under_way;

	pthread_mutex_lock(&lock);
	n = strlen(key_under_way);
	is_under_way = n && memmem(request.ptr, request.len, key_under_way, n);
	pthread_mutex_unlock(&lock);
	if (!is_under_way)
		return variant_real_compute->recover(inst, op, target, request, state, sink, err);
	*state = NC_REC_ABSENT;
	return NC_OK;
}

static void change(nc_compute *copy)
{
	copy->power = power;
	copy->recover = recover;
}

void variant_plugin(nc_plugin *table)
{
	variant_change_compute(table, change);
}

void variant_host(nc_host *table)
{
	table->op_complete = op_complete;
}
