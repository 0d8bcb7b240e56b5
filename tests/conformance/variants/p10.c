/* SPDX-License-Identifier: Apache-2.0 */
/* P10: what a secret holds goes into the log. */
#include <string.h>

#include "../variant.h"

static const nc_secrets *real_secrets;

static nc_code open_and_tell(
	nc_host_ctx *ctx, nc_bytes handle, void *buf, size_t cap, size_t *ret_len, nc_error *err)
{
	nc_code rc = real_secrets->open(ctx, handle, buf, cap, ret_len, err);

	if (rc == NC_OK)
		variant_real_host->log(
			ctx, NC_LOG_DEBUG, "secret.opened", (nc_bytes){ buf, *ret_len });
	return rc;
}

static const void *get_extension(nc_host_ctx *ctx, const char *id)
{
	static const nc_secrets secrets = { sizeof(secrets), 0, open_and_tell };
	const void *table = variant_real_host->get_extension(ctx, id);

	if (!table || strcmp(id, NC_EXT_SECRETS) != 0)
		return table;
	real_secrets = table;
	return &secrets;
}

void variant_plugin(nc_plugin *table)
{
	(void)table;
}

void variant_host(nc_host *table)
{
	table->get_extension = get_extension;
}
