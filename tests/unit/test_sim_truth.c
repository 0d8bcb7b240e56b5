/* SPDX-License-Identifier: Apache-2.0 */
/* The truth file: what was answered is in it after a kill at any moment, compaction loses nothing,
 * damage is named. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim_stage.h"

#define IN_FILE "{\"hosts\":8,\"truth\":\"$T\"}"

static void start_empty(void)
{
	(void)unlink(sim_stage_truth());
}

static off_t size_of_truth(void)
{
	struct stat st;

	return stat(sim_stage_truth(), &st) == 0 ? st.st_size : -1;
}

/* Everything that lives, as sorted text, so that two can be compared. */
static char *snapshot_of(sim_stage *s)
{
	struct nc_sink *sink = kit_query(&s->stage, "compute.inventory", "", "{}");
	json_t *all = json_object();
	char *text;

	for (const char *o = sink ? kit_sink_first(sink) : NULL; o; o = kit_sink_next(sink, o)) {
		json_t *doc = json_loads(o, 0, NULL);

		json_object_set_new(all, json_string_value(json_object_get(doc, "native_id")), doc);
	}
	text = json_dumps(all, JSON_SORT_KEYS | JSON_COMPACT);
	json_decref(all);
	kit_sink_free(sink);
	return text;
}

static void guests_outlive_the_instance(void)
{
	sim_stage s;
	char *before, *after;

	start_empty();
	REQUIRE(sim_stage_open(&s, IN_FILE, NULL));
	for (int i = 0; i < 5; i++)
		CHECK_INT(sim_stage_run(&s, "compute.create", NULL, NULL), NC_DONE);
	CHECK_INT(sim_stage_run(&s, "compute.power", NULL, NULL), NC_DONE);
	CHECK_INT(sim_stage_run(&s, "compute.destroy", NULL, NULL), NC_DONE);
	CHECK_INT(sim_stage_run(&s, "snapshot.create", "op_snap", NULL), NC_DONE);
	before = snapshot_of(&s);
	sim_stage_close(&s);
	REQUIRE(sim_stage_open(&s, IN_FILE, NULL));
	after = snapshot_of(&s);
	CHECK_STR(after, before);
	CHECK_UINT(sim_stage_count(&s, "compute.inventory", ""), 7);
	CHECK_INT(sim_stage_recover(&s, "snapshot.create", "op_snap"), NC_REC_DONE);
	sim_stage_close(&s);
	free(before);
	free(after);
}

/* A failure is as much an end as a deed: the next instance knows of it, and counts on. */
static void a_failure_outlives_the_instance(void)
{
	static const char failing[] =
		"{\"hosts\":8,\"truth\":\"$T\",\"faults\":[{\"failure_rate\":1,"
		"\"first_attempts\":2}]}";
	sim_stage s;

	start_empty();
	REQUIRE(sim_stage_open(&s, failing, NULL));
	CHECK_INT(sim_stage_run(&s, "compute.create", "op_1", NULL), NC_FAILED_NO_EFFECT);
	sim_stage_close(&s);
	REQUIRE(sim_stage_open(&s, failing, NULL));
	CHECK_INT(sim_stage_recover(&s, "compute.create", "op_1"), NC_REC_FAILED);
	CHECK_INT(sim_stage_run(&s, "compute.create", "op_1", NULL), NC_FAILED_NO_EFFECT);
	CHECK_INT(sim_stage_run(&s, "compute.create", "op_1", NULL), NC_DONE);
	sim_stage_close(&s);
}

/* The child: make, stop and remove guests until it is killed; each answer goes down the pipe. */
static void make_until_killed(int out, unsigned round)
{
	sim_stage s;

	if (!sim_stage_open(&s, IN_FILE, NULL))
		_exit(9);
	for (unsigned i = 0;; i++) {
		struct {
			char native_id[64];
			int is_there;
		} row = { "", 1 };
		kit_op *op;
		json_t *doc;

		s.stage.serial = round * 1000000 + i * 10;
		if (sim_stage_run(&s, "compute.create", NULL, &op) != NC_DONE)
			_exit(8);
		doc = json_loads(op->result, 0, NULL);
		(void)snprintf(row.native_id, sizeof(row.native_id), "%s",
			json_string_value(json_object_get(doc, "native_id")));
		(void)snprintf(s.stage.native_id, sizeof(s.stage.native_id), "%s", row.native_id);
		json_decref(doc);
		if (write(out, &row, sizeof(row)) != sizeof(row))
			_exit(7);
		for (unsigned k = 0; k < 6; k++) /* lines that a compaction can drop */
			(void)kit_try(&s.stage, kit_verb_find("compute.power"),
				&(kit_how){ .wait = true });
		if (i % 3 == 0) {
			/* Said before, as an intention: after a kill it may be either. */
			row.is_there = -1;
			if (write(out, &row, sizeof(row)) != sizeof(row))
				_exit(7);
			(void)kit_try(&s.stage, kit_verb_find("compute.destroy"),
				&(kit_how){ .wait = true });
			row.is_there = 0;
			if (write(out, &row, sizeof(row)) != sizeof(row))
				_exit(7);
		}
	}
}

