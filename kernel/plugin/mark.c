/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/mark.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/atomics.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/log.h"
#include "plugin/manifest.h"

/*
 * The handler may run on a broken heap with any lock held: it formats by hand into its own stack,
 * writes once to a descriptor opened long before, and hands the signal on. It must never allocate,
 * lock or log. It runs on a stack of its own, or the overflow of a thread's would end us unheard.
 */

#if defined(__x86_64__)
#define PC_OF(c) ((uintptr_t)(c)->uc_mcontext.gregs[REG_RIP])
#elif defined(__aarch64__)
#define PC_OF(c) ((uintptr_t)(c)->uc_mcontext.pc)
#else
#define PC_OF(c) ((void)(c), (uintptr_t)0)
#endif

#define HANDLER_STACK (64u << 10) /* a sanitizer's report is written there too */
#define IMAGES_MAX    256u        /* later ones are told by their marks alone */

static _Thread_local volatile nc_mark current; /* read by the handler on the same thread */
static volatile int crash_fd = -1;

/* Where plugins' code lies. Rows are written under image_lock before n_images counts them, and never
 * again: the handler reads without it. */
static struct image {
	char plugin[NC_PLUGIN_ID_MAX + 1];
	uintptr_t from, to;
} images[IMAGES_MAX];
static nc_beacon32 n_images;
static pthread_mutex_t image_lock = PTHREAD_MUTEX_INITIALIZER;

static const int fatal[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };
static struct sigaction former_actions[NC_LEN(fatal)];

/* ---- a stack for the handler ---- */

static _Thread_local int has_stack;
static pthread_once_t stack_once = PTHREAD_ONCE_INIT;
static pthread_key_t stack_key;
static int has_stack_key;

static void drop_stack(void *stack)
{
	(void)sigaltstack(&(stack_t){ .ss_flags = SS_DISABLE }, NULL);
	(void)munmap(stack, HANDLER_STACK);
}

static void make_stack_key(void)
{
	has_stack_key = pthread_key_create(&stack_key, drop_stack) == 0;
}

/* A sanitizer's threads have one already. Without memory there is none: a crash has its name all the
 * same unless it is an overflow. */
static void give_stack(void)
{
	stack_t now;
	has_stack = 1;
	(void)pthread_once(&stack_once, make_stack_key);
	if (!has_stack_key || sigaltstack(NULL, &now) < 0 || !(now.ss_flags & SS_DISABLE))
		return;
	void *stack = mmap(NULL, HANDLER_STACK, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (stack == MAP_FAILED)
		return;
	if (sigaltstack(&(stack_t){ .ss_sp = stack, .ss_size = HANDLER_STACK }, NULL) == 0 &&
		pthread_setspecific(stack_key, stack) == 0)
		return;
	drop_stack(stack);
}

nc_mark nc_mark_enter(const char *plugin, const char *what)
{
	if (!has_stack)
		give_stack();
	nc_mark former = { current.plugin, current.what };
	current.what = what;
	current.plugin = plugin;
	return former;
}

void nc_mark_leave(nc_mark former)
{
	current.plugin = former.plugin;
	current.what = former.what;
}

/* ---- whose code is it? ---- */

typedef struct search {
	uintptr_t symbol, from, to;
} search;

static int look_at_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	search *s = arg;
	uintptr_t from = UINTPTR_MAX, to = 0;
	(void)size;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		if (ph->p_type != PT_LOAD || !(ph->p_flags & PF_X))
			continue;
		from = NC_MIN(from, info->dlpi_addr + ph->p_vaddr);
		to = NC_MAX(to, info->dlpi_addr + ph->p_vaddr + ph->p_memsz);
	}
	if (s->symbol < from || s->symbol >= to)
		return 0;
	s->from = from;
	s->to = to;
	return 1;
}

void nc_mark_code(const char *plugin, const void *symbol)
{
	search s = { .symbol = (uintptr_t)symbol };
	if (!dl_iterate_phdr(look_at_object, &s))
		return;
	pthread_mutex_lock(&image_lock);
	uint32_t n = nc_beacon32_get(&n_images);
	if (n < IMAGES_MAX) {
		snprintf(images[n].plugin, sizeof(images[n].plugin), "%s", plugin);
		images[n].from = s.from;
		images[n].to = s.to;
		nc_beacon32_set(&n_images, n + 1);
	}
	pthread_mutex_unlock(&image_lock);
}

static const char *image_at(uintptr_t pc)
{
	uint32_t n = nc_beacon32_get(&n_images);
	for (uint32_t i = 0; i < n; i++)
		if (pc >= images[i].from && pc < images[i].to)
			return images[i].plugin;
	return NULL;
}

/* The mark, or else the plugin whose code the thread is in: one of its own. */
static nc_mark who(const ucontext_t *c)
{
	nc_mark mark = { current.plugin, current.what };
	if (!mark.plugin)
		mark = (nc_mark){ image_at(PC_OF(c)), "a thread of its own" };
	return mark;
}

/* ---- the handler ---- */

/* strlcpy without a library. */
static size_t append(char *line, size_t used, size_t cap, const char *s)
{
	while (*s && used < cap)
		line[used++] = *s++;
	return used;
}

static size_t append_number(char *line, size_t used, size_t cap, int n)
{
	char digits[12];
	size_t i = 0;
	do
		digits[i++] = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	while (i > 0 && used < cap)
		line[used++] = digits[--i];
	return used;
}

/* "11 com.acme.kvm compute.create\n" */
static void write_record(int sig, nc_mark mark)
{
	char line[256];
	size_t used = append_number(line, 0, sizeof(line) - 1, sig);
	used = append(line, used, sizeof(line) - 1, " ");
	used = append(line, used, sizeof(line) - 1, mark.plugin);
	used = append(line, used, sizeof(line) - 1, " ");
	used = append(line, used, sizeof(line) - 1, mark.what ? mark.what : "-");
	line[used++] = '\n';
	ssize_t n = write(crash_fd, line, used);
	(void)n; /* nobody is left to tell */
}

static void on_fatal(int sig, siginfo_t *info, void *context)
{
	int saved = errno;
	nc_mark mark = who(context);
	if (mark.plugin && crash_fd >= 0) {
		write_record(sig, mark);
		current.plugin = NULL; /* once, whatever the next handler does */
	}
	for (size_t i = 0; i < NC_LEN(fatal); i++)
		if (fatal[i] == sig)
			sigaction(sig, &former_actions[i], NULL);
	/* A fault comes again by itself when we return, with its true place for the core dump. */
	if (info->si_code <= 0)
		raise(sig);
	errno = saved;
}

nc_code nc_mark_install(const char *path, nc_error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0 && (errno == EROFS || errno == ENOSPC || errno == EDQUOT)) {
		nc_log(L_WARN, "plugin.crash_record.failed", F_STR("path", path),
			F_STR("consequence", "crashes of plugins are not recorded"));
		fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	}
	if (fd < 0)
		return nc_err_errno(err, errno, "could not open the crash record %s", path);
	int is_first = crash_fd < 0, old = crash_fd;
	crash_fd = fd;
	nc_closep(&old);
	if (!is_first)
		return NC_OK;
	struct sigaction act = { .sa_sigaction = on_fatal,
		.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
	sigemptyset(&act.sa_mask);
	for (size_t i = 0; i < NC_LEN(fatal); i++)
		if (sigaction(fatal[i], &act, &former_actions[i]) < 0)
			return nc_err_errno(err, errno, "could not watch for crashes");
	return NC_OK;
}
