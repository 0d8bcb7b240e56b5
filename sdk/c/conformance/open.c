/* SPDX-License-Identifier: Apache-2.0 */
/* How every check begins and ends: load, create, look around; drain, destroy, look back. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checks.h"
#include "remote.h"

/* The process it goes to has an entry of its own to look at. */
static const nc_entry remote_entry = {
	.struct_size = sizeof(remote_entry), .abi = NC_ABI, .plugin = &kit_remote_plugin
};

static const nc_entry *load_here(const kit_folder *f, const char *rule)
{
	void *object = dlopen(f->entry, RTLD_NOW | RTLD_LOCAL);
	void *symbol = object ? dlsym(object, NC_ENTRY_SYMBOL) : NULL;
	nc_plugin_entry_fn fn;
	const nc_entry *entry;

	memcpy(&fn, &symbol, sizeof(fn));
	if (!fn) {
		kit_found(rule, "", KIT_FAIL, "can't be loaded: %s", dlerror());
		exit(0);
	}
	entry = fn(NC_ABI);
	if (!entry || NC_ABI_MAJOR_OF(entry->abi) != NC_ABI_MAJOR || !entry->plugin ||
		!NC_HAS(entry->plugin, create) || !NC_HAS(entry->plugin, destroy)) {
		kit_found(rule, "", KIT_FAIL,
			"its entry refuses ABI %u.%u, or has no create and destroy", NC_ABI_MAJOR,
			NC_ABI_MINOR);
		exit(0);
	}
	return entry;
}

const nc_entry *kit_load(const kit_folder *f, const char *rule)
{
	return f->host ? &remote_entry : load_here(f, rule);
}

kit_host *kit_open(const kit_folder *f, const char *rule, const char *verb)
{
	kit_host *h = kit_host_new(f, kit_load(f, rule)->plugin);
	nc_error err;
	nc_code rc = kit_host_create(h, f->config, &err);

	if (rc != NC_OK) {
		kit_found(rule, verb, KIT_FAIL, "create failed with %d: %s", rc, err.message);
		exit(0);
	}
	return h;
}

void kit_open_stage(kit_stage *s, kit_host *h, const char *rule, const char *verb)
{
	if (kit_stage_open(s, h))
		return;
	kit_found(rule, verb, KIT_NOT_EXERCISED, "fingerprint names no host to try it on");
	kit_finish(h);
	exit(0);
}

bool kit_prepare(kit_stage *s, const kit_verb *v, const char *rule)
{
	if (kit_stage_prepare(s, v->needs))
		return true;
	kit_found(rule, v->name, KIT_NOT_EXERCISED, "%s", s->why);
	return false;
}

static void drain(kit_host *h, void *arg)
{
	kit_op *op = arg;
	nc_error err = { .struct_size = sizeof(err) };

	(void)kit_op_started(h, op, h->plugin->drain(h->inst, op->op, &err), &err);
}

/* All that was accepted must have been completed by now. */
static void judge_operations(kit_host *h)
{
	unsigned n_open = 0;
	const char *verb = "";

	pthread_mutex_lock(&h->lock);
	for (size_t i = 0; i < h->n_ops; i++)
		if (h->ops[i]->is_accepted && !h->ops[i]->n_complete) {
			n_open++;
			verb = h->ops[i]->verb;
		}
	pthread_mutex_unlock(&h->lock);
	if (n_open)
		kit_broken(h, "P4", verb, "%u accepted operations were never completed", n_open);
	else if (h->n_accepted)
		kit_found("P4", "", KIT_PASS, "every accepted operation, once");
}

static unsigned count_threads(const kit_host *h)
{
	return h->folder->host ? kit_remote_threads(h) : kit_count_threads(KIT_OWN_THREADS);
}

/* One that was joined may still be listed for a moment: the operating system wakes the joiner first.
 * In nc-plugin-host the thread that told of the end is another such. */
static unsigned threads_left(const kit_host *h)
{
	unsigned threads = count_threads(h);

	for (int i = h->folder->host ? 500 : 20; i > 0 && threads > h->threads_before; i--) {
		kit_sleep_ms(2);
		threads = count_threads(h);
	}
	return threads;
}

void kit_finish(kit_host *h)
{
	unsigned threads;

	if (NC_HAS(h->plugin, drain)) {
		kit_op *op = kit_op_new(h, "drain", "");

		kit_control_run(h, drain, op);
		if (op->is_accepted && !kit_op_wait(h, op, 5000))
			kit_broken(h, "P4", "drain", "accepted and not completed after 5 s");
	}
	kit_host_destroy(h);
	threads = threads_left(h);
	kit_sleep_ms(100);
	if (h->folder->host)
		kit_remote_end(h);
	judge_operations(h);
	if (threads > h->threads_before)
		kit_broken(h, "P6", "", "%u threads are left after destroy",
			threads - h->threads_before);
	else
		kit_found("P6", "", KIT_PASS, "none is left");
	if (!(h->told >> 5 & 1))
		kit_found("P5", "", KIT_PASS, "none came");
	if (h->n_secrets && !(h->told >> 10 & 1))
		kit_found("P10", "", KIT_PASS, "none of what it was given came out");
	if (h->n_outputs && !(h->told >> 11 & 1))
		kit_found("P11", "", KIT_PASS, "of results, objects and checkpoints");
}
