/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration loader on arbitrary bytes: once as a file, and what follows the first NUL as
 * the value of a variable of each kind. Whatever loads must render, and what renders must parse.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/json.h"
#include "config/load.h"
#include "config/render.h"
#include "fuzz.h"

static void check_render(const nc_config *cfg)
{
	_cleanup_(nc_buf_done) nc_buf text;
	_cleanup_(nc_json_decrefp) json_t *doc = NULL;

	nc_buf_init(&text, 1 << 20);
	nc_config_render_json(cfg, &text);
	if (nc_buf_failed(&text) || nc_json_parse(nc_buf_bytes(&text), 1 << 20, &doc, NULL))
		abort();
}

static void load(const char *const *files, size_t n, const char *const *env)
{
	const nc_config *cfg = NULL;
	nc_config_report report;
	nc_code code = nc_config_load(files, n, env, &cfg, &report, NULL);

	if ((code == NC_OK) != (cfg != NULL) || (cfg && report.n_faults))
		abort();
	if (cfg)
		check_render(cfg);
	nc_config_unref(cfg);
}

static void load_as_variable(const char *value)
{
	static const char *const names[] = { "NOVACRON_DATABASE_OPTIONS=",
		"NOVACRON_PLUGINS_ALLOW=", "NOVACRON_SERVER_UID_MAP=", "NOVACRON_PLUGINS_PATH=",
		"NOVACRON_SCHED_VCPU_RATIO=", "NOVACRON_VM_SHUTDOWN_TIMEOUT=", "NOVACRON_" };

	for (size_t i = 0; i < NC_LEN(names); i++) {
		char *variable = nc_asprintf("%s%s", names[i], value);
		if (!variable)
			abort();
		load(NULL, 0, (const char *const[]){ variable, NULL });
		nc_free(variable);
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	nc_alloc_install();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	static const char *const files[] = { "/proc/self/fd/1000" };
	const uint8_t *nul = memchr(data, 0, size);
	size_t n = nul ? (size_t)(nul - data) : size;
	char *value;

	if (fd < 0)
		fd = dup2(memfd_create("config", 0), 1000);
	if (fd < 0 || ftruncate(fd, 0) || pwrite(fd, data, n, 0) != (ssize_t)n)
		abort();
	load(files, 1, NULL);
	if (!nul)
		return 0;
	value = nc_strndup((const char *)nul + 1, size - n - 1);
	if (!value)
		abort();
	load_as_variable(value);
	nc_free(value);
	return 0;
}
