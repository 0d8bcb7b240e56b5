/* SPDX-License-Identifier: Apache-2.0 */
/* Streams, counters and state: what has a shape of its own. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "checks.h"
#include "novacron/companions.h"
#include "novacron/state.h"
#include "novacron/stream.h"

#define STREAM_BYTES (3u << 20)

static const kit_verb stream_verb = { .name = "stream.open", .answer = "stream.open.result" };

/* Start a stream of the spec; the kit's end into *ret_fd (-1 when refused). */
static kit_op *open_stream(kit_host *h, const nc_stream *table, const char *spec, int *ret_fd)
{
	int pair[2];
	nc_error err = { .struct_size = sizeof(err) };
	kit_op *op = kit_op_new(h, "stream.open", "op_kit.stream.0");
	nc_code rc;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		_exit(3);
	rc = table->open(h->inst, op->op, (nc_bytes){ NULL, 0 }, nc_plug_str(spec), pair[1], &err);
	*ret_fd = pair[0];
	if (kit_op_started(h, op, rc, &err))
		return op;
	if (fcntl(pair[1], F_GETFD) < 0)
		kit_found(KIT_STREAM, "stream.open", KIT_FAIL,
			"closed the descriptor of a stream it refused");
	else
		close(pair[1]);
	close(pair[0]);
	*ret_fd = -1;
	return op;
}

/* Everything until the end, or n bytes; how many came. false in *ret_ended: no end within 5 s. */
static uint64_t read_all(int fd, uint64_t n, uint32_t *crc, bool *ret_ended)
{
	static char buf[65536];
	uint64_t got = 0;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	*ret_ended = false;
	while (got < n && poll(&p, 1, 5000) > 0) {
		ssize_t r = read(fd, buf, sizeof(buf));

		if (r <= 0) {
			*ret_ended = true;
			break;
		}
		*crc = nc_plug_crc32c(*crc, buf, (size_t)r);
		got += (uint64_t)r;
	}
	return got;
}

static bool judge_sum(kit_host *h, kit_op *op, uint64_t got, uint32_t crc)
{
	nc_stream_open_result res;
	nc_msg_mem mem = { 0 };
	char hex[16];
	bool ok;

	if (!kit_op_wait(h, op, 5000)) {
		kit_found(KIT_STREAM, "stream.open", KIT_FAIL, "not completed 5 s after its end");
		return false;
	}
	if (op->outcome != NC_DONE || !kit_check_answer(&stream_verb, op->result, KIT_STREAM)) {
		kit_found(KIT_STREAM, "stream.open", KIT_FAIL, "did not succeed: %s",
			op->err.message);
		return false;
	}
	(void)snprintf(hex, sizeof(hex), "%08x", crc);
	(void)nc_msg_read(&nc_stream_open_result_msg, nc_plug_str(op->result), &mem, &res, NULL);
	ok = (uint64_t)res.bytes == got && strcmp(res.crc32c, hex) == 0;
	if (!ok)
		kit_found(KIT_STREAM, "stream.open", KIT_FAIL,
			"%llu bytes of CRC %s came, it says %lld of %s", (unsigned long long)got,
			hex, (long long)res.bytes, res.crc32c);
	nc_msg_done(&mem);
	return ok;
}

/* All of it; NOT done when the plugin has no such kind. */
static bool stream_whole(kit_host *h, const nc_stream *table, bool *ret_has_kind)
{
	char spec[128];
	uint32_t crc = 0;
	uint64_t got;
	bool ended;
	int fd;
	kit_op *op;

	(void)snprintf(spec, sizeof(spec), "{\"kind\":\"bytes\",\"size\":%u,\"pattern\":\"count\"}",
		STREAM_BYTES);
	op = open_stream(h, table, spec, &fd);
	*ret_has_kind = !op->is_refused;
	if (op->is_refused)
		return false;
	got = read_all(fd, UINT64_MAX, &crc, &ended);
	if (!ended || got != STREAM_BYTES)
		kit_found(KIT_STREAM, "stream.open", KIT_FAIL, "%llu of %u bytes came%s",
			(unsigned long long)got, STREAM_BYTES, ended ? "" : ", and no end");
	close(fd);
	return ended && got == STREAM_BYTES && judge_sum(h, op, got, crc);
}

/* A cancel in the middle closes the stream and completes it. */
static bool stream_cancelled(kit_host *h, const nc_stream *table)
{
	uint32_t crc = 0;
	bool ended = false;
	int fd;
	kit_op *op = open_stream(
		h, table, "{\"kind\":\"bytes\",\"size\":1073741824,\"pattern\":\"zero\"}", &fd);

	if (op->is_refused)
		return true;
	(void)read_all(fd, 65536, &crc, &ended);
	kit_op_stop(h, op, NC_CANCEL);
	if (!kit_op_wait(h, op, 1500)) {
		kit_found("P9", "stream.open", KIT_FAIL, "not over 1.5 s after cancel");
		close(fd);
		(void)kit_op_wait(h, op, 5000);
		return false;
	}
	(void)read_all(fd, UINT64_MAX, &crc, &ended);
	close(fd);
	if (!ended)
		kit_found(KIT_STREAM, "stream.open", KIT_FAIL, "left open after cancel");
	else
		kit_found("P9", "stream.open", KIT_PASS, "within a second");
	return ended;
}

