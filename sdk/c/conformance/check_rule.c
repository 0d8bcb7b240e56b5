/* SPDX-License-Identifier: Apache-2.0 */
/* The rules that are about the plugin as a whole: what it exports, what it leaves behind, what it
 * does to the process it lives in. */
#include <dirent.h>
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "checks.h"

typedef struct image {
	const char *base;
	size_t size;
} image;

static bool map_file(const char *path, image *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *p = MAP_FAILED;

	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > (off_t)sizeof(Elf64_Ehdr))
		p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (fd >= 0)
		close(fd);
	if (p == MAP_FAILED)
		return false;
	*ret = (image){ p, (size_t)st.st_size };
	return true;
}

/* Bytes at an offset of the file; NULL when they are not all there. */
static const void *part(const image *im, uint64_t offset, uint64_t size)
{
	return offset <= im->size && size <= im->size - offset ? im->base + offset : NULL;
}

static bool is_allowed(const char *name)
{
	static const char *const linkers[] = { "_init", "_fini", "_edata", "_end", "__bss_start" };
	size_t n = strlen("nc_plugin_entry_v");

	for (size_t i = 0; i < sizeof(linkers) / sizeof(linkers[0]); i++)
		if (strcmp(name, linkers[i]) == 0)
			return true;
	return strncmp(name, "nc_plugin_entry_v", n) == 0 && name[n] >= '1' && name[n] <= '9' &&
	       strspn(name + n, "0123456789") == strlen(name + n);
}

/* Sanitizers put symbols of their own into what they build. */
static bool is_instrumented(const char *name)
{
	return strncmp(name, "__asan_", 7) == 0 || strncmp(name, "__ubsan_", 8) == 0 ||
	       strncmp(name, "__odr_asan", 10) == 0 || strncmp(name, "__tsan_", 7) == 0;
}

/* The dynamic symbols of an object. */
typedef struct symbols {
	const Elf64_Sym *list;
	size_t n;
	const char *names;
	size_t names_len;
} symbols;

static const char *name_of(const symbols *s, size_t i)
{
	return s->list[i].st_name < s->names_len ? s->names + s->list[i].st_name : "";
}

static void judge_exports(const symbols *s)
{
	unsigned n_extra = 0;
	bool has_entry = false;
	const char *extra = "";

	for (size_t i = 0; i < s->n; i++) {
		const char *name = name_of(s, i);

		if (s->list[i].st_shndx == SHN_UNDEF ||
			ELF64_ST_BIND(s->list[i].st_info) == STB_LOCAL)
			continue;
		has_entry |= strcmp(name, NC_ENTRY_SYMBOL) == 0;
		if (!is_allowed(name) && !is_instrumented(name)) {
			n_extra++;
			extra = name;
		}
	}
	if (!has_entry)
		kit_found("P1", "", KIT_FAIL, "does not export " NC_ENTRY_SYMBOL);
	if (n_extra)
		kit_found("P1", "", KIT_FAIL,
			"exports %u symbols more, as %s; build with hidden "
			"visibility",
			n_extra, extra);
	if (has_entry && !n_extra)
		kit_found("P1", "", KIT_PASS, NC_ENTRY_SYMBOL);
}

/* NULL, or why there are none. */
static const char *find_symbols(const image *im, symbols *ret)
{
	const Elf64_Ehdr *head = (const void *)im->base;
	const Elf64_Shdr *sections;

	if (memcmp(im->base, ELFMAG, SELFMAG) != 0 || im->base[EI_CLASS] != ELFCLASS64)
		return "is no 64-bit shared object";
	sections = part(im, head->e_shoff, (uint64_t)head->e_shnum * sizeof(*sections));
	for (unsigned i = 0; sections && i < head->e_shnum; i++) {
		const Elf64_Shdr *s = &sections[i], *n = NULL;

		if (s->sh_type != SHT_DYNSYM || s->sh_link >= head->e_shnum)
			continue;
		n = &sections[s->sh_link];
		*ret = (symbols){ part(im, s->sh_offset, s->sh_size),
			s->sh_size / sizeof(Elf64_Sym), part(im, n->sh_offset, n->sh_size),
			n->sh_size };
		if (ret->list && ret->names && ret->names_len &&
			ret->names[ret->names_len - 1] == '\0')
			return NULL;
	}
	return "has no table of dynamic symbols";
}

