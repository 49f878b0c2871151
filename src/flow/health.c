/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/health.h"

#include "base/alloc.h"
#include "base/human.h"

void health_release(struct health *health)
{
	free(health->why);
	free(health->holder);
	history_entry_release(&health->last);
	*health = (struct health){0};
}

void health_add_when(struct strbuf *out, struct instant when, struct instant now)
{
	struct civil c = civil_from_epoch(when.epoch, when.offset);
	char ago[HUMAN_MAX];

	strbuf_addf(out, "%04d-%02d-%02d %02d:%02d:%02d", c.year, c.month, c.day, c.hour,
		    c.minute, c.second);
	if (when.epoch <= now.epoch)
		strbuf_addf(out, ", %s ago",
			    human_duration((double)(now.epoch - when.epoch), ago));
}

static bool judge_last(const struct history_entry *last, int64_t max_age,
		       struct instant now, struct strbuf *why)
{
	static const char *const words[] = {
		[REPORT_OK] = "succeeded",
		[REPORT_WARNINGS] = "succeeded with warnings",
		[REPORT_PARTIAL] = "was partial",
		[REPORT_FAILED] = "failed",
		[REPORT_INTERRUPTED] = "was interrupted",
	};
	bool good = last->result == REPORT_OK || last->result == REPORT_WARNINGS;
	char limit[HUMAN_MAX];

	strbuf_addf(why, "the last run, of ");
	health_add_when(why, last->start, now);
	strbuf_addf(why, ", %s", words[last->result]);
	if (!good && *last->reason)
		strbuf_addf(why, ": %s", last->reason);
	if (good && max_age > 0 && now.epoch - last->start.epoch > max_age) {
		strbuf_addf(why, ", and MAX_AGE is %s",
			    human_duration((double)max_age, limit));
		return false;
	}
	return good;
}

static bool judge_running(const struct health *health, int64_t max_age,
			  struct instant now, struct strbuf *why)
{
	char so_long[HUMAN_MAX], limit[HUMAN_MAX];

	strbuf_addstr(why, "a run is in progress");
	if (*health->holder)
		strbuf_addf(why, ": %s", health->holder);
	if (max_age == 0 || health->since == 0 || now.epoch - health->since <= max_age)
		return true;
	strbuf_addf(why, ", for %s, and MAX_AGE is %s",
		    human_duration((double)(now.epoch - health->since), so_long),
		    human_duration((double)max_age, limit));
	return false;
}

void health_judge(struct health *health, int64_t max_age, struct instant now)
{
	CLEANUP(strbuf_release) struct strbuf why = STRBUF_INIT;

	if (health->running) {
		health->healthy = judge_running(health, max_age, now, &why);
	} else if (health->ran) {
		health->healthy = judge_last(&health->last, max_age, now, &why);
	} else {
		health->healthy = false;
		strbuf_addstr(&why, "there was no run yet");
	}
	free(health->why);
	health->why = strbuf_steal(&why);
}

int health_look(const struct store *store, const struct config *config,
		struct instant now, struct health *ret_health, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf holder = STRBUF_INIT;
	struct health health = {0};

	/* in this order: a run that ends in between has left its line by then */
	int locked = store_is_locked(store, &holder, err);
	if (locked < 0)
		return locked;
	int r = history_last(store, &health.last, err);
	if (r < 0)
		return r;
	health.running = locked > 0;
	health.since = locked > 0 ? store_locked_since(store) : 0;
	health.holder = strbuf_steal(&holder);
	health.ran = r > 0;
	health_judge(&health, config->max_age, now);
	*ret_health = health;
	return 0;
}
