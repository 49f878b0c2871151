/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Files of the source with several names: where the first of them was put, so that the
 * others become links to it. For threads.
 *
 * Of a file's names the first to come claims it and says later where it is; who comes
 * meanwhile waits. An entry is forgotten when as many names have come as the file has,
 * so memory is needed only for files of which some name is still to come: 60 bytes for
 * each. A long name of where it was put is in a file without a name.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine/place.h"

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

/* One more name of the file with `nlink` names. (Where it was put is forgotten if that
 * cannot be read again; then it is claimed anew.) */
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
