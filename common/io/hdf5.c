/*
 * hdf5.c: HDF5 files with the arrays image, label and weight at their root. The library is kept on a short lead: hard
 * links only, no external or virtual storage, no plugins, no filters but gzip, shuffle and checksum, sizes that the file can
 * justify. It is also known to crash on files made to that end (one mutation of some ten thousand will do): it works in a
 * process of its own for each file, which cannot open a second one and hands the voxels over in shared memory. Those come
 * from this program started once more, which has no threads: in a copy of a process with threads a lock may be taken for ever.
 */
#include "io/hdf5_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hdf5.h>

enum { H5_RATIO = 1100, H5_CHANNELS = 4096 };
enum { TALK, VOXELS, ALIVE, FDS }; /* what a request brings: shared memory twice, and what closes with the reading process */

static const char reader[] = "hdf5-reader"; /* argv[0] of the program that is started */

/* What is asked, and what is answered. */
struct talk {
	char path[PATH_MAX], array[16];
	int64_t size; /* of the file */
	struct window window;
	bool windowed, begun, answered, failed;
	enum dtype t;
	int64_t dim[4], whole[3], from[3];
	int dims;
	bool spaced, placed;
	double spacing[3], affine[16];
	struct err e;
};

static int find_type(hid_t type, enum dtype *t)
{
	static const enum dtype ints[2][9] = {
		{ [1] = PM_U8, [2] = PM_U16, [4] = PM_U32, [8] = PM_U64 },
		{ [1] = PM_I8, [2] = PM_I16, [4] = PM_I32, [8] = PM_I64 },
	};
	size_t size = H5Tget_size(type);
	switch (H5Tget_class(type)) {
	case H5T_INTEGER:
		if (size != 1 && size != 2 && size != 4 && size != 8)
			return -1;
		*t = ints[H5Tget_sign(type) == H5T_SGN_2][size];
		return 0;
	case H5T_FLOAT:
		if (size != 2 && size != 4 && size != 8)
			return -1;
		*t = size == 8 ? PM_F64 : PM_F32; /* half floats are read as f32 */
		return 0;
	default:
		return -1;
	}
}

int64_t hdf5_type(enum dtype t)
{
	switch (t) {
	case PM_U8: return H5T_NATIVE_UINT8;
	case PM_I8: return H5T_NATIVE_INT8;
	case PM_U16: return H5T_NATIVE_UINT16;
	case PM_I16: return H5T_NATIVE_INT16;
	case PM_U32: return H5T_NATIVE_UINT32;
	case PM_I32: return H5T_NATIVE_INT32;
	case PM_U64: return H5T_NATIVE_UINT64;
	case PM_I64: return H5T_NATIVE_INT64;
	case PM_F32: return H5T_NATIVE_FLOAT;
	default: return H5T_NATIVE_DOUBLE;
	}
}

/* A chunk is unpacked whole, however little of it is wanted. */
static bool huge_chunk(hid_t plist, int64_t size)
{
	hsize_t chunk[H5S_MAX_RANK];
	int64_t factor[H5S_MAX_RANK + 1] = { 8 }, bytes;
	int n = H5Pget_layout(plist) == H5D_CHUNKED ? H5Pget_chunk(plist, H5S_MAX_RANK, chunk) : 0;
	for (int i = 0; i < n; i++)
		factor[i + 1] = chunk[i] > INT64_MAX ? -1 : (int64_t)chunk[i];
	return n < 0 || !product(factor, n + 1, &bytes) || bytes / 8 / H5_RATIO > size;
}

/* Storage inside this file, and only filters that are part of every libhdf5. */
static int check_storage(hid_t set, const char *path, const char *name, int64_t size, struct err *e)
{
	hid_t plist = H5Dget_create_plist(set);
	H5D_layout_t layout = H5Pget_layout(plist);
	int filters = H5Pget_nfilters(plist), bad = 0;
	bool outside = H5Pget_external_count(plist) != 0 || layout == H5D_VIRTUAL || layout < 0;
	for (int i = 0; i < filters; i++) {
		unsigned flags, config;
		size_t n = 0;
		int id = (int)H5Pget_filter2(plist, (unsigned)i, &flags, &n, NULL, 0, NULL, &config);
		if (id != H5Z_FILTER_DEFLATE && id != H5Z_FILTER_SHUFFLE && id != H5Z_FILTER_FLETCHER32)
			bad = id ? id : -1;
	}
	bool huge = huge_chunk(plist, size);
	H5Pclose(plist);
	if (outside)
		return err_set(e, "%s: '%s' lies in another file: copy it into this one (h5repack)", path, name);
	if (bad || filters < 0)
		return err_set(e, "%s: '%s' is packed with filter %d; gzip is read: h5repack -f GZIP=1", path, name, bad);
	if (huge)
		return err_set(e, "%s: '%s' has chunks that promise more than the file can hold: truncated or corrupt", path, name);
	return 0;
}

