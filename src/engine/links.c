/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "engine/links.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "sys/spool.h"

enum entry_state {
	ENTRY_CLAIMED,
	ENTRY_THERE,
	ENTRY_FAILED,
};

enum {
	NAME_SIZE = 20,	   /* of a name that is held, its NUL with it */
	CHUNK = 4096,	   /* entries, or buckets; a power of two */
	DEVICES = 1 << 29, /* as many as an entry can tell apart */
};

/* There may be many: each byte counts. */
struct entry {
	ino_t ino;
	int64_t birth;
	struct place *place;
	uint32_t next; /* in the bucket, or of those that are free; 0: none */
	uint32_t left; /* names still to come */
	uint32_t device : 29, state : 2;
	uint32_t spooled : 1; /* instead of a name there is a struct spooled */
	char name[NAME_SIZE];
};
_Static_assert(sizeof(struct entry) <= 56, "with its share of the buckets at most 64");

struct spooled {
	uint64_t at;
	uint32_t len;
};
_Static_assert(sizeof(struct spooled) <= NAME_SIZE, "it takes a name's place");

/*
 * Linear hashing: with each entry there is one more bucket, that takes from one before it
 * what is its own. So nothing is ever twice in memory.
 */
struct links {
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t changed;
	struct entry **entries; /* in chunks; the first is not used */
	size_t entries_n, entries_cap;
	uint32_t used, freed; /* entries ever used; the first that is free again */
	uint32_t **buckets;   /* likewise in chunks */
	size_t buckets_n, buckets_cap;
	uint32_t size, base; /* buckets, and the largest power of two up to that */
	uint32_t n;	     /* entries in them */
	dev_t *devices;
	size_t devices_n, devices_cap;
	size_t device; /* the last that was looked for */
	struct spool names;
};

static struct entry *entry_at(const struct links *links, uint32_t i)
{
	return &links->entries[i / CHUNK][i % CHUNK];
}

static uint32_t *bucket_at(const struct links *links, uint32_t i)
{
	return &links->buckets[i / CHUNK][i % CHUNK];
}

static uint32_t hash(ino_t ino, size_t device)
{
	return (uint32_t)((((uint64_t)ino ^ ((uint64_t)device << 40)) *
			   0x9e3779b97f4a7c15u) >>
			  32);
}

static uint32_t bucket_of(const struct links *links, uint32_t h)
{
	uint32_t i = h & (links->base * 2 - 1);

	return i < links->size ? i : h & (links->base - 1);
}

static size_t device_of(struct links *links, dev_t dev)
{
	if (links->device < links->devices_n && links->devices[links->device] == dev)
		return links->device;
	for (links->device = 0; links->device < links->devices_n; links->device++)
		if (links->devices[links->device] == dev)
			return links->device;
	assert(links->devices_n < DEVICES);
	array_grow(links->devices, links->devices_n, links->devices_cap);
	links->devices[links->devices_n++] = dev;
	return links->device;
}

/* What leads to the entry, or to the end of its bucket. */
static uint32_t *find(struct links *links, struct file_id id)
{
	const size_t device = device_of(links, id.dev);
	uint32_t *at = bucket_at(links, bucket_of(links, hash(id.ino, device)));

	while (*at) {
		struct entry *entry = entry_at(links, *at);
		if (entry->ino == id.ino && entry->birth == id.birth &&
		    entry->device == device)
			break;
		at = &entry->next;
	}
	return at;
}

static void add_bucket(struct links *links)
{
	if (links->size % CHUNK == 0) {
		array_grow(links->buckets, links->buckets_n, links->buckets_cap);
		links->buckets[links->buckets_n++] = xcalloc(CHUNK, sizeof(uint32_t));
	}
	links->size++;
}

/* Adds a bucket, and gives to it what is its own. */
static void split(struct links *links)
{
	const uint32_t last = links->size;
	uint32_t *from = bucket_at(links, last - links->base);

	add_bucket(links);
	uint32_t *to = bucket_at(links, last);
	while (*from) {
		struct entry *entry = entry_at(links, *from);
		if (bucket_of(links, hash(entry->ino, entry->device)) != last) {
			from = &entry->next;
			continue;
		}
		const uint32_t i = *from;
		*from = entry->next;
		entry->next = *to;
		*to = i;
	}
	if (links->size == links->base * 2)
		links->base = links->size;
}

static uint32_t new_entry(struct links *links)
{
	const uint32_t i = links->freed;

	if (i) {
		links->freed = entry_at(links, i)->next;
		return i;
	}
	assert(links->used < UINT32_MAX);
	if (++links->used / CHUNK == links->entries_n) {
		array_grow(links->entries, links->entries_n, links->entries_cap);
		links->entries[links->entries_n++] =
			xreallocarray(NULL, CHUNK, sizeof(struct entry));
	}
	return links->used;
}

static struct entry *add(struct links *links, struct file_id id, uint64_t nlink)
{
	if (links->n++ == links->size)
		split(links);
	uint32_t *at = find(links, id);
	const uint32_t i = new_entry(links);
	struct entry *entry = entry_at(links, i);

