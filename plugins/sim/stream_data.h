/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_STREAM_DATA_H
#define SIM_STREAM_DATA_H

#include "disk_data.h"
#include "inst.h"

/*
 * What flows through one stream: where its bytes come from or go to, how many, their CRC. Used by
 * one thread at a time; knows sockets, but neither epoll nor the host.
 */
typedef enum sim_flow_state { SIM_FLOW_GOES_ON, SIM_FLOW_ENDED, SIM_FLOW_BROKEN } sim_flow_state;
typedef enum sim_flow_kind {
	SIM_FLOW_SEND,    /* n_total bytes of a block that repeats */
	SIM_FLOW_READ,    /* n_total bytes of a disk */
	SIM_FLOW_RECEIVE, /* until the other side ends, or n_total */
	SIM_FLOW_ECHO     /* a serial console */
} sim_flow_kind;

typedef struct sim_flow {
	sim_flow_kind kind;
	uint64_t n_total, n_sent, n_received;
	uint64_t n_counted; /* what the result tells */
	uint32_t crc; /* of RECEIVE and ECHO, as they go; the others' is computed at the end */
	char *block;  /* what repeats; of READ and ECHO what waits to be sent */
	size_t block_len;
	uint32_t block_crc;
	size_t waits_from; /* READ, ECHO: sent up to here */
	bool has_eof;
	sim_disk_id disk;
	uint64_t disk_offset;
} sim_flow;

nc_code sim_flow_bytes(
	sim_flow *f, const nc_stream_open_request *spec, uint64_t seed, nc_error *err);
nc_code sim_flow_serial(sim_flow *f, const sim_guest_doc *g, nc_error *err);
nc_code sim_flow_backup(
	sim_flow *f, const sim_guest_doc *g, const nc_stream_open_request *spec, nc_error *err);
void sim_flow_done(sim_flow *f);

uint32_t sim_flow_wants(const sim_flow *f); /* EPOLL* */
sim_flow_state sim_flow_run(sim_flow *f, int fd, uint32_t events, nc_error *err);
void sim_flow_crc(const sim_flow *f, char hex[9]);

#endif
