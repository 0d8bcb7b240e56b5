/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin's folder: manifest, schema and how the plugin wants to be tried. Nothing is loaded. */
#include <string.h>
#include <sys/utsname.h>

#include "kit.h"

static json_t *load_file(const char *path)
{
	json_error_t err;
	json_t *doc = json_load_file(path, JSON_REJECT_DUPLICATES, &err);

	if (!doc)
		fprintf(stderr, "%s: line %d: %s\n", path, err.line, err.text);
	return doc;
}

static json_t *load(const char *folder, const char *name)
{
	char path[4400];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return load_file(path);
}

static int check_manifest(const kit_folder *f)
{
	const json_t *abi = json_object_get(f->manifest, "abi");
	const json_t *platform = json_object_get(f->manifest, "platform");
	const char *arch = json_string_value(json_object_get(platform, "arch"));
	json_int_t major = json_integer_value(json_object_get(abi, "major"));
	json_int_t minor = json_integer_value(json_object_get(abi, "min_minor"));
	struct utsname here;

	if (!json_is_string(json_object_get(f->manifest, "id")) ||
		!json_is_string(json_object_get(f->manifest, "entry"))) {
		fprintf(stderr, "%s/manifest.json: id and entry must be there\n", f->path);
		return 2;
	}
	if (major != NC_ABI_MAJOR || minor > NC_ABI_MINOR) {
		fprintf(stderr,
			"%s wants ABI %lld.%lld, this kit has %u.%u: build the plugin for %u, or "
			"use "
			"a newer kit\n",
			f->path, (long long)major, (long long)minor, NC_ABI_MAJOR, NC_ABI_MINOR,
			NC_ABI_MAJOR);
		return 4;
	}
	if (arch && uname(&here) == 0 && strcmp(arch, here.machine) != 0) {
		fprintf(stderr, "%s was built for %s, this machine is %s\n", f->path, arch,
			here.machine);
		return 4;
	}
	return 0;
}

/* x-secret members of the configuration are given as handles, so that P10 has what to look for. */
static void add_secret_handles(const json_t *schema, json_t *config)
{
	const char *name;
	json_t *prop;

	json_object_foreach(json_object_get(schema, "properties"), name, prop)
	{
		char handle[128];

		if (!json_is_true(json_object_get(prop, "x-secret")) ||
			json_object_get(config, name))
			continue;
		(void)snprintf(handle, sizeof(handle), "canary/%s", name);
		json_object_set_new(config, name, json_string(handle));
	}
}

static bool print_config(const json_t *config, char *to, size_t cap)
{
	size_t n = json_dumpb(config, to, cap - 1, JSON_COMPACT);

	if (n < cap)
		to[n] = '\0';
	return n < cap;
}

static int make_config(kit_folder *f)
{
	json_t *given = json_object_get(f->settings, "config");
	json_t *config = given ? json_deep_copy(given) : json_object();
	bool fits = print_config(config, f->bare_config, sizeof(f->bare_config));

	add_secret_handles(f->schema, config);
	fits &= print_config(config, f->config, sizeof(f->config));
	json_decref(config);
	if (!fits)
		fprintf(stderr, "%s: config is too long\n", f->path);
	return fits ? 0 : 2;
}

static json_int_t setting(const kit_folder *f, const char *name, json_int_t otherwise)
{
	const json_t *v = json_object_get(f->settings, name);

	return json_is_integer(v) ? json_integer_value(v) : otherwise;
}

int kit_folder_open(kit_folder *f, const char *path, const char *settings)
{
	int code;

	memset(f, 0, sizeof(*f));
	(void)snprintf(f->path, sizeof(f->path), "%s", path);
	f->manifest = load(path, "manifest.json");
	f->schema = f->manifest ? load(path, "schema.json") : NULL;
	if (!f->manifest || !f->schema)
		return 2;
	code = check_manifest(f);
	if (code)
		return code;
	(void)snprintf(f->entry, sizeof(f->entry), "%s/%s", path,
		json_string_value(json_object_get(f->manifest, "entry")));
	if (settings) {
		f->settings = load_file(settings);
		if (!f->settings)
			return 2;
	} else {
		char name[4400];

		(void)snprintf(name, sizeof(name), "%s/conformance.json", path);
		f->settings = json_load_file(name, JSON_REJECT_DUPLICATES, NULL);
		if (!f->settings) /* it need not be there */
			f->settings = json_object();
	}
	f->time_ms = setting(f, "time_ms", 10000);
	f->jobs = (size_t)setting(f, "jobs", 1);
	if (f->time_ms < 1 || f->jobs < 1 || f->jobs > KIT_JOBS_MAX) {
		fprintf(stderr, "%s: time_ms or jobs is out of range\n", path);
		return 2;
	}
	return make_config(f);
}

void kit_folder_close(kit_folder *f)
{
	json_decref(f->manifest);
	json_decref(f->schema);
	json_decref(f->settings);
}

bool kit_folder_lists(const kit_folder *f, const char *list, const char *name)
{
	size_t i;
	json_t *item;

	json_array_foreach(json_object_get(f->manifest, list), i, item)
	{
		if (json_is_string(item) && strcmp(json_string_value(item), name) == 0)
			return true;
	}
	return false;
}

bool kit_folder_provides(const kit_folder *f, const char *ext)
{
	return kit_folder_lists(f, "provides", ext);
}

const char *kit_folder_setting(const kit_folder *f, const char *name)
{
	return json_string_value(json_object_get(f->settings, name));
}
