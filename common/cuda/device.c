/* device.c: the choice of a backend, and loading the GPU's. */
#include "cuda/device.h"

#include <dlfcn.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"

typedef const struct backend *(*open_backend)(int index, bool fast, bool tf32, char *what, size_t size);

/* Tries to load; why says what failed, the last reason of several. */
static void *load(char *why, size_t size)
{
	static const char *const places[] = { "", "../lib/", "../lib/pymic/" };
	const char *named = getenv("PYMIC_CUDA");
	char self[PATH_MAX], path[PATH_MAX + 64];
	void *so = NULL;

	const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	self[n > 0 ? n : 0] = '\0';
	const char *folder = dirname(self);
	snprintf(why, size, "libpymic-cuda.so is not installed beside this command");
	for (size_t i = 0; i < PM_COUNT(places) && !so; i++) {
		snprintf(path, sizeof path, "%s/%slibpymic-cuda.so", folder, places[i]);
		if (named && *named)
			snprintf(path, sizeof path, "%s", named);
		else if (access(path, F_OK))
			continue;
		so = dlopen(path, RTLD_NOW | RTLD_LOCAL);
		if (!so)
			snprintf(why, size, "%s", dlerror());
	}
	return so;
}

static const struct backend *cuda(int index, bool fast, bool tf32, char *what, size_t size)
{
	void *so = load(what, size);
	open_backend open;

	if (!so)
		return NULL;
	*(void **)&open = dlsym(so, "pymic_backend");
	if (!open) {
		snprintf(what, size, "%s", dlerror());
		return NULL;
	}
	return open(index, fast, tf32, what, size);
}

const struct backend *device_choose(const char *device, bool fast, bool tf32)
{
	char what[512], *end;
	long index = 0;

	if (!strcmp(device, "cpu"))
		return &backend_cpu;
	if (!strncmp(device, "cuda:", 5)) {
		index = strtol(device + 5, &end, 10);
		if (end == device + 5 || *end || index < 0 || index > 1023)
			die(PM_USAGE, "--device %s: the number of a GPU follows the colon, as in cuda:0", device);
	} else if (strcmp(device, "cuda") && strcmp(device, "auto")) {
		die(PM_USAGE, "--device %s: not one of auto, cpu, cuda, cuda:N", device);
	}
	/* Loading cuDNN takes a while: not where nothing speaks for a GPU. */
	if (!strcmp(device, "auto") && !getenv("PYMIC_CUDA") && access("/dev/nvidiactl", F_OK) && access("/dev/dxg", F_OK))
		return &backend_cpu;
	const struct backend *be = cuda((int)index, fast, tf32, what, sizeof what);
	if (be) {
		detail("GPU %ld: %s", index, what);
		return be;
	}
	if (strcmp(device, "auto"))
		die(PM_FAIL, "--device %s: %s", device, what);
	detail("no GPU: %s", what);
	return &backend_cpu;
}
