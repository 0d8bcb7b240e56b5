/* SPDX-License-Identifier: Apache-2.0 */
#include "model/guest.h"

/* What a guest is made from where its create does not say. */

static const nc_field_def disk_fields[] = {
	NC_FIELD_I64(nc_template_disk, size_gib, "size_gib", .min = 1, .max = 1 << 20,
		.flags = NC_FF_ZERO_NULL, .unit = "GiB", .doc = "Left out: the image's"),
	NC_FIELD_REF(
		nc_template_disk, image, "image", NC_KIND_IMAGE, .doc = "What it holds at first"),
	NC_FIELD_REF(nc_template_disk, pool, "pool", NC_KIND_POOL, .doc = "Where it lies"),
};
static const nc_sub_def disk_def =
	NC_SUB_DEF("TemplateDisk", disk_fields, nc_template_disk, NULL, NULL);

static const nc_field_def fields[] = {
	NC_FIELD_REF(nc_template, image, "image", NC_KIND_IMAGE,
		.doc = "What the first disk holds at first"),
	NC_FIELD_REF(nc_template, instance_type, "instance_type", NC_KIND_INSTANCE_TYPE,
		.doc = "Sizing where neither create nor template gives numbers"),
	NC_FIELD_I64(nc_template, vcpus, "vcpus", .min = 1, .max = 1024, .flags = NC_FF_ZERO_NULL,
		.doc = "Virtual processors"),
	NC_FIELD_I64(nc_template, memory_mib, "memory_mib", .min = 16, .max = 1 << 24,
		.flags = NC_FF_ZERO_NULL, .unit = "MiB", .doc = "Memory"),
	NC_FIELD_OBJS(nc_template, disks, "disks", &disk_def, .doc = "Disks"),
	NC_FIELD_REFS(nc_template, networks, "networks", NC_KIND_NETWORK, .max_len = 32,
		.doc = "Where it is plugged in"),
	NC_FIELD_REFS(nc_template, ssh_keys, "ssh_keys", NC_KIND_SSH_KEY, .flags = NC_FF_WEAK,
		.doc = "Who may log in"),
	NC_FIELD_STR(nc_template, default_user, "default_user", .max_len = 63,
		.flags = NC_FF_TO_COME, .doc = "Whom `vm ssh` logs in as"),
	NC_FIELD_SECRET(nc_template, user_data, "user_data", .flags = NC_FF_TO_COME,
		.hint = "give it to the VM", .doc = "For cloud-init"),
	NC_FIELD_JSON(nc_template, provider_data, "provider_data", .flags = NC_FF_TO_COME,
		.doc = "What only one provider knows"),
};

const nc_kind nc_kind_template = {
	NC_KIND_TABLE(TEMPLATE, "template", "templates", "tpl", nc_template, fields),
	.scope = NC_SCOPE_SHARED,
	.verbs = NC_CAN_ALL,
	.doc = "Guest defaults: what a VM is made from where its create does not say",
};