/* What the child was answered: native id → 1, 0 or -1 (either). */
static void listen_to(int in, json_t *answered)
{
	struct {
		char native_id[64];
		int is_there;
	} row;

	while (read(in, &row, sizeof(row)) == sizeof(row))
		json_object_set_new(answered, row.native_id, json_integer(row.is_there));
}

static void kill_once(unsigned round, json_t *answered)
{
	int pipes[2];
	pid_t pid;

	if (!CHECK(pipe(pipes) == 0))
		return;
	pid = fork();
	if (pid == 0) {
		close(pipes[0]);
		make_until_killed(pipes[1], round);
	}
	close(pipes[1]);
	kit_sleep_ms(40 + (unsigned)(nc_test_random() % 120));
	kill(pid, SIGKILL);
	listen_to(pipes[0], answered);
	close(pipes[0]);
	waitpid(pid, NULL, 0);
}

static void what_was_answered_is_there_after_kill_9(void)
{
	json_t *answered = json_object(), *value;
	const char *native_id;

	start_empty();
	for (unsigned round = 1; round <= 12; round++) {
		sim_stage s;
		char *there;

		kill_once(round, answered);
		REQUIRE(sim_stage_open(&s, IN_FILE, NULL));
		there = snapshot_of(&s);
		json_object_foreach(answered, native_id, value)
		{
			int is_there = strstr(there, native_id) != NULL;

			if (json_integer_value(value) >= 0 && json_integer_value(value) != is_there)
				CHECK_STR(native_id, "as it was answered");
		}
		free(there);
		sim_stage_close(&s);
	}
	CHECK(json_object_size(answered) > 12);
	json_decref(answered);
}

static void what_had_begun_goes_on_after_kill_9(void)
{
	static const char slow[] =
		"{\"hosts\":2,\"truth\":\"$T\",\"latency_ms\":{\"compute.create\":"
		"{\"min\":400,\"max\":400}}}";
	sim_stage s;
	pid_t pid;

	start_empty();
	pid = fork();
	if (pid == 0) {
		if (!sim_stage_open(&s, slow, NULL) || !kit_stage_prepare(&s.stage, 0))
			_exit(9);
		(void)kit_try(
			&s.stage, kit_verb_find("compute.create"), &(kit_how){ .key = "op_slow" });
		kill(getpid(), SIGKILL);
	}
	waitpid(pid, NULL, 0);
	REQUIRE(sim_stage_open(&s, slow, NULL));
	CHECK_UINT(sim_stage_count(&s, "compute.inventory", ""), 0);
	CHECK_INT(sim_stage_recover(&s, "compute.create", "op_slow"), NC_REC_RUNNING);
	CHECK_UINT(sim_stage_count(&s, "compute.inventory", ""), 1);
	CHECK_INT(sim_stage_recover(&s, "compute.create", "op_slow"), NC_REC_DONE);
	sim_stage_close(&s);
}

static void a_torn_end_is_cut_off(void)
{
	sim_stage s;
	off_t whole;
	int fd;

	start_empty();
	REQUIRE(sim_stage_open(&s, IN_FILE, NULL));
	CHECK_INT(sim_stage_run(&s, "compute.create", NULL, NULL), NC_DONE);
	sim_stage_close(&s);
	whole = size_of_truth();
	fd = open(sim_stage_truth(), O_WRONLY | O_APPEND | O_CLOEXEC);
	CHECK_INT(write(fd, "0123abcd {\"seq\":9", 17), 17);
	close(fd);
	REQUIRE(sim_stage_open(&s, IN_FILE, NULL));
	CHECK_INT(size_of_truth(), whole);
	CHECK_UINT(sim_stage_count(&s, "compute.inventory", ""), 1);
	CHECK_INT(sim_stage_run(&s, "compute.create", NULL, NULL), NC_DONE);
	sim_stage_close(&s);
}

