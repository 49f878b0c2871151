/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * The container's first program: leaves a configuration for whoever calls msmtp by hand,
 * puts the system into the zone that TZ names, and replaces itself by `backup`, or by
 * another program when that is what the arguments ask for.
 *
 * What cannot be written (another user than root, a read-only file system) is said, and
 * stops nothing: `backup` needs neither file. Nor does a wrong configuration stop it here,
 * since `backup` says what is wrong itself, and a shell is wanted all the more then.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cli/command.h"
#include "cli/environment.h"
#include "mail/msmtprc.h"
#include "sys/fs.h"
#include "sys/outfile.h"
#include "sys/process.h"
#include "sys/zone.h"

/* As shells have them for what cannot be executed. */
enum {
	EXIT_NOT_EXECUTABLE = 126,
	EXIT_NOT_FOUND = 127,
};

static void say(const char *fmt, ...) PRINTF(1, 2);

static void say(const char *fmt, ...)
{
	CLEANUP(strbuf_release) struct strbuf line = STRBUF_INIT;
	CLEANUP(freep) char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	if (!text)
		return;
	strbuf_add_escaped(&line, text, strlen(text));
	fprintf(stderr, "entrypoint: %s\n", line.buf);
}

/* MSMTP_LOG, or NULL: with a log that cannot be written msmtp complains of every mail. */
static const char *usable_log(const struct config *config)
{
	const int flags = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC;
	CLEANUP(closep) int fd = open(config->msmtp_log, flags, 0600);

	if (fd >= 0)
		return config->msmtp_log;
	say("open '%s' (MSMTP_LOG): %s, so msmtp keeps no log", config->msmtp_log,
	    strerror(errno));
	return NULL;
}

/* A directory below /tmp that nobody else can look into or put anything into. */
static int make_private_dir(const char *dir, struct error *err)
{
	struct stat st;

	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return error_set(err, -errno, "create '%s'", dir);
	if (lstat(dir, &st) < 0)
		return error_set(err, -errno, "look at '%s'", dir);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077))
		return error_say(err, -EPERM, "'%s' is not a private directory of ours",
				 dir);
	return 0;
}

static void leave_msmtprc(const struct config *config)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct error err, err_private;

	if (msmtprc_text(config, *msmtprc_logins(config), usable_log(config), &text,
			 &err) < 0 ||
	    outfile_write(config->msmtp_config, &text, 0600, true, &err) >= 0)
		return;

	CLEANUP(freep) char *dir = xasprintf("/tmp/msmtp-%ld", (long)geteuid());
	CLEANUP(freep) char *path = xasprintf("%s/msmtprc", dir);
	int r = make_private_dir(dir, &err_private);
	if (r >= 0)
		r = outfile_write(path, &text, 0600, false, &err_private);
	if (r >= 0) {
		say("'%s' (MSMTP_CONFIG) cannot be written (%s), using '%s'",
		    config->msmtp_config, err.msg, path);
		setenv("MSMTP_CONFIG", path, 1);
		unsetenv("MSMTP_CONFIG_FILE");
	} else {
		say("'%s' (MSMTP_CONFIG) cannot be written (%s), nor '%s' (%s), going on "
		    "without",
		    config->msmtp_config, err.msg, path, err_private.msg);
	}
}

static void set_zone(const struct config *config)
{
	struct error err;

	if (!*config->tz)
		return;
	if (zone_set_system("/etc", config->tz, &err) < 0)
		say("the system's zone cannot be set (%s), TZ makes it %s all the same",
		    err.msg, config->tz);
	setenv("TZ", config->tz, 1);
	unsetenv("TZ_FILE");
}

static bool is_on_path(const char *name)
{
	const char *dir = getenv("PATH");

	while (dir && *dir) {
		size_t len = strcspn(dir, ":");
		CLEANUP(freep) char *path = xasprintf("%.*s/%s", (int)len, dir, name);
		struct stat st;
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
		    access(path, X_OK) == 0)
			return true;
		dir += len + (dir[len] == ':');
	}
	return false;
}

/* Whether the arguments name another program. Our own commands go before the system's. */
static bool is_other_program(const char *arg)
{
#define COMMAND_NAME(id, name) name,
	static const char *const names[] = {COMMANDS(COMMAND_NAME) NULL};
#undef COMMAND_NAME

	if (!arg || *arg == '-' || *arg == '\0')
		return false;
	if (strchr(arg, '/'))
		return true;
	for (const char *const *name = names; *name; name++)
		if (strcmp(*name, arg) == 0)
			return false;
	return is_on_path(arg);
}

/* The path of `backup`, which is where we are. */
static char *backup_path(void)
{
	char self[4096];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[len > 0 ? len : 0] = '\0';
	char *slash = strrchr(self, '/');
	if (!slash)
		return xstrdup("/usr/local/bin/backup");
	*slash = '\0';
	return xasprintf("%s/backup", self);
}

int main(int argc, char **argv)
{
	static char backup_name[] = "backup";
	CLEANUP(config_release) struct config config = {0};
	CLEANUP(strvec_release) struct strvec errors = STRVEC_INIT;
	CLEANUP(strvec_release) struct strvec mail_errors = STRVEC_INIT;
	CLEANUP(freep) char *backup = backup_path();
	bool other = is_other_program(argc > 1 ? argv[1] : NULL);

	process_take_standard_descriptors();
	environment_read(&config, &errors, &mail_errors);
	if (errors.n == 0 && mail_errors.n == 0)
		leave_msmtprc(&config);
	if (errors.n == 0)
		set_zone(&config);
	for (size_t i = 0; other && i < errors.n; i++)
		say("%s", errors.v[i]);
	for (size_t i = 0; other && i < mail_errors.n; i++)
		say("%s", mail_errors.v[i]);

	if (other) {
		argv++;
		execvp(argv[0], argv);
	} else {
		argv[0] = backup_name;
		execv(backup, argv);
	}
	int code = errno;
	say("execute '%s': %s", other ? argv[0] : backup, strerror(code));
	return code == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}
