/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/pool.h"

/*
 * Every thread of the product starts here: named, for top and gdb, and with signals blocked, so
 * that they arrive at the main thread's signalfd. Those that a thread's own fault raises stay
 * open, else the kernel would kill the process before a crash handler could name the plugin.
 */

_Static_assert(sizeof(pthread_t) <= sizeof(uint64_t), "a thread's handle fits the storage");

static void block_signals(sigset_t *ret_former)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS };
	sigset_t blocked;
	sigfillset(&blocked);
	for (size_t i = 0; i < NC_LEN(faults); i++)
		sigdelset(&blocked, faults[i]);
	pthread_sigmask(SIG_SETMASK, &blocked, ret_former);
}

int nc_thread_start(uint64_t *ret_tid_storage, const char *name, void *(*fn)(void *), void *arg)
{
	sigset_t former;
	pthread_t thread;
	block_signals(&former); /* the new thread inherits the mask */
	int rc = pthread_create(&thread, NULL, fn, arg);
	pthread_sigmask(SIG_SETMASK, &former, NULL);
	if (rc != 0)
		return rc;
	char short_name[16]; /* the kernel's limit */
	snprintf(short_name, sizeof(short_name), "%.15s", name);
	(void)pthread_setname_np(thread, short_name); /* a thread without a name runs as well */
	*ret_tid_storage = 0;
	memcpy(ret_tid_storage, &thread, sizeof(thread));
	return 0;
}

void nc_thread_yield_to_others(void)
{
	/* Linux keeps a nice value per thread: a third of the weight of those at 0. */
	id_t self = (id_t)gettid();
	(void)setpriority(PRIO_PROCESS, self, getpriority(PRIO_PROCESS, self) + 5);
}

void nc_thread_join(uint64_t tid_storage)
{
	pthread_t thread;
	memcpy(&thread, &tid_storage, sizeof(thread));
	int rc = pthread_join(thread, NULL);
	nc_assert(rc == 0);
}

void nc_thread_detach(uint64_t tid_storage)
{
	pthread_t thread;
	memcpy(&thread, &tid_storage, sizeof(thread));
	int rc = pthread_detach(thread);
	nc_assert(rc == 0);
}
