/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* SHA-256 (FIPS 180-4) of what is in a file, or of bytes as they come, by libcrypto. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SHA256_LEN = 32,
	SHA256_HEX = 2 * SHA256_LEN,
};

/*
 * Holes are zeros that need not be read, but 2 GB of them take a second like all others, and
 * /var/log/lastlog may have a terabyte. -EFBIG: it has more of them.
 */
#define SHA256_HOLES_MAX (64ULL << 30)

/* Called now and then with how much of the file is behind, holes too. */
typedef void sha256_progress(void *ctx, uint64_t bytes);

/*
 * Reads from where the descriptor is to the end. -ECANCELED once `stop` (NULL: never) is
 * set; else what read(2) failed with. `progress` may be NULL.
 */
int sha256_file(int fd, const atomic_bool *stop, sha256_progress *progress,
		void *progress_ctx, uint8_t ret_digest[SHA256_LEN], uint64_t *ret_bytes);

/*
 * Of bytes as they come; all zeros at first, and used for one after another:
 *
 *	sha256_begin(&sum);
 *	sha256_add(&sum, data, len);
 *	r = sha256_end(&sum, digest);
 *	...
 *	sha256_release(&sum);
 */
struct sha256 {
	struct evp_md_ctx_st *ctx; /* owned */
	bool failed;
};

void sha256_begin(struct sha256 *sum);
void sha256_add(struct sha256 *sum, const void *data, size_t len);

/* -EIO: libcrypto failed, now or before. */
int sha256_end(struct sha256 *sum, uint8_t ret_digest[SHA256_LEN]);
void sha256_release(struct sha256 *sum);

/* As sha256sum prints it. */
void sha256_hex(const uint8_t digest[SHA256_LEN], char ret_hex[SHA256_HEX + 1]);

/* -EINVAL: not SHA256_HEX hexadecimal digits. */
int sha256_parse(const char *hex, uint8_t ret_digest[SHA256_LEN]);
