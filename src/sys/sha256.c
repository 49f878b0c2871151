/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "sys/sha256.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 64 * 1024 }; /* on the stack, of which a thread has 256 KiB */

static bool is_zero(const unsigned char *chunk, size_t n)
{
	return chunk[0] == 0 && memcmp(chunk, chunk + 1, n - 1) == 0;
}

/* A hole from where the descriptor is on, if there is one, as `zeros` instead of read. */
static int add_hole(EVP_MD_CTX *ctx, int fd, const unsigned char zeros[CHUNK],
		    const atomic_bool *stop, uint64_t *holes, uint64_t *bytes)
{
	const off_t at = lseek(fd, 0, SEEK_CUR);
	off_t data = at < 0 ? at : lseek(fd, at, SEEK_DATA);

	if (data < 0 && at >= 0 && errno == ENXIO) /* to the end */
		data = lseek(fd, 0, SEEK_END);
	if (data < 0) /* the file system does not tell */
		return 0;
	*holes += (uint64_t)(data - at);
	if (*holes > SHA256_HOLES_MAX)
		return -EFBIG;
	for (off_t left = data - at; left > 0; left -= CHUNK) {
		if (stop && atomic_load(stop))
			return -ECANCELED;
		if (!EVP_DigestUpdate(ctx, zeros, left < CHUNK ? (size_t)left : CHUNK))
			return -EIO;
	}
	*bytes += (uint64_t)(data - at);
	return 0;
}

static int add_all(EVP_MD_CTX *ctx, int fd, const atomic_bool *stop, uint64_t *bytes)
{
	unsigned char chunk[CHUNK];
	uint64_t holes = 0;

	for (;;) {
		if (stop && atomic_load(stop))
			return -ECANCELED;
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		if (!EVP_DigestUpdate(ctx, chunk, (size_t)n))
			return -EIO;
		*bytes += (uint64_t)n;
		/* asked where zeros are alone, so that it costs other files no call */
		int r = n == CHUNK && is_zero(chunk, CHUNK)
				? add_hole(ctx, fd, chunk, stop, &holes, bytes)
				: 0;
		if (r < 0)
			return r;
	}
}

int sha256_file(int fd, const atomic_bool *stop, uint8_t ret_digest[SHA256_LEN],
		uint64_t *ret_bytes)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint64_t bytes = 0;
	int r = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) ? 0 : -ENOMEM;

	if (r == 0)
		r = add_all(ctx, fd, stop, &bytes);
	if (r == 0 && !EVP_DigestFinal_ex(ctx, ret_digest, NULL))
		r = -EIO;
	EVP_MD_CTX_free(ctx);
	if (r == 0)
		*ret_bytes = bytes;
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