void kit_check_exports(const kit_folder *f, const void *arg)
{
	const char *why = "can't be read";
	symbols s;
	image im;

	(void)arg;
	if (map_file(f->entry, &im))
		why = find_symbols(&im, &s);
	if (why)
		kit_found("P1", "", KIT_FAIL, "%s %s", f->entry, why);
	else
		judge_exports(&s);
}

/* Of C++ the compiler asks for __cxa_atexit itself, for what has a destructor; in C that is atexit,
 * which the linker puts into each object. */
static bool is_cxx(const symbols *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (strncmp(name_of(s, i), "_Z", 2) == 0 ||
			strncmp(name_of(s, i), "__gxx_personality", 17) == 0)
			return true;
	return false;
}

/* What runs at the end of the process is no call of the host's. */
void kit_check_exit_handlers(const kit_folder *f, const void *arg)
{
	static const char *const handlers[] = { "atexit", "__cxa_atexit", "on_exit",
		"at_quick_exit", "__cxa_at_quick_exit" };
	symbols s;
	image im;

	(void)arg;
	if (!map_file(f->entry, &im) || find_symbols(&im, &s))
		return; /* P1 says so */
	for (size_t i = 0; i < s.n; i++)
		for (size_t j = 0; j < sizeof(handlers) / sizeof(handlers[0]); j++)
			if (s.list[i].st_shndx == SHN_UNDEF &&
				strcmp(name_of(&s, i), handlers[j]) == 0 &&
				!(strcmp(handlers[j], "__cxa_atexit") == 0 && is_cxx(&s)))
				kit_found("P7", "", KIT_FAIL,
					"calls %s, for the end of the process", handlers[j]);
}

static unsigned count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	for (struct dirent *e; dir && (e = readdir(dir));)
		n += e->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return n;
}

