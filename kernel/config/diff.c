/* SPDX-License-Identifier: Apache-2.0 */
/* What a reload changed, key by key. Constant work over two snapshots the caller holds. */
#include "base/jsonw.h"
#include "config/reload.h"
#include "config/snapshot.h"

size_t nc_config_diff(
	const nc_config *before, const nc_config *after, nc_config_change *out, size_t cap)
{
	size_t n, found = 0;
	const nc_config_key *keys = nc_config_keys(&n);

	for (size_t i = 0; i < n; i++) {
		if (nc_config_value_is_equal(&keys[i], before, after))
			continue;
		if (found < cap)
			out[found] = (nc_config_change){ &keys[i], keys[i].reload };
		found++;
	}
	return found;
}

void nc_config_diff_json(const nc_config_change *change, size_t n, nc_buf *out)
{
	static const char *const results[] = { [NC_CONFIG_LIVE] = "applied",
		[NC_CONFIG_NEEDS_PLUGIN_RELOAD] = "needs_plugin_reload",
		[NC_CONFIG_NEEDS_RESTART] = "needs_restart" };
	nc_jw w;

	nc_jw_init(&w, out);
	nc_jw_arr(&w);
	for (size_t i = 0; i < n; i++) {
		nc_jw_obj(&w);
		nc_jw_kstr(&w, "key", change[i].key->key);
		nc_jw_kstr(&w, "result", results[change[i].reload]);
		nc_jw_obj_end(&w);
	}
	nc_jw_arr_end(&w);
}
