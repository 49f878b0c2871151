/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Names as mtree(5) writes them: what is not plain ASCII, or means something there, is a
 * backslash and three octal digits, as vis(3) with VIS_OCTAL has it.
 */
#pragma once

#include <stddef.h>

#include "base/strbuf.h"

void vis_add(struct strbuf *out, const char *s, size_t len);

/* Adds what vis_add() was given. -EINVAL: it is no such text. */
int vis_read(struct strbuf *out, const char *s, size_t len);
