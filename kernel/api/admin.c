/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What administrators do to the installation itself: configuration (shown with its secrets left
 * out, reloaded), state (health, check, online backup), and what the API can do at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "api/internal.h"
#include "base/alloc.h"
#include "base/err.h"
#include "base/io.h"
#include "config/render.h"

static void index_of_api(nc_call_ctx *c)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_jw w;

	nc_buf_init(&b, 64u << 10);
	nc_jw_init(&w, &b);
	nc_jw_obj(&w);
	nc_jw_kstr(&w, "version", "v1");
	nc_jw_karr(&w, "extensions");
	nc_jw_arr_end(&w);
	nc_jw_karr(&w, "kinds");
	for (size_t i = 0; i < nc_n_kinds; i++) {
		if (!nc_kind_has_path(nc_kinds[i]) && nc_kinds[i] != &nc_kind_event)
			continue;
		nc_jw_obj(&w);
		nc_jw_kstr(&w, "name", nc_kinds[i]->name);
		nc_jw_kstr(
			&w, "path", nc_arena_printf(c->arena, "/api/v1/%s", nc_kinds[i]->plural));
		nc_jw_kstr(&w, "doc", nc_kinds[i]->doc);
		nc_jw_obj_end(&w);
	}
	nc_jw_arr_end(&w);
	nc_jw_obj_end(&w);
	nc_reply_json(c->req, 200, nc_buf_bytes(&b), NULL, 0);
}

/* ---- configuration ---- */

static void show_config(nc_call_ctx *c)
{
	_cleanup_(nc_buf_done) nc_buf b;
	_cleanup_(nc_config_unrefp) const nc_config *cfg = nc_config_holder_get(c->api->o.config);

	nc_buf_init(&b, 256u << 10);
	nc_config_render_json(cfg, &b);
	nc_reply_json(c->req, 200, nc_buf_bytes(&b), NULL, 0);
}

static void reload_config(nc_api_job *j)
{
	nc_error err = NC_ERROR_INIT;

	if (j->api->o.reload(j->api->o.ctx, &j->out, &err) != NC_OK) {
		nc_job_problem(j, &err, NULL);
		return;
	}
	nc_job_reply(j, 200, NULL, 0);
}

/* ---- state ---- */

static void show_state(nc_call_ctx *c)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_db_health h;
	nc_jw w;

	nc_db_get_health(c->api->o.db, &h);
	nc_buf_init(&b, 16u << 10);
	nc_jw_init(&w, &b);
	nc_jw_obj(&w);
	nc_jw_kstr(&w, "status", h.is_degraded ? "degraded" : "healthy");
	if (h.is_degraded) {
		nc_jw_kstr(&w, "why", h.why.message);
		nc_jw_kstr(&w, "hint", h.why.hint);
	}
	nc_jw_kstr(&w, "log_id", nc_db_log_id(c->api->o.db));
	nc_jw_kstr(&w, "installation", nc_db_installation(c->api->o.db));
	nc_jw_ku64(&w, "epoch", nc_db_epoch(c->api->o.db));
	nc_jw_ku64(&w, "seq", h.seq);
	nc_jw_ku64(&w, "applied", h.applied);
	nc_jw_ku64(&w, "trimmed", h.trimmed);
	nc_jw_ku64(&w, "queued", h.queued);
	nc_jw_ku64(&w, "damaged", h.damaged);
	nc_jw_kbool(&w, "rotating_key", nc_vault_is_rotating(c->api->o.vault));
	nc_jw_obj_end(&w);
	nc_reply_json(c->req, 200, nc_buf_bytes(&b), NULL, 0);
}

typedef struct faults {
	nc_jw w;
	uint64_t n;
} faults;

static void on_fault(void *ctx, const char *what)
{
	faults *f = ctx;

	if (f->n++ < 1000)
		nc_jw_str(&f->w, what);
}