/* Bytes this process has handed to write and its kin; -1: not known here. */
static long long bytes_written(void)
{
	char text[512];
	int fd = open("/proc/self/io", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	const char *at;

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	at = strstr(text, "wchar:");
	return at ? strtoll(at + 6, NULL, 10) : -1;
}

/* What others in the process rely on. */
typedef struct surroundings {
	struct sigaction signals[NSIG];
	char cwd[4096], locale[512];
	mode_t mask;
	uint64_t env;
	unsigned fds, threads;
	long long written;
} surroundings;

extern char **environ;

static void look(surroundings *s)
{
	memset(s, 0, sizeof(*s));
	for (int i = 1; i < NSIG; i++)
		(void)sigaction(i, NULL, &s->signals[i]);
	if (!getcwd(s->cwd, sizeof(s->cwd)))
		*s->cwd = '\0';
	(void)snprintf(s->locale, sizeof(s->locale), "%s", setlocale(LC_ALL, NULL));
	s->mask = umask(0);
	umask(s->mask);
	for (char **e = environ; e && *e; e++)
		for (const char *p = *e; *p; p++)
			s->env = (s->env ^ (unsigned char)*p) * 0x100000001B3u;
	s->fds = count_fds();
	s->threads = kit_count_threads(KIT_OWN_THREADS);
	s->written = bytes_written();
}

static int changed_signal(const surroundings *a, const surroundings *b)
{
	for (int i = 1; i < NSIG; i++)
		if (a->signals[i].sa_handler != b->signals[i].sa_handler ||
			a->signals[i].sa_flags != b->signals[i].sa_flags)
			return i;
	return 0;
}

/* NULL, or what is no longer as it was. */
static const char *what_changed(const surroundings *a, const surroundings *b)
{
	static char text[64];
	int sig = changed_signal(a, b);

	if (sig) {
		(void)snprintf(text, sizeof(text), "the handler of %s", strsignal(sig));
		return text;
	}
	if (strcmp(a->cwd, b->cwd) != 0)
		return "the working directory";
	if (strcmp(a->locale, b->locale) != 0)
		return "the locale";
	if (a->mask != b->mask)
		return "the umask";
	return a->env != b->env ? "the environment" : NULL;
}

static bool judge_loading(const surroundings *a, const surroundings *b, const char *when)
{
	const char *what = what_changed(a, b);

	if (what)
		kit_found("P2", "", KIT_FAIL, "%s changes %s", when, what);
	if (b->fds != a->fds)
		kit_found("P2", "", KIT_FAIL, "%s leaves %d descriptors open", when,
			(int)(b->fds - a->fds));
	if (b->threads != a->threads)
		kit_found("P2", "", KIT_FAIL, "%s starts %d threads", when,
			(int)(b->threads - a->threads));
	if (b->written != a->written)
		kit_found(
			"P2", "", KIT_FAIL, "%s writes %lld bytes", when, b->written - a->written);
	return !what && b->fds == a->fds && b->threads == a->threads && b->written == a->written;
}

static bool is_same_entry(const nc_entry *a, const nc_entry *b)
{
	return a == b && a->id && a->version && a->manifest_json && a->config_schema_json;
}

void kit_check_entry(const kit_folder *f, const void *arg)
{
	surroundings before, loaded, asked;
	nc_plugin_entry_fn fn;
	const nc_entry *first, *second;
	void *symbol;
	size_t heap;
	bool ok;

	(void)arg;
	(void)dlsym(RTLD_DEFAULT, "malloc"); /* what the linker does once is not the plugin's */
	look(&before);
	symbol = dlopen(f->entry, RTLD_NOW | RTLD_LOCAL);
	symbol = symbol ? dlsym(symbol, NC_ENTRY_SYMBOL) : NULL;
	memcpy(&fn, &symbol, sizeof(fn));
	if (!fn) {
		kit_found("P2", "", KIT_FAIL, "can't be loaded: %s", dlerror());
		return;
	}
	look(&loaded);
	heap = mallinfo2().uordblks;
	first = fn(NC_ABI);
	second = fn(NC_ABI);
	heap = mallinfo2().uordblks - heap;
	look(&asked);
	ok = judge_loading(&before, &loaded, "loading it");
	ok &= judge_loading(&loaded, &asked, "its entry");
	if (heap)
		kit_found("P2", "", KIT_FAIL, "its entry allocates %zu bytes", heap);
	if (!is_same_entry(first, second))
		kit_found(
			"P2", "", KIT_FAIL, "its entry is not the same each time, or lacks a text");
	if (fn(0x7FFF0000u))
		kit_found("P2", "", KIT_FAIL, "its entry takes a host of major 32767");
	else if (ok && !heap && is_same_entry(first, second))
		kit_found("P2", "", KIT_PASS, "no descriptor, thread, write or allocation");
}

void kit_check_bare_host(const kit_folder *f, const void *arg)
{
	kit_host *h;
	kit_stage s;
	nc_error err;
	nc_code rc;

	(void)arg;
	if (json_array_size(json_object_get(f->manifest, "wants")) == 0) {
		kit_found("P3", "", KIT_NOT_EXERCISED, "it wants nothing it could do without");
		return;
	}
	h = kit_host_new(f, kit_load(f, "P3")->plugin);
	h->offers_nothing = true;
	rc = kit_host_create(h, f->bare_config, &err);
	if (rc != NC_OK && !err.hint[0]) {
		kit_found("P3", "", KIT_FAIL, "create fails with %d and no hint: %s", rc,
			err.message);
		return;
	}
	if (rc == NC_OK) {
		const kit_verb *v = kit_verb_find("compute.create");

		if (kit_stage_open(&s, h) && kit_stage_prepare(&s, 0))
			(void)kit_try(&s, v, &(kit_how){ .wait = true });
		kit_finish(h);
	}
	kit_found("P3", "", KIT_PASS,
		rc == NC_OK ? "works on a host without what it wants"
			    : "says what it lacks and how to help");
}

static unsigned n_forks;

static void count_fork(void)
{
	n_forks++;
}

static bool has_children(void)
{
	int status;
	pid_t pid = waitpid(-1, &status, WNOHANG);

	return pid > 0 || (pid == 0 || errno != ECHILD);
}

static void judge_life(const kit_folder *f, const surroundings *a, const surroundings *b)
{
	const char *what = what_changed(a, b);
	bool may_fork = json_array_size(
		json_object_get(json_object_get(f->manifest, "permissions"), "exec"));
	bool forked = (n_forks || has_children()) && !may_fork;

	if (what)
		kit_found("P7", "", KIT_FAIL, "changes %s", what);
	if (forked)
		kit_found("P7", "", KIT_FAIL, "forks without permissions.exec");
	if (!what && !forked)
		kit_found("P7", "", KIT_PASS,
			"signals, directory, umask, locale, environment, children as before");
	if (b->fds > a->fds)
		kit_found("P6", "", KIT_FAIL, "%u descriptors are left after destroy",
			b->fds - a->fds);
}

void kit_check_life(const kit_folder *f, const void *arg)
{
	const nc_entry *entry = kit_load(f, "P7");
	kit_host *h = kit_host_new(f, entry->plugin);
	surroundings before, after;
	kit_stage s;
	nc_error err;

	(void)arg;
	(void)pthread_atfork(count_fork, NULL, NULL);
	look(&before);
	if (kit_host_create(h, f->config, &err) != NC_OK) {
		kit_found("P7", "", KIT_FAIL, "create failed: %s", err.message);
		return;
	}
	if (kit_stage_open(&s, h)) {
		static const char *const verbs[] = { "compute.create", "compute.power",
			"compute.destroy" };

		(void)kit_stage_prepare(&s, 0);
		for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
			kit_op *op =
				kit_try(&s, kit_verb_find(verbs[i]), &(kit_how){ .wait = true });
			json_t *doc = op && op->result ? json_loads(op->result, 0, NULL) : NULL;
			const char *id = json_string_value(json_object_get(doc, "native_id"));

			if (id)
				(void)snprintf(s.native_id, sizeof(s.native_id), "%s", id);
			json_decref(doc);
		}
	}
	kit_finish(h);
	kit_sleep_ms(200);
	look(&after);
	judge_life(f, &before, &after);
}

