/* SPDX-License-Identifier: Apache-2.0 */
/* vm create: a VM from flags that read as one speaks, a file, or both. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/io.h"
#include "cli/body.h"
#include "cli/change.h"
#include "cli/cmd/all.h"
#include "cli/units.h"

enum { PART_MAX = 256 };

/* ---- --disk 10,pool=fast,20 ---- */

typedef struct part { /* "key=value", or a value alone */
	char key[32], value[PART_MAX];
} part;

static int next_part(const char **text, part *p)
{
	size_t n = strcspn(*text, ",");
	const char *equals = memchr(*text, '=', n);
	size_t key = equals ? (size_t)(equals - *text) : 0;

	if (!n || key >= sizeof(p->key) || n - key >= sizeof(p->value))
		return 0;
	snprintf(p->key, sizeof(p->key), "%.*s", (int)key, *text);
	snprintf(p->value, sizeof(p->value), "%.*s", (int)(n - key - (equals != NULL)),
		equals ? equals + 1 : *text);
	*text += n + ((*text)[n] == ',');
	return 1;
}

static nc_code malformed(const char *flag, const char *text, const char *form, nc_error *err)
{
	nc_code rc = nc_err(err, NC_E_INVAL, "--%s: \"%.80s\" can't be read", flag, text);

	return nc_err_hint(err, rc, "%s", form);
}

static nc_code disk_detail(json_t *disk, const part *p, const char *text, nc_error *err)
{
	static const char form[] = "SIZE in GiB, then pool=, volume=, image= or keep=true: "
				   "--disk 10,pool=fast";
	int64_t gib = 0;

	if (!strcmp(p->key, "pool") || !strcmp(p->key, "volume") || !strcmp(p->key, "image"))
		return nc_body_put(disk, p->key, json_string(p->value), err);
	if (!strcmp(p->key, "keep"))
		return nc_body_put(
			disk, "delete_with_vm", json_boolean(strcmp(p->value, "true") != 0), err);
	if (!strcmp(p->key, "size") && nc_size_parse(p->value, NC_SIZE_GIB, &gib) == 0)
		return nc_body_put(disk, "size_gib", json_integer(gib), err);
	return malformed("disk", text, form, err);
}

/* A bare size begins a disk; what follows with a key belongs to it. */
static nc_code add_disks(json_t *disks, const char *text, nc_error *err)
{
	const char *rest = text;
	json_t *disk = NULL;
	nc_code rc = NC_OK;
	part p;

	if (!*text)
		return malformed("disk", text, "--disk 10, or --disk 10,20 for two", err);
	while (rc == NC_OK && *rest) {
		if (!next_part(&rest, &p))
			return malformed("disk", text, "--disk 10,pool=fast", err);
		if (!*p.key || !disk) {
			disk = json_object();
			if (!disk || json_array_append_new(disks, disk))
				return nc_err_nomem(err);
		}
		if (!*p.key)
			snprintf(p.key, sizeof(p.key), "size");
		rc = disk_detail(disk, &p, text, err);
	}
	return rc;
}

/* ---- --network NAME,address=10.0.0.5 ---- */

static nc_code add_nic(json_t *nics, const char *text, nc_error *err)
{
	static const char form[] = "--network NAME, or --network NAME,address=10.0.0.5";
	json_t *nic = json_object();
	const char *rest = text;
	part p;

	if (!nic || json_array_append_new(nics, nic))
		return nc_err_nomem(err);
	while (*rest) {
		if (!next_part(&rest, &p))
			return malformed("network", text, form, err);
		const char *key = *p.key ? p.key : "network";
		if (strcmp(key, "network") && strcmp(key, "address") && strcmp(key, "mac"))
			return malformed("network", text, form, err);
		nc_code rc = nc_body_put(nic, key, json_string(p.value), err);
		if (rc != NC_OK)
			return rc;
	}
	return NC_OK;
}

/* ---- the rest ---- */

typedef nc_code (*add_fn)(json_t *list, const char *text, nc_error *err);

static nc_code add_list(
	nc_cli *c, json_t *body, const char *flag, const char *field, add_fn add, nc_error *err)
{
	const char *text;
	nc_code rc = NC_OK;
	json_t *list = NULL;

	for (size_t it = 0; rc == NC_OK && (text = nc_args_next(&c->args, flag, &it));) {
		if (!list)
			rc = nc_body_put(body, field, list = json_array(), err);
		if (rc == NC_OK)
			rc = add(list, text, err);
	}
	return rc;
}

static nc_code add_labels(nc_cli *c, json_t *body, nc_error *err)
{
	const char *text;
	nc_code rc = NC_OK;

	for (size_t it = 0; rc == NC_OK && (text = nc_args_next(&c->args, "label", &it));) {
		char assignment[PART_MAX * 2];
		if (!strchr(text, '='))
			return malformed("label", text, "--label env=prod", err);
		snprintf(assignment, sizeof(assignment), "labels.%s", text);
		rc = nc_body_set(body, &nc_kind_vm, assignment, err);
	}
	return rc;
}

static nc_code add_power(nc_cli *c, json_t *body, nc_error *err)
{
	int start = nc_args_has(&c->args, "start"), stay = nc_args_has(&c->args, "no-start");

	if (start && stay)
		return nc_err(err, NC_E_INVAL, "--start and --no-start exclude each other");
	if (!start && !stay)
		return NC_OK;
	return nc_body_put(body, "desired_state", json_string(start ? "running" : "stopped"), err);
}

