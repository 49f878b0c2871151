/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "engine/rule.h"

#include <string.h>

#include "base/strbuf.h"

/* A path in a pattern: what rsync would take for a wildcard is escaped. */
static void add_literal(struct strbuf *rule, const char *path)
{
	for (; *path; path++) {
		if (strchr("*?[\\", *path))
			strbuf_addch(rule, '\\');
		strbuf_addch(rule, *path);
	}
}

/* Without wildcards rsync takes a backslash for itself, so nothing is escaped then. */
void rule_add(struct strvec *rules, const char *action, const char *dir, const char *name)
{
	CLEANUP(strbuf_release) struct strbuf path = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf rule = STRBUF_INIT;

	strbuf_addf(&path, "/%s%s%s", dir, *dir ? "/" : "", name ? name : "");
	strbuf_addstr(&rule, action);
	if (!name) {
		add_literal(&rule, path.buf);
		strbuf_addch(&rule, '*');
	} else if (strpbrk(path.buf, "*?[")) {
		add_literal(&rule, path.buf);
	} else {
		strbuf_addstr(&rule, path.buf);
	}
	strvec_push(rules, rule.buf);
}