static void damage_in_the_middle_is_named_and_left_alone(void)
{
	nc_error err = { .struct_size = sizeof(err) };
	sim_stage s;
	off_t size;
	int fd;

	start_empty();
	REQUIRE(sim_stage_open(&s, IN_FILE, NULL));
	for (int i = 0; i < 3; i++)
		CHECK_INT(sim_stage_run(&s, "compute.create", NULL, NULL), NC_DONE);
	sim_stage_close(&s);
	size = size_of_truth();
	fd = open(sim_stage_truth(), O_RDWR | O_CLOEXEC);
	CHECK_INT(pwrite(fd, "x", 1, size / 2), 1);
	close(fd);
	CHECK(!sim_stage_open(&s, IN_FILE, &err));
	CHECK_INT(err.code, NC_E_PROTO);
	CHECK_HAS(err.message, "line ");
	CHECK_HAS(err.hint, "copy");
	CHECK_INT(size_of_truth(), size);
}

static void one_file_serves_one_instance(void)
{
	nc_error err = { .struct_size = sizeof(err) };
	sim_stage one, two;

	start_empty();
	REQUIRE(sim_stage_open(&one, IN_FILE, NULL));
	CHECK(!sim_stage_open(&two, IN_FILE, &err));
	CHECK_INT(err.code, NC_E_BUSY);
	sim_stage_close(&one);
	REQUIRE(sim_stage_open(&two, IN_FILE, NULL));
	sim_stage_close(&two);
}

static void compaction_shortens_the_file_and_loses_nothing(void)
{
	sim_stage s;
	char *before, *after;
	off_t longest = 0;

	start_empty();
	REQUIRE(sim_stage_open(&s, "{\"hosts\":200,\"truth\":\"$T\",\"remember_ops\":16}", NULL));
	for (int i = 0; i < 20; i++)
		CHECK_INT(sim_stage_run(&s, "compute.create", NULL, NULL), NC_DONE);
	REQUIRE(kit_stage_prepare(&s.stage, KIT_NEEDS_GUEST));
	for (int i = 0; i < 6000; i++) {
		kit_op *op = kit_try(
			&s.stage, kit_verb_find("compute.update"), &(kit_how){ .wait = true });
		off_t size = size_of_truth();

		CHECK_INT(op->outcome, NC_DONE);
		if (size < longest)
			break; /* it was compacted */
		longest = size;
	}
	CHECK(size_of_truth() < longest / 10);
	for (int i = 0; i < 10; i++)
		CHECK_INT(sim_stage_run(&s, "compute.create", NULL, NULL), NC_DONE);
	before = snapshot_of(&s);
	sim_stage_close(&s);
	REQUIRE(sim_stage_open(&s, "{\"hosts\":200,\"truth\":\"$T\"}", NULL));
	after = snapshot_of(&s);
	CHECK_STR(after, before);
	sim_stage_close(&s);
	free(before);
	free(after);
}

static void a_full_disk_refuses_the_act_and_nothing_else(void)
{
	struct rlimit was, small;
	sim_stage s;
	kit_op *op;

	start_empty();
	REQUIRE(sim_stage_open(&s, IN_FILE, NULL));
	CHECK_INT(sim_stage_run(&s, "compute.create", NULL, NULL), NC_DONE);
	(void)signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &was);
	small = was;
	small.rlim_cur = (rlim_t)size_of_truth() + 100;
	setrlimit(RLIMIT_FSIZE, &small);
	CHECK_INT(sim_stage_run(&s, "compute.create", "op_full", &op), NC_FAILED_NO_EFFECT);
	CHECK_INT(op->err.code, NC_E_UNAVAILABLE);
	CHECK_HAS(op->err.message, "truth");
	CHECK_UINT(sim_stage_count(&s, "compute.inventory", ""), 1);
	CHECK_INT(sim_stage_recover(&s, "compute.create", "op_full"), NC_REC_ABSENT);
	setrlimit(RLIMIT_FSIZE, &was);
	CHECK_INT(sim_stage_run(&s, "compute.create", "op_full", NULL), NC_DONE);
	CHECK_UINT(sim_stage_count(&s, "compute.inventory", ""), 2);
	sim_stage_close(&s);
	REQUIRE(sim_stage_open(&s, IN_FILE, NULL));
	CHECK_UINT(sim_stage_count(&s, "compute.inventory", ""), 2);
	sim_stage_close(&s);
}

NC_TESTS(sim_truth){
	T(guests_outlive_the_instance),
	T(a_failure_outlives_the_instance),
	T(what_was_answered_is_there_after_kill_9),
	T(what_had_begun_goes_on_after_kill_9),
	T(a_torn_end_is_cut_off),
	T(damage_in_the_middle_is_named_and_left_alone),
	T(one_file_serves_one_instance),
	T(compaction_shortens_the_file_and_loses_nothing),
	T(a_full_disk_refuses_the_act_and_nothing_else),
};