static nc_code add_user_data(nc_cli *c, json_t *body, nc_error *err)
{
	_cleanup_(nc_freep) char *text = NULL;
	const char *path = nc_args_str(&c->args, "user-data");
	size_t n = 0;

	if (!path)
		return NC_OK;
	nc_code rc = nc_file_read(path, 256u << 10, &text, &n, err);
	if (rc != NC_OK)
		return rc;
	json_t *j = json_stringn(text, n);
	if (!j)
		return nc_err(err, NC_E_INVAL, "--user-data: %s is not UTF-8 text", path);
	return nc_body_put(body, "user_data", j, err);
}

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;

	nc_call_init(&call, "POST", &nc_kind_vm, NULL, NULL);
	if (nc_args_has(&c->args, "memory") && nc_args_has(&c->args, "memory-mib"))
		return nc_err(err, NC_E_INVAL, "--memory and --memory-mib say the same");
	nc_code rc = nc_body_make(c, &nc_kind_vm, &call.body, err);
	if (rc == NC_OK)
		rc = nc_body_name(call.body, "name", nc_args_word(&c->args, 0), err);
	if (rc == NC_OK)
		rc = add_list(c, call.body, "disk", "disks", add_disks, err);
	if (rc == NC_OK)
		rc = add_list(c, call.body, "network", "nics", add_nic, err);
	if (rc == NC_OK)
		rc = add_labels(c, call.body, err);
	if (rc == NC_OK)
		rc = add_power(c, call.body, err);
	if (rc == NC_OK)
		rc = add_user_data(c, call.body, err);
	return rc == NC_OK ? nc_change_send(c, &nc_kind_vm, &call, "created", err) : rc;
}

static const char *const run_policies[] = { "always", "on-failure", "manual", NULL };

#define NAMED(flag_name, of, member, what)                                                         \
	{                                                                                          \
		.name = (flag_name), .value = "NAME", .type = NC_FLAG_NAME, .kind = (of),          \
		.field = (member), .doc = (what)                                                   \
	}
/* clang-format off */
static const nc_flag flags[] = {
	{ .name = "vcpus", .value = "N", .type = NC_FLAG_INT, .min = 1, .max = 4096, .field = "vcpus",
	  .doc = "virtual processors" },
	{ .name = "memory", .value = "SIZE", .type = NC_FLAG_SIZE, .field = "memory_mib",
	  .doc = "memory: 512M, 2G" },
	{ .name = "memory-mib", .value = "N", .type = NC_FLAG_INT, .min = 1, .max = INT64_MAX,
	  .field = "memory_mib", .doc = "memory in MiB" },
	{ .name = "disk", .value = "SIZE[,...]", .type = NC_FLAG_TEXT, .is_list = 1,
	  .doc = "a disk of so many GiB: 10 or 10,pool=fast,keep=true; 10,20 makes two" },
	NAMED("template", "template", "template", "guest defaults"),
	NAMED("type", "instance_type", "instance_type", "sizing: vcpus and memory by name"),
	NAMED("image", "image", "image", "what the first disk holds"),
	{ .name = "network", .value = "NAME[,...]", .type = NC_FLAG_NAME, .kind = "network", .is_list = 1,
	  .doc = "a NIC there: NAME or NAME,address=10.0.0.5" },
	NAMED("host", "host", "host", "only on this host"),
	NAMED("zone", "zone", "zone", "only in this zone"),
	NAMED("provider", "provider", "provider", "only on hosts of this provider"),
	NAMED("group", "vm_group", "vm_group", "VM group: together or apart"),
	{ .name = "ssh-key", .value = "NAME", .type = NC_FLAG_NAME, .kind = "ssh_key", .is_list = 1,
	  .field = "ssh_keys", .doc = "who may log in" },
	{ .name = "user-data", .value = "FILE", .type = NC_FLAG_TEXT, .doc = "for cloud-init; kept sealed" },
	{ .name = "label", .letter = 'l', .value = "KEY=VALUE", .type = NC_FLAG_TEXT, .is_list = 1,
	  .doc = "a label" },
	{ .name = "description", .value = "TEXT", .type = NC_FLAG_TEXT, .field = "description",
	  .doc = "what it is for" },
	{ .name = "run-policy", .value = "WORD", .type = NC_FLAG_WORD, .choices = run_policies,
	  .field = "run_policy", .doc = "manual; always and on-failure, which start it again, are to come" },
	{ .name = "start", .doc = "running once it is made (the default)" },
	{ .name = "no-start", .doc = "stopped once it is made" },
	{ .name = "protected", .field = "protected", .doc = "can't be deleted until that is lifted" },
	{ .name = NULL },
};
/* clang-format on */

const nc_cmd nc_cmd_vm_create = {
	.path = "vm create",
	.doc = "create a VM",
	.more = "novacron vm create web-1 --vcpus 2 --memory 2G --disk 10 --wait\n"
		"novacron vm create -f web-1.yaml",
	.args = { { .name = "NAME", .arity = NC_ARG_MAYBE } },
	.flags = flags,
	.uses = NC_USES_BODY | NC_USES_WAIT | NC_USES_CHANGE | NC_USES_PROJECT | NC_USES_OUTPUT,
	.run = run,
};
