/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* What is left after many runs: cases/retention-runs.txt. */
#include "retention_rules.h"

enum { SNAPSHOTS_MAX = 4000, WORDS_MAX = 64 };

struct snapshot {
	char name[SNAPSHOT_NAME_MAX];
	struct instant time;
	enum snapshot_tier tier;
	enum snapshot_status status;
};

/* A destination in memory, and a clock. */
static struct world {
	struct cases *cases;
	struct retention_policy policy;
	int64_t clock;
	size_t removed;
	struct snapshot v[SNAPSHOTS_MAX];
	struct retention_item items[SNAPSHOTS_MAX];
	size_t n;
} world;

static void start_world(struct cases *cases)
{
	world.cases = cases;
	world.policy = (struct retention_policy){7, 4, 6, 86400};
	world.clock = 0;
	world.removed = 0;
	world.n = 0;
	rules_zone("UTC0");
}

static bool is_there(const char *name)
{
	for (size_t i = 0; i < world.n; i++)
		if (strcmp(world.v[i].name, name) == 0)
			return true;
	return false;
}

static bool add(enum snapshot_tier tier, struct instant time, enum snapshot_status status)
{
	struct civil c = civil_from_epoch(time.epoch, time.offset);
	struct snapshot *s = &world.v[world.n];

	if (world.n == SNAPSHOTS_MAX)
		return false;
	*s = (struct snapshot){.time = time, .tier = tier, .status = status};
	snapshot_name(&c, 1, s->name);
	world.n++;
	return true;
}

/* The newest, or the newest good one, of what was there before `but`. */
static const char *newest(bool good, const char *but)
{
	const struct snapshot *best = NULL;

	for (size_t i = 0; i < world.n; i++) {
		const struct snapshot *s = &world.v[i];
		if (strcmp(s->name, but) != 0 &&
		    (!good || s->status == SNAPSHOT_COMPLETE) &&
		    (!best || s->time.epoch > best->time.epoch))
			best = s;
	}
	return best ? best->name : "";
}

/* One item for each snapshot; what a run has just made and links from is in use. */
static void fill_items(const char *made)
{
	const char *base = *made ? newest(false, made) : "";
	const char *good = *made ? newest(true, made) : "";

	for (size_t i = 0; i < world.n; i++) {
		const struct snapshot *s = &world.v[i];
		world.items[i] = (struct retention_item){
			.id = s->name,
			.time = s->time,
			.tier = s->tier,
			.status = s->status,
			.protect = strcmp(s->name, made) == 0 ||
				   strcmp(s->name, base) == 0 ||
				   strcmp(s->name, good) == 0,
		};
	}
}

static void prune(const char *made)
{
	struct retention_plan plan;
	const char *id;
	size_t left = 0;

	fill_items(made);
	retention_plan(world.items, world.n, &world.policy, world.clock, &plan);
	const char *why = rules_broken(world.items, world.n, &world.policy, world.clock,
				       &plan, &id);
	if (why)
		cases_wrong(world.cases, "after %s: %s %s", made, id, why);
	for (size_t i = 0; i < world.n; i++) {
		if (world.items[i].remove)
			continue;
		world.v[left] = world.v[i];
		world.v[left++].tier = world.items[i].target;
	}
	world.removed += world.n - left;
	world.n = left;

	fill_items(made);
	retention_plan(world.items, world.n, &world.policy, world.clock, &plan);
	if (plan.removals + plan.moves > 0)
		cases_wrong(world.cases, "after %s: a second plan finds something to do",
			    made);
}

/* As flow does it: one that is not good removes nothing. */
static bool run(const char *what)
{
	struct instant now = clock_local(world.clock);
	struct civil c = civil_from_epoch(now.epoch, now.offset);
	char name[SNAPSHOT_NAME_MAX];

	if (strcmp(what, "failed") == 0)
		return true;
	if (!add(SNAPSHOT_DAILY, now, snapshot_status_parse(what)))
		return false;
	for (unsigned nth = 1; nth == 1 || is_there(name); nth++) {
		world.v[world.n - 1].name[0] = '\0';
		snapshot_name(&c, nth, name);
	}
	snprintf(world.v[world.n - 1].name, sizeof(name), "%s", name);
	if (strcmp(what, "complete") == 0)
		prune(name);
	return true;
}

static bool do_runs(char **w, size_t n)
{
	uint64_t times;
	int64_t every;

	if (n < 4 || parse_uint(w[1], 1, 100000, &times) < 0 ||
	    strcmp(w[2], "every") != 0 || parse_duration(w[3], &every) < 0)
		return false;
	for (uint64_t i = 0; i < times; i++) {
		world.clock += i > 0 ? every : 0;
		if (!run(n > 4 ? w[4] : "complete"))
			return false;
	}
	return true;
}

static bool do_clock(char **w, size_t n)
{
	struct instant to;
	int64_t by;

	if (n == 2 && (w[1][0] == '+' || w[1][0] == '-')) {
		if (parse_duration(w[1] + 1, &by) < 0)
			return false;
		world.clock += w[1][0] == '+' ? by : -by;
		return true;
	}
	if (n != 2 || !rules_time(w[1], &to))
		return false;
	world.clock = to.epoch;
	return true;
}