/* n numbers in an attribute of the array. */
static bool attribute(hid_t set, const char *name, int n, double *to)
{
	hid_t a = H5Aexists(set, name) > 0 ? H5Aopen(set, name, H5P_DEFAULT) : -1, space = a < 0 ? -1 : H5Aget_space(a),
		type = a < 0 ? -1 : H5Aget_type(a);
	bool good = space >= 0 && type >= 0 && H5Sget_simple_extent_npoints(space) == n && H5Tget_class(type) == H5T_FLOAT &&
		H5Aread(a, H5T_NATIVE_DOUBLE, to) >= 0;
	if (type >= 0)
		H5Tclose(type);
	if (space >= 0)
		H5Sclose(space);
	if (a >= 0)
		H5Aclose(a);
	return good;
}

static int read_shape(hid_t set, int64_t dim[4], int *rank)
{
	hid_t space = H5Dget_space(set);
	hsize_t size[4];
	*rank = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
	bool ok = *rank >= 2 && *rank <= 4 && H5Sget_simple_extent_dims(space, size, NULL) == *rank;
	if (space >= 0)
		H5Sclose(space);
	for (int i = 0; i < 4; i++) {
		int k = i - (4 - *rank);
		dim[i] = !ok || k < 0 ? 1 : size[k] > INT64_MAX ? -1 : (int64_t)size[k];
	}
	return ok ? 0 : -1;
}

/* Selects the window, which becomes t's shape: only its chunks are read then. The memory's space, or H5S_ALL for all. */
static int select_window(hid_t set, const struct window *w, int rank, const char *path, struct tensor *t, hid_t *mem, hid_t *in,
	struct talk *a)
{
	hsize_t from[4] = { 0 }, size[4];
	*mem = *in = H5S_ALL;
	memcpy(a->whole, t->dim + 1, sizeof(a->whole));
	memset(a->from, 0, sizeof(a->from));
	if (!w)
		return 0;
	if (t->dim[0] > H5_CHANNELS)
		return err_set(&a->e, "%s: more than %d channels", path, H5_CHANNELS);
	if (window_place(w, a->whole, a->from, path, &a->e) != 0)
		return -1;
	for (int i = 0; i < 3; i++)
		t->dim[i + 1] = w->size[i] ? w->size[i] : a->whole[i];
	for (int i = 0; i < rank; i++) {
		int k = i + 4 - rank;
		from[i] = k ? (hsize_t)a->from[k - 1] : 0;
		size[i] = (hsize_t)t->dim[k];
	}
	*in = H5Dget_space(set);
	*mem = H5Screate_simple(rank, size, NULL);
	return H5Sselect_hyperslab(*in, H5S_SELECT_SET, from, NULL, size, NULL) < 0 ? err_set(&a->e, "%s: no such box", path) : 0;
}

static int read_set(hid_t set, int voxels, struct talk *a)
{
	const char *path = a->path, *name = a->array;
	const struct window *w = a->windowed ? &a->window : NULL;
	hid_t mem, in;
	struct err *e = &a->e;
	struct tensor t = { .rank = 4 };
	size_t bytes;
	int rank;
	if (check_storage(set, path, name, a->size, e) != 0)
		return -1;
	if (read_shape(set, t.dim, &rank) != 0)
		return err_set(e, "%s: '%s' has %d dimensions: 2, 3 or 4 are read", path, name, rank);
	hid_t type = H5Dget_type(set);
	int unknown = find_type(type, &t.dtype);
	H5Tclose(type);
	if (unknown)
		return err_set(e, "%s: '%s' does not hold numbers", path, name);
	if (tensor_bytes(&t, &bytes) != 0 || bytes == 0 || H5Dget_storage_size(set) == 0 ||
		(!w && bytes / H5_RATIO > (size_t)a->size))
		return err_set(e, "%s: '%s' promises more than the file can hold: truncated or corrupt", path, name);
	if (select_window(set, w, rank, path, &t, &mem, &in, a) != 0 || tensor_bytes(&t, &bytes) != 0)
		return -1;
	void *data = MAP_FAILED;
	if (ftruncate(voxels, (off_t)bytes) == 0)
		data = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, voxels, 0);
	if (data == MAP_FAILED)
		return err_set(e, "%s: no memory for %zu bytes: %s", path, bytes, strerror(errno));
	if (H5Dread(set, hdf5_type(t.dtype), mem, in, H5P_DEFAULT, data) < 0)
		return err_set(e, "%s: '%s' cannot be read: truncated or corrupt", path, name);
	a->spaced = attribute(set, "spacing", 3, a->spacing);
	a->placed = attribute(set, "affine", 16, a->affine);
	a->t = t.dtype;
	memcpy(a->dim, t.dim, sizeof(a->dim));
	a->dims = rank == 2 ? 2 : 3;
	return 0;
}

