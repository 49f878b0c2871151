/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "model/config.h"

/* KEY(name, type, field, default, help, further fields) */
#define KEY(key, kind, field, text, words, ...)                               \
	{                                                                     \
		.name = #key, .type = CONFIG_##kind,                          \
		.offset = offsetof(struct config, field), .fallback = (text), \
		.help = (words), __VA_ARGS__                                  \
	}

static const char *const engines[] = {"auto", "rsync", "native", NULL};
static const char *const sparses[] = {"keep", "detect", NULL};
static const char *const scales[] = {"auto", "required", "off", NULL};
static const char *const pre_passes[] = {"auto", "on", "off", NULL};
static const char *const tls_modes[] = {"off", "on", "starttls", "implicit", NULL};
static const char *const inits[] = {"auto", "never", NULL};

static const struct config_key keys[] = {
	KEY(BACKUP_SRC, PATH, src, "/data", "directory to back up"),
	KEY(BACKUP_DEST, PATH, dest, "/backup", "directory that holds the snapshots"),
	KEY(DAILY_COUNT, COUNT, daily_count, "7",
	    "days of which the newest snapshot is kept"),
	KEY(WEEKLY_COUNT, COUNT, weekly_count, "4", "weeks kept beyond those days"),
	KEY(MONTHLY_COUNT, COUNT, monthly_count, "6", "months kept beyond those weeks"),
	KEY(KEEP_WITHIN, DURATION, keep_within, "24h",
	    "every snapshot younger than this is kept"),
	KEY(DRY_RUN, BOOL, dry_run, "off",
	    "show what a run would do and write nothing to the destination"),
	KEY(TZ, ZONE, tz, "", "time zone of names, days and logs; empty: the system's"),
	KEY(ENGINE, CHOICE, engine, "auto",
	    "what copies the files; native: our own engine; auto: that, or rsync where "
	    "RSYNC_ARGS is given",
	    .choices = engines),
	KEY(EXCLUDE, LIST, exclude, "",
	    "rsync patterns of what to leave out, by comma or line"),
	KEY(EXCLUDE_FROM, PATH, exclude_from, "", "file of such patterns, one per line"),
	KEY(EXCLUDE_CACHES, BOOL, exclude_caches, "off",
	    "leave out what is in directories marked by a CACHEDIR.TAG"),
	KEY(EXCLUDE_IF_PRESENT, NAME, exclude_if_present, "",
	    "leave out what is in directories that hold a file of this name"),
	KEY(ONE_FILE_SYSTEM, BOOL, one_file_system, "off",
	    "do not enter other file systems mounted below the source"),
	KEY(CHECKSUM, BOOL, checksum, "off",
	    "compare files by content, not by size and time"),
	KEY(BWLIMIT, RATE, bwlimit, "0",
	    "copy no faster than this per second; 0: no limit"),
	KEY(SPARSE, CHOICE, sparse, "keep",
	    "detect: leave holes for zeros where the source has none, as rsync always does",
	    .choices = sparses),
	KEY(THREADS, THREADS, threads, "auto",
	    "threads that copy, read again and delete; auto: one for each processor allowed to us, at most 4"),
	KEY(NICE, NICE, nice, "0",
	    "nice value to copy with, and to do all that follows; 0: unchanged"),
	KEY(IONICE, IO_PRIORITY, io_priority, "auto",
	    "I/O priority to copy with; none: unchanged; auto: idle in the pre-pass"),
	KEY(RSYNC_ARGS, WORDS, rsync_args, "",
	    "further options for rsync, quoted as for a shell"),
	KEY(ALLOW_EMPTY_SOURCE, BOOL, allow_empty_source, "off",
	    "back up a source even when there is nothing in it"),
	KEY(SHRINK_LIMIT, PERCENT, shrink_limit, "50",
	    "a source that lost more of its files than this removes no snapshot"),
	KEY(MANIFEST, BOOL, manifest, "on",
	    "write a checksum of every file beside each snapshot, for backup verify"),
	KEY(VERIFY_SHARE, PERCENT, verify_share, "0",
	    "per cent of the content that each run reads again and verifies, in turn"),
	KEY(INIT, CHOICE, init, "auto",
	    "never: refuse a destination that was not used before", .choices = inits),
	KEY(LOCK_WAIT, DURATION, lock_wait, "0s",
	    "how long to wait for another run on the destination"),
	KEY(SCALE, CHOICE, scale, "auto",
	    "stop labelled Swarm services during the copy; required: fail where that cannot be",
	    .choices = scales),
	KEY(SCALE_LABEL, TEXT, scale_label, "com.example.autobackup.enable",
	    "label of the services to stop"),
	KEY(SCALE_VALUE, TEXT, scale_value, "true", "value that this label must have"),
	KEY(SCALE_GLOBAL, BOOL, scale_global, "off", "stop global services too"),
	KEY(SCALE_ORDER_LABEL, TEXT, scale_order_label, "",
	    "label with a number: services stop in ascending order and start in reverse"),
	KEY(STOP_TIMEOUT, TIMEOUT, stop_timeout, "auto",
	    "how long tasks may take to end; auto: their own grace period and 30s"),
	KEY(START_TIMEOUT, DURATION, start_timeout, "5m",
	    "how long services may take to run again"),
	KEY(PRE_PASS, CHOICE, pre_pass, "auto",
	    "copy once while services are up, so that they are down for less",
	    .choices = pre_passes),
	KEY(DOCKER_HOST, TEXT, docker_host, "",
	    "Docker Engine, unix:///PATH or tcp://HOST:PORT; empty: /var/run/docker.sock"),
	KEY(DOCKER_TLS_VERIFY, BOOL, docker_tls_verify, "off", "use TLS over tcp://"),
	KEY(DOCKER_CERT_PATH, TEXT, docker_cert_path, "",
	    "directory with ca.pem, cert.pem and key.pem for it"),
	KEY(SECRETS_DIR, PATH, secrets_dir, "/run/secrets",
	    "directory whose files smtp_user and smtp_pass win over the variables"),
	KEY(SMTP_SERVER, HOST, smtp_server, "smtp.example.com",
	    "mail server; no mail is sent while it is this example"),
	KEY(SMTP_PORT, PORT, smtp_port, "25", "its port"),
	KEY(SMTP_TLS, CHOICE, smtp_tls, "off",
	    "encrypt; on: from the start on port 465, by STARTTLS on others",
	    .choices = tls_modes),
	KEY(SMTP_USER, LINE, smtp_user, "",
	    "user to log in as; empty: without logging in", .secret_file = "smtp_user"),
	KEY(SMTP_PASS, LINE, smtp_pass, "", "password to log in with", .secret = true,
	    .secret_file = "smtp_pass"),
	KEY(SMTP_CA_FILE, LINE, smtp_ca_file, "/etc/ssl/certs/ca-certificates.crt",
	    "certificates that the mail server's is checked against"),
	KEY(SMTP_ALLOW_PLAINTEXT, BOOL, smtp_allow_plaintext, "off",
	    "log in even where SMTP_TLS is off and the password can be read on its way"),
	KEY(SMTP_TIMEOUT, DURATION, smtp_timeout, "30s",
	    "how long one attempt to send may take; a day at most"),
	KEY(EMAIL_FROM, ADDRESS, email_from, "admin@example.com",
	    "sender; unless it is set, the From: line says backup@example.com"),
	KEY(EMAIL_TO, ADDRESSES, email_to, "admin@example.com",
	    "recipients, with commas between"),
	KEY(EMAIL_ON_SUCCESS, BOOL, email_on_success, "off",
	    "mail the log of runs that succeed"),
	KEY(EMAIL_ON_FAILURE, BOOL, email_on_failure, "on",
	    "mail the log of runs that fail, leave files out or find damage"),
	KEY(MSMTP_CONFIG, PATH, msmtp_config, "/etc/msmtp/msmtprc",
	    "where the container's entrypoint leaves msmtp's configuration"),
	KEY(MSMTP_LOG, LINE, msmtp_log, "/var/log/msmtp.log", "msmtp's own log"),
	KEY(MAX_AGE, DURATION, max_age, "0",
	    "backup status fails when the last run, or the one in progress, is older; 0: never"),
	KEY(METRICS_FILE, PATH, metrics_file, "",
	    "file for Prometheus' node_exporter, such as DIR/backup.prom, written after each "
	    "run; empty: none"),
	KEY(LOG_FILE, PATH, log_file, "/var/log/backup.log", "log kept across runs"),
	KEY(RUN_LOG_DIR, PATH, run_log_dir, "/tmp",
	    "where the log of the present run is while it lasts"),
};

_Static_assert(ARRAY_SIZE(keys) == CONFIG_KEYS, "CONFIG_KEYS counts the table");

const struct config_key *config_keys(size_t *ret_n)
{
	*ret_n = ARRAY_SIZE(keys);
	return keys;
}
