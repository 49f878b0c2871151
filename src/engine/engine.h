/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * What makes a copy of a tree in which unchanged files are links to those of earlier
 * copies. An engine writes where it is told and knows nothing of tiers or services.
 *
 * Promises of every engine: nothing outside `target` is changed, in particular no file
 * below `bases` in content or attributes; nothing outside the source is read.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strvec.h"
#include "model/snapshot.h"

/* How far a copy has come. */
struct engine_progress {
	uint64_t files;	 /* everything but directories */
	uint64_t bytes;	 /* of their content */
	uint64_t copied; /* of those bytes */
};

struct digests;

struct engine_job {
	const char *source; /* absolute path of a directory */
	const char *
		target; /* absolute path of an empty directory; a dry run does not need it */
	const struct strvec *bases; /* absolute paths of trees to link from, best first */
	size_t unfinished; /* so many of them, the last, are what dead runs left */

	/* Files in which an engine notes what helps the next one. */
	const char
		*old_table; /* belongs to the first of the bases; NULL: there is none */
	const char *new_table; /* to be written; NULL: not wanted */

	/* what to leave out, in rsync's pattern language, first match wins */
	const struct strvec *patterns;
	const struct strvec *only; /* paths below the source, none below another: nothing
				      but these and the directories above them; NULL: all.
				      For the native engine. */
	bool exclude_caches;	   /* the content of directories with a CACHEDIR.TAG */
	const char *exclude_if_present; /* ... with a file of this name; "" for none */
	bool one_file_system;

	bool detect_holes; /* zeros may become holes; else only holes do */
	bool checksum;	   /* compare content, not size and time */
	bool xattrs;	   /* the target can hold them */
	bool acls;
	bool nanoseconds; /* the target keeps times exactly: compare them so */
	/* seconds since 1970: times beyond become these there; both 0: that is not known */
	int64_t oldest, newest;
	bool dry_run;	    /* write nothing, count what would be done */
	bool from_snapshot; /* what links a file of the source has says little: others lead
			       to it from outside */
	bool tell_links;    /* note how many absolute symbolic links were made */
	bool staged; /* all is made in MERGE_STAGE in the target, and gets there at the
			     end: nothing half made is found by its name. For the native
			     engine, which copies nothing of the name MERGE_STAGE then. */
	const struct digests *digests; /* what the files' content should be: one of which
					  it is something else is not copied; NULL: nobody
					  knows. For the native engine. */
	uint64_t bwlimit;	       /* bytes per second, 0: none */
	unsigned threads; /* that delete what is replaced; 0: as many as suit */

	int lock_fd;   /* held by whatever writes on our behalf, or -1 */
	int cancel_fd; /* readable: stop at once */

	/* One line worth telling the user, of a bounded number; `warning` or not. */
	void (*note)(void *ctx, bool warning, const char *text);
	/*
	 * Called a few times a second, never while note() is; NULL: nobody wants to know.
	 * Not every engine can tell.
	 */
	void (*progress)(void *ctx, const struct engine_progress *progress);
	void *note_ctx; /* of both */
};

enum engine_outcome {
	ENGINE_COMPLETE,
	ENGINE_PARTIAL, /* some files could not be read; all others are there */
};

enum merge_overwrite {
	MERGE_CHANGED, /* what differs in type, size, time, mode, owner, attributes */
	MERGE_ALWAYS,
	MERGE_NEWER, /* what differs, and is newer in the tree */
	MERGE_NEVER,
};

/* What is done with a name. */
enum merge_deed {
	MERGE_CREATE,
	MERGE_REPLACE,
	MERGE_KEEP,  /* it is the same */
	MERGE_LEAVE, /* it differs, and is not to be overwritten */
	MERGE_DELETE,
	MERGE_DEEDS,
};

/* Directories in which new files are made; a restore that was killed leaves them, and the
 * next one removes them. The beginning of what `keep` is named. */
#define MERGE_STAGE ".backup-restore.tmp"
#define MERGE_ASIDE ".backup-restore-"

/* See merge.h. */
struct merge {
	/*
	 * source, target, only, checksum, xattrs, acls, nanoseconds, dry_run, digests,
	 * bwlimit, cancel_fd, note and progress are as for an engine. What patterns,
	 * exclude_caches, exclude_if_present and one_file_system say is left out of the
	 * tree, and so it is not deleted because it is not there.
	 */
	const struct engine_job *job;
	enum merge_overwrite overwrite;
	bool equal; /* what the tree does not have is deleted, in what is restored */
	const char *keep;  /* at the top of the target, made when it is needed: where what
			      is replaced or deleted goes, by its path; NULL: nowhere */
	const char *spare; /* a path below the target: neither this nor a directory above
			      it is replaced or deleted; NULL: none */

	/* Called for each name but those that are kept; NULL: nobody wants to know. */
	void (*deed)(void *ctx, enum merge_deed deed, const char *path, bool is_dir);
	void *deed_ctx;
};

struct merge_counts {
	uint64_t deeds[MERGE_DEEDS]; /* names; a deleted directory is one */
	uint64_t bytes;		     /* copied */
	bool aside;		     /* there is something in `keep` */
};

struct engine {
	const char *name;

	/*
	 * Whether it can work here. `ret_version` (the caller frees) says what it is, for
	 * the log; something to worry about goes to `warnings`.
	 */
	int (*probe)(const struct engine *engine, char **ret_version,
		     struct strvec *warnings, struct error *err);

	/* -EINTR: stopped by cancel_fd. What was copied stays in the target. */
	int (*copy)(const struct engine *engine, const struct engine_job *job,
		    struct snapshot_counts *ret_counts, enum engine_outcome *ret_outcome,
		    struct error *err);

	/*
	 * Brings a tree into a directory that has content already; the counts are set in
	 * any case. NULL: it cannot do that.
	 */
	int (*merge)(const struct engine *engine, const struct merge *merge,
		     struct merge_counts *ret_counts, enum engine_outcome *ret_outcome,
		     struct error *err);

	void *impl; /* the engine's own */
};
