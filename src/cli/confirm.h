/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* Questions to whoever sits at the terminal. */
#pragma once

#include <stdbool.h>

/* Whether standard input is one, so that somebody can answer. */
bool confirm_possible(void);

/* Asks on standard error: true for "y" or "yes" in any case, else false. */
bool confirm(const char *question);
