/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Cleaning up by attribute: initialise at declaration, return early, hand over with
 * STEAL(). A cleanup function takes the address of the variable and must accept the
 * variable's empty value.
 *
 *	CLEANUP(freep) char *name = xstrdup("x");
 *	...
 *	*ret_name = STEAL(name);
 *	return 0;
 */
#pragma once

#include <stdlib.h>

#define CLEANUP(fn) __attribute__((cleanup(fn)))

/* Gives the pointer away and leaves NULL behind. */
#define STEAL(p)                                \
	({                                      \
		__auto_type steal_value_ = (p); \
		(p) = NULL;                     \
		steal_value_;                   \
	})

/* Gives the descriptor away and leaves -1 behind. */
#define STEAL_FD(fd)                  \
	({                            \
		int steal_fd_ = (fd); \
		(fd) = -1;            \
		steal_fd_;            \
	})

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

static inline void freep(void *pointer)
{
	free(*(void **)pointer);
}
