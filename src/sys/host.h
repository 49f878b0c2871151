/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* Which machine this is, and since when it has been up. */
#pragma once

#include "base/strbuf.h"

/* The host's name as gethostname(2) has it; "unknown" when there is none. */
void host_name(struct strbuf *out);

/*
 * An identifier that is new with every boot (random(4), boot_id). Nothing is added when
 * it cannot be read; who compares must then assume a reboot.
 */
void host_boot_id(struct strbuf *out);

/*
 * The id of the container we are in, 64 hexadecimal digits, as the engine's own mounts
 * (/etc/hostname and others) name it in /proc/self/mountinfo. Nothing is added outside.
 */
void host_container_id(struct strbuf *out);
