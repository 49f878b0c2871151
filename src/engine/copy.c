/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "engine/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "sys/clock.h"

enum {
	BUFFER = 1024 * 1024,
	RANGE_MAX = 64 * 1024 * 1024, /* so that a cancelled copy ends soon */
	CLONE_MIN = 64 * 1024,	      /* smaller files are as fast to read and write */
	RESERVE_MIN = 256 * 1024 * 1024,
	ASK_MIN = 1024 * 1024, /* smaller files are not asked where their holes are */
};

void copy_rate_init(struct copy_rate *rate, uint64_t bytes)
{
	*rate = (struct copy_rate){.bytes = bytes};
	pthread_mutex_init(&rate->lock, NULL);
}

void copy_rate_release(struct copy_rate *rate)
{
	pthread_mutex_destroy(&rate->lock);
}

void copier_init(struct copier *copier, int cancel_fd, struct copy_rate *rate)
{
	*copier = (struct copier){
		.buffer = xmalloc(BUFFER),
		.cancel_fd = cancel_fd,
		.rate = rate,
	};
}

void copier_release(struct copier *copier)
{
	free(copier->buffer);
	copier->buffer = NULL;
	sha256_release(&copier->sum);
}

bool copier_is_cancelled(const struct copier *copier)
{
	struct pollfd fd = {.fd = copier->cancel_fd, .events = POLLIN};

	return poll(&fd, 1, 0) > 0;
}

/* What was given up for the files of another device may work for this one's. */
static void meet_device(struct copier *copier, dev_t device)
{
	if (copier->device == device)
		return;
	copier->device = device;
	copier->no_clone = copier->no_range = false;
}

/* Between these two file systems. */
static bool is_unsupported(int code)
{
	return code == EXDEV || code == EOPNOTSUPP || code == ENOSYS || code == ENOTTY ||
	       code == EPERM;
}

static bool is_unsupported_here(int code)
{
	return is_unsupported(code) || code == EINVAL || code == EBADF || code == ETXTBSY;
}

/* Waits until so many bytes more are within the rate; false when cancelled. */
static bool may_go_on(struct copier *copier, size_t bytes)
{
	struct pollfd fd = {.fd = copier->cancel_fd, .events = POLLIN};
	struct copy_rate *rate = copier->rate;
	double wait = 0;

	if (rate->bytes > 0) {
		double now = clock_monotonic();
		pthread_mutex_lock(&rate->lock);
		if (rate->next < now)
			rate->next = now;
		wait = rate->next - now;
		rate->next += (double)bytes / (double)rate->bytes;
		pthread_mutex_unlock(&rate->lock);
	}
	return poll(&fd, 1, (int)(wait * 1000)) <= 0;
}

static size_t at_once(const struct copier *copier, uint64_t left, size_t most)
{
	if (copier->rate->bytes > 0 && copier->rate->bytes / 4 < most)
		most = copier->rate->bytes / 4 + 1;
	return left < most ? (size_t)left : most;
}

/* What is not read because it is a hole. */
static int pass_hole(struct copier *copier, uint64_t len)
{
	static const char zeros[64 * 1024];

	tally_add(&copier->done, len);
	for (size_t n; copier->summing && len > 0; len -= n) {
		n = len < sizeof(zeros) ? (size_t)len : sizeof(zeros);
		sha256_add(&copier->sum, zeros, n);
		if (len % RANGE_MAX < sizeof(zeros) && copier_is_cancelled(copier))
			return -ECANCELED;
	}
	return 0;
}

