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

void host_container_id(struct strbuf *out)
{
	static const char before[] = "/containers/";
	enum { ID_LEN = 64 };
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT_MAX(4 * 1024 * 1024);

	if (fs_read_file(AT_FDCWD, "/proc/self/mountinfo", &text, NULL) < 0)
		return;
	for (const char *at = text.buf; (at = strstr(at, before));) {
		at += sizeof(before) - 1;
		if (strspn(at, "0123456789abcdef") == ID_LEN && at[ID_LEN] == '/') {
			strbuf_add(out, at, ID_LEN);
			return;
		}
	}
}
