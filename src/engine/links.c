/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "engine/links.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

struct place {
	struct place *parent;
	atomic_uint holders;
	char name[];
};

enum entry_state {
	ENTRY_CLAIMED,
	ENTRY_THERE,
	ENTRY_FAILED,
};

struct entry {
	struct entry *next;
	struct file_id id;
	uint64_t left; /* names still to come */
	struct place *place;
	char *name;
	enum entry_state state;
};

struct links {
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t changed;
	struct entry **buckets;
	size_t size, n;
};

enum { FIRST_SIZE = 256 };

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

static size_t bucket_of(const struct links *links, struct file_id id)
{
	uint64_t h = ((uint64_t)id.ino ^ ((uint64_t)id.dev << 32)) * 0x9e3779b97f4a7c15u;

	return (size_t)(h >> 32) & (links->size - 1);
}

static struct entry **find(struct links *links, struct file_id id)
{
	struct entry **at = &links->buckets[bucket_of(links, id)];

	while (*at && ((*at)->id.dev != id.dev || (*at)->id.ino != id.ino ||
		       (*at)->id.birth != id.birth))
		at = &(*at)->next;
	return at;
}

static void grow(struct links *links)
{
	struct links old = *links;

	links->size *= 2;
	links->buckets = xcalloc(links->size, sizeof(struct entry *));
	for (size_t i = 0; i < old.size; i++) {
		for (struct entry *entry = old.buckets[i], *next; entry; entry = next) {
			struct entry **to = &links->buckets[bucket_of(links, entry->id)];
			next = entry->next;
			entry->next = *to;
			*to = entry;
		}
	}
	free(old.buckets);
}

static void forget(struct links *links, struct entry **at)
{
	struct entry *entry = *at;

	*at = entry->next;
	place_drop(entry->place);
	free(entry->name);
	free(entry);
	links->n--;
}

struct links *links_new(void)
{
	struct links *links = xcalloc(1, sizeof(*links));

	links->size = FIRST_SIZE;
	links->buckets = xcalloc(links->size, sizeof(struct entry *));
	pthread_mutex_init(&links->lock, NULL);
	pthread_cond_init(&links->changed, NULL);
	return links;
}

void links_free(struct links *links)
{
	if (!links)
		return;
	for (size_t i = 0; i < links->size; i++)
		while (links->buckets[i])
			forget(links, &links->buckets[i]);
	free(links->buckets);
	pthread_cond_destroy(&links->changed);
	pthread_mutex_destroy(&links->lock);
	free(links);
}

enum links_answer links_claim(struct links *links, struct file_id id, uint64_t nlink,
			      struct place **ret_place, char **ret_name)
{
	enum links_answer answer = LINKS_MINE;
	struct entry **at;

	pthread_mutex_lock(&links->lock);
	while (*(at = find(links, id)) && (*at)->state == ENTRY_CLAIMED)
		pthread_cond_wait(&links->changed, &links->lock);
	struct entry *entry = *at;
	if (!entry) {
		entry = xcalloc(1, sizeof(*entry));
		entry->id = id;
		entry->left = nlink;
		*at = entry;
		if (++links->n > links->size)
			grow(links);
	}
	if (entry->left > 0)
		entry->left--;
	if (entry->state == ENTRY_THERE) {
		answer = LINKS_THERE;
		*ret_place = place_hold(entry->place);
		*ret_name = xstrdup(entry->name);
		if (entry->left == 0)
			forget(links, find(links, id));
	} else {
		entry->state = ENTRY_CLAIMED;
	}
	pthread_mutex_unlock(&links->lock);
	return answer;
}

/* The entry of somebody who claimed it, and so keeps it from being forgotten. */
static struct entry **find_claimed(struct links *links, struct file_id id)
{
	struct entry **at = find(links, id);

	assert(*at && (*at)->state == ENTRY_CLAIMED);
	return at;
}

static void set_place(struct entry *entry, struct place *place, const char *name)
{
	place_drop(entry->place);
	free(entry->name);
	entry->place = place_hold(place);
	entry->name = xstrdup(name);
}

void links_put(struct links *links, struct file_id id, struct place *place,
	       const char *name)
{
	pthread_mutex_lock(&links->lock);
	struct entry **at = find_claimed(links, id);
	if ((*at)->left == 0) {
		forget(links, at);
	} else {
		(*at)->state = ENTRY_THERE;
		set_place(*at, place, name);
	}
	pthread_cond_broadcast(&links->changed);
	pthread_mutex_unlock(&links->lock);
}

void links_move(struct links *links, struct file_id id, struct place *place,
		const char *name)
{
	pthread_mutex_lock(&links->lock);
	struct entry *entry = *find(links, id);
	if (entry && entry->state == ENTRY_THERE) /* else no more names are to come */
		set_place(entry, place, name);
	pthread_mutex_unlock(&links->lock);
}

void links_fail(struct links *links, struct file_id id, bool again)
{
	pthread_mutex_lock(&links->lock);
	struct entry **at = find_claimed(links, id);
	(*at)->left += again;
	if ((*at)->left == 0)
		forget(links, at);
	else
		(*at)->state = ENTRY_FAILED;
	pthread_cond_broadcast(&links->changed);
	pthread_mutex_unlock(&links->lock);
}
