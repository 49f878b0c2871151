/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * What the user asked for: one table of keys drives parsing, `backup config`,
 * `backup help config` and the README's table.
 *
 * A key comes from the environment variable of its name, or from the file that
 * NAME_FILE names (one trailing newline is cut), or has its default. An empty variable
 * counts as not set, as in the shell's ${NAME:-default}. A key with a `secret_file` comes
 * from the file of that name in SECRETS_DIR where there is one, whatever the variable
 * says; NAME_FILE, which somebody wrote for this key, goes before. After loading, nothing
 * changes.
 *
 * Pure: the environment and the files are reached through `struct config_source`.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "base/strvec.h"

enum config_type {
	CONFIG_PATH,
	CONFIG_NAME, /* of one file: no slash */
	CONFIG_COUNT,
	CONFIG_PERCENT,
	CONFIG_BOOL,
	CONFIG_DURATION,
	CONFIG_TIMEOUT, /* a duration, or "auto": -1 */
	CONFIG_RATE,
	CONFIG_THREADS, /* a number, or "auto": 0 */
	CONFIG_NICE,
	CONFIG_IO_PRIORITY, /* as ioprio_set(2) takes it, or "auto": -1 */
	CONFIG_LIST,
	CONFIG_WORDS,
	CONFIG_CHOICE,
	CONFIG_ZONE,
	CONFIG_TEXT,
	CONFIG_LINE, /* text without control characters */
	CONFIG_HOST,
	CONFIG_PORT,
	CONFIG_ADDRESS,
	CONFIG_ADDRESSES,
};

enum config_engine {
	CONFIG_ENGINE_AUTO, /* native, or rsync where there are options for it */
	CONFIG_ENGINE_RSYNC,
	CONFIG_ENGINE_NATIVE,
};

enum config_sparse {
	CONFIG_SPARSE_KEEP,
	CONFIG_SPARSE_DETECT,
};

enum config_scale {
	CONFIG_SCALE_AUTO,
	CONFIG_SCALE_REQUIRED,
	CONFIG_SCALE_OFF,
};

enum config_pre_pass {
	CONFIG_PRE_PASS_AUTO,
	CONFIG_PRE_PASS_ON,
	CONFIG_PRE_PASS_OFF,
};

enum config_tls {
	CONFIG_TLS_OFF,
	CONFIG_TLS_ON, /* implicit on port 465, STARTTLS on any other */
	CONFIG_TLS_STARTTLS,
	CONFIG_TLS_IMPLICIT,
};

enum config_init {
	CONFIG_INIT_AUTO,
	CONFIG_INIT_NEVER,
};

struct config_key {
	const char *name;
	enum config_type type;
	size_t offset;	      /* of its field in struct config */
	const char *fallback; /* the default, as the user would write it */
	const char *help;     /* one line */
	const char *const
		*choices;	 /* CONFIG_CHOICE: words in the enum's order, then NULL */
	bool secret;		 /* never shown */
	const char *secret_file; /* its name in SECRETS_DIR, or NULL */
};

enum config_origin {
	CONFIG_FROM_DEFAULT,
	CONFIG_FROM_ENVIRONMENT,
	CONFIG_FROM_FILE,
};

/* A key's value as it was written, and where. */
struct config_value {
	char *text;
	enum config_origin origin;
	char *file; /* CONFIG_FROM_FILE: its path, else NULL */
};

enum { CONFIG_KEYS = 57 };

/* Strings belong to `values`. A path or name that is not given is "". */
struct config {
	const char *src;
	const char *dest;
	uint64_t daily_count;
	uint64_t weekly_count;
	uint64_t monthly_count;
	int64_t keep_within; /* seconds */
	bool dry_run;
	const char *tz;
	int engine; /* enum config_engine */
	struct strvec exclude;
	const char *exclude_from;
	bool exclude_caches;
	const char *exclude_if_present;
	bool one_file_system;
	bool checksum;
	uint64_t bwlimit; /* bytes per second, 0: none */
	int sparse;	  /* enum config_sparse */
	uint64_t threads; /* 0: as many as suit the machine */
	int nice;	  /* 0: unchanged */
	int io_priority; /* 0: unchanged; -1: idle while services are up, else unchanged */
	struct strvec rsync_args;
	bool allow_empty_source;
	uint64_t shrink_limit; /* per cent */
	bool manifest;
	uint64_t verify_share; /* per cent */
	int init;	       /* enum config_init */
	int64_t lock_wait;     /* seconds */
	int scale;	       /* enum config_scale */
	const char *scale_label;
	const char *scale_value;
	bool scale_global;
	const char *scale_order_label;
	int64_t stop_timeout;  /* seconds; -1: by the tasks' own grace period */
	int64_t start_timeout; /* seconds */
	int pre_pass;	       /* enum config_pre_pass */
	const char *docker_host;
	bool docker_tls_verify;
	const char *docker_cert_path;
	const char *secrets_dir;
	const char *smtp_server;
	uint64_t smtp_port;
	int smtp_tls; /* enum config_tls */
	const char *smtp_user;
	const char *smtp_pass;
	const char *smtp_ca_file;
	bool smtp_allow_plaintext;
	int64_t smtp_timeout; /* seconds */
	const char *email_from;
	struct strvec email_to;
	bool email_on_success;
	bool email_on_failure;
	const char *msmtp_config;
	const char *msmtp_log;
	int64_t max_age; /* seconds, 0: any */
	const char *metrics_file;
	const char *log_file;
	const char *run_log_dir;
	struct config_value values[CONFIG_KEYS]; /* in the table's order */
};

struct config_source {
	void *ctx;
	const char *(*get)(void *ctx, const char *name); /* NULL: not set */
	int (*read_file)(void *ctx, const char *path, struct strbuf *out,
			 struct error *err);
	bool (*zone_known)(void *ctx, const char *zone);
	/* Adds the name of a zone that may be meant, if there is one. */
	void (*zone_nearest)(void *ctx, const char *zone, struct strbuf *out);
};

/* The table, `*ret_n` keys. */
const struct config_key *config_keys(size_t *ret_n);

/*
 * Fills `config` (zeroed by the caller). Every wrong value adds a sentence to `errors`
 * that names the variable, the value and what is accepted; -EINVAL when there was one.
 * Those about mail go to `mail_errors`, since not everybody needs to mind them: such a
 * variable then has its default.
 */
int config_load(struct config *config, const struct config_source *source,
		struct strvec *errors, struct strvec *mail_errors);
void config_release(struct config *config);

/* The value of the key `name`, which must be one of the table. */
const struct config_value *config_value(const struct config *config, const char *name);

/* Whether a mail server was given: the default is an example. */
bool config_has_mail(const struct config *config);

/* What values a key takes, in words. */
void config_accepted(const struct config_key *key, struct strbuf *out);
