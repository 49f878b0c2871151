/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * One pass of the native engine over a source: what its threads share, and what each has
 * for itself. See native.h for how they work together.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "engine/copy.h"
#include "engine/engine.h"
#include "engine/links.h"
#include "model/pattern.h"
#include "engine/table.h"
#include "sys/xattrs.h"
#include "sys/dirents.h"
#include "sys/pool.h"
#include "sys/spool.h"

enum { PASS_BASES_MAX = 8 };

/* A name of a file with several, that was put off: see entry_put(). */
struct late_name {
	struct place *place; /* held */
	size_t len;	     /* of the name, which follows */
};

/* What statx() says of a file. */
struct look {
	struct stat st;
	int64_t birth; /* nanoseconds since 1970; 0: not known, or too coarse */
	bool known;    /* it is as the old table says, and so in the first base */
	bool moved;    /* as that says, this name was not this file's */
};

/* A thread's own. */
struct worker {
	struct snapshot_counts counts; /* added up at the end */
	struct tally files;	       /* that have been put */
	struct tally linked;	       /* bytes of them that were not copied */
	struct copier copier;
	struct table_sheet sheet;
	uint64_t moved; /* number in the old table of the directory ... */
	int moved_fd;	/* ... that this is in the first base; 0 and -1: none */
	struct strbuf xattrs, base_xattrs;
	bool left_out; /* of the file's attributes there are some that are refused */
	char target[4097],
		base_target[4097]; /* of symbolic links; PATH_MAX and one more */
};

struct pass {
	const struct engine_job *job;
	struct patterns *patterns;
	struct xattr_scope scope;
	struct refusals refusals; /* `scope` has them, too */
	struct links *links;
	struct groups *groups; /* what has several names in the source; NULL: who knows */
	struct pool pool;
	struct worker *workers;
	unsigned workers_n;
	struct place *top;
	int source_fd; /* the top of the source */
	int target_fd; /* the top of the copy; -1 in a dry run */
	int final_fd;  /* where it is to get to, if it is `staged` */
	bool staged;   /* see landing.h */
	size_t bases;
	int base_fd[PASS_BASES_MAX];	/* their tops */
	size_t block;			/* see struct copier */
	bool reserve;			/* likewise */
	struct look look;		/* at the top of the source */
	struct table *old_table;	/* of the first base; NULL: none */
	struct table_writer *new_table; /* NULL: none */
	int64_t young; /* a ctime from here on is too young for the table */
	uint64_t boot; /* a number for this boot of the machine */

	uid_t uid;		/* our own, */
	gid_t gid;		/* what new files get */
	size_t waiting_max;	/* directories on the pool, each with its descriptors */
	size_t levels_max;	/* likewise on a worker's way down */
	bool owners;		/* we are root, and give files to their owners */
	bool group_inherited;	/* new files do not get our own group */
	bool late;		/* all directories are done; put what was put off */
	atomic_bool no_noatime; /* the source does not let us read without a trace */
	atomic_bool partial;

	pthread_mutex_t lock;	 /* guards what follows, job->note() and progress() */
	struct spool late_names; /* struct late_name and name, in turn */
	unsigned notes, notes_cut;
	uint64_t ownerless;	    /* copies whose owner we may not give them */
	bool early_told, late_told; /* a time that the target does not hold */
	uint64_t absolute;	    /* symbolic links that are */
	struct strvec absolute_first;
	int fatal; /* -errno, 0: none */
	struct error why;
};

/* A directory at work. Owned by the pool, then by the worker that has it. */
struct dir {
	struct pool_item item;
	struct dir *above; /* that its worker goes on with when this one is done */
	struct place *place;
	char *path;		 /* below the top, where patterns need it; else NULL */
	struct look look;	 /* at the source's */
	struct table_dir rows;	 /* in the new table; its name is the place's */
	struct table_cursor old; /* in the old table */
	int source;
	int copy;		  /* -1 in a dry run */
	int base[PASS_BASES_MAX]; /* -1: that base does not have it */
	bool sealed;	  /* nothing in it is copied: it is on another file system */
	const char *only; /* marked by this file, and nothing else in it is copied */
	bool started;
	int64_t off;	   /* behind the subdirectory that its worker is in */
	struct shut *shut; /* see shut.h; NULL: it is open */
	struct dirents dirents;
};

/* Looks at `name` in a directory, or "", the directory itself. -errno. */
int pass_look(int dirfd, const char *name, struct look *ret_look);

/* What attributes are copied, with nothing refused so far. */
void pass_init_scope(struct pass *pass);

/*
 * Has the attributes that are refused found out below `dirfd`, by a file without a name;
 * or, `look`, by the directory itself, to which nothing is written.
 */
void pass_try_attributes(struct pass *pass, int dirfd, bool look);

/* What the table says of a file like that. */
struct table_state pass_state(const struct look *look);

/* What the table calls the device of it: another number after each boot, never 0. */
uint64_t pass_device(const struct pass *pass, const struct stat *st);

/* By what names of one file find each other. */
struct file_id pass_file_id(const struct look *look);

/* Opens a directory by its place below `top`, to look from there (O_PATH); -1 and errno. */
int pass_open_place(int top, const struct place *place);

/* A directory's path below the top, "" of that itself; the caller frees it. */
char *pass_path(const struct place *place);

/* Tells the user a line, of a bounded number, with the path of `name` in `place` in it:
 * "WORDS 'PATH': what the errno means". `name` may be NULL, `code` 0. */
void pass_note(struct pass *pass, const char *words, const struct place *place,
	       const char *name, int code);

/* Likewise of the copy. */
void pass_note_copy(struct pass *pass, const char *words, const struct place *place,
		    const char *name, int code);

/* A symbolic link was made: one that is absolute is counted, and told at the end. */
void pass_link_made(struct pass *pass, const struct place *place, const char *name,
		    const char *target);

/* A file of the source that cannot be read, or not be stored: the copy is partial. */
void pass_unreadable(struct pass *pass, struct worker *worker, const char *words,
		     const struct place *place, const char *name, int code);

/*
 * The copy of a file whose owner we may not give it: it is partial. The first are named,
 * of the others the number.
 */
void pass_ownerless(struct pass *pass, struct worker *worker, const struct place *place,
		    const char *name);

/* What becomes of a time where the copy goes, which is said when it is the first one. */
struct timespec pass_time(struct pass *pass, const struct timespec *time,
			  const struct place *place, const char *name);

/* Ends the pass. Only the first call counts. Returns `code`. */
int pass_fail(struct pass *pass, const char *words, const struct place *place,
	      const char *name, int code);

/*
 * What came of it, when all threads have ended; says what is left to say. -EINTR: it was
 * stopped from outside.
 */
int pass_judge(struct pass *pass, enum engine_outcome *ret_outcome, struct error *err);

/* Tells how far it has come. By the thread that started the pool. */
void pass_tick(struct pass *pass);

/*
 * A failure of the destination for one file: said, and the copy is partial, or it ends the
 * pass. EEXIST: the name came twice, or is the same as another to the destination, which
 * does not tell letters' case. Returns `code`.
 */
int pass_refused(struct pass *pass, struct worker *worker, const char *words,
		 const struct dir *dir, const char *name, int code);

/* Whether an error of the destination makes going on senseless. */
bool pass_is_fatal(int code);

static inline bool pass_stopped(struct pass *pass)
{
	return atomic_load_explicit(&pass->pool.stop, memory_order_relaxed);
}