void kit_check_hasty_end(const kit_folder *f, const void *arg)
{
	kit_host *h = kit_open(f, "P4", "");
	kit_stage s;

	(void)arg;
	kit_open_stage(&s, h, "P4", "");
	for (int i = 0; i < 8 && kit_stage_prepare(&s, 0); i++)
		(void)kit_try(&s, kit_verb_find("compute.create"), &(kit_how){ .wait = false });
	kit_finish(h);
}

void kit_check_small_sink(const kit_folder *f, const void *arg)
{
	kit_host *h = kit_open(f, "P11", "");
	kit_stage s;
	unsigned n_tried = 0;

	(void)arg;
	kit_open_stage(&s, h, "P11", "");
	for (const kit_verb *v = kit_verbs; v->name; v++) {
		nc_query_fn fn =
			v->is_query && kit_folder_provides(f, v->ext) ? kit_query_slot(h, v) : NULL;
		struct nc_sink *sink;
		nc_plug_buf req = NC_PLUG_BUF(65536);
		nc_error err = { .struct_size = sizeof(err) };
		kit_op *op;
		nc_code rc;

		if (!fn || !kit_stage_prepare(&s, v->needs))
			continue;
		sink = kit_sink_new(h);
		sink->refuse_after = 0;
		op = kit_op_new(h, v->name, NULL);
		op->is_query = true;
		(void)v->request(&s, &req);
		rc = fn(h->inst, op->op, nc_plug_str(kit_stage_target(&s, v)),
			nc_plug_buf_bytes(&req), sink, &err);
		if (sink->n_refused && rc == NC_OK)
			kit_broken(h, "P11", v->name, "says OK though its sink refused");
		n_tried += sink->n_refused > 0;
		nc_plug_buf_done(&req);
		kit_sink_free(sink);
	}
	kit_finish(h);
	if (n_tried && !(h->told >> 11 & 1))
		kit_found("P11", "", KIT_PASS, "%u queries stop when their sink refuses", n_tried);
}
