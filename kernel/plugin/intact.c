/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/hash.h"
#include "plugin/loader_internal.h"
#include "plugin/verify.h"

/*
 * Whether a plugin's files are still those its manifest names, for whoever asks for the status. What
 * was once hashed is remembered by a stamp of how the files lay there, so asking again costs a few
 * looks and no reading. The record may be replaced by a scan meanwhile: what is needed of it is taken
 * along, and a verdict about a former manifest is dropped. A load never trusts what stands here.
 */

typedef struct look {
	nc_manifest manifest; /* its document referenced */
	char *folder;
	char manifest_sha[65], stamp[65];
} look;

static nc_code begin(nc_found *f, look *l, nc_error *err)
{
	nc_code rc = NC_OK;
	pthread_mutex_lock(&f->p->lock);
	if (!f->manifest) {
		rc = nc_err(err, NC_E_UNAVAILABLE, "plugin %s has no manifest to go by", f->id);
	} else if ((l->folder = nc_strdup(f->folder)) == NULL) {
		rc = nc_err_nomem(err);
	} else {
		l->manifest = *f->manifest;
		json_incref(l->manifest.doc);
		memcpy(l->manifest_sha, f->manifest_sha, sizeof(l->manifest_sha));
	}
	pthread_mutex_unlock(&f->p->lock);
	return rc;
}

static void done(look *l)
{
	json_decref(l->manifest.doc);
	nc_free(l->folder);
}

static nc_code check_manifest(const look *l, int dir_fd, uid_t uid, nc_error *err)
{
	_cleanup_(nc_freep) char *text = NULL;
	char sha[65];
	size_t n;
	nc_code rc = nc_verify_read(dir_fd, "manifest.json", uid, NC_MANIFEST_MAX, &text, &n, err);
	if (rc != NC_OK)
		return rc;
	nc_sha256_hex((nc_bytes){ text, n }, sha);
	if (strcmp(sha, l->manifest_sha) == 0)
		return NC_OK;
	nc_err(err, NC_E_DENIED, "plugin %s: its folder holds another manifest.json by now",
		l->manifest.id);
	return nc_err_hint(
		err, NC_E_DENIED, "to go by the new one: novacron plugin load %s", l->manifest.id);
}

/* Under the lock; 1 when these very files have been judged before. */
static int recall(const nc_found *f, const look *l, nc_error *ret_why)
{
	if (f->files_stamp[0] == 0 || strcmp(f->files_stamp, l->stamp) != 0)
		return 0;
	*ret_why = f->files_why;
	return 1;
}

static nc_code look_at(nc_found *f, look *l, nc_error *why)
{
	_cleanup_(nc_closep) int dir_fd = -1;
	uid_t uid = f->p->uid;
	nc_code rc = nc_verify_folder(l->folder, uid, &dir_fd, why);
	if (rc == NC_OK)
		rc = check_manifest(l, dir_fd, uid, why);
	if (rc == NC_OK)
		rc = nc_verify_stamp(dir_fd, &l->manifest, uid, l->stamp, why);
	if (rc != NC_OK)
		return rc;
	pthread_mutex_lock(&f->p->lock);
	int is_known = recall(f, l, why);
	pthread_mutex_unlock(&f->p->lock);
	return is_known ? why->code : nc_verify_files(dir_fd, &l->manifest, uid, NULL, why);
}

int nc_is_want_of_means(const nc_error *err)
{
	return err->code == NC_E_NOMEM || err->native == EMFILE || err->native == ENFILE ||
	       err->native == EAGAIN;
}

/* A lack of memory or descriptors says nothing about the files. */
int nc_is_change(nc_code rc)
{
	return rc == NC_E_DENIED || rc == NC_E_NOTFOUND || rc == NC_E_INVAL;
}

/* Under the lock. */
static void note(nc_found *f, nc_code rc, const nc_error *why)
{
	int is_ours = f->state == NC_PLUGIN_INVALID && f->is_changed;
	if (f->is_loading || (f->state != NC_PLUGIN_AVAILABLE && !is_ours))
		return;
	if (rc == NC_OK && is_ours) {
		f->is_changed = 0;
		f->state = NC_PLUGIN_AVAILABLE;
		nc_err_clear(&f->why);
	} else if (nc_is_change(rc)) {
		f->is_changed = 1;
		f->state = NC_PLUGIN_INVALID;
		f->why = *why;
	}
}

void nc_found_note_files(nc_found *f, nc_code rc, const nc_error *why)
{
	pthread_mutex_lock(&f->p->lock);
	if (nc_is_change(rc)) {
		f->is_changed = 1;
		f->state = NC_PLUGIN_INVALID;
		f->why = *why;
		f->files_stamp[0] = 0;
	}
	pthread_mutex_unlock(&f->p->lock);
}

nc_code nc_found_look_at_files(nc_found *f, nc_error *err)
{
	look l = { .folder = NULL };
	nc_error why = NC_ERROR_INIT;
	nc_code rc = begin(f, &l, err);
	if (rc != NC_OK)
		return rc;
	rc = look_at(f, &l, &why);
	pthread_mutex_lock(&f->p->lock);
	if (f->manifest && f->manifest->doc == l.manifest.doc) {
		int is_sure = l.stamp[0] && (rc == NC_OK || nc_is_change(rc));
		memcpy(f->files_stamp, is_sure ? l.stamp : "", is_sure ? sizeof(l.stamp) : 1);
		f->files_why = why;
		note(f, rc, &why);
	}
	pthread_mutex_unlock(&f->p->lock);
	done(&l);
	nc_err_copy(err, &why);
	return rc;
}
