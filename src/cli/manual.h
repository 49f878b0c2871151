/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * The parts of the manual that the program knows itself, in the language of scdoc(5):
 * those below man/ have the rest, and tools/manual puts them together.
 */
#pragma once

/* backup(1): a section for each command, made of the same text as its --help. */
void manual_commands(void);

/* backup-config(5): the variables. */
void manual_variables(void);
