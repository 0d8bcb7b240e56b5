/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a guest shows: its console log, its screen, its counters. All computed from its document
 * and the clock; nothing is stored.
 */
#define NC_PLUG_DOMAIN "sim"
#include <stdlib.h>
#include <string.h>

#include "guest.h"
#include "query.h"

#define LOG_PIECE 262144 /* bytes of one write, before base64 */

/* All the guest has written since it was made: a few lines a boot, the same at every read. */
static void write_log(const struct nc_inst *inst, const sim_guest_doc *g, nc_plug_buf *log)
{
	int64_t first = g->boots > 1000 ? g->boots - 1000 : 1; /* older ones have scrolled away */

	for (int64_t boot = first; boot <= g->boots; boot++) {
		nc_plug_buf_printf(log, "[    0.000000] sim: boot %lld of %s on %s\r\n",
			(long long)boot, g->name, g->host);
		nc_plug_buf_printf(log, "[    0.104233] memory: %lldM, cpus: %lld\r\n",
			(long long)g->memory_mib, (long long)g->vcpus);
		if (boot == g->boots && sim_now_ms() < g->booted_at_ms + inst->cfg->guest_boot_ms)
			return;
		nc_plug_buf_printf(log, "\r\n%s login: ", g->name);
	}
}

/* A piece of the log as one write. */
static nc_code send_piece(const struct nc_inst *inst, const nc_plug_buf *log, uint64_t offset,
	size_t n, nc_sink *sink, nc_error *err)
{
	nc_plug_buf data = NC_PLUG_BUF(NC_SINK_MAX);
	nc_console_log_result msg = { .offset = (int64_t)offset };
	nc_code rc;

	nc_plug_buf_base64(&data, log->ptr + offset, n);
	msg.data = data.ptr;
	rc = data.error == NC_OK
		     ? nc_plug_emit(inst->host, sink, &nc_console_log_result_msg, &msg, err)
		     : nc_plug_nomem(err);
	nc_plug_buf_done(&data);
	return rc;
}

SIM_QUERY(sim_console_log)
{
	nc_console_log_request parsed;
	char host[SIM_TARGET_MAX];
	nc_msg_mem mem = { 0 };
	nc_plug_buf log = NC_PLUG_BUF(4u << 20);
	const sim_guest *g;
	nc_code rc = sim_query_begin(inst, "console.log", op, target, req,
		&nc_console_log_request_msg, &mem, &parsed, host, err);

	if (rc == NC_OK) {
		pthread_mutex_lock(&inst->lock);
		rc = sim_query_guest(inst, parsed.native_id, &g, err);
		if (rc == NC_OK)
			write_log(inst, g->doc, &log);
		pthread_mutex_unlock(&inst->lock);
	}
	if (rc == NC_OK && log.error != NC_OK)
		rc = nc_plug_nomem(err);
	if (rc == NC_OK) {
		uint64_t at = parsed.has_offset ? (uint64_t)parsed.offset : 0;
		uint64_t end = log.len;

		if (parsed.has_max_bytes && at < end && (uint64_t)parsed.max_bytes < end - at)
			end = at + (uint64_t)parsed.max_bytes;
		for (; rc == NC_OK && at < end; at += LOG_PIECE)
			rc = send_piece(inst, &log, at,
				end - at < LOG_PIECE ? (size_t)(end - at) : LOG_PIECE, sink, err);
	}
	nc_plug_buf_done(&log);
	nc_msg_done(&mem);
	return rc;
}

