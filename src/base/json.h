/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* What we add to jansson. */
#pragma once

#include <jansson.h>

/* For CLEANUP(). */
void json_freep(json_t **value);

/* A string, NULL as "". One that is not UTF-8, which JSON cannot hold, is escaped. */
json_t *json_text(const char *s);
