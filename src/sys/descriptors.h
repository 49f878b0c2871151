/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* How many files a process may have open. */
#pragma once

#include <stdint.h>

/* Raises the limit as far as it can be, and tells it; 0: not known. */
uint64_t descriptors_limit(void);
