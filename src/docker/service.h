/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Swarm services: finding them, and changing many of them at once without ever
 * overwriting what somebody else changed in between.
 */
#pragma once

#include "docker/docker.h"
#include "docker/spec.h"

struct service {
	char *id;
	char *name; /* escaped for printing */
	int64_t version;
	json_t *spec;
	bool updating; /* a rolling update or rollback is on its way */
	bool paused;   /* one was paused: any update would resume it */
};

void service_release(struct service *service);

struct services {
	struct service *v;
	size_t n, cap;
};

#define SERVICES_INIT \
	{             \
		0     \
	}
void services_release(struct services *services);

/*
 * All services with a label: `value` NULL for any value. The engine's own filter is
 * loose, so labels are compared again here. Ordered by id.
 */
enum docker_trouble services_find(struct docker *docker, const char *label,
				  const char *value, struct services *ret_services,
				  struct error *err);

/* Reads one again. DOCKER_GONE: it was removed. */
enum docker_trouble service_read(struct docker *docker, const char *id,
				 struct service *ret_service, struct error *err);

enum change_result {
	CHANGE_PENDING,
	CHANGE_SENT,	 /* an update took effect */
	CHANGE_NEEDLESS, /* decide() found nothing to do */
	CHANGE_REFUSED,	 /* decide() refused; the error says why */
	CHANGE_GONE,	 /* the service was removed */
	CHANGE_FAILED,	 /* the error says why */
};

/*
 * One service's change. `decide` looks at the service as it is now and edits its spec in
 * place: it is called again, on what was read afresh, whenever another update came
 * between or an answer was lost. It returns CHANGE_PENDING to have the spec sent, or
 * CHANGE_NEEDLESS, or CHANGE_REFUSED with an error.
 */
struct change {
	const char *id; /* borrowed */
	enum change_result (*decide)(struct change *change, struct service *service,
				     struct error *err);
	void *ctx;
	enum change_result result;
	double sent_at; /* monotonic, when the update took effect */
	struct error err;
};

/*
 * Carries out all of them in parallel, in rounds, for as long as others update the same
 * service or it is not known whether an update took effect (no answer, a manager that is
 * electing a leader): ten rounds, and more while `patient` seconds have not passed; fewer
 * only of an engine that keeps silent.
 */
void services_change(struct docker *docker, struct change *changes, size_t n,
		     double patient);
