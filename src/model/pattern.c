/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "model/pattern.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"

struct rule {
	char *text; /* without the leading and the trailing slash */
	bool include;
	bool dirs_only;
	bool anchored;	 /* from the top */
	bool wild;	 /* has one of *?[ */
	bool whole_path; /* not the name alone */
	bool from_start; /* after a "**" in the middle: try after each slash */
	bool and_below;	 /* ends with "***" */
	unsigned slashes;
};

struct patterns {
	struct rule *rules;
	size_t n, cap;
	bool need_paths;
};

/* Within brackets; `*p` is behind the '['. Moves it behind the ']'. */
static bool in_class(const char **p, unsigned char c)
{
	static const struct {
		const char *name;
		int (*is)(int);
	} classes[] = {
		{"alnum", isalnum}, {"alpha", isalpha}, {"blank", isblank},
		{"cntrl", iscntrl}, {"digit", isdigit}, {"graph", isgraph},
		{"lower", islower}, {"print", isprint}, {"punct", ispunct},
		{"space", isspace}, {"upper", isupper}, {"xdigit", isxdigit},
	};
	const char *s = *p;
	bool negated = *s == '!' || *s == '^', found = false, first = true;

	for (s += negated; *s && (first || *s != ']'); first = false) {
		if (s[0] == '[' && s[1] == ':') {
			const char *end = strstr(s + 2, ":]");
			if (!end)
				break;
			for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
				if (strlen(classes[i].name) == (size_t)(end - s - 2) &&
				    strncmp(s + 2, classes[i].name,
					    (size_t)(end - s - 2)) == 0 &&
				    classes[i].is(c))
					found = true;
			s = end + 2;
			continue;
		}
		if (*s == '\\' && s[1])
			s++;
		unsigned char low = (unsigned char)*s++, high = low;
		if (s[0] == '-' && s[1] && s[1] != ']') {
			s += s[1] == '\\' && s[2] ? 2 : 1;
			high = (unsigned char)*s++;
		}
		if (low <= c && c <= high)
			found = true;
	}
	*p = *s ? s + 1 : s;
	return *s && c != '/' && found != negated;
}

/* Where to go on when what follows a star does not fit. */
struct retry {
	const char *p, *s;
};

/*
 * One character, or what stands for one, of the pattern against *s. Moves *p on; false:
 * they differ.
 */
static bool fits(const char **p, const char *s)
{
	if (*s == '\0')
		return false;
	switch (**p) {
	case '?':
		*p += 1;
		return *s != '/';
	case '[':
		*p += 1;
		return in_class(p, (unsigned char)*s);
	case '\\':
		*p += (*p)[1] ? 1 : 0;
		break;
	}
	return *(*p)++ == *s;
}

/*
 * The whole of `s` against `p`, in time that is the product of their lengths at worst:
 * only the last star of each kind is ever tried again, since whatever an earlier one
 * could take more, the later one can.
 */
static bool matches(const char *p, const char *s)
{
	struct retry star = {NULL, NULL}, deep = {NULL, NULL};

	while (*s || *p) {
		if (*p == '*') {
			bool is_deep = p[1] == '*';
			while (*p == '*')
				p++;
			star = (struct retry){is_deep ? NULL : p, s};
			if (is_deep)
				deep = (struct retry){p, s};
			continue;
		}
		if (*p && fits(&p, s)) {
			s++;
		} else if (star.p && *star.s && *star.s != '/') {
			p = star.p;
			s = ++star.s;
		} else if (deep.p && *deep.s) {
			p = deep.p;
			s = ++deep.s;
			star.p = NULL;
		} else {
			return false;
		}
	}
	return true;
}

/* The last `n` components of a path; NULL when it has fewer. */
static const char *last_components(const char *path, unsigned n)
{
	for (const char *s = path + strlen(path); s > path; s--)
		if (s[-1] == '/' && --n == 0)
			return s;
	return n == 1 ? path : NULL;
}

