/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* backup(1), the manual page, made of the same texts as --help. */
#pragma once

/* Prints it in the language of man(7). */
void manual_print(void);
