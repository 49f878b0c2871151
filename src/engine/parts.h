/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * A file that is so large that all threads which have nothing else to do copy parts of it.
 *
 * Its worker asks for help by items on the pool, and takes part after part itself. Who
 * comes takes parts, too. When none is left, the worker waits for those who have come and
 * not for those who have not: they find nothing to do, later.
 */
#pragma once

#include "engine/pass.h"

/* As copy_content(), of any file. -ECANCELED also when the pass was stopped. */
int parts_copy(struct pass *pass, struct worker *worker, const struct copy_file *file,
	       enum copy_side *ret_side);
