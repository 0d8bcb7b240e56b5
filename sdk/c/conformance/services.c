/* SPDX-License-Identifier: Apache-2.0 */
/* Host services: reports, secrets with a canary in each, memory, metrics, thread classes. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"
#include "novacron-sdk/messages.h"

static nc_code report(nc_host_ctx *h, nc_bytes target, uint64_t obs_seq, nc_bytes json)
{
	_Alignas(max_align_t) char out[640];
	nc_msg_mem mem = { 0 };
	nc_error err = { .struct_size = sizeof(err) };

	(void)obs_seq;
	kit_called(h, "nc.report");
	kit_output(h, "a report", target.ptr, target.len);
	kit_output(h, "a report", json.ptr, json.len);
	if (nc_msg_read(&nc_compute_guest_msg, json, &mem, out, &err) != NC_OK &&
		nc_msg_read(&nc_compute_host_msg, json, &mem, out, NULL) != NC_OK)
		kit_found(KIT_RESULT, "nc.report", KIT_FAIL,
			"a report that is neither guest nor host: %s", err.message);
	nc_msg_done(&mem);
	pthread_mutex_lock(&h->lock);
	h->n_reports++;
	pthread_mutex_unlock(&h->lock);
	return NC_OK;
}

static nc_code secret_open(
	nc_host_ctx *h, nc_bytes handle, void *buf, size_t cap, size_t *ret_len, nc_error *err)
{
	kit_called(h, "nc.secrets open");
	if (!handle.len || sizeof(KIT_CANARY) - 1 > cap)
		return nc_plug_fail_in("kit", err, NC_E_DENIED, 0, "Use a handle that was given.",
			"no such secret");
	memcpy(buf, KIT_CANARY, sizeof(KIT_CANARY) - 1);
	*ret_len = sizeof(KIT_CANARY) - 1;
	pthread_mutex_lock(&h->lock);
	h->n_secrets++;
	pthread_mutex_unlock(&h->lock);
	return NC_OK;
}

static char *text_of(nc_bytes b)
{
	char *s = calloc(1, b.len + 1);

	if (!s)
		_exit(3);
	if (b.len)
		memcpy(s, b.ptr, b.len);
	return s;
}

static nc_code kv_put(nc_host_ctx *h, nc_bytes key, nc_bytes val, nc_error *err)
{
	char *k = text_of(key);
	nc_plug_buf b = NC_PLUG_BUF(1u << 20);

	kit_called(h, "nc.kv put");
	if (val.len > (64u << 10)) {
		free(k);
		kit_broken(h, "P11", "", "a kv value of %zu bytes", val.len);
		return nc_plug_fail_in("kit", err, NC_E_INVAL, 0, "Keep less.", "value too long");
	}
	nc_plug_buf_base64(&b, val.ptr, val.len); /* any bytes */
	pthread_mutex_lock(&h->lock);
	json_object_set_new(h->kv, k, json_string(b.ptr ? b.ptr : ""));
	pthread_mutex_unlock(&h->lock);
	nc_plug_buf_done(&b);
	free(k);
	return NC_OK;
}

static nc_code kv_get(nc_host_ctx *h, nc_bytes key, nc_sink *sink, nc_error *err)
{
	char *k = text_of(key), bytes[64u << 10];
	const char *v;
	ptrdiff_t n = -1;

	kit_called(h, "nc.kv get");
	pthread_mutex_lock(&h->lock);
	v = json_string_value(json_object_get(h->kv, k));
	if (v)
		n = nc_plug_unbase64(v, strlen(v), bytes, sizeof(bytes));
	pthread_mutex_unlock(&h->lock);
	free(k);
	if (n < 0)
		return nc_plug_fail_in(
			"kit", err, NC_E_NOTFOUND, 0, "Put it first.", "no such key");
	return h->table.sink_write(sink, bytes, (size_t)n);
}

static nc_code kv_del(nc_host_ctx *h, nc_bytes key, nc_error *err)
{
	char *k = text_of(key);

	(void)err;
	kit_called(h, "nc.kv del");
	pthread_mutex_lock(&h->lock);
	json_object_del(h->kv, k);
	pthread_mutex_unlock(&h->lock);
	free(k);
	return NC_OK;
}

static nc_sink *kv_sink_new(nc_host_ctx *h, size_t cap)
{
	(void)cap;
	return kit_sink_new(h);
}

static nc_bytes kv_sink_bytes(nc_sink *s)
{
	return (nc_bytes){ s->text, s->len ? s->len - 1 : 0 };
}

static void counter_add(nc_host_ctx *h, const char *name, const char *label, uint64_t n)
{
	(void)name;
	(void)n;
	kit_called(h, "nc.metrics counter_add");
	if (label)
		kit_output(h, "a metric", label, strlen(label));
}

static void gauge_set(nc_host_ctx *h, const char *name, const char *label, double v)
{
	(void)name;
	(void)v;
	kit_called(h, "nc.metrics gauge_set");
	if (label)
		kit_output(h, "a metric", label, strlen(label));
}

static int32_t thread_class(nc_host_ctx *h)
{
	(void)h;
	return kit_thread_class;
}

const void *kit_service(kit_host *h, const char *id)
{
	static const nc_report reports = { sizeof(reports), 0, report };
	static const nc_secrets secrets = { sizeof(secrets), 0, secret_open };
	static const nc_kvstore kv = { sizeof(kv), 0, kv_put, kv_get, kv_del, kv_sink_new,
		kv_sink_bytes, kit_sink_free };
	static const nc_metrics metrics = { sizeof(metrics), 0, counter_add, gauge_set };
	static const nc_threadcheck classes = { sizeof(classes), 0, thread_class };
	static const struct {
		const char *id;
		const void *table;
	} all[] = {
		{ NC_EXT_REPORT, &reports },
		{ NC_EXT_SECRETS, &secrets },
		{ NC_EXT_KV, &kv },
		{ NC_EXT_METRICS, &metrics },
		{ NC_EXT_THREADCHECK, &classes },
		{ NC_EXT_TIMER, &kit_timer_table },
		{ NC_EXT_FDWATCH, &kit_fdwatch_table },
	};
	bool is_wanted = kit_folder_lists(h->folder, "wants", id) && !h->offers_nothing;

	if (!is_wanted && !kit_folder_lists(h->folder, "requires", id))
		return NULL; /* a plugin gets what it listed */
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(all[i].id, id) == 0)
			return all[i].table;
	return NULL;
}
