/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "plugin/loader_internal.h"
#include "plugin/mark.h"

/*
 * What tells the next start why this one ended. A sentinel, state_dir/sentinel/<id>, stands there
 * while a plugin is mapped or creates an instance in this process, and while an instance is asked
 * a verb for the first time, until that call has ended; one that was left behind means that
 * the start died in that phase. That alone is no crime (somebody may have killed us), three starts in
 * a row are. A crash that the signal handler saw is written to state_dir/crashed and is enough alone.
 * Plain writes without fsync: what is to be survived is the process, not the power. On a disk that
 * is full or read-only there are no sentinels: a daemon that serves what it has is worth more.
 */

#define CRASHES_MAX (64u << 10)

typedef struct sentinel {
	char phase[48];
	int deaths;
} sentinel;

static void path_of(const nc_plugins *p, const char *id, char *out, size_t cap)
{
	snprintf(out, cap, "%s/sentinel/%s", p->state_dir, id);
}

/* "create 1\n"; what can't be read counts as one death in an unknown phase. */
static void parse(const char *text, sentinel *s)
{
	char phase[48] = "";
	int deaths = 0;
	if (sscanf(text, "%47s %d", phase, &deaths) < 1)
		snprintf(phase, sizeof(phase), "unknown");
	snprintf(s->phase, sizeof(s->phase), "%s", phase);
	s->deaths = deaths < 0 || deaths > 1000 ? 1 : deaths + 1;
}

static nc_code read_one(nc_plugins *p, const char *id, nc_error *err)
{
	char path[4096];
	_cleanup_(nc_freep) char *text = NULL;
	size_t n;
	path_of(p, id, path, sizeof(path));
	nc_code rc = nc_file_read(path, 4096, &text, &n, err);
	if (rc != NC_OK)
		return rc;
	sentinel *s = nc_calloc(1, sizeof(*s));
	if (!s)
		return nc_err_nomem(err);
	parse(text, s);
	void *old = NULL;
	if (nc_map_put(p->sentinels, nc_str(id), s, &old) != NC_OK) {
		nc_free(s);
		return nc_err_nomem(err);
	}
	nc_free(old);
	return NC_OK;
}

nc_code nc_sentinels_read(nc_plugins *p, nc_error *err)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/sentinel", p->state_dir);
	nc_code rc = nc_mkdir_p(path, 0700, err);
	if (rc != NC_OK)
		return rc;
	DIR *dir = opendir(path);
	if (!dir)
		return nc_err_errno(err, errno, "could not read %s", path);
	for (struct dirent *e; rc == NC_OK && (e = readdir(dir));)
		if (e->d_name[0] != '.' && nc_plugin_id_is_valid(e->d_name))
			rc = read_one(p, e->d_name, err);
	closedir(dir);
	return rc;
}

void nc_sentinels_done(nc_plugins *p)
{
	size_t it = 0;
	nc_bytes key;
	void *s;
	while (p->sentinels && nc_map_next(p->sentinels, &it, &key, &s))
		nc_free(s);
	nc_map_free(p->sentinels);
}

void nc_sentinel_recall(nc_found *f)
{
	const sentinel *s = nc_map_get(f->p->sentinels, nc_str(f->id));
	if (!s)
		return;
	snprintf(f->phase, sizeof(f->phase), "%s", s->phase);
	f->deaths = s->deaths;
}

static int is_refused_by_disk(int errnum)
{
	return errnum == EROFS || errnum == ENOSPC || errnum == EDQUOT;
}

static nc_code write_sentinel(const char *path, const char *phase, int deaths, nc_error *err)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "%s %d\n", phase, deaths);
	_cleanup_(nc_closep) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return nc_err_errno(err, errno, "could not write the sentinel %s", path);
	return nc_write_full(fd, text, (size_t)n, err);
}

nc_code nc_sentinel_arm(nc_found *f, const char *phase, nc_error *err)
{
	char path[4096];
	path_of(f->p, f->id, path, sizeof(path));
	pthread_mutex_lock(&f->p->lock);
	f->n_armed++;
	int deaths = strcmp(f->phase, phase) == 0 ? f->deaths : 0;
	pthread_mutex_unlock(&f->p->lock);
	nc_error why = NC_ERROR_INIT;
	nc_code rc = write_sentinel(path, phase, deaths, &why);
	if (rc == NC_OK)
		return NC_OK;
	if (is_refused_by_disk(why.native)) {
		nc_log(L_WARN, "plugin.sentinel.failed", F_STR("plugin", f->id), F_ERR(&why),
			F_STR("consequence", "a crash of it would go unnoticed at the next start"));
		return NC_OK;
	}
	nc_err_copy(err, &why);
	nc_sentinel_disarm(f, phase);
	return rc;
}

void nc_sentinel_disarm(nc_found *f, const char *phase)
{
	char path[4096];
	path_of(f->p, f->id, path, sizeof(path));
	pthread_mutex_lock(&f->p->lock);
	int is_last = --f->n_armed == 0;
	if (strcmp(f->phase, phase) == 0)
		f->deaths = 0; /* it has come through */
	if (is_last)           /* under the lock, or another one's new sentinel would go */
		(void)unlink(path);
	pthread_mutex_unlock(&f->p->lock);
}

/* ---- what the signal handler wrote ---- */

static void take_crash(nc_plugins *p, const char *line)
{
	char id[NC_PLUGIN_ID_MAX + 1], what[64] = "", reason[200], known[8];
	int sig;
	if (sscanf(line, "%d %63s %63[^\n]", &sig, id, what) < 2 || !nc_plugin_id_is_valid(id))
		return;
	const char *name = sigdescr_np(sig);
	snprintf(reason, sizeof(reason), "it crashed the daemon in %s: signal %d (%s)",
		*what ? what : "a call", sig, name ? name : "unknown");
	if (nc_quarantine_has(p, id, known, sizeof(known)))
		return;
	nc_error err = NC_ERROR_INIT;
	if (nc_quarantine_put(p, id, reason, &err) != NC_OK)
		nc_log(L_ERROR, "plugin.quarantine.failed", F_STR("plugin", id), F_ERR(&err));
	else
		nc_log(L_ERROR, "plugin.quarantined", F_STR("plugin", id), F_STR("reason", reason));
}

nc_code nc_crashes_read(nc_plugins *p, nc_error *err)
{
	char path[4096], *rest = NULL;
	_cleanup_(nc_freep) char *text = NULL;
	size_t n;
	snprintf(path, sizeof(path), "%s/crashed", p->state_dir);
	nc_code rc = nc_file_read(path, CRASHES_MAX, &text, &n, err);
	if (rc == NC_OK) {
		for (char *line = strtok_r(text, "\n", &rest); line;
			line = strtok_r(NULL, "\n", &rest))
			take_crash(p, line);
		if (n > 0 && truncate(path, 0) < 0 && !is_refused_by_disk(errno))
			return nc_err_errno(err, errno, "could not empty %s", path);
	} else if (rc != NC_E_NOTFOUND) {
		return rc;
	}
	nc_err_clear(err);
	return nc_mark_install(path, err);
}
