/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/map.h"
#include "base/pool.h"
#include "base/secret.h"
#include "host.h"
#include "plugin/image.h"
#include "plugin/manifest.h"

/*
 * --serve: the main thread reads frames and never blocks on anything else: calls go to the runtimes,
 * closing an instance gets a thread of its own. The table of instances is the main thread's alone.
 * End of file means die now: whatever the plugin is doing, nobody is left to hear of it.
 */

static nc_manifest *manifest;
static nc_image *image;
static nc_map *instances; /* number → nc_host_inst */
static nc_frame_in in;

static nc_bytes key_of(const uint32_t *number)
{
	return (nc_bytes){ number, sizeof(*number) };
}

/* ---- hello ---- */

static nc_code load(const nc_frame *hello, nc_error *err)
{
	char name[16];
	if (hello->type != NC_F_HELLO || hello->a != NC_WIRE_VERSION)
		return nc_err(err, NC_E_UNSUPPORTED,
			"the daemon speaks version %llu of the wire, nc-plugin-host %u",
			(unsigned long long)hello->a, NC_WIRE_VERSION);
	nc_code rc = nc_manifest_parse(hello->body, &manifest, err);
	if (rc != NC_OK)
		return rc;
	snprintf(name, sizeof(name), "nc:%.12s", manifest->id);
	(void)prctl(PR_SET_NAME, name);
	/* Before any of its code runs. What it may exec may be set-user-id, so that takes a permission. */
	if (!nc_manifest_may_exec(manifest))
		(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return nc_image_load(NC_WIRE_CODE_FD, manifest, &image, err);
}

static int say_ready(void)
{
	nc_error err = NC_ERROR_INIT;
	nc_code rc = nc_wire_recv(NC_WIRE_FD, &in, NC_WIRE_WAIT, &err);
	if (rc != NC_OK)
		return 0;
	rc = load(&in.f, &err);
	nc_frame_in_done(&in);
	nc_host_send(&(nc_frame){
		.type = NC_F_READY, .a = NC_WIRE_VERSION, .code = rc, .err = &err, .fd = -1 });
	return rc == NC_OK;
}

/* ---- instances ---- */

/* A short text of a frame, which is 255 bytes at most, with its NUL. */
static const char *text_of(nc_bytes b, char out[256])
{
	if (b.len)
		memcpy(out, b.ptr, b.len);
	out[b.len] = 0;
	return out;
}

static void on_open(const nc_frame *f)
{
	char name[256];
	nc_host_inst *inst = nc_calloc(1, sizeof(*inst));
	if (!inst || nc_map_put(instances, key_of(&f->inst), inst, NULL) != NC_OK) {
		nc_free(inst);
		return; /* its create is then answered with "no such instance" */
	}
	text_of(f->s1, name);
	inst->number = f->inst;
	inst->why = (nc_error)NC_ERROR_INIT;
	(void)nc_rt_new(&(nc_rt_options){ .image = image,
				.manifest = manifest,
				.name = name,
				.max_threads = (uint32_t)NC_MIN(f->a, UINT64_C(1024)),
				.up = &nc_host_up,
				.user = inst,
				.late = nc_host_late },
		&inst->rt, &inst->why);
}

typedef struct closing {
	nc_host_inst *inst;
	int64_t timeout_us;
} closing;

static void *close_instance(void *arg)
{
	closing *c = arg;
	nc_host_inst *inst = c->inst;
	nc_code rc = nc_rt_free(inst->rt, c->timeout_us);
	nc_host_send(
		&(nc_frame){ .type = NC_F_CLOSED, .inst = inst->number, .code = rc, .fd = -1 });
	nc_free(inst); /* mute, so nothing comes up to it any more */
	nc_free(c);
	return NULL;
}

static void on_close(const nc_frame *f)
{
	nc_host_inst *inst = nc_map_del(instances, key_of(&f->inst));
	closing *c = inst ? nc_malloc(sizeof(*c)) : NULL;
	uint64_t thread;
	if (c) {
		*c = (closing){ .inst = inst,
			.timeout_us = (int64_t)NC_MIN(f->a, UINT64_C(1) << 40) };
		if (nc_thread_start(&thread, "close", close_instance, c) == 0) {
			nc_thread_detach(thread);
			return;
		}
		nc_free(c);
	}
	/* No memory for it: the daemon's wait ends by its own clock. */
	nc_host_send(
		&(nc_frame){ .type = NC_F_CLOSED, .inst = f->inst, .code = NC_E_NOMEM, .fd = -1 });
}

/* ---- calls ---- */

static nc_code begin(const nc_frame *f, nc_error *err)
{
	char verb[256], key[256];
	nc_host_inst *inst = nc_map_get(instances, key_of(&f->inst));
	text_of(f->s1, verb);
	const nc_verb *v = nc_verb_find(verb) ? nc_verb_find(verb) : nc_life_find(verb);
	if (!inst)
		return nc_err(err, NC_E_UNAVAILABLE, "there is no such instance in this process");
	if (!inst->rt) {
		nc_err_copy(err, &inst->why);
		return inst->why.code;
	}
	if (!v)
		return nc_err(err, NC_E_UNSUPPORTED, "nc-plugin-host knows no verb %s", verb);
	if ((v->shape == NC_SHAPE_STREAM && v->number < NC_VERB_MAX) != (f->fd >= 0))
		return nc_err(err, NC_E_PROTO, "%s with the wrong descriptors", verb);
	return nc_rt_start(inst->rt,
		&(nc_rt_call){ .id = f->call,
			.verb = v,
			.target = f->s2,
			.request = f->body,
			.key = text_of(f->s3, key),
			.deadline_ns = f->a,
			.fd = f->fd },
		err);
}

static void on_call(const nc_frame *f)
{
	nc_error err = NC_ERROR_INIT;
	int fd = f->fd;
	if (begin(f, &err) == NC_OK)
		return;
	nc_closep(&fd);
	nc_host_refuse(f->inst, f->call, &err);
}

static void on_answer(nc_frame *f)
{
	nc_host_take_answer(f);
	/* It may have been a secret. */
	nc_zero((void *)(uintptr_t)f->body.ptr, f->body.len);
}

static void on_frame(nc_frame *f)
{
	nc_host_inst *inst;
	switch (f->type) {
	case NC_F_OPEN:
		on_open(f);
		return;
	case NC_F_CALL:
		on_call(f);
		return;
	case NC_F_CLOSE:
		on_close(f);
		return;
	case NC_F_ANSWER:
		on_answer(f);
		return;
	default:
		inst = nc_map_get(instances, key_of(&f->inst));
	}
	if (!inst || !inst->rt)
		return;
	if (f->type == NC_F_STOP)
		nc_rt_stop(inst->rt, f->call, (int32_t)f->a);
	else if (f->type == NC_F_FORFEIT)
		nc_rt_forfeit(inst->rt, f->call);
	else if (f->type == NC_F_CHECKPOINT_DONE)
		nc_rt_checkpoint_done(inst->rt, f->a, f->code);
}

int nc_host_serve(void)
{
	instances = nc_map_new();
	if (!instances || !say_ready())
		_exit(1);
	while (nc_wire_recv(NC_WIRE_FD, &in, NC_WIRE_WAIT, NULL) == NC_OK) {
		on_frame(&in.f);
		nc_frame_in_done(&in);
	}
	_exit(0);
}
