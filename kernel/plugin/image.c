/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/image.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "plugin/manifest.h"
#include "plugin/mark.h"

/*
 * dlopen of verified bytes and the first look at a plugin's tables. Runs on the loader's thread or
 * in nc-plugin-host, under a crash mark: constructors run in here. Nothing a plugin points to is
 * trusted further than its struct_size says.
 */

int nc_table_copy(void *dst, size_t n, const void *peer)
{
	uint32_t size;
	memcpy(&size, peer, sizeof(size));
	memset(dst, 0, n);
	if (size < 2 * sizeof(uint32_t))
		return 0;
	memcpy(dst, peer, NC_MIN((size_t)size, n));
	return 1;
}

static nc_code map(int memfd, const nc_manifest *m, nc_plugin_entry_fn *ret, nc_error *err)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", memfd);
	nc_mark former = nc_mark_enter(m->id, "load");
	errno = 0;
	void *dl = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	int errnum = errno;
	nc_mark_leave(former);
	if (!dl) {
		const char *why = dlerror();
		close(memfd); /* nothing was mapped, so nothing remembers its path */
		if (errnum == ENOMEM || errnum == EMFILE || errnum == ENFILE)
			return nc_err_errno(err, errnum, "plugin %s could not be mapped", m->id);
		nc_err(err, NC_E_PROTO, "plugin %s could not be mapped: %s", m->id,
			why ? why : "no reason given");
		return nc_err_hint(err, NC_E_PROTO,
			"install the libraries it names, or a build for this system");
	}
	void *symbol = dlsym(dl, NC_ENTRY_SYMBOL);
	if (!symbol)
		return nc_err(err, NC_E_PROTO, "plugin %s does not export " NC_ENTRY_SYMBOL, m->id);
	nc_mark_code(m->id, symbol);
	memcpy(ret, &symbol, sizeof(symbol)); /* no cast from object to function in C */
	return NC_OK;
}

static nc_code broken(const nc_manifest *m, nc_error *err, const char *what)
{
	return nc_err(err, NC_E_PROTO, "P0: plugin %s %s", m->id, what);
}

static nc_code check_entry(const nc_manifest *m, const nc_entry *e, nc_error *err)
{
	if (e->struct_size < sizeof(nc_entry))
		return nc_err(err, NC_E_PROTO,
			"P0: plugin %s has a short entry: %u bytes where ABI 1.0 has %zu", m->id,
			e->struct_size, sizeof(nc_entry));
	if (NC_ABI_MAJOR_OF(e->abi) != NC_ABI_MAJOR) {
		nc_err(err, NC_E_UNSUPPORTED,
			"plugin %s was compiled for plugin ABI %u.%u, this NovaCron has %u.%u",
			m->id, NC_ABI_MAJOR_OF(e->abi), NC_ABI_MINOR_OF(e->abi), NC_ABI_MAJOR,
			NC_ABI_MINOR);
		return nc_err_hint(
			err, NC_E_UNSUPPORTED, "install a build for ABI %u", NC_ABI_MAJOR);
	}
	if (!e->id || strcmp(e->id, m->id) != 0)
		return nc_err(err, NC_E_PROTO,
			"P0: the manifest says plugin %s, its code says %.63s", m->id,
			e->id ? e->id : "nothing");
	if (!e->version || strcmp(e->version, m->version) != 0)
		return nc_err(err, NC_E_PROTO,
			"P0: plugin %s: the manifest says version %s, its code says %.63s", m->id,
			m->version, e->version ? e->version : "nothing");
	return e->plugin ? NC_OK : broken(m, err, "has no table of functions");
}

static nc_code check_plugin(const nc_manifest *m, const nc_plugin *p, nc_error *err)
{
	const size_t least = offsetof(nc_plugin, get_extension) + sizeof(p->get_extension);
	if (p->struct_size < least)
		return nc_err(err, NC_E_PROTO,
			"P0: plugin %s has a short table: %u bytes where ABI 1.0 has %zu", m->id,
			p->struct_size, least);
	if (!p->create || !p->destroy || !p->get_extension)
		return broken(m, err, "lacks create, destroy or get_extension");
	return NC_OK;
}

nc_code nc_image_load(int memfd, const nc_manifest *m, nc_image **ret, nc_error *err)
{
	nc_plugin_entry_fn entry_fn = NULL;
	_cleanup_(nc_image_freep) nc_image *image = nc_calloc(1, sizeof(*image));
	if (!image) {
		close(memfd);
		return nc_err_nomem(err);
	}
	nc_code rc = map(memfd, m, &entry_fn, err);
	if (rc != NC_OK)
		return rc;
	nc_mark former = nc_mark_enter(m->id, "entry");
	const nc_entry *entry = entry_fn(NC_ABI);
	nc_mark_leave(former);
	if (!entry) {
		nc_err(err, NC_E_UNSUPPORTED, "plugin %s %s refuses this host of plugin ABI %u.%u",
			m->id, m->version, NC_ABI_MAJOR, NC_ABI_MINOR);
		return nc_err_hint(err, NC_E_UNSUPPORTED, "upgrade NovaCron or the plugin");
	}
	if (!nc_table_copy(&image->entry, sizeof(image->entry), entry))
		return broken(m, err, "has an empty entry");
	if ((rc = check_entry(m, &image->entry, err)) != NC_OK)
		return rc;
	if (!nc_table_copy(&image->plugin, sizeof(image->plugin), image->entry.plugin))
		return broken(m, err, "has an empty table of functions");
	if ((rc = check_plugin(m, &image->plugin, err)) != NC_OK)
		return rc;
	*ret = nc_steal(&image);
	return NC_OK;
}

void nc_image_free(nc_image *image)
{
	nc_free(image);
}
