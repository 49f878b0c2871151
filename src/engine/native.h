/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * The engine that copies by itself: looks at each file once, and links it or copies it.
 *
 * Work is handed out by directory. A worker holds the directory in the source, in the
 * copy, and in each base that has it, as descriptors, and meets everything in it by name;
 * no path is followed, so nothing outside the source is read, whatever is renamed or
 * replaced meanwhile, and neither depth nor the length of paths matters.
 *
 *	directory ─▶ chunk of names ─▶ directory: made, opened in all trees, handed out
 *	                             └▶ file: of which another name is there ─▶ link to it
 *	                                      the same in a base ─▶ link to that
 *	                                      moved, the table knows from where ─▶ likewise
 *	                                      else ─▶ copy, look again, copy again if changed
 *
 * A directory gets its attributes when all in it has been named: what happens further
 * down does not change them. The same means: type, size, time, mode, owner, device,
 * target, extended attributes and ACLs; and content, where that is asked for. What differs
 * in attributes alone is copied, since the base's inode must stay as it is. Where the
 * table of the last run (table.h) tells that the source's file has not been touched, its
 * target and attributes are not looked at again; what stat() tells of the base's still is,
 * so that what somebody damaged there is copied again. What the destination cannot hold, or
 * we may not give, is said once and does not count (sys/refusals.h).
 *
 * Memory: a chunk for each directory that is being read, files with several names
 * (links.h), and what the table says of itself. Descriptors: a bounded number of
 * directories wait with theirs open, and of those that a worker has gone down through only
 * the last ones have any (shut.h).
 */
#pragma once

#include "engine/engine.h"

struct native_engine {
	struct engine engine;
	unsigned threads; /* 0: as many as there are processors for us, at most 4 */
};

void native_engine_init(struct native_engine *native, unsigned threads);
