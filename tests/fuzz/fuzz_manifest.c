/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "plugin/manifest.h"

/* A manifest that is taken names clean files and a valid id; one that is refused says the field. */

static void check_file(const nc_manifest_file *f)
{
	nc_assert(f->path[0] && f->path[0] != '/');
	nc_assert(strcmp(f->path, "..") != 0 && strncmp(f->path, "../", 3) != 0 &&
		  !strstr(f->path, "/../"));
	nc_assert(strlen(f->sha256) == 64);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	nc_error err = NC_ERROR_INIT;
	_cleanup_(nc_manifest_freep) nc_manifest *m = NULL;
	nc_platform here = nc_platform_here();
	void *it = NULL;
	nc_manifest_file f;
	if (nc_manifest_parse((nc_bytes){ data, size }, &m, &err) != NC_OK) {
		nc_assert(!m && err.message[0]);
		return 0;
	}
	nc_assert(nc_plugin_id_is_valid(m->id));
	while (nc_manifest_next_file(m, &it, &f)) {
		nc_manifest_file same;
		check_file(&f);
		nc_assert(nc_manifest_find_file(m, f.path, &same));
	}
	(void)nc_manifest_check_platform(m, &here, 1, &err);
	(void)nc_manifest_provides(m, "nc.compute/1");
	(void)nc_manifest_asks_for(m, "nc.kv/1");
	(void)nc_manifest_has_feature(m, "resize");
	(void)nc_manifest_may_open_secret(m, nc_str("sec_x"));
	(void)nc_manifest_may_exec(m);
	return 0;
}