/* `path` has a slash before it, which belongs to it for a pattern that begins with "**". */
static bool wild_matches(const struct rule *rule, const char *path)
{
	const char *s = path;

	if (!rule->anchored && strncmp(rule->text, "**", 2) == 0)
		s = path - 1;
	else if (!rule->anchored && rule->slashes > 0 && !rule->from_start)
		s = last_components(path, rule->slashes + 1);
	if (!s)
		return false;
	if (matches(rule->text, s))
		return true;
	if (rule->anchored || !rule->from_start || s < path)
		return false;
	while ((s = strchr(s, '/')))
		if (matches(rule->text, ++s))
			return true;
	return false;
}

static bool literally_matches(const struct rule *rule, const char *path)
{
	size_t path_len = strlen(path), len = strlen(rule->text);

	if (rule->anchored)
		return strcmp(path, rule->text) == 0;
	return len <= path_len && strcmp(path + path_len - len, rule->text) == 0 &&
	       (len == path_len || path[path_len - len - 1] == '/');
}

bool patterns_exclude(const struct patterns *patterns, const char *dir, const char *name,
		      bool is_dir)
{
	CLEANUP(strbuf_release) struct strbuf path = STRBUF_INIT, below = STRBUF_INIT;

	if (patterns->need_paths) {
		strbuf_addf(&path, "/%s%s%s", dir, *dir ? "/" : "", name);
		strbuf_addf(&below, "%s/", path.buf);
	}
	for (size_t i = 0; i < patterns->n; i++) {
		const struct rule *rule = &patterns->rules[i];
		if (rule->dirs_only && !is_dir)
			continue;
		const char *what = !rule->whole_path	       ? name
				   : is_dir && rule->and_below ? below.buf + 1
							       : path.buf + 1;
		if (rule->wild ? wild_matches(rule, what) : literally_matches(rule, what))
			return !rule->include;
	}
	return false;
}

static void clear(struct patterns *patterns)
{
	for (size_t i = 0; i < patterns->n; i++)
		free(patterns->rules[i].text);
	patterns->n = 0;
	patterns->need_paths = false;
}

static int add_rule(struct patterns *patterns, const char *text, struct error *err)
{
	struct rule rule = {0};
	const char *s = text;

	if (*s == '\0' || *s == '#' || *s == ';')
		return 0;
	if ((*s == '+' || *s == '-') && s[1] == ' ') {
		rule.include = *s == '+';
		s += 2;
	}
	if (strcmp(s, "!") == 0) {
		clear(patterns);
		return 0;
	}
	size_t len = strlen(s);
	if (len == 0)
		return error_say(err, -EINVAL, "the exclude pattern '%s' is not one",
				 text);
	if (len > 1 && s[len - 1] == '/') {
		rule.dirs_only = true;
		len--;
	}
	rule.anchored = *s == '/';
	s += rule.anchored;
	rule.text = xstrndup(s, len - rule.anchored);
	for (const char *c = rule.text; *c; c++)
		rule.slashes += *c == '/';
	rule.wild = strpbrk(rule.text, "*?[") != NULL;
	rule.from_start = strstr(rule.text, "**") != NULL;
	rule.and_below = len > 3 && strcmp(rule.text + strlen(rule.text) - 3, "***") == 0;
	rule.whole_path = rule.anchored || rule.slashes > 0 || rule.from_start;

	patterns->need_paths |= rule.whole_path;
	array_grow(patterns->rules, patterns->n, patterns->cap);
	patterns->rules[patterns->n++] = rule;
	return 0;
}

int patterns_new(const struct strvec *rules, struct patterns **ret_patterns,
		 struct error *err)
{
	CLEANUP(patterns_freep) struct patterns *patterns = xcalloc(1, sizeof(*patterns));

	for (size_t i = 0; i < rules->n; i++) {
		int r = add_rule(patterns, rules->v[i], err);
		if (r < 0)
			return r;
	}
	*ret_patterns = STEAL(patterns);
	return 0;
}

bool patterns_need_paths(const struct patterns *patterns)
{
	return patterns->need_paths;
}

void patterns_free(struct patterns *patterns)
{
	if (!patterns)
		return;
	clear(patterns);
	free(patterns->rules);
	free(patterns);
}

void patterns_freep(struct patterns **patterns)
{
	patterns_free(*patterns);
}