static nc_code send_screen(
	const struct nc_inst *inst, const char *ppm, size_t len, nc_sink *sink, nc_error *err)
{
	nc_code rc = NC_OK;

	for (size_t at = 0; rc == NC_OK && at < len; at += LOG_PIECE) {
		nc_plug_buf data = NC_PLUG_BUF(NC_SINK_MAX);
		nc_console_screenshot_result msg = { .format = NC_SCREEN_FORMAT_PPM,
			.width = SIM_SCREEN_W,
			.height = SIM_SCREEN_H,
			.total_bytes = (int64_t)len,
			.offset = (int64_t)at };

		nc_plug_buf_base64(&data, ppm + at, len - at < LOG_PIECE ? len - at : LOG_PIECE);
		msg.data = data.ptr;
		rc = data.error == NC_OK ? nc_plug_emit(inst->host, sink,
						   &nc_console_screenshot_result_msg, &msg, err)
					 : nc_plug_nomem(err);
		nc_plug_buf_done(&data);
	}
	return rc;
}

SIM_QUERY(sim_console_screenshot)
{
	nc_console_screenshot_request parsed;
	char host[SIM_TARGET_MAX];
	nc_msg_mem mem = { 0 };
	char *ppm = NULL;
	size_t len = 0;
	const sim_guest *g;
	nc_code rc = sim_query_begin(inst, "console.screenshot", op, target, req,
		&nc_console_screenshot_request_msg, &mem, &parsed, host, err);

	if (rc == NC_OK) {
		pthread_mutex_lock(&inst->lock);
		rc = sim_query_guest(inst, parsed.native_id, &g, err);
		if (rc == NC_OK)
			rc = sim_check_running(g->doc, "to show a screen", err);
		if (rc == NC_OK) {
			ppm = sim_screen(g->doc, &len);
			rc = ppm ? NC_OK : nc_plug_nomem(err);
		}
		pthread_mutex_unlock(&inst->lock);
	}
	if (rc == NC_OK)
		rc = send_screen(inst, ppm, len, sink, err);
	free(ppm);
	nc_msg_done(&mem);
	return rc;
}

/* Counters that grow with the time a guest runs, at a pace of its own. */
static void sample(const sim_guest_doc *g, int64_t now_ms, nc_stat_row *row)
{
	uint64_t pace = sim_hash(0, g->native_id);
	uint64_t up_ms = now_ms > g->booted_at_ms ? (uint64_t)(now_ms - g->booted_at_ms) : 0;

	if (g->power != SIM_POWER_RUNNING)
		up_ms = 0;
	row->cpu_time_ns = up_ms * 10000 * (uint64_t)g->vcpus * (1 + pace % 50);
	row->memory_used_bytes =
		up_ms ? ((uint64_t)g->memory_mib << 20) / 100 * (20 + (pace >> 8) % 60) : 0;
	row->disk_read_bytes = up_ms * (64 + (pace >> 16) % 4096);
	row->disk_write_bytes = up_ms * (64 + (pace >> 24) % 4096);
	row->net_rx_bytes = up_ms * (16 + (pace >> 32) % 8192);
	row->net_tx_bytes = up_ms * (16 + (pace >> 40) % 8192);
}

nc_code sim_stats_sample(nc_inst *inst, nc_op op, nc_bytes target, const nc_bytes *guests,
	uint32_t n, nc_stat_row *rows, nc_error *err)
{
	char host[SIM_TARGET_MAX], name[SIM_TARGET_MAX];
	int64_t now_ms = sim_now_ms();
	nc_code rc = sim_target_copy(target, host, err);

	if (rc == NC_OK)
		rc = sim_query_enter(inst, "stats.sample", op, host, err);
	if (rc != NC_OK)
		return rc;
	pthread_mutex_lock(&inst->lock);
	for (uint32_t i = 0; i < n; i++) {
		const sim_guest *g = NULL;

		if (sim_target_copy(guests[i], name, NULL) == NC_OK)
			g = sim_world_guest(&inst->world, name);
		memset(&rows[i], 0xFF, sizeof(rows[i])); /* UINT64_MAX: unknown */
		if (g)
			sample(g->doc, now_ms, &rows[i]);
	}
	pthread_mutex_unlock(&inst->lock);
	return NC_OK;
}
