/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim-truth FILE: what the truth file of a simulated provider says is there, as one JSON object on
 * stdout. Reads a file that is in use or was left by a kill; changes nothing. Exit code 0, 1 when
 * the file can't be read or is damaged, 2 for usage.
 */
#define NC_PLUG_DOMAIN "sim"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../verb.h"

typedef struct reading {
	struct nc_inst inst; /* only what sim_replay uses */
	uint64_t n_records;
} reading;

static nc_code count_and_replay(void *user, const sim_record *rec, nc_error *err)
{
	reading *r = user;

	r->n_records++;
	return sim_replay(&r->inst, rec, err);
}

static void print_doc(const nc_msg *msg, const void *doc, bool is_first)
{
	nc_plug_buf b = NC_PLUG_BUF(64u << 20);

	if (nc_msg_write(msg, doc, &b, NULL) == NC_OK)
		printf("%s\n  %s", is_first ? "" : ",", b.ptr);
	nc_plug_buf_done(&b);
}

static void print_kind(const sim_world *w, sim_kind kind, const char *name)
{
	const sim_map *m = &w->by_id[kind];
	size_t n = 0;

	printf(",\n \"%s\":[", name);
	for (size_t i = 0; i < m->cap; i++)
		if (m->slots[i].key)
			print_doc(
				sim_kind_msg(kind), sim_doc_of(kind, m->slots[i].value), n++ == 0);
	printf("]");
}

static void print_ops(const sim_ops *ops)
{
	size_t n = 0;

	printf(",\n \"operations\":[");
	for (const sim_op *op = ops->oldest; op; op = op->newer)
		print_doc(&sim_end_doc_msg, op->end, n++ == 0);
	printf("]");
}

static void print_running(const sim_ops *ops)
{
	size_t n = 0;

	printf(",\n \"running\":[");
	for (size_t i = 0; i < ops->by_key.cap; i++) {
		const sim_op *op = ops->by_key.slots[i].key ? ops->by_key.slots[i].value : NULL;
		const sim_work *w = op ? op->work : NULL;
		sim_begin_doc begin;

		if (!w)
			continue;
		begin = (sim_begin_doc){ op->key, w->verb->name, w->target, w->attempt, w->due_ms,
			{ w->request, w->request_len } };
		print_doc(&sim_begin_doc_msg, &begin, n++ == 0);
	}
	printf("]");
}

int main(int argc, char **argv)
{
	static const char defaults[] = "{\"hosts\":1,\"remember_ops\":10000000}";
	/* Static: all of it lives until the process ends. */
	static reading r;
	nc_error err = { .struct_size = sizeof(err) };
	static nc_msg_mem mem;
	uint64_t torn = 0;
	static sim_config cfg;

	if (argc != 2 || argv[1][0] == '-') {
		fprintf(stderr, "usage: sim-truth FILE\n");
		return 2;
	}
	if (nc_msg_read(&sim_config_msg, nc_plug_str(defaults), &mem, &cfg, &err) != NC_OK ||
		(r.inst.cfg = &cfg, sim_world_init(&r.inst.world, &cfg, &err)) != NC_OK ||
		sim_truth_read(argv[1], count_and_replay, &r, &torn, &err) != NC_OK) {
		fprintf(stderr, "sim-truth: %s\n%s\n", err.message, err.hint);
		return 1;
	}
	printf("{\"seq\":%llu,\"records\":%llu,\"torn_bytes\":%llu", (unsigned long long)r.inst.seq,
		(unsigned long long)r.n_records, (unsigned long long)torn);
	print_kind(&r.inst.world, SIM_GUEST, "guests");
	print_kind(&r.inst.world, SIM_VOLUME, "volumes");
	print_kind(&r.inst.world, SIM_NETWORK, "networks");
	print_kind(&r.inst.world, SIM_PORT, "ports");
	print_ops(&r.inst.ops);
	print_running(&r.inst.ops);
	printf("}\n");
	return ferror(stdout) ? 1 : 0; /* memory goes with the process */
}