static int write_fully(int fd, const char *data, size_t len, off_t at)
{
	while (len > 0) {
		ssize_t n = pwrite(fd, data, len, at);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			data += n;
			at += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static bool is_zero(const char *data, size_t len)
{
	return data[0] == 0 && memcmp(data, data + 1, len - 1) == 0;
}

/* Writes all but those blocks of the file that are zeros. */
static int write_around_zeros(int fd, const char *data, size_t len, off_t at,
			      size_t block)
{
	size_t written = 0, n;

	for (size_t i = 0; i < len; i += n) {
		n = block - ((size_t)at + i) % block;
		if (n > len - i)
			n = len - i;
		if (!is_zero(data + i, n))
			continue;
		int r = write_fully(fd, data + written, i - written, at + (off_t)written);
		if (r < 0)
			return r;
		written = i + n;
	}
	return write_fully(fd, data + written, len - written, at + (off_t)written);
}

static int write_out(const struct copier *copier, int to, size_t len, off_t at)
{
	if (to < 0)
		return 0;
	return copier->block > 0
		       ? write_around_zeros(to, copier->buffer, len, at, copier->block)
		       : write_fully(to, copier->buffer, len, at);
}

/* 1: done, the file ended before; 0: all of the range; -errno. */
static int copy_by_buffer(struct copier *copier, int from, int to, off_t at, uint64_t len,
			  enum copy_side *ret_side)
{
	while (len > 0) {
		size_t want = at_once(copier, len, BUFFER);
		if ((want == BUFFER || copier->rate->bytes > 0) &&
		    !may_go_on(copier, want))
			return -ECANCELED;
		ssize_t n = pread(from, copier->buffer, want, at);
		if (n < 0 && errno == EINTR)
			continue;
		*ret_side = COPY_READING;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 1;
		if (copier->summing)
			sha256_add(&copier->sum, copier->buffer, (size_t)n);
		*ret_side = COPY_WRITING;
		int r = write_out(copier, to, (size_t)n, at);
		if (r < 0)
			return r;
		tally_add(&copier->done, (uint64_t)n);
		at += n;
		len -= (uint64_t)n;
	}
	return 0;
}

/* Likewise. */
static int copy_range(struct copier *copier, int from, int to, off_t at, uint64_t len,
		      enum copy_side *ret_side)
{
	off_t in = at, out = at;

	if (len < BUFFER || copier->summing)
		return copy_by_buffer(copier, from, to, at, len, ret_side);
	while (len > 0 && !copier->no_range && copier->block == 0) {
		size_t want = at_once(copier, len, RANGE_MAX);
		if (!may_go_on(copier, want))
			return -ECANCELED;
		ssize_t n = copy_file_range(from, &in, to, &out, want, 0);
		if (n > 0) {
			tally_add(&copier->done, (uint64_t)n);
			len -= (uint64_t)n;
			continue;
		}
		if (n == 0) /* the end, or a file system that cannot: reading tells */
			break;
		if (errno == EINTR)
			continue;
		if (is_unsupported(errno))
			copier->no_range = true;
		else
			break; /* which side it was is found out by reading */
	}
	return copy_by_buffer(copier, from, to, in, len, ret_side);
}

/* Blocks beyond the end, which some files have, may make up for those that are missing. */
static bool has_holes(int fd, const struct stat *st)
{
	if ((uint64_t)st->st_blocks < (uint64_t)st->st_size / 512)
		return true;
	if (st->st_size < ASK_MIN)
		return false;
	off_t hole = lseek(fd, 0, SEEK_HOLE);
	return hole >= 0 && hole < st->st_size;
}

struct copy_file copy_file_init(const struct copier *copier, int from, int to,
				const struct stat *st)
{
	return (struct copy_file){
		.from = from,
		.to = to,
		.size = (uint64_t)st->st_size,
		.device = st->st_dev,
		.holes = copier->block > 0 || has_holes(from, st),
	};
}

int copy_begin(struct copier *copier, const struct copy_file *file,
	       enum copy_side *ret_side)
{
	if (file->size == 0)
		return 1;
	meet_device(copier, file->device);
	if (file->size >= CLONE_MIN && !copier->no_clone && copier->rate->bytes == 0) {
		if (ioctl(file->to, FICLONE, file->from) == 0) {
			if (!copier->summing) /* else it is still to be read */
				tally_add(&copier->done, file->size);
			return 1;
		}
		if (is_unsupported(errno))
			copier->no_clone = true;
	}
	*ret_side = COPY_WRITING;
	if (copier->reserve && !file->holes && file->size >= RESERVE_MIN &&
	    fallocate(file->to, FALLOC_FL_KEEP_SIZE, 0, (off_t)file->size) < 0 &&
	    (errno == ENOSPC || errno == EDQUOT))
		return -errno;
	return 0;
}

int copy_part(struct copier *copier, const struct copy_file *file, uint64_t at,
	      uint64_t end, enum copy_side *ret_side)
{
	int r = 0;

	meet_device(copier, file->device);
	if (!file->holes)
		return copy_range(copier, file->from, file->to, (off_t)at, end - at,
				  ret_side);
	while (r == 0 && at < end) {
		off_t data = lseek(file->from, (off_t)at, SEEK_DATA), hole = -1;
		if (data < 0 && errno == ENXIO) /* a hole up to the end */
			return pass_hole(copier, end - at);
		if (data < 0 && !is_unsupported_here(errno)) {
			*ret_side = COPY_READING;
			return -errno;
		}
		if (data >= 0) {
			uint64_t skip = (uint64_t)data < end ? (uint64_t)data : end;
			r = pass_hole(copier, skip - at);
			at = skip;
			hole = lseek(file->from, data, SEEK_HOLE);
		}
		if (r < 0 || at >= end)
			return r;
		/* else all is data, or holes are not known here */
		uint64_t to = hole < 0 || (uint64_t)hole > end ? end : (uint64_t)hole;
		r = copy_range(copier, file->from, file->to, (off_t)at, to - at,
			       ret_side);
		at = to;
	}
	return r;
}

int copy_finish(const struct copy_file *file, bool ended, enum copy_side *ret_side)
{
	off_t end = (off_t)file->size;
	struct stat st;

	if (!ended && !file->holes)
		return 0;
	if (ended && fstat(file->from, &st) == 0 && st.st_size < end)
		end = st.st_size;
	*ret_side = COPY_WRITING;
	return ftruncate(file->to, end) < 0 ? -errno : 0;
}

int copy_content(struct copier *copier, const struct copy_file *file,
		 enum copy_side *ret_side)
{
	int r = copy_begin(copier, file, ret_side);
	if (r != 0)
		return r < 0 ? r : 0;
	r = copy_part(copier, file, 0, file->size, ret_side);
	return r < 0 ? r : copy_finish(file, r == 1, ret_side);
}

int copy_summed(struct copier *copier, const struct copy_file *file,
		uint8_t ret_digest[SHA256_LEN], enum copy_side *ret_side)
{
	struct copy_file rest = *file;

	copier->summing = true;
	sha256_begin(&copier->sum);
	int r = copy_begin(copier, file, ret_side);
	if (r == 1)
		rest.to = -1;
	if (r >= 0)
		r = copy_part(copier, &rest, 0, file->size, ret_side);
	if (r >= 0 && rest.to >= 0)
		r = copy_finish(file, r == 1, ret_side);
	copier->summing = false;
	if (r < 0)
		return r;
	*ret_side = COPY_READING;
	return sha256_end(&copier->sum, ret_digest);
}
