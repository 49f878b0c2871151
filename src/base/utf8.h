/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* UTF-8, as RFC 3629 has it: no overlong forms, no surrogates, nothing over U+10FFFF. */
#pragma once

#include <stddef.h>

/* Length of the character at `s` of `len` (> 0) bytes; 0 when none begins there. */
size_t utf8_length(const unsigned char *s, size_t len);
