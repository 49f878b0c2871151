/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* What we add to jansson. */
#pragma once

#include <jansson.h>

/* For CLEANUP(). */
void json_freep(json_t **value);

/* A string of any bytes, NULL as "": what is not printable UTF-8 is escaped. */
json_t *json_text(const char *s);