/* The other side goes away. */
static bool stream_dropped(kit_host *h, const nc_stream *table)
{
	int fd;
	kit_op *op = open_stream(
		h, table, "{\"kind\":\"bytes\",\"size\":1073741824,\"pattern\":\"zero\"}", &fd);

	if (op->is_refused)
		return true;
	close(fd);
	if (kit_op_wait(h, op, 5000))
		return true;
	kit_found(KIT_STREAM, "stream.open", KIT_FAIL,
		"not completed 5 s after the other side went away");
	kit_op_stop(h, op, NC_CANCEL);
	(void)kit_op_wait(h, op, 2000);
	return false;
}

void kit_check_stream(const kit_folder *f, const void *arg)
{
	kit_host *h = kit_open(f, KIT_STREAM, "stream.open");
	const nc_stream *table = kit_host_extension(h, NC_EXT_STREAM);
	bool ok, has_kind = false;
	int fd;

	(void)arg;
	if (!NC_HAS(table, open)) {
		kit_found(KIT_STREAM, "stream.open", KIT_FAIL, "claimed, and not there");
		kit_finish(h);
		return;
	}
	if (!open_stream(h, table, "{\"kind\":\"no such kind\"}", &fd)->is_refused)
		kit_found(KIT_STREAM, "stream.open", KIT_FAIL, "takes a kind that is none");
	ok = stream_whole(h, table, &has_kind);
	if (!has_kind)
		kit_found(KIT_STREAM, "stream.open", KIT_NOT_EXERCISED, "it has no kind bytes");
	ok = ok && stream_cancelled(h, table) && stream_dropped(h, table);
	if (ok)
		kit_found(KIT_STREAM, "stream.open", KIT_PASS, "whole, cancelled, dropped");
	kit_finish(h);
}

void kit_check_health(const kit_folder *f, const void *arg)
{
	static const kit_verb health = { .name = "plugin.health",
		.answer = "plugin.health.result" };
	kit_host *h = kit_open(f, KIT_HEALTH, "");
	struct nc_sink *sink = kit_sink_new(h);
	nc_error err = { .struct_size = sizeof(err) };
	nc_code rc = NC_E_UNSUPPORTED;

	(void)arg;
	kit_thread_class = NC_THREAD_WORKER;
	if (NC_HAS(h->plugin, health))
		rc = h->plugin->health(h->inst, sink, &err);
	if (rc == NC_E_UNSUPPORTED)
		kit_found(KIT_HEALTH, "", KIT_NOT_EXERCISED, "it has no health of its own");
	else if (rc != NC_OK)
		kit_found(KIT_HEALTH, "", KIT_FAIL, "failed with %d: %s", rc, err.message);
	else if (sink->n != 1)
		kit_found(KIT_HEALTH, "", KIT_FAIL, "wrote %zu objects, not one", sink->n);
	else if (kit_check_answer(&health, kit_sink_first(sink), KIT_HEALTH))
		kit_found(KIT_HEALTH, "", KIT_PASS, "one document that keeps its schema");
	kit_sink_free(sink);
	kit_finish(h);
}

void kit_check_stats(const kit_folder *f, const void *arg)
{
	kit_host *h = kit_open(f, KIT_RESULT, "stats.sample");
	const nc_compute_stats *table = kit_host_extension(h, NC_EXT_STATS);
	nc_stat_row rows[2];
	nc_error err = { .struct_size = sizeof(err) };
	kit_stage s;
	kit_op *op;

	(void)arg;
	kit_open_stage(&s, h, KIT_RESULT, "stats.sample");
	if (!NC_HAS(table, sample)) {
		kit_found(KIT_RESULT, "stats.sample", KIT_FAIL, "claimed, and not there");
	} else if (!kit_stage_prepare(&s, KIT_NEEDS_GUEST)) {
		kit_found(KIT_RESULT, "stats.sample", KIT_NOT_EXERCISED, "%s", s.why);
	} else {
		nc_bytes guests[2] = { nc_plug_str(s.native_id), nc_plug_str("no such guest") };

		memset(rows, 0xA5, sizeof(rows));
		op = kit_op_new(h, "stats.sample", NULL);
		op->is_query = true;
		if (table->sample(h->inst, op->op, nc_plug_str(s.host), guests, 2, rows, &err) !=
			NC_OK)
			kit_found(KIT_RESULT, "stats.sample", KIT_FAIL, "failed: %s", err.message);
		else if (rows[1].cpu_time_ns != UINT64_MAX || rows[1].net_tx_bytes != UINT64_MAX)
			kit_found(KIT_RESULT, "stats.sample", KIT_FAIL,
				"a guest that is not there has values");
		else if (rows[0].cpu_time_ns == 0xA5A5A5A5A5A5A5A5u)
			kit_found(KIT_RESULT, "stats.sample", KIT_FAIL, "a row was not filled");
		else
			kit_found(KIT_RESULT, "stats.sample", KIT_PASS, "%s", "");
	}
	kit_finish(h);
}

