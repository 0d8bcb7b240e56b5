/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of streams. What is sent to measure a path is one block over and over, whose CRC is
 * known, so that no byte is touched but by the kernel; CRCs of repeats are joined by arithmetic.
 */
#define NC_PLUG_DOMAIN "sim"
#include "stream_data.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "guest.h"

#define COUNT_PERIOD 251
#define BLOCK        (COUNT_PERIOD * 4096) /* a little under a MiB, a whole number of periods */
#define BUFFER       (256u << 10)
#define A_TURN       (4u << 20) /* bytes before the next stream has its turn */

void sim_flow_done(sim_flow *f)
{
	free(f->block);
	f->block = NULL;
}

static void fill_block(char *block, int32_t pattern, uint64_t seed)
{
	for (size_t i = 0; i < BLOCK; i++) {
		switch (pattern) {
		case NC_STREAM_PATTERN_COUNT:
			block[i] = (char)(i % COUNT_PERIOD);
			break;
		case NC_STREAM_PATTERN_RANDOM:
			block[i] = (char)(sim_mix(seed ^ i / 8) >> i % 8 * 8);
			break;
		default:
			block[i] = 0;
		}
	}
}

nc_code sim_flow_bytes(
	sim_flow *f, const nc_stream_open_request *spec, uint64_t seed, nc_error *err)
{
	bool receives = spec->direction == NC_STREAM_DIRECTION_RECEIVE;

	if (!receives && !spec->has_size)
		return nc_plug_fail(err, NC_E_INVAL, NC_ERR_USER_FAULT,
			"Say how many bytes to send.", "a bytes stream without size");
	f->kind = receives ? SIM_FLOW_RECEIVE : SIM_FLOW_SEND;
	f->n_total = spec->has_size ? (uint64_t)spec->size : UINT64_MAX;
	f->block_len = receives ? BUFFER : BLOCK;
	f->block = malloc(f->block_len);
	if (!f->block)
		return nc_plug_nomem(err);
	if (!receives) {
		fill_block(f->block, spec->pattern, seed);
		f->block_crc = nc_plug_crc32c(0, f->block, f->block_len);
	}
	return NC_OK;
}

nc_code sim_flow_serial(sim_flow *f, const sim_guest_doc *g, nc_error *err)
{
	nc_code rc = sim_check_running(g, "to have a console", err);

	if (rc != NC_OK)
		return rc;
	f->kind = SIM_FLOW_ECHO;
	f->block = malloc(BUFFER);
	if (!f->block)
		return nc_plug_nomem(err);
	f->block_len = (size_t)snprintf(f->block, BUFFER, "\r\n%s login: ", g->name);
	return NC_OK;
}

static bool is_held(const sim_guest_doc *g, const nc_stream_open_request *spec)
{
	for (size_t i = 0; i < g->n_backups; i++)
		for (size_t d = 0; d < g->backups[i].n_disks; d++)
			if (strcmp(g->backups[i].backup, spec->backup) == 0 &&
				strcmp(g->backups[i].disks[d], spec->disk) == 0)
				return true;
	return false;
}

nc_code sim_flow_backup(
	sim_flow *f, const sim_guest_doc *g, const nc_stream_open_request *spec, nc_error *err)
{
	const sim_disk_doc *disk = NULL;

	if (!spec->backup || !spec->disk || !is_held(g, spec))
		return nc_plug_fail(err, NC_E_NOTFOUND, NC_ERR_USER_FAULT,
			"Name a backup that backup.begin answered, and one of its disks.",
			"guest \"%s\" has no such backup of that disk", g->native_id);
	for (size_t i = 0; i < g->n_disks && !disk; i++)
		if (strcmp(g->disks[i].id, spec->disk) == 0)
			disk = &g->disks[i];
	if (!disk)
		return nc_plug_fail(err, NC_E_NOTFOUND, NC_ERR_USER_FAULT, "Begin another backup.",
			"disk \"%s\" was detached", spec->disk);
	f->kind = SIM_FLOW_READ;
	f->disk.seed = sim_disk_seed(g->native_id, spec->disk);
	f->disk.size_bytes = (uint64_t)disk->size_gib << 30;
	f->disk_offset = spec->has_offset ? (uint64_t)spec->offset : 0;
	f->n_total = f->disk_offset < f->disk.size_bytes ? f->disk.size_bytes - f->disk_offset : 0;
	if (spec->has_length && (uint64_t)spec->length < f->n_total)
		f->n_total = (uint64_t)spec->length;
	f->block = malloc(BUFFER);
	return f->block ? NC_OK : nc_plug_nomem(err);
}

uint32_t sim_flow_wants(const sim_flow *f)
{
	switch (f->kind) {
	case SIM_FLOW_SEND:
	case SIM_FLOW_READ:
		return EPOLLOUT;
	case SIM_FLOW_RECEIVE:
		return EPOLLIN;
	default:
		return (f->waits_from < f->block_len ? EPOLLOUT : 0u) |
		       (f->block_len < BUFFER && !f->has_eof ? EPOLLIN : 0u);
	}
}

static sim_flow_state broken(const sim_flow *f, nc_error *err)
{
	nc_plug_fail(err, NC_E_UNAVAILABLE, NC_ERR_RETRYABLE, "Open it again to go on.",
		"the other side was gone after %llu bytes", (unsigned long long)f->n_counted);
	return SIM_FLOW_BROKEN;
}

