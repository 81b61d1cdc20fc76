/* deflate.c: see deflate.h. */
#include "io/deflate.h"

int deflate_level(enum dtype t)
{
	return dtype_is_integer(t) ? 6 : 1;
}

int put_plain(FILE *fp, const void *data, size_t n)
{
	return fwrite(data, 1, n, fp) == n ? 0 : -1;
}

int put_deflated(FILE *fp, z_stream *z, const void *data, size_t n, bool last)
{
	unsigned char buf[1 << 15];
	const unsigned char *from = data;
	do {
		uInt step = (uInt)(n < 1 << 30 ? n : 1 << 30);
		z->next_in = (Bytef *)from;
		z->avail_in = step;
		from += step;
		n -= step;
		do {
			z->next_out = buf;
			z->avail_out = sizeof(buf);
			deflate(z, last && n == 0 ? Z_FINISH : Z_NO_FLUSH);
			if (put_plain(fp, buf, sizeof(buf) - z->avail_out) != 0)
				return -1;
		} while (z->avail_out == 0);
	} while (n > 0);
	return 0;
}