/* The blob that save writes, its pieces put together. The caller frees. */
static char *save(kit_host *h, const nc_state *table, uint32_t *ret_version, size_t *ret_len)
{
	struct nc_sink *sink = kit_sink_new(h);
	nc_error err = { .struct_size = sizeof(err) };
	char *blob = NULL, *to;

	*ret_len = 0;
	if (table->save(h->inst, ret_version, sink, &err) == NC_OK) {
		blob = to = calloc(1, sink->len + 1);
		for (const char *p = kit_sink_first(sink); blob && p; p = kit_sink_next(sink, p)) {
			size_t n = strlen(p);

			memcpy(to, p, n);
			to += n;
			*ret_len += n;
		}
	} else {
		kit_found("P12", "", KIT_FAIL, "save failed: %s", err.message);
	}
	kit_sink_free(sink);
	return blob;
}

/* A blob in a fresh instance: what load says; the guests that are there then into *ret_guests. */
static nc_code load_fresh(const kit_folder *f, const nc_plugin *plugin, uint32_t version,
	nc_bytes blob, size_t *ret_guests)
{
	kit_host *h = kit_host_new(f, plugin);
	nc_error err;
	const nc_state *table;
	struct nc_sink *guests;
	kit_stage s = { .h = h };
	nc_code rc = kit_host_create(h, f->config, &err);

	if (rc != NC_OK)
		return rc;
	table = kit_host_extension(h, NC_EXT_STATE);
	rc = table->load(h->inst, version, blob, &err);
	guests = kit_query(&s, "compute.inventory", "", "{}");
	*ret_guests = guests ? guests->n : 0;
	if (guests)
		kit_sink_free(guests);
	kit_host_destroy(h);
	return rc;
}

static void judge_state(const kit_folder *f, const nc_plugin *plugin, uint32_t version,
	nc_bytes blob, size_t n_before)
{
	json_int_t claimed = json_integer_value(json_object_get(f->manifest, "state_version"));
	size_t n = 0;
	nc_code rc;

	if (claimed != (json_int_t)version) {
		kit_found("P12", "", KIT_FAIL, "save says version %u, the manifest %lld", version,
			(long long)claimed);
		return;
	}
	rc = load_fresh(f, plugin, version, blob, &n);
	if (rc != NC_OK || n != n_before) {
		kit_found("P12", "", KIT_FAIL, "load of its own blob: code %d, %zu of %zu guests",
			rc, n, n_before);
		return;
	}
	if (load_fresh(f, plugin, version + 1, blob, &n) == NC_OK) {
		kit_found("P12", "", KIT_FAIL, "takes a blob of a version it can't know");
		return;
	}
	if (blob.len > 1)
		(void)load_fresh(f, plugin, version, (nc_bytes){ blob.ptr, blob.len / 2 }, &n);
	kit_found(
		"P12", "", KIT_PASS, "saved, loaded; a newer version refused, half a one survived");
}

void kit_check_state(const kit_folder *f, const void *arg)
{
	kit_host *h = kit_open(f, "P12", "");
	const nc_state *table = kit_host_extension(h, NC_EXT_STATE);
	const nc_plugin *plugin = h->plugin;
	struct nc_sink *guests;
	size_t n_before = 0, len = 0;
	uint32_t version = 0;
	char *blob = NULL;
	kit_stage s;

	(void)arg;
	kit_open_stage(&s, h, "P12", "");
	if (!NC_HAS(table, save) || !NC_HAS(table, load)) {
		kit_found("P12", "", KIT_FAIL,
			"nc.state/1 is claimed, and save or load is not there");
	} else {
		for (int i = 0; i < 3; i++)
			(void)kit_stage_prepare(&s, KIT_NEEDS_GUEST);
		guests = kit_query(&s, "compute.inventory", "", "{}");
		n_before = guests ? guests->n : 0;
		if (guests)
			kit_sink_free(guests);
		blob = save(h, table, &version, &len);
	}
	kit_finish(h); /* first: two generations of an exclusive plugin don't live side by side */
	if (blob)
		judge_state(f, plugin, version, (nc_bytes){ blob, len }, n_before);
	free(blob);
}