static void check_state(nc_api_job *j)
{
	nc_error err = NC_ERROR_INIT;
	faults f = { .n = 0 };
	uint64_t n = 0;

	nc_jw_init(&f.w, &j->out);
	nc_jw_obj(&f.w);
	nc_jw_karr(&f.w, "faults");
	nc_code rc = nc_db_check(j->api->o.db, on_fault, &f, &n, &err);
	if (rc == NC_OK)
		nc_sched_audit(j->api->o.sched, j->api->o.db, on_fault, &f);
	if (rc != NC_OK) {
		nc_job_problem(j, &err, NULL);
		return;
	}
	nc_jw_arr_end(&f.w);
	nc_jw_ku64(&f.w, "count", f.n);
	nc_jw_obj_end(&f.w);
	nc_job_reply(j, 200, NULL, 0);
}

/* Into a file of the daemon's machine, made fresh and never overwritten. */
static void backup_state(nc_api_job *j)
{
	nc_error err = NC_ERROR_INIT;
	const char *path = json_string_value(json_object_get(j->json, "path"));
	int fd = -1;

	if (!path || path[0] != '/')
		nc_problem_err(&err, "invalid", "path: must be an absolute path on the server");
	else if ((fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0)
		nc_err_errno(&err, errno, "could not make the backup file %s", path);
	nc_code rc = err.code;
	if (rc == NC_OK)
		rc = nc_db_backup(j->api->o.db, fd, &err);
	if (rc == NC_OK && fsync(fd) < 0)
		rc = nc_err_errno(&err, errno, "could not make %s durable", path);
	off_t size = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0;
	if (fd >= 0)
		close(fd);
	if (rc != NC_OK) {
		if (fd >= 0)
			unlink(path); /* half a backup is worse than none */
		nc_job_problem(j, &err, NULL);
		return;
	}
	nc_buf_puts(&j->out, "{\"path\":");
	nc_jw w;
	nc_jw_init(&w, &j->out);
	nc_jw_str(&w, path);
	nc_buf_printf(&j->out, ",\"bytes\":%lld,\"seq\":%llu}", (long long)size,
		(unsigned long long)nc_db_seq(j->api->o.db));
	nc_job_reply(j, 200, NULL, 0);
}

/* Goes on with one that was cut off; the keeper does the same by itself. */
static void rotate_key(nc_api_job *j)
{
	nc_error err = NC_ERROR_INIT;
	uint64_t n = 0;

	if (nc_vault_rotate(j->api->o.vault, &n, &err) != NC_OK) {
		nc_job_problem(j, &err, NULL);
		return;
	}
	nc_buf_printf(&j->out, "{\"resealed\":%llu}", (unsigned long long)n);
	nc_job_reply(j, 200, NULL, 0);
}

const nc_api_route nc_api_admin[] = {
	{ .method = "GET",
		.pattern = "/api/v1",
		.permission = "api.read",
		.read = index_of_api,
		.doc = "kinds and extensions" },
	{ .method = "GET",
		.pattern = "/api/v1/admin/config",
		.permission = "admin.config.read",
		.read = show_config,
		.doc = "the configuration in force" },
	{ .method = "POST",
		.pattern = "/api/v1/admin/config/reload",
		.permission = "admin.config.reload",
		.work = reload_config,
		.is_once = 1,
		.body_limit = 4096,
		.doc = "read the files again; answers per key" },
	{ .method = "GET",
		.pattern = "/api/v1/admin/state",
		.permission = "admin.state.read",
		.read = show_state,
		.doc = "log, epoch, health of the store" },
	{ .method = "POST",
		.pattern = "/api/v1/admin/state/check",
		.permission = "state.check",
		.work = check_state,
		.body_limit = 4096,
		.doc = "check everything stored" },
	{ .method = "POST",
		.pattern = "/api/v1/admin/state/backup",
		.permission = "state.backup",
		.work = backup_state,
		.is_once = 1,
		.body_limit = 4096,
		.doc = "online backup: {path}" },
	{ .method = "POST",
		.pattern = "/api/v1/admin/state/rotate-key",
		.permission = "state.rotate_key",
		.work = rotate_key,
		.is_once = 1,
		.body_limit = 4096,
		.doc = "seal every secret anew under a fresh key" },
	{ .method = NULL },
};
