/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * What holds of every plan, tried on 10,000 random sets of snapshots. The seed is
 * printed; SEED=number tries the same again.
 */
#include "retention_rules.h"

#include <inttypes.h>

enum { SETS = 10000, ITEMS_MAX = 48, DAY = 86400 };

static uint64_t random_state;

/* xorshift64 */
static uint64_t random_below(uint64_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 11) % limit;
}

struct set {
	struct retention_policy policy;
	int64_t now;
	struct retention_item items[ITEMS_MAX];
	char ids[ITEMS_MAX][8];
	size_t n;
};

static bool has_place(const struct set *set, const char *id, enum snapshot_tier tier)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->items[i].tier == tier && strcmp(set->items[i].id, id) == 0)
			return true;
	return false;
}

/* The snapshot of that name in another tier, as the shell scripts left it. */
static void add_twin(struct set *set)
{
	struct retention_item twin = set->items[random_below(set->n)];

	twin.tier = (enum snapshot_tier)random_below(SNAPSHOT_TIERS);
	if (!has_place(set, twin.id, twin.tier))
		set->items[set->n++] = twin;
}

static void add_item(struct set *set, int64_t span)
{
	static const int offsets[] = {0, 3600, 7200, -18000, 45900, -39600};
	static const enum snapshot_status statuses[] = {
		SNAPSHOT_COMPLETE, SNAPSHOT_COMPLETE, SNAPSHOT_COMPLETE,
		SNAPSHOT_COMPLETE, SNAPSHOT_COMPLETE, SNAPSHOT_PARTIAL,
		SNAPSHOT_SHRUNK,   SNAPSHOT_UNKNOWN,
	};
	struct retention_item *item = &set->items[set->n];

	snprintf(set->ids[set->n], sizeof(set->ids[0]), "s%zu", set->n);
	*item = (struct retention_item){
		.id = set->ids[set->n],
		.time = {.epoch = set->now - (int64_t)random_below((uint64_t)span),
			 .offset = offsets[random_below(ARRAY_SIZE(offsets))]},
		.tier = (enum snapshot_tier)random_below(SNAPSHOT_TIERS),
		.status = statuses[random_below(ARRAY_SIZE(statuses))],
		.protect = random_below(12) == 0,
		.pinned = random_below(12) == 0,
	};
	set->n++;
}

static void make_set(struct set *set)
{
	static const int64_t spans[] = {2, 6 * 3600, 3 * DAY, 60 * DAY, 900 * DAY};
	static const int64_t within[] = {0, 3600, DAY, 7 * DAY};
	int64_t span = spans[random_below(ARRAY_SIZE(spans))];
	size_t n = random_below(ITEMS_MAX + 1);

	set->n = 0;
	set->now = 1700000000 + (int64_t)random_below(UINT64_C(200000000));
	set->policy = (struct retention_policy){
		.daily = random_below(9),
		.weekly = random_below(6),
		.monthly = random_below(8),
		.keep_within = within[random_below(ARRAY_SIZE(within))],
	};
	while (set->n < n) {
		add_item(set, span);
		if (set->n < n && random_below(6) == 0)
			add_twin(set);
	}
	if (random_below(5) == 0)
		set->now -= (int64_t)random_below((uint64_t)span + DAY);
}

static void show(const struct set *set)
{
	print_error("policy %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64
		    "s, now %" PRId64 "\n",
		    set->policy.daily, set->policy.weekly, set->policy.monthly,
		    set->policy.keep_within, set->now);
	for (size_t i = 0; i < set->n; i++) {
		const struct retention_item *x = &set->items[i];
		print_error("%-7s %-4s %" PRId64 "%+d %s%s%s -> %s: %s\n",
			    snapshot_tier_name(x->tier), x->id, x->time.epoch,
			    x->time.offset, snapshot_status_name(x->status),
			    x->protect ? ",in-use" : "", x->pinned ? ",pinned" : "",
			    x->remove ? "removed" : snapshot_tier_name(x->target),
			    x->reason);
	}
}

static bool same_plan(const struct retention_item *a, const struct retention_item *b)
{
	return a->remove == b->remove && a->target == b->target &&
	       strcmp(a->reason, b->reason) == 0;
}

/* The same snapshots in another order: the same plan for each. */
static bool order_matters(const struct set *set)
{
	struct set other = *set;
	struct retention_plan plan;

	for (size_t i = other.n; i > 1; i--) {
		size_t j = random_below(i);
		struct retention_item swap = other.items[i - 1];
		other.items[i - 1] = other.items[j];
		other.items[j] = swap;
	}
	retention_plan(other.items, other.n, &other.policy, other.now, &plan);
	for (size_t i = 0; i < set->n; i++)
		for (size_t j = 0; j < other.n; j++)
			if (strcmp(set->items[i].id, other.items[j].id) == 0 &&
			    set->items[i].tier == other.items[j].tier &&
			    !same_plan(&set->items[i], &other.items[j]))
				return true;
	return false;
}

static int catalog_order(const void *a, const void *b)
{
	const struct retention_item *x = a, *y = b;

	if (x->time.epoch != y->time.epoch)
		return x->time.epoch < y->time.epoch ? 1 : -1;
	int r = strcmp(y->id, x->id);
	return r ? r : (int)x->tier - (int)y->tier;
}

/* Moves are made one after another, before anything is removed. */
static bool moves_collide(const struct set *set)
{
	struct set other = *set;

	qsort(other.items, other.n, sizeof(*other.items), catalog_order);
	for (size_t i = 0; i < other.n; i++) {
		struct retention_item *item = &other.items[i];
		if (item->remove || item->target == item->tier)
			continue;
		if (has_place(&other, item->id, item->target))
			return true;
		item->tier = item->target;
	}
	return false;
}

/* After doing what a plan says there is nothing left to do. */
static bool plans_again(const struct set *set)
{
	struct set other = *set;
	struct retention_plan plan;

	other.n = rules_carry_out(other.items, other.n);
	retention_plan(other.items, other.n, &other.policy, other.now, &plan);
	return plan.removals + plan.moves > 0;
}

static void test_random_sets(void **state)
{
	static struct set set;
	struct retention_plan plan;
	size_t removals = 0, moves = 0, behind = 0;
	const char *id;

	(void)state;
	for (int i = 0; i < SETS; i++) {
		make_set(&set);
		retention_plan(set.items, set.n, &set.policy, set.now, &plan);
		const char *why =
			rules_broken(set.items, set.n, &set.policy, set.now, &plan, &id);
		if (!why && order_matters(&set))
			why = "the order of the input matters";
		if (!why && moves_collide(&set))
			why = "a move finds its place taken";
		if (!why && plans_again(&set))
			why = "a second plan finds something to do";
		if (why) {
			show(&set);
			fail_msg("set %d: %s %s", i, id, why);
		}
		removals += plan.removals;
		moves += plan.moves;
		behind += plan.clock_behind;
	}
	/* the sets are such that there is something to go wrong */
	assert_true(removals > SETS && moves > SETS && behind > SETS / 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_sets),
	};
	const char *seed = getenv("SEED");

	if (!seed || parse_uint(seed, 1, UINT64_MAX, &random_state) < 0) {
		struct timespec ts;
		clock_gettime(CLOCK_REALTIME, &ts);
		random_state = (uint64_t)ts.tv_sec * 1000003 + (uint64_t)ts.tv_nsec;
	}
	printf("# SEED=%" PRIu64 "\n", random_state);
	fflush(stdout);
	return cmocka_run_group_tests_name("random sets", tests, NULL, NULL);
}
