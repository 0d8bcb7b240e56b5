/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host for one kind of plugin and for tests alone: no verification, no isolation, no services.
 * The table is constant; any thread.
 */
#include "host.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct nc_sink {
	char *text;
	size_t len;
};

static pthread_mutex_t stop_lock = PTHREAD_MUTEX_INITIALIZER;
static int32_t stop_reason; /* under stop_lock */

void st_set_stop_reason(int32_t reason)
{
	pthread_mutex_lock(&stop_lock);
	stop_reason = reason;
	pthread_mutex_unlock(&stop_lock);
}

static int32_t host_op_stop_reason(nc_host_ctx *x, nc_op op)
{
	(void)x;
	pthread_mutex_lock(&stop_lock);
	int32_t reason = op.v == ST_OP.v ? stop_reason : NC_RUN;
	pthread_mutex_unlock(&stop_lock);
	return reason;
}

static const void *host_get_extension(nc_host_ctx *x, const char *id)
{
	(void)x, (void)id;
	return NULL;
}

static void host_log(nc_host_ctx *x, int32_t level, const char *event, nc_bytes json)
{
	(void)x, (void)level, (void)event, (void)json;
}

static nc_code host_sink_write(nc_sink *s, const void *data, size_t n)
{
	char *text = realloc(s->text, s->len + n + 1);
	if (!text)
		return NC_E_NOMEM;
	memcpy(text + s->len, data, n);
	s->text = text;
	s->len += n;
	s->text[s->len] = '\0';
	return NC_OK;
}

static uint64_t host_op_deadline(nc_host_ctx *x, nc_op op)
{
	(void)x, (void)op;
	return 0;
}

static const char *host_op_key(nc_host_ctx *x, nc_op op)
{
	(void)x, (void)op;
	return "test.1.1";
}

static void host_op_progress(nc_host_ctx *x, nc_op op, uint32_t permille, const char *phase)
{
	(void)x, (void)op, (void)permille, (void)phase;
}

static void host_op_complete(
	nc_host_ctx *x, nc_op op, int32_t outcome, const nc_error *err, nc_bytes result)
{
	(void)x, (void)op, (void)outcome, (void)err, (void)result;
}

static const nc_host host = {
	.struct_size = sizeof(nc_host),
	.abi = NC_ABI,
	.get_extension = host_get_extension,
	.log = host_log,
	.sink_write = host_sink_write,
	.op_stop_reason = host_op_stop_reason,
	.op_deadline_ns = host_op_deadline,
	.op_key = host_op_key,
	.op_progress = host_op_progress,
	.op_complete = host_op_complete,
};

int st_plugin_load(st_plugin *p, const char *folder)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/lib/plugin.so", folder);
	p->so = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!p->so) {
		fprintf(stderr, "%s\n", dlerror());
		return -1;
	}
	void *symbol = dlsym(p->so, NC_ENTRY_SYMBOL);
	nc_plugin_entry_fn entry;
	memcpy(&entry, &symbol, sizeof(entry));
	p->entry = symbol ? entry(NC_ABI) : NULL;
	if (!p->entry) {
		fprintf(stderr, "%s: no entry for ABI %u.%u\n", path, NC_ABI_MAJOR, NC_ABI_MINOR);
		return -1;
	}
	return 0;
}

nc_code st_create(const st_plugin *p, const char *config, st_store *ret, nc_error *err)
{
	nc_inst *inst = NULL;
	nc_code code =
		p->entry->plugin->create(&host, (nc_bytes){ config, strlen(config) }, &inst, err);
	if (code != NC_OK)
		return code;
	*ret = (st_store){
		.plugin = p->entry->plugin,
		.t = p->entry->plugin->get_extension(inst, NC_EXT_STORE),
		.inst = inst,
	};
	return NC_OK;
}

void st_destroy(st_store *s)
{
	if (s->inst)
		s->plugin->destroy(s->inst);
	s->inst = NULL;
}

char *st_health(const st_store *s)
{
	nc_sink sink = { NULL, 0 };
	nc_error err = ST_ERROR;
	if (s->plugin->health(s->inst, &sink, &err) != NC_OK) {
		free(sink.text);
		return NULL;
	}
	return sink.text;
}
