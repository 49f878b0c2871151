/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "engine/pass.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"

enum { NOTES_MAX = 200 };

/* The path below the top. */
static void add_path(struct strbuf *out, const struct place *place, const char *name)
{
	size_t n;
	CLEANUP(freep) const char **names = place_names(place, &n);

	for (size_t i = 0; i < n; i++)
		strbuf_addf(out, "%s%s", i > 0 ? "/" : "", names[i]);
	if (name)
		strbuf_addf(out, "%s%s", n > 0 ? "/" : "", name);
}

static void compose(struct strbuf *out, const char *words, const char *top,
		    const struct place *place, const char *name, int code)
{
	strbuf_addf(out, "%s '%s", words, top);
	add_path(out, place, name);
	strbuf_addch(out, '\'');
	if (code < 0)
		strbuf_addf(out, ": %s", strerror(-code));
}

void pass_note(struct pass *pass, const char *words, const struct place *place,
	       const char *name, int code)
{
	CLEANUP(strbuf_release) struct strbuf line = STRBUF_INIT;

	pthread_mutex_lock(&pass->lock);
	if (pass->notes++ < NOTES_MAX) {
		CLEANUP(freep) char *top = xasprintf("%s/", pass->job->source);
		compose(&line, words, top, place, name, code);
		pass->job->note(pass->job->note_ctx, true, line.buf);
	} else {
		pass->notes_cut++;
	}
	pthread_mutex_unlock(&pass->lock);
}

void pass_unreadable(struct pass *pass, struct worker *worker, const char *words,
		     const struct place *place, const char *name, int code)
{
	worker->counts.unreadable++;
	atomic_store(&pass->partial, true);
	pass_note(pass, words, place, name, code);
}

int pass_fail(struct pass *pass, const char *words, const struct place *place,
	      const char *name, int code)
{
	CLEANUP(strbuf_release) struct strbuf line = STRBUF_INIT;

	pthread_mutex_lock(&pass->lock);
	if (pass->fatal == 0) {
		CLEANUP(freep) char *top = xasprintf("%s/", pass->job->target);
		pass->fatal = code;
		compose(&line, words, top, place, name, code);
		error_say(&pass->why, code, "the destination cannot be written: %s",
			  line.buf);
	}
	pthread_mutex_unlock(&pass->lock);
	atomic_store(&pass->pool.stop, true);
	return code;
}

bool pass_is_fatal(int code)
{
	return code == -ENOSPC || code == -EDQUOT || code == -EROFS || code == -EIO;
}
