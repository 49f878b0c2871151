/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "model/mark.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"

char *mark_format(const struct mark *mark)
{
	CLEANUP(json_freep)
	json_t *root = json_pack("{s:s, s:s}", "destination", mark->destination, "run",
				 mark->run);

	if (mark->global)
		json_object_set_new(root, "global", json_true());
	else if (mark->replicas >= 0)
		json_object_set_new(root, "replicas", json_integer(mark->replicas));
	return json_dumps(root, JSON_COMPACT);
}

bool mark_parse(const char *text, struct mark *ret_mark)
{
	CLEANUP(json_freep) json_t *root = json_loads(text, 0, NULL);
	const char *destination, *run;
	json_int_t replicas = -1;
	int global = 0;

	if (json_unpack(root, "{s:s, s:s, s?I, s?b}", "destination", &destination, "run",
			&run, "replicas", &replicas, "global", &global) < 0)
		return false;
	if (strlen(destination) >= sizeof(ret_mark->destination) ||
	    strlen(run) >= sizeof(ret_mark->run) || replicas < -1)
		return false;
	*ret_mark = (struct mark){.global = global, .replicas = replicas};
	snprintf(ret_mark->destination, sizeof(ret_mark->destination), "%s", destination);
	snprintf(ret_mark->run, sizeof(ret_mark->run), "%s", run);
	return true;
}
