/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "sys/host.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "sys/fs.h"

void host_name(struct strbuf *out)
{
	char name[256] = "";

	if (gethostname(name, sizeof(name) - 1) < 0 || name[0] == '\0')
		strbuf_addstr(out, "unknown");
	else
		strbuf_add_escaped(out, name, strlen(name));
}

void host_boot_id(struct strbuf *out)
{
	size_t before = out->len;

	if (fs_read_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id", out, NULL) < 0)
		strbuf_cut(out, before);
	else if (out->len > before && out->buf[out->len - 1] == '\n')
		strbuf_cut(out, out->len - 1);
}