	*entry = (struct entry){
		.ino = id.ino,
		.birth = id.birth,
		.left = nlink > UINT32_MAX ? UINT32_MAX : (uint32_t)nlink,
		.device = (uint32_t)device_of(links, id.dev) & (DEVICES - 1),
	};
	*at = i;
	return entry;
}

static void forget(struct links *links, uint32_t *at)
{
	const uint32_t i = *at;
	struct entry *entry = entry_at(links, i);

	*at = entry->next;
	place_drop(entry->place);
	entry->next = links->freed;
	links->freed = i;
	links->n--;
}

struct links *links_new(void)
{
	struct links *links = xcalloc(1, sizeof(*links));

	links->names = (struct spool)SPOOL_INIT;
	add_bucket(links);
	links->base = 1;
	/* so that the number 0 is none's */
	array_grow(links->entries, links->entries_n, links->entries_cap);
	links->entries[links->entries_n++] =
		xreallocarray(NULL, CHUNK, sizeof(struct entry));
	pthread_mutex_init(&links->lock, NULL);
	pthread_cond_init(&links->changed, NULL);
	return links;
}

void links_free(struct links *links)
{
	if (!links)
		return;
	for (uint32_t i = 0; i < links->size; i++)
		while (*bucket_at(links, i))
			forget(links, bucket_at(links, i));
	for (size_t i = 0; i < links->entries_n; i++)
		free(links->entries[i]);
	for (size_t i = 0; i < links->buckets_n; i++)
		free(links->buckets[i]);
	free(links->entries);
	free(links->buckets);
	free(links->devices);
	spool_release(&links->names);
	pthread_cond_destroy(&links->changed);
	pthread_mutex_destroy(&links->lock);
	free(links);
}

static void set_place(struct links *links, struct entry *entry, struct place *place,
		      const char *name)
{
	const size_t len = strlen(name);

	place_drop(entry->place);
	entry->place = place_hold(place);
	entry->spooled = len >= NAME_SIZE;
	if (entry->spooled) {
		const struct spooled spooled = {
			.at = spool_add(&links->names, name, len),
			.len = (uint32_t)len,
		};
		memcpy(entry->name, &spooled, sizeof(spooled));
	} else {
		memcpy(entry->name, name, len + 1);
	}
}

/* NULL: it cannot be read. */
static char *name_of(const struct links *links, const struct entry *entry)
{
	struct spooled spooled;

	if (!entry->spooled)
		return xstrdup(entry->name);
	memcpy(&spooled, entry->name, sizeof(spooled));
	char *name = xcalloc(spooled.len + 1, 1);
	if (spool_read(&links->names, spooled.at, name, spooled.len) == 0)
		return name;
	free(name);
	return NULL;
}

enum links_answer links_claim(struct links *links, struct file_id id, uint64_t nlink,
			      struct place **ret_place, char **ret_name)
{
	enum links_answer answer = LINKS_MINE;
	const uint32_t *at;
	char *name = NULL;

	pthread_mutex_lock(&links->lock);
	while (*(at = find(links, id)) && entry_at(links, *at)->state == ENTRY_CLAIMED)
		pthread_cond_wait(&links->changed, &links->lock);
	struct entry *entry = *at ? entry_at(links, *at) : add(links, id, nlink);
	if (entry->left > 0)
		entry->left--;
	if (entry->state == ENTRY_THERE)
		name = name_of(links, entry);
	if (name) {
		answer = LINKS_THERE;
		*ret_place = place_hold(entry->place);
		*ret_name = name;
		if (entry->left == 0)
			forget(links, find(links, id));
	} else {
		entry->state = ENTRY_CLAIMED;
	}
	pthread_mutex_unlock(&links->lock);
	return answer;
}

/* The entry of somebody who claimed it, and so keeps it from being forgotten. */
static uint32_t *find_claimed(struct links *links, struct file_id id)
{
	uint32_t *at = find(links, id);

	assert(*at && entry_at(links, *at)->state == ENTRY_CLAIMED);
	return at;
}

void links_put(struct links *links, struct file_id id, struct place *place,
	       const char *name)
{
	pthread_mutex_lock(&links->lock);
	uint32_t *at = find_claimed(links, id);
	struct entry *entry = entry_at(links, *at);
	if (entry->left == 0) {
		forget(links, at);
	} else {
		entry->state = ENTRY_THERE;
		set_place(links, entry, place, name);
	}
	pthread_cond_broadcast(&links->changed);
	pthread_mutex_unlock(&links->lock);
}

void links_move(struct links *links, struct file_id id, struct place *place,
		const char *name)
{
	pthread_mutex_lock(&links->lock);
	const uint32_t at = *find(links, id);
	struct entry *entry = at ? entry_at(links, at) : NULL;
	if (entry && entry->state == ENTRY_THERE) /* else no more names are to come */
		set_place(links, entry, place, name);
	pthread_mutex_unlock(&links->lock);
}

void links_fail(struct links *links, struct file_id id, bool again)
{
	pthread_mutex_lock(&links->lock);
	uint32_t *at = find_claimed(links, id);
	struct entry *entry = entry_at(links, *at);
	entry->left += again;
	if (entry->left == 0)
		forget(links, at);
	else
		entry->state = ENTRY_FAILED;
	pthread_cond_broadcast(&links->changed);
	pthread_mutex_unlock(&links->lock);
}
