/* SPDX-License-Identifier: Apache-2.0 */
#include "process_state.h"

#include <dirent.h>
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "plugin/rules.h"

/*
 * A plugin shares its process with others, in the daemon at least, so mapping it and calling its
 * entry must leave no trace: no thread, no descriptor, no handler, no other folder or locale.
 */

extern char **environ;

static nc_code count_entries(const char *path, size_t *ret, nc_error *err)
{
	size_t n = 0;
	DIR *dir = opendir(path);
	if (!dir)
		return nc_err_errno(err, errno, "could not read %s", path);
	for (const struct dirent *e; (e = readdir(dir));)
		n += e->d_name[0] != '.';
	closedir(dir);
	*ret = n;
	return NC_OK;
}

nc_code process_state_read(process_state *s, nc_error *err)
{
	memset(s, 0, sizeof(*s));
	for (int sig = 1; sig < (int)(sizeof(s->actions) / sizeof(s->actions[0])); sig++)
		(void)sigaction(sig, NULL, &s->actions[sig]);
	if (!getcwd(s->cwd, sizeof(s->cwd)))
		s->cwd[0] = 0;
	const char *locale = setlocale(LC_ALL, NULL);
	snprintf(s->locale, sizeof(s->locale), "%s", locale ? locale : "");
	s->mask = umask(0);
	(void)umask(s->mask);
	while (environ && environ[s->n_env])
		s->n_env++;
	nc_code rc = count_entries("/proc/self/task", &s->n_threads, err);
	return rc == NC_OK ? count_entries("/proc/self/fd", &s->n_fds, err) : rc;
}

static int has_other_handlers(const process_state *a, const process_state *b)
{
	for (size_t i = 1; i < sizeof(a->actions) / sizeof(a->actions[0]); i++)
		if (a->actions[i].sa_handler != b->actions[i].sa_handler)
			return 1;
	return 0;
}

const char *process_state_compare(
	const process_state *before, const process_state *after, int *ret_rule)
{
	*ret_rule = NC_P2_ENTRY;
	if (after->n_threads > before->n_threads)
		return "it starts a thread before an instance is created";
	if (after->n_fds > before->n_fds)
		return "it opens a descriptor before an instance is created";
	*ret_rule = NC_P7_PROCESS;
	if (has_other_handlers(before, after))
		return "it installs a signal handler";
	if (strcmp(before->cwd, after->cwd) != 0)
		return "it changes the working folder";
	if (before->mask != after->mask)
		return "it changes the umask";
	if (strcmp(before->locale, after->locale) != 0)
		return "it changes the locale";
	if (before->n_env != after->n_env)
		return "it changes the environment";
	return NULL;
}