static int read_file(int voxels, struct talk *a)
{
	const char *path = a->path, *name = a->array;
	struct err *e = &a->e;
	H5L_info_t link;
	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
	hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
	if (file < 0)
		return err_set(e, "%s: not an HDF5 file, or truncated", path);
	const struct rlimit none = { 0, 0 };
	setrlimit(RLIMIT_NOFILE, &none); /* whatever the file says: no other one is opened */
	if (H5Lexists(file, name, H5P_DEFAULT) <= 0 || H5Lget_info(file, name, &link, H5P_DEFAULT) < 0)
		return err_set(e, "%s: has no array named '%s'", path, name);
	if (link.type != H5L_TYPE_HARD)
		return err_set(e, "%s: '%s' is a link: copy the array into this file (h5repack)", path, name);
	hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
	if (set < 0)
		return err_set(e, "%s: '%s' is not an array", path, name);
	return read_set(set, voxels, a);
}

/* A request's descriptors. */
union rights {
	struct cmsghdr head;
	char room[CMSG_SPACE(FDS * sizeof(int))];
};

static struct talk *map_talk(int fd)
{
	return mmap(NULL, sizeof(struct talk), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

static void answer(const int fd[FDS])
{
	struct talk *a = map_talk(fd[TALK]);
	if (a == MAP_FAILED)
		return;
	a->begun = true;
	rlim_t seconds = 60 + (rlim_t)(a->size >> 20);
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	setrlimit(RLIMIT_CPU, &(struct rlimit){ seconds, seconds });
	a->failed = read_file(fd[VOXELS], a) != 0;
	a->answered = true;
}

/* The program that was started: main never runs there. It ends with the one that started it. */
__attribute__((constructor)) static void serve(int argc, char **argv)
{
	if (argc != 1 || strcmp(argv[0], reader))
		return;
	signal(SIGCHLD, SIG_IGN); /* nobody waits for a child */
	H5open(); /* here, so that each child need not */
	H5PLset_loading_state(0);
	for (;;) {
		char byte;
		int fd[FDS];
		union rights rights;
		struct msghdr m = { .msg_iov = &(struct iovec){ &byte, 1 }, .msg_iovlen = 1, .msg_control = &rights, .msg_controllen = sizeof(rights) };
		ssize_t got = recvmsg(STDIN_FILENO, &m, MSG_CMSG_CLOEXEC);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || m.msg_controllen < sizeof(rights))
			_exit(0);
		memcpy(fd, CMSG_DATA(&rights.head), sizeof(fd));
		if (fork() == 0) {
			answer(fd);
			_exit(0);
		}
		for (int i = 0; i < FDS; i++)
			close(fd[i]);
	}
}

/* 0 and the socket to it, or a number of errno.h. */
static int start(int *to)
{
	int pair[2];
	posix_spawn_file_actions_t fds;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return errno;
	posix_spawn_file_actions_init(&fds);
	posix_spawn_file_actions_adddup2(&fds, pair[1], STDIN_FILENO);
	posix_spawn_file_actions_addopen(&fds, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	int failed = posix_spawn(&(pid_t){ 0 }, "/proc/self/exe", &fds, NULL, (char *[]){ (char *)reader, NULL }, environ);
	posix_spawn_file_actions_destroy(&fds);
	close(pair[1]);
	*to = pair[0];
	return failed;
}

/* Sends a request, to a program that is started if need be. 0, or a number of errno.h. */
static int request(const int fd[FDS])
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static int to = -1;
	pthread_mutex_lock(&lock);
	int failed = to < 0 ? start(&to) : 0;
	union rights rights = { .head = { CMSG_LEN(FDS * sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	memcpy(CMSG_DATA(&rights.head), fd, FDS * sizeof(int));
	const struct msghdr m = { .msg_iov = &(struct iovec){ "", 1 }, .msg_iovlen = 1, .msg_control = &rights, .msg_controllen = sizeof(rights) };
	if (!failed && sendmsg(to, &m, MSG_NOSIGNAL) < 0)
		failed = errno;
	if (failed && to >= 0) {
		close(to);
		to = -1; /* another one for the next file */
	}
	pthread_mutex_unlock(&lock);
	return failed;
}

/* Runs the library on a file. 0 when it answered, be it with a refusal. */
static int ask(const char *path, const struct talk *a, int talk, int voxels, struct err *e)
{
	int alive[2], failed = pipe2(alive, O_CLOEXEC) == 0 ? 0 : errno;
	if (!failed) {
		failed = request((const int[FDS]){ [TALK] = talk, [VOXELS] = voxels, [ALIVE] = alive[1] });
		close(alive[1]);
		while (!failed && read(alive[0], &(char){ 0 }, 1) < 0 && errno == EINTR)
			;
		close(alive[0]);
	}
	if (failed || !a->begun)
		return err_set(e, "%s: cannot start a process that reads it: %s", path, strerror(failed ? failed : EAGAIN));
	return a->answered ? 0 : err_set(e, "%s: the HDF5 library broke down on it: corrupt", path);
}

/* The answer comes from a process that read a hostile file: it is checked like one. */
static int take_voxels(const char *path, const struct wanted *w, const struct talk *a, int64_t size, int voxels, struct volume *v,
	struct err *e)
{
	size_t bytes;
	if (a->failed)
		return err_set(e, "%.*s", (int)sizeof(a->e.msg) - 1, a->e.msg);
	if (a->t >= PM_DTYPES || (a->dims != 2 && a->dims != 3) || (w->window && a->dim[0] > H5_CHANNELS))
		return err_set(e, "%s: the HDF5 library broke down on it: corrupt", path);
	for (int i = 0; i < 3; i++) {
		int64_t want = w->window && w->window->size[i] ? w->window->size[i] : a->whole[i];
		if (a->whole[i] < 1 || a->from[i] < 0 || a->from[i] > a->whole[i] - a->dim[i + 1] || a->dim[i + 1] != want)
			return err_set(e, "%s: the HDF5 library broke down on it: corrupt", path);
		v->whole[i] = a->whole[i];
		v->from[i] = a->from[i];
	}
	/* A window is as large as it was asked for. */
	if (volume_reserve(v, path, a->t, a->dim, w->window ? INT64_MAX : size * H5_RATIO + H5_RATIO, e) != 0 || tensor_bytes(&v->t, &bytes) != 0)
		return -1;
	for (size_t at = 0; at < bytes;) {
		ssize_t got = pread(voxels, (char *)v->t.data + at, bytes - at, (off_t)at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return err_set(e, "%s: %s", path, got < 0 ? strerror(errno) : "the HDF5 library broke down on it: corrupt");
		at += (size_t)got;
	}
	geometry_plain(&v->geo, a->dims);
	if (geometry_take(&v->geo, a->spaced ? a->spacing : NULL, a->placed ? a->affine : NULL) != 0)
		return err_set(e, "%s: its attribute spacing or affine is not usable", path);
	return 0;
}

static int hdf5_read(const char *path, const struct wanted *w, struct volume *v, struct err *e)
{
	int64_t size;
	int fd = volume_open(path, &size, e);
	if (fd < 0)
		return -1;
	close(fd);
	int talk = memfd_create("talk", MFD_CLOEXEC), voxels = memfd_create("voxels", MFD_CLOEXEC), failed;
	struct talk *a = talk >= 0 && voxels >= 0 && ftruncate(talk, sizeof(*a)) == 0 ? map_talk(talk) : MAP_FAILED;
	if (a == MAP_FAILED) {
		failed = err_set(e, "%s: no shared memory: %s", path, strerror(errno));
	} else {
		snprintf(a->path, sizeof(a->path), "%s", path);
		snprintf(a->array, sizeof(a->array), "%s", w->array);
		a->size = size;
		a->windowed = w->window;
		if (w->window)
			a->window = *w->window;
		failed = ask(path, a, talk, voxels, e) || take_voxels(path, w, a, size, voxels, v, e);
		munmap(a, sizeof(*a));
	}
	if (talk >= 0)
		close(talk);
	if (voxels >= 0)
		close(voxels);
	return failed ? -1 : 0;
}

const struct format format_hdf5 = {
	{ .name = "hdf5", .summary = ".h5 .hdf5: arrays image, label and weight at the root of the file, of 2 axes (y, x), 3 (z, y, x) or 4 "
		"(channels first)" },
	"h5 hdf5", hdf5_read, hdf5_write, true,
};
