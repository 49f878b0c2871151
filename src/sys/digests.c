/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "sys/digests.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "sys/fs.h"

/* Inode 0 is no file's, and says that it is free. */
struct slot {
	uint64_t ino;
	bool spoilt;
	uint8_t digest[SHA256_LEN];
};

/* A hash table with open addressing. */
struct digests {
	struct slot *slots; /* mapped; NULL: none yet */
	size_t size, n;
};

enum { FIRST_SIZE = 1024 };

/*
 * Zeros, in a file that has its room: without, writing to what is mapped would end the
 * process on a full disk.
 */
static struct slot *map(size_t size)
{
	const size_t bytes = size * sizeof(struct slot);
	CLEANUP(closep) int fd = -1;

	if (fs_temp_file(&fd, NULL) >= 0 && fallocate(fd, 0, 0, (off_t)bytes) == 0) {
		void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (at != MAP_FAILED)
			return at;
	}
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);
	return at == MAP_FAILED ? NULL : at;
}

static void unmap(struct slot *slots, size_t size)
{
	if (slots)
		munmap(slots, size * sizeof(*slots));
}

static struct slot *find(const struct digests *digests, uint64_t ino)
{
	size_t at = (size_t)((ino * 0x9e3779b97f4a7c15u) >> 20);
	struct slot *slot;

	do {
		slot = &digests->slots[at++ & (digests->size - 1)];
	} while (slot->ino != 0 && slot->ino != ino);
	return slot;
}

static int grow(struct digests *digests)
{
	const struct digests old = *digests;

	digests->size = old.size ? 2 * old.size : FIRST_SIZE;
	digests->slots = map(digests->size);
	if (!digests->slots) {
		*digests = old;
		return -ENOMEM;
	}
	for (size_t i = 0; i < old.size; i++)
		if (old.slots[i].ino != 0)
			*find(digests, old.slots[i].ino) = old.slots[i];
	unmap(old.slots, old.size);
	return 0;
}

struct digests *digests_new(void)
{
	return xcalloc(1, sizeof(struct digests));
}

void digests_free(struct digests *digests)
{
	if (!digests)
		return;
	unmap(digests->slots, digests->size);
	free(digests);
}

int digests_add(struct digests *digests, ino_t ino, const uint8_t digest[SHA256_LEN])
{
	if (ino == 0)
		return 0;
	if (digests->n >= digests->size / 4 * 3 && grow(digests) < 0)
		return -ENOMEM;
	struct slot *slot = find(digests, ino);
	const bool first = slot->ino == 0;

	slot->ino = ino;
	digests->n += first;
	if (first && digest)
		memcpy(slot->digest, digest, SHA256_LEN);
	else if (!digest || memcmp(slot->digest, digest, SHA256_LEN) != 0)
		slot->spoilt = true;
	return 0;
}

enum digest_kind digests_find(const struct digests *digests, ino_t ino,
			      const uint8_t **ret_digest)
{
	const struct slot *slot =
		digests && digests->slots && ino != 0 ? find(digests, ino) : NULL;

	if (!slot || slot->ino == 0)
		return DIGEST_UNKNOWN;
	*ret_digest = slot->digest;
	return slot->spoilt ? DIGEST_SPOILT : DIGEST_KNOWN;
}
