/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "engine/place.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

struct place {
	struct place *parent;
	atomic_uint holders;
	char name[];
};

struct place *place_new(struct place *parent, const char *name)
{
	size_t len = strlen(name) + 1;
	struct place *place = xmalloc(sizeof(*place) + len);

	place->parent = parent ? place_hold(parent) : NULL;
	atomic_init(&place->holders, 1);
	memcpy(place->name, name, len);
	return place;
}

struct place *place_hold(struct place *place)
{
	atomic_fetch_add_explicit(&place->holders, 1, memory_order_relaxed);
	return place;
}

void place_drop(struct place *place)
{
	while (place && atomic_fetch_sub(&place->holders, 1) == 1) {
		struct place *parent = place->parent;
		free(place);
		place = parent;
	}
}

const char *place_name(const struct place *place)
{
	return place->name;
}

const char **place_names(const struct place *place, size_t *ret_n)
{
	size_t n = 0;

	for (const struct place *p = place; p->parent; p = p->parent)
		n++;
	const char **names = xcalloc(n + 1, sizeof(*names));
	*ret_n = n;
	for (const struct place *p = place; p->parent; p = p->parent)
		names[--n] = p->name;
	return names;
}
