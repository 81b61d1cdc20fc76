/* cpu.c: how many threads may run at once. */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

/* The first numbers of a small file; how many were there. "max" ends the list. */
static int read_numbers(const char *path, double *v, int max)
{
	FILE *fp = fopen(path, "re");
	int n = 0;
	if (!fp)
		return 0;
	long long x;
	while (n < max && fscanf(fp, "%lld", &x) == 1)
		v[n++] = x;
	fclose(fp);
	return n;
}

/* CPUs that one group may use, HUGE where there is no quota. v2: "quota period" in one file, v1: two files. */
static double group_quota(const char *folder, bool v2)
{
	double v[2];
	char path[4200];
	if (v2) {
		snprintf(path, sizeof path, "%s/cpu.max", folder);
		if (read_numbers(path, v, 2) < 2)
			return 1e9;
	} else {
		snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", folder);
		if (read_numbers(path, v, 1) < 1)
			return 1e9;
		snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
		if (read_numbers(path, v + 1, 1) < 1)
			return 1e9;
	}
	return v[0] > 0 && v[1] > 0 ? v[0] / v[1] : 1e9;
}

/* The tightest quota from the group at path up to the root of the hierarchy. */
static double tree_quota(const char *root, const char *path, bool v2)
{
	char folder[4096];
	double least = 1e9;
	if (snprintf(folder, sizeof folder, "%s%s", root, path) >= (int)sizeof folder)
		return least;
	for (;;) {
		double q = group_quota(folder, v2);
		if (q < least)
			least = q;
		char *slash = strrchr(folder, '/');
		if (strlen(folder) <= strlen(root) || !slash)
			return least;
		*slash = '\0';
	}
}

static double quota(void)
{
	char line[4096];
	double least = 1e9;
	FILE *fp = fopen("/proc/self/cgroup", "re");
	if (!fp)
		return least;
	while (fgets(line, sizeof line, fp)) {
		line[strcspn(line, "\n")] = '\0';
		char *controllers = strchr(line, ':');
		char *path = controllers ? strchr(controllers + 1, ':') : NULL;
		if (!path)
			continue;
		*path++ = '\0';
		controllers++;
		double q = 1e9;
		if (!*controllers)
			q = tree_quota("/sys/fs/cgroup", path, true);
		else if (!strcmp(controllers, "cpu") || !strcmp(controllers, "cpu,cpuacct") || !strcmp(controllers, "cpuacct,cpu"))
			q = tree_quota("/sys/fs/cgroup/cpu", path, false);
		if (q < least)
			least = q;
	}
	fclose(fp);
	return least;
}

int cpu_count(void)
{
	enum { MAX = 8192 };
	cpu_set_t *set = CPU_ALLOC(MAX);
	int n = 1;
	if (set && sched_getaffinity(0, CPU_ALLOC_SIZE(MAX), set) == 0)
		n = CPU_COUNT_S(CPU_ALLOC_SIZE(MAX), set);
	if (set)
		CPU_FREE(set);
	double q = quota();
	if (q < n)
		n = q > (int)q ? (int)q + 1 : (int)q;
	return n > 0 ? n : 1;
}
