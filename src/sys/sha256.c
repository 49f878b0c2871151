/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "sys/sha256.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 64 * 1024 }; /* on the stack, of which a thread has 256 KiB */

void sha256_begin(struct sha256 *sum)
{
	if (!sum->ctx)
		sum->ctx = EVP_MD_CTX_new();
	sum->failed = !sum->ctx || !EVP_DigestInit_ex(sum->ctx, EVP_sha256(), NULL);
}

void sha256_add(struct sha256 *sum, const void *data, size_t len)
{
	sum->failed = sum->failed || !EVP_DigestUpdate(sum->ctx, data, len);
}

int sha256_end(struct sha256 *sum, uint8_t ret_digest[SHA256_LEN])
{
	sum->failed = sum->failed || !EVP_DigestFinal_ex(sum->ctx, ret_digest, NULL);
	return sum->failed ? -EIO : 0;
}

void sha256_release(struct sha256 *sum)
{
	EVP_MD_CTX_free(sum->ctx);
	sum->ctx = NULL;
}

static bool is_zero(const unsigned char *chunk, size_t n)
{
	return chunk[0] == 0 && memcmp(chunk, chunk + 1, n - 1) == 0;
}

struct hashing {
	struct sha256 sum;
	int fd;
	const atomic_bool *stop;
	sha256_progress *progress;
	void *progress_ctx;
	uint64_t bytes, holes;
};

static int add(struct hashing *h, const unsigned char *chunk, size_t n)
{
	sha256_add(&h->sum, chunk, n);
	h->bytes += n;
	if (h->progress)
		h->progress(h->progress_ctx, h->bytes);
	return h->stop && atomic_load(h->stop) ? -ECANCELED : 0;
}

/* A hole from where the descriptor is on, if there is one, as `zeros` instead of read. */
static int add_hole(struct hashing *h, const unsigned char zeros[CHUNK])
{
	const off_t at = lseek(h->fd, 0, SEEK_CUR);
	off_t data = at < 0 ? at : lseek(h->fd, at, SEEK_DATA);
	int r = 0;

	if (data < 0 && at >= 0 && errno == ENXIO) /* to the end */
		data = lseek(h->fd, 0, SEEK_END);
	if (data < 0) /* the file system does not tell */
		return 0;
	h->holes += (uint64_t)(data - at);
	if (h->holes > SHA256_HOLES_MAX)
		return -EFBIG;
	for (off_t left = data - at; r == 0 && left > 0; left -= CHUNK)
		r = add(h, zeros, left < CHUNK ? (size_t)left : CHUNK);
	return r;
}

static int add_all(struct hashing *h)
{
	unsigned char chunk[CHUNK];

	for (;;) {
		if (h->stop && atomic_load(h->stop))
			return -ECANCELED;
		ssize_t n = read(h->fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		int r = add(h, chunk, (size_t)n);
		/* asked where zeros are alone, so that it costs other files no call */
		if (r == 0 && n == CHUNK && is_zero(chunk, CHUNK))
			r = add_hole(h, chunk);
		if (r < 0)
			return r;
	}
}

int sha256_file(int fd, const atomic_bool *stop, sha256_progress *progress,
		void *progress_ctx, uint8_t ret_digest[SHA256_LEN], uint64_t *ret_bytes)
{
	struct hashing h = {{0}, fd, stop, progress, progress_ctx, 0, 0};

	sha256_begin(&h.sum);
	int r = add_all(&h);
	if (r == 0)
		r = sha256_end(&h.sum, ret_digest);
	sha256_release(&h.sum);
	if (r == 0)
		*ret_bytes = h.bytes;
	return r;
}

void sha256_hex(const uint8_t digest[SHA256_LEN], char ret_hex[SHA256_HEX + 1])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < SHA256_LEN; i++) {
		ret_hex[2 * i] = digits[digest[i] >> 4];
		ret_hex[2 * i + 1] = digits[digest[i] & 15];
	}
	ret_hex[SHA256_HEX] = '\0';
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int sha256_parse(const char *hex, uint8_t ret_digest[SHA256_LEN])
{
	uint8_t digest[SHA256_LEN];

	if (strlen(hex) != SHA256_HEX)
		return -EINVAL;
	for (size_t i = 0; i < SHA256_LEN; i++) {
		const int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);
		if (high < 0 || low < 0)
			return -EINVAL;
		digest[i] = (uint8_t)(high << 4 | low);
	}
	memcpy(ret_digest, digest, sizeof(digest));
	return 0;
}
