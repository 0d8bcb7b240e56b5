/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/log.h"
#include "plugin/hostproc.h"
#include "plugin/loader_internal.h"
#include "plugin/verify.h"

/*
 * From a record to running code: verify, probe, then map here or start a process. The slow parts run
 * on the thread of whoever asked, so that several plugins load side by side; dlopen and the starting
 * of processes are the supervisor's. One load of a plugin at a time: others wait for its end.
 */

/* ---- the probe's memory ---- */

/* A verdict holds for these bytes, this host binary and this ABI. */
static void verdict_path(const nc_found *f, char *out, size_t cap)
{
	nc_manifest_file entry;
	char host[65] = "none", key[65], text[256];
	_cleanup_(nc_closep) int fd = open(f->p->host_binary, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		(void)nc_sha256_file(fd, host, NULL, NULL);
	(void)nc_manifest_find_file(f->manifest, f->manifest->entry, &entry);
	int n = snprintf(text, sizeof(text), "%s %s %u %lld", entry.sha256, host, NC_ABI,
		(long long)f->p->probe_timeout_us);
	nc_sha256_hex((nc_bytes){ text, (size_t)n }, key);
	snprintf(out, cap, "%s/probed/%s", f->p->state_dir, key);
}

static nc_code probe_once(nc_found *f, int memfd, nc_error *err)
{
	char path[4096], dir[4096];
	verdict_path(f, path, sizeof(path));
	if (access(path, F_OK) == 0)
		return NC_OK;
	nc_code rc = nc_probe(f, memfd, err);
	if (rc != NC_OK)
		return rc;
	snprintf(dir, sizeof(dir), "%s/probed", f->p->state_dir);
	if (nc_mkdir_p(dir, 0700, NULL) == NC_OK)
		(void)nc_file_replace(path, 0600, nc_str("ok\n"), NULL); /* else probed again */
	return NC_OK;
}

/* ---- the two ways to run it ---- */

typedef struct load_call {
	nc_found *f;
	int memfd;
	nc_image *image;
	nc_hostproc *process;
	nc_error *err;
	nc_code rc;
} load_call;

static void run_map(void *arg)
{
	load_call *c = arg;
	c->rc = nc_sentinel_arm(c->f, "load", c->err);
	if (c->rc != NC_OK) {
		close(c->memfd);
		return;
	}
	c->rc = nc_image_load(c->memfd, c->f->manifest, &c->image, c->err);
	nc_sentinel_disarm(c->f, "load");
}

static void run_start(void *arg)
{
	load_call *c = arg;
	c->rc = nc_hostproc_start(c->f, c->memfd, &c->process, c->err);
}

static nc_code load_in_process(nc_found *f, int memfd, nc_error *err)
{
	load_call c = { .f = f, .memfd = memfd, .err = err };
	nc_loop_call(f->p->super, run_map, &c);
	if (c.rc != NC_OK)
		return c.rc;
	pthread_mutex_lock(&f->p->lock);
	f->image = c.image;
	pthread_mutex_unlock(&f->p->lock);
	return NC_OK;
}

static nc_code load_process(nc_found *f, int memfd, nc_error *err)
{
	load_call c = { .f = f, .memfd = memfd, .err = err };
	nc_loop_call(f->p->super, run_start, &c);
	if (c.rc != NC_OK) {
		close(memfd);
		return c.rc;
	}
	nc_code rc = nc_hostproc_wait_ready(c.process, f->p->probe_timeout_us, err);
	if (rc != NC_OK) {
		nc_hostproc_end(c.process);
		pthread_mutex_lock(&f->p->lock);
		int is_held = f->process == c.process;
		if (is_held)
			f->process = NULL;
		pthread_mutex_unlock(&f->p->lock);
		if (is_held)
			nc_hostproc_unref(c.process);
		close(memfd);
	} else {
		nc_closep(&f->code_memfd);
		f->code_memfd = memfd; /* for the next start of the same bytes */
	}
	nc_hostproc_unref(c.process);
	return rc;
}

/* ---- one load ---- */

static nc_code check_deaths(nc_found *f, nc_error *err)
{
	char reason[200];
	pthread_mutex_lock(&f->p->lock);
	int deaths = f->deaths;
	snprintf(reason, sizeof(reason), "%d starts in a row ended in its phase \"%s\"", deaths,
		f->phase);
	pthread_mutex_unlock(&f->p->lock);
	if (deaths < NC_DEATHS_OUT || f->isolation != NC_ISO_IN_PROCESS)
		return NC_OK;
	nc_found_quarantine_now(f, reason);
	nc_err(err, NC_E_UNAVAILABLE, "plugin %s is in quarantine: %s", f->id, reason);
	return nc_err_hint(
		err, NC_E_UNAVAILABLE, "look into it, then: novacron plugin release %s", f->id);
}

static nc_code verify(nc_found *f, int *ret_memfd, nc_error *err)
{
	_cleanup_(nc_closep) int dir_fd = -1;
	_cleanup_(nc_closep) int memfd = -1;
	int has_v1 = 0;
	nc_code rc = nc_verify_folder(f->folder, f->p->uid, &dir_fd, err);
	if (rc == NC_OK)
		rc = nc_verify_files(dir_fd, f->manifest, f->p->uid, &memfd, err);
	nc_found_note_files(f, rc, err);
	if (rc == NC_OK)
		rc = nc_verify_exports(memfd, &has_v1, err);
	if (rc != NC_OK)
		return rc;
	if (!has_v1)
		return nc_err(
			err, NC_E_PROTO, "P0: plugin %s does not export " NC_ENTRY_SYMBOL, f->id);
	*ret_memfd = nc_steal_fd(&memfd);
	return NC_OK;
}

static nc_code load_steps(nc_found *f, nc_error *err)
{
	int memfd = -1;
	nc_code rc = check_deaths(f, err);
	if (rc == NC_OK)
		rc = verify(f, &memfd, err);
	if (rc != NC_OK)
		return rc;
	if ((rc = probe_once(f, memfd, err)) != NC_OK) {
		close(memfd);
		return rc;
	}
	return f->isolation == NC_ISO_IN_PROCESS ? load_in_process(f, memfd, err)
						 : load_process(f, memfd, err);
}

/* A refusal that names a rule counts as a strike of it. */
static void count_rule(nc_found *f, const nc_error *err)
{
	unsigned rule;
	if (err->code == NC_E_PROTO && sscanf(err->message, "P%2u:", &rule) == 1 &&
		rule < NC_RULES && rule != NC_P8_OUTPUT)
		nc_found_strike(f, NULL, (nc_rule)rule, err->message);
}

/* A store that is held back stops the start; the message is all the operator gets to see. */
static nc_code explain(nc_found *f, nc_error *err)
{
	if (!err || !f->manifest || !nc_manifest_provides(f->manifest, "nc.store/1"))
		return err ? err->code : NC_E_UNAVAILABLE;
	nc_code rc = nc_err_wrap(err, err->code, "the store can't be opened");
	pthread_mutex_lock(&f->p->lock);
	int is_held = f->state == NC_PLUGIN_QUARANTINED;
	pthread_mutex_unlock(&f->p->lock);
	if (!is_held)
		return rc;
	return nc_err_hint(err, rc,
		"the state is untouched; look into the crash, then: novacron plugin release %s",
		f->id);
}

/* Waits for another's load; 1 when it is ours to do. *ret_is_ending: nothing is loaded any more. */
static int begin(nc_found *f, int *ret_is_ending)
{
	nc_plugins *p = f->p;
	pthread_mutex_lock(&p->lock);
	while (f->is_loading)
		pthread_cond_wait(&p->has_changed, &p->lock);
	*ret_is_ending = p->is_ending;
	int is_ours = f->state != NC_PLUGIN_LOADED && f->state != NC_PLUGIN_LOST && !p->is_ending;
	if (is_ours) {
		f->is_loading = 1;
		p->n_loading++;
	}
	pthread_mutex_unlock(&p->lock);
	return is_ours;
}

static void end(nc_found *f, nc_code rc, const nc_error *err)
{
	nc_plugins *p = f->p;
	pthread_mutex_lock(&p->lock);
	f->is_loading = 0;
	p->n_loading--;
	if (rc == NC_OK && f->state != NC_PLUGIN_QUARANTINED) {
		f->state = NC_PLUGIN_LOADED;
		f->generation++;
	} else if (rc == NC_E_UNSUPPORTED) {
		f->state = NC_PLUGIN_INCOMPATIBLE;
		f->why = *err;
	} else if (rc == NC_E_PROTO || rc == NC_E_INVAL) {
		if (f->state != NC_PLUGIN_QUARANTINED)
			f->state = NC_PLUGIN_INVALID;
		f->why = *err;
	}
	pthread_cond_broadcast(&p->has_changed);
	pthread_mutex_unlock(&p->lock);
}

typedef struct assess_call {
	nc_found *f;
	nc_error *err;
	nc_code rc;
} assess_call;

static void run_assess(void *arg)
{
	assess_call *c = arg;
	c->rc = nc_found_assess(c->f, c->err);
}

nc_code nc_plugins_load(nc_plugins *p, const char *id, nc_error *err)
{
	nc_error scratch = NC_ERROR_INIT;
	if (!err)
		err = &scratch;
	nc_found *f = nc_found_get(p, id);
	if (!f) {
		nc_err(err, NC_E_NOTFOUND, "there is no plugin %s on the search path",
			id ? id : "");
		return nc_err_hint(
			err, NC_E_NOTFOUND, "install it, or add its folder to plugins.path");
	}
	assess_call c = { .f = f, .err = err };
	nc_loop_call(p->super, run_assess, &c);
	if (c.rc != NC_OK)
		return explain(f, err);
	int is_ending;
	if (!begin(f, &is_ending))
		return is_ending ? nc_err(err, NC_E_UNAVAILABLE, "the loader is ending") : NC_OK;
	int64_t start = nc_clock_mono_us();
	nc_code rc = load_steps(f, err);
	if (rc != NC_OK)
		count_rule(f, err);
	end(f, rc, err);
	if (rc != NC_OK) {
		nc_log(L_ERROR, "plugin.load.failed", F_STR("plugin", f->id), F_ERR(err));
		return explain(f, err);
	}
	nc_log(L_INFO, "plugin.loaded", F_STR("plugin", f->id),
		F_STR("version", f->manifest->version),
		F_STR("isolation", f->isolation == NC_ISO_IN_PROCESS ? "in_process" : "process"),
		F_I64("took_us", nc_clock_mono_us() - start));
	return NC_OK;
}
