/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Files of the source with several names: where the first of them was put, so that the
 * others become links to it. For threads.
 *
 * Of a file's names the first to come claims it and says later where it is; who comes
 * meanwhile waits. An entry is forgotten when as many names have come as the file has,
 * so memory is needed only for files of which some name is still to come.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cleanup.h"

/*
 * A directory of the copy, by its name in another one; the top has no parent. Counted:
 * it stays as long as somebody holds it or one below it.
 */
struct place;

struct place *place_new(struct place *parent, const char *name);
struct place *place_hold(struct place *place);
void place_drop(struct place *place);

/* Its own; "" of the top. */
const char *place_name(const struct place *place);

/* The names on the way down to it, the top's left out; the caller frees the array. */
const char **place_names(const struct place *place, size_t *ret_n);

/* A number alone is not enough: one that is free is soon another file's. */
struct file_id {
	dev_t dev;
	ino_t ino;
	int64_t birth; /* where it is not known, the time of its content */
};

struct links;

struct links *links_new(void);
void links_free(struct links *links);

enum links_answer {
	LINKS_MINE,  /* nobody has it: say links_put() or links_fail() */
	LINKS_THERE, /* it is at *ret_place, which the caller drops, by *ret_name (freed
			by the caller) */
};

/* One more name of the file with `nlink` names. */
enum links_answer links_claim(struct links *links, struct file_id id, uint64_t nlink,
			      struct place **ret_place, char **ret_name);

/* The claimed file is in the copy. */
void links_put(struct links *links, struct file_id id, struct place *place,
	       const char *name);

/* It takes no more links where links_claim() said: other names will find it here. */
void links_move(struct links *links, struct file_id id, struct place *place,
		const char *name);

/* It is not; the next name that comes claims it anew. `again`: this name will, too. */
void links_fail(struct links *links, struct file_id id, bool again);
