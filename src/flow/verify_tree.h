/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Compares a tree with a manifest: what is in it, with all that the manifest says of each,
 * and the content of files by their checksums, read from the disk by several threads; or
 * all but the content, for those who read that anyway.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strvec.h"
#include "flow/progress.h"
#include "store/manifest.h"

/* What is not as it should be; several at once. */
enum verify_fault {
	VERIFY_MISSING = 1 << 0,
	VERIFY_EXTRA = 1 << 1,
	VERIFY_TYPE = 1 << 2,
	VERIFY_SIZE = 1 << 3,
	VERIFY_CONTENT = 1 << 4,
	VERIFY_MODE = 1 << 5,
	VERIFY_OWNER = 1 << 6,
	VERIFY_TIME = 1 << 7,
	VERIFY_TARGET = 1 << 8,	     /* of a symbolic link */
	VERIFY_DEVICE = 1 << 9,	     /* its numbers */
	VERIFY_UNREADABLE = 1 << 10, /* so nothing is known of the content */
};
enum { VERIFY_FAULTS = 11 };

/* A word for one of them: "missing", "content", ... */
const char *verify_fault_name(enum verify_fault fault);

/* All of them, with commas between. */
void verify_add_faults(struct strbuf *out, unsigned faults);

struct verify_finding {
	const char *path; /* below the top; "": the top itself */
	unsigned faults;  /* enum verify_fault */
	mode_t type;	  /* what it is in the tree (S_IFREG, ...); 0: it is not there */
	uint64_t ino;	  /* there */
};

struct verify_options {
	const struct strvec *only; /* paths below the top: these and what is below them;
				      NULL: all */
	const struct manifest_entry
		*after; /* only what is behind this one in the manifest's */
	const struct manifest_entry *until; /* order, and up to that; NULL: no limit */
	uint64_t
		enough; /* bytes of which, once they are being read, no more follow; 0: none */
	struct manifest_entry *stopped_at; /* then set to the last that was compared */
	bool extra;			   /* what the manifest does not have is fine */
	bool owners;			   /* compare them */
	bool nanoseconds;		   /* compare them; else whole seconds */
	bool top;			   /* compare the top itself, too */
	struct progress *progress;	   /* has begun; NULL: nobody wants to know */
	unsigned threads;		   /* 0: as many as suit the machine */
	int cancel_fd;			   /* readable: stop; -1: never */

	/*
	 * A manifest at its beginning, whose tree was just found to have the inodes it says:
	 * a file of the same inode and checksum there is not read again, unless `suspect`
	 * says of the inode that it is damaged. NULL: all are read.
	 */
	struct manifest *known;
	bool (*suspect)(void *ctx, uint64_t ino);

	/* One at a time, but not in the caller's thread. */
	void (*found)(void *ctx, const struct verify_finding *finding);
	/*
	 * Likewise: what a file's content should be, which is not read then. NULL: it is.
	 */
	void (*expect)(void *ctx, uint64_t ino, const uint8_t digest[SHA256_LEN]);
	void *ctx;
};

struct verify_result {
	uint64_t names;	   /* that were compared */
	uint64_t read;	   /* files */
	uint64_t bytes;	   /* of them */
	uint64_t known;	   /* files that were not read again */
	uint64_t unhashed; /* files whose content the manifest does not know */
	uint64_t findings;
	bool same_inodes; /* all that the manifest has is there, with the inodes it says */
};

/*
 * `manifest` is at its beginning. Finding faults is no error; -EINTR: stopped by
 * `cancel_fd`; -EINVAL and others: the manifest cannot be used.
 */
int verify_tree(int dirfd, struct manifest *manifest,
		const struct verify_options *options, struct verify_result *ret_result,
		struct error *err);