/* As much as the socket takes, at most n: how many; -1: the other side is gone. */
static ssize_t put(int fd, const char *p, size_t n)
{
	ssize_t w = send(fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (w >= 0)
		return w;
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : -1;
}

static sim_flow_state run_send(sim_flow *f, int fd, nc_error *err)
{
	for (uint64_t turn = 0; f->n_sent < f->n_total && turn < A_TURN;) {
		size_t at = (size_t)(f->n_sent % f->block_len), n = f->block_len - at;
		ssize_t w = put(fd, f->block + at,
			n < f->n_total - f->n_sent ? n : (size_t)(f->n_total - f->n_sent));

		if (w < 0)
			return broken(f, err);
		if (w == 0)
			return SIM_FLOW_GOES_ON;
		f->n_sent += (uint64_t)w;
		f->n_counted = f->n_sent;
		turn += (uint64_t)w;
	}
	return f->n_sent == f->n_total ? SIM_FLOW_ENDED : SIM_FLOW_GOES_ON;
}

static sim_flow_state run_read(sim_flow *f, int fd, nc_error *err)
{
	while (f->n_sent < f->n_total) {
		ssize_t w;

		if (f->waits_from == f->block_len) {
			uint64_t left = f->n_total - f->n_sent;

			f->waits_from = 0;
			f->block_len = left < BUFFER ? (size_t)left : BUFFER;
			sim_disk_read(&f->disk, f->disk_offset + f->n_sent, f->block, f->block_len);
		}
		w = put(fd, f->block + f->waits_from, f->block_len - f->waits_from);
		if (w < 0)
			return broken(f, err);
		if (w == 0)
			return SIM_FLOW_GOES_ON;
		f->crc = nc_plug_crc32c(f->crc, f->block + f->waits_from, (size_t)w);
		f->waits_from += (size_t)w;
		f->n_sent += (uint64_t)w;
		f->n_counted = f->n_sent;
		if (f->waits_from == f->block_len && f->n_sent < f->n_total)
			return SIM_FLOW_GOES_ON; /* others have a turn */
	}
	return SIM_FLOW_ENDED;
}

static sim_flow_state run_receive(sim_flow *f, int fd, nc_error *err)
{
	for (uint64_t turn = 0; turn < A_TURN && f->n_received < f->n_total;) {
		uint64_t left = f->n_total - f->n_received;
		ssize_t n = recv(fd, f->block, left < f->block_len ? (size_t)left : f->block_len,
			MSG_DONTWAIT);

		if (n < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR
				       ? SIM_FLOW_GOES_ON
				       : broken(f, err);
		if (n == 0)
			return SIM_FLOW_ENDED;
		f->crc = nc_plug_crc32c(f->crc, f->block, (size_t)n);
		f->n_received += (uint64_t)n;
		f->n_counted = f->n_received;
		turn += (uint64_t)n;
	}
	return f->n_received < f->n_total ? SIM_FLOW_GOES_ON : SIM_FLOW_ENDED;
}

/* Read what fits, to be sent back; a return becomes a new line, as on a terminal. */
static bool take_in(sim_flow *f, int fd)
{
	char in[4096];
	size_t room = (BUFFER - f->block_len) / 2;
	ssize_t n = recv(fd, in, room < sizeof(in) ? room : sizeof(in), MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
	f->has_eof = n == 0 && room > 0;
	for (ssize_t i = 0; i < n; i++) {
		f->block[f->block_len++] = in[i];
		if (in[i] == '\r')
			f->block[f->block_len++] = '\n';
	}
	f->n_received += (uint64_t)n;
	f->n_counted += (uint64_t)n;
	return true;
}

static sim_flow_state run_echo(sim_flow *f, int fd, uint32_t events, nc_error *err)
{
	ssize_t w;

	if (events & (EPOLLIN | EPOLLHUP) && !f->has_eof && !take_in(f, fd))
		return broken(f, err);
	w = f->waits_from < f->block_len
		    ? put(fd, f->block + f->waits_from, f->block_len - f->waits_from)
		    : 0;
	if (w < 0) /* who hung up without hearing the end was still served */
		return f->has_eof ? SIM_FLOW_ENDED : broken(f, err);
	f->crc = nc_plug_crc32c(f->crc, f->block + f->waits_from, (size_t)w);
	f->waits_from += (size_t)w;
	f->n_sent += (uint64_t)w;
	f->n_counted += (uint64_t)w;
	if (f->waits_from == f->block_len)
		f->waits_from = f->block_len = 0;
	return f->has_eof && f->block_len == 0 ? SIM_FLOW_ENDED : SIM_FLOW_GOES_ON;
}

sim_flow_state sim_flow_run(sim_flow *f, int fd, uint32_t events, nc_error *err)
{
	switch (f->kind) {
	case SIM_FLOW_SEND:
		return run_send(f, fd, err);
	case SIM_FLOW_READ:
		return run_read(f, fd, err);
	case SIM_FLOW_RECEIVE:
		return run_receive(f, fd, err);
	default:
		return run_echo(f, fd, events, err);
	}
}

/* The CRC of n blocks, by doubling. */
static uint32_t repeat_crc(uint32_t crc, uint64_t len, uint64_t n)
{
	uint32_t sum = 0;

	for (; n; n >>= 1, len *= 2) {
		if (n & 1)
			sum = nc_plug_crc32c_join(sum, crc, len);
		crc = nc_plug_crc32c_join(crc, crc, len);
	}
	return sum;
}

void sim_flow_crc(const sim_flow *f, char hex[9])
{
	uint32_t crc = f->crc;

	if (f->kind == SIM_FLOW_SEND && f->block_len) {
		size_t rest = (size_t)(f->n_sent % f->block_len);

		crc = repeat_crc(f->block_crc, f->block_len, f->n_sent / f->block_len);
		crc = nc_plug_crc32c_join(crc, nc_plug_crc32c(0, f->block, rest), rest);
	}
	(void)snprintf(hex, 9, "%08x", crc);
}
