/* SPDX-License-Identifier: Apache-2.0 */
/* V2 and V5: a key that comes again is taken for a new one. */
#include <stdio.h>
#include <string.h>

#include "../variant.h"

#define KEYS 512
static pthread_mutex_t keys_lock = PTHREAD_MUTEX_INITIALIZER;
static char keys[KEYS][NC_OP_KEY_MAX + 1]; /* under keys_lock */
static size_t n_keys;

static const char *op_key(nc_host_ctx *ctx, nc_op op)
{
	const char *key = variant_real_host->op_key(ctx, op);
	const char *given = key;

	pthread_mutex_lock(&keys_lock);
	for (size_t i = 0; i < n_keys && given == key && n_keys < KEYS; i++)
		if (strcmp(keys[i], key) == 0) {
			(void)snprintf(keys[n_keys], sizeof(keys[0]), "again.%zu", n_keys);
			given = keys[n_keys];
		}
	if (given == key && n_keys < KEYS)
		(void)snprintf(keys[n_keys], sizeof(keys[0]), "%s", key);
	n_keys += n_keys < KEYS;
	pthread_mutex_unlock(&keys_lock);
	return given;
}

void variant_plugin(nc_plugin *table)
{
	(void)table;
}

void variant_host(nc_host *table)
{
	table->op_key = op_key;
}