static bool do_add(char **w, size_t n)
{
	enum snapshot_tier tier;
	struct instant time;

	return n >= 3 && rules_tier(w[1], &tier) && rules_time(w[2], &time) &&
	       add(tier, time, snapshot_status_parse(n > 3 ? w[3] : "complete"));
}

/* The place of a snapshot by the beginning of its name; world.n: there is none. */
static size_t find(const char *name, const char *tier)
{
	size_t i = 0;

	while (i < world.n &&
	       !(rules_starts(world.v[i].name, name) &&
		 (!tier || strcmp(snapshot_tier_name(world.v[i].tier), tier) == 0)))
		i++;
	return i;
}

static bool do_delete(char **w, size_t n)
{
	size_t at = n == 3 ? find(w[2], w[1]) : world.n;

	if (at == world.n)
		return false;
	world.v[at] = world.v[--world.n];
	return true;
}

static bool check_counts(char **w, size_t n)
{
	uint64_t wanted[SNAPSHOT_TIERS], found[SNAPSHOT_TIERS] = {0};

	for (size_t i = 0; i < SNAPSHOT_TIERS; i++)
		if (n != 4 || parse_uint(w[1 + i], 0, 100000, &wanted[i]) < 0)
			return false;
	for (size_t i = 0; i < world.n; i++)
		found[world.v[i].tier]++;
	if (memcmp(wanted, found, sizeof(found)) != 0)
		cases_wrong(world.cases, "there are %d %d %d", (int)found[0],
			    (int)found[1], (int)found[2]);
	return true;
}

static void list_tier(const char *tier, struct strbuf *out)
{
	for (size_t i = 0; i < world.n; i++)
		if (strcmp(snapshot_tier_name(world.v[i].tier), tier) == 0)
			strbuf_addf(out, " %s", world.v[i].name);
}

static bool check_holds(char **w, size_t n)
{
	CLEANUP(strbuf_release) struct strbuf there = STRBUF_INIT;
	size_t in_tier = 0, found = 0;

	for (size_t i = 2; i < n; i++)
		found += find(w[i], w[1]) < world.n;
	for (size_t i = 0; n > 2 && i < world.n; i++)
		in_tier += strcmp(snapshot_tier_name(world.v[i].tier), w[1]) == 0;
	if (found != n - 2 || in_tier != n - 2) {
		list_tier(w[1], &there);
		cases_wrong(world.cases, "%s holds%s", w[1], there.buf);
	}
	return n > 2;
}

static bool check_removed(char **w, size_t n)
{
	uint64_t wanted;

	if (n != 2 || parse_uint(w[1], 0, 100000, &wanted) < 0)
		return false;
	if (wanted != world.removed)
		cases_wrong(world.cases, "%zu were removed", world.removed);
	return true;
}

static bool check_has(char **w, size_t n)
{
	bool there = n == 2 && find(w[1], NULL) < world.n;

	if (there != (strcmp(w[0], "has") == 0))
		cases_wrong(world.cases, "it is %sthere", there ? "" : "not ");
	return n == 2;
}

static bool do_policy(char **w, size_t n)
{
	return rules_policy(w + 1, n - 1, &world.policy);
}

static bool do_zone(char **w, size_t n)
{
	rules_zone(w[1]);
	return n == 2;
}

static bool do_run(char **w, size_t n)
{
	return run(n > 1 ? w[1] : "complete");
}

static bool do_prune(char **w, size_t n)
{
	(void)w;
	prune("");
	return n == 1;
}

static bool do_case(char **w, size_t n)
{
	(void)w;
	start_world(world.cases);
	return n > 1;
}

static const struct {
	const char *word;
	bool (*f)(char **words, size_t n);
} commands[] = {
	{"case", do_case},	  {"policy", do_policy},  {"zone", do_zone},
	{"clock", do_clock},	  {"add", do_add},	  {"delete", do_delete},
	{"run", do_run},	  {"runs", do_runs},	  {"prune", do_prune},
	{"counts", check_counts}, {"holds", check_holds}, {"removed", check_removed},
	{"has", check_has},	  {"hasnot", check_has},
};

static void test_runs(void **state)
{
	CLEANUP(cases_close) struct cases cases = cases_open("retention-runs.txt");
	char *words[WORDS_MAX] = {(char[]){""}};

	(void)state;
	start_world(&cases);
	while (cases_next(&cases)) {
		size_t n = cases_words(cases.line, words, WORDS_MAX);
		size_t i = 0;
		while (i < ARRAY_SIZE(commands) &&
		       strcmp(words[0], commands[i].word) != 0)
			i++;
		if (i == ARRAY_SIZE(commands) || !commands[i].f(words, n))
			cases_wrong(&cases, "cannot be understood or done");
	}
	cases_end(&cases);
	world.cases = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs),
	};

	return cmocka_run_group_tests_name("retention over many runs", tests, NULL, NULL);
}
