/* SPDX-License-Identifier: Apache-2.0 */
#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "plugin/manifest.h"

/*
 * Whether a plugin can run here at all. Its messages are what an operator reads after an upgrade
 * that went half way, so each names what is there, what is wanted and what to do.
 */

#if defined(__x86_64__)
#define ARCH "x86_64"
#elif defined(__aarch64__)
#define ARCH "aarch64"
#elif defined(__riscv)
#define ARCH "riscv64"
#else
#error "name this architecture as manifests shall"
#endif

static const char *const host_extensions[] = { "nc.report/1", "nc.secrets/1", "nc.kv/1",
	"nc.timer/1", "nc.fdwatch/1", "nc.metrics/1", "nc.threadcheck/1" };

nc_platform nc_platform_here(void)
{
	return (nc_platform){
		.abi = NC_ABI, .os = "linux", .arch = ARCH, .libc_version = gnu_get_libc_version()
	};
}

static nc_code refuse(nc_error *err, const char *hint)
{
	return nc_err_hint(err, NC_E_UNSUPPORTED, "%s", hint);
}

static nc_code check_abi(
	const nc_manifest *m, const nc_platform *here, int exports_v1, nc_error *err)
{
	uint32_t major = NC_ABI_MAJOR_OF(here->abi), minor = NC_ABI_MINOR_OF(here->abi);
	int is_other_major = m->abi_major != major;
	if (is_other_major && m->abi_major > major && exports_v1)
		return NC_OK;
	if (!is_other_major && m->abi_min_minor <= minor)
		return NC_OK;
	nc_err(err, NC_E_UNSUPPORTED,
		"plugin %s %s needs plugin ABI %u.%u, this NovaCron has %u.%u", m->id, m->version,
		m->abi_major, m->abi_min_minor, major, minor);
	if (is_other_major && m->abi_major < major)
		return refuse(err, "install a newer release of the plugin");
	return refuse(err, "upgrade NovaCron, or install an older release of the plugin");
}

/* "2.36" → 2036; -1 when it isn't a version. */
static long version_number(const char *s)
{
	char *end;
	long major = strtol(s, &end, 10);
	if (end == s || *end != '.' || major < 0 || major > 99)
		return -1;
	const char *rest = end + 1;
	long minor = strtol(rest, &end, 10);
	return end == rest || *end || minor < 0 || minor > 999 ? -1 : major * 1000 + minor;
}

static nc_code check_libc(const nc_manifest *m, const nc_platform *here, nc_error *err)
{
	static const char prefix[] = "glibc>=";
	if (!m->libc)
		return NC_OK;
	long want = strncmp(m->libc, prefix, sizeof(prefix) - 1) == 0
			    ? version_number(m->libc + sizeof(prefix) - 1)
			    : -1;
	if (want >= 0 && version_number(here->libc_version) >= want)
		return NC_OK;
	nc_err(err, NC_E_UNSUPPORTED, "plugin %s %s needs %s, this system has glibc %s", m->id,
		m->version, m->libc, here->libc_version);
	return refuse(err, want < 0 ? "the manifest's platform.libc must read \"glibc>=2.31\""
				    : "install a build of the plugin for this system");
}

static nc_code check_requires(const nc_manifest *m, nc_error *err)
{
	size_t i, k;
	json_t *v;
	json_array_foreach(m->requires, i, v)
	{
		for (k = 0; k < NC_LEN(host_extensions); k++)
			if (strcmp(host_extensions[k], json_string_value(v)) == 0)
				break;
		if (k < NC_LEN(host_extensions))
			continue;
		nc_err(err, NC_E_UNSUPPORTED, "plugin %s %s requires %s, which this NovaCron lacks",
			m->id, m->version, json_string_value(v));
		return refuse(err, "upgrade NovaCron, or install an older release of the plugin");
	}
	return NC_OK;
}

nc_code nc_manifest_check_platform(
	const nc_manifest *m, const nc_platform *here, int exports_v1, nc_error *err)
{
	nc_code rc = check_abi(m, here, exports_v1, err);
	if (rc != NC_OK)
		return rc;
	if (strcmp(m->os, here->os) != 0 || strcmp(m->arch, here->arch) != 0) {
		nc_err(err, NC_E_UNSUPPORTED, "plugin %s %s is built for %s/%s, this is %s/%s",
			m->id, m->version, m->os, m->arch, here->os, here->arch);
		return refuse(err, "install a build of the plugin for this system");
	}
	if ((rc = check_libc(m, here, err)) != NC_OK)
		return rc;
	return check_requires(m, err);
}
