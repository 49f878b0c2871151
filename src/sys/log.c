/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "sys/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/headtail.h"
#include "sys/clock.h"
#include "sys/fs.h"
#include "sys/terminal.h"

enum {
	FILE_MAX = 10 * 1024 * 1024,
	FILES_KEPT = 3,
	HEAD_MAX = 128 * 1024,
	TAIL_MAX = 384 * 1024,
	LINE_MAX_BYTES = 32 * 1024,
};

struct log {
	FILE *stream;
	bool terminal; /* where a line can be rewritten */
	bool status;   /* there is such a line */
	char *file_path;
	int file;
	off_t file_size;
	char *run_path;
	int run_file;
	struct headtail memory;
	unsigned warnings;
	char *last_error;
};

static enum log_level level = LOG_NORMAL;

void log_set_level(enum log_level to)
{
	level = to;
}

struct log *log_new(FILE *stream)
{
	struct log *log = xcalloc(1, sizeof(*log));

	log->stream = stream;
	log->terminal = stream && terminal_can_rewrite(stream);
	log->file = -1;
	log->run_file = -1;
	headtail_init(&log->memory, HEAD_MAX, TAIL_MAX);
	return log;
}

void log_free(struct log *log)
{
	if (!log)
		return;
	closep(&log->file);
	if (log->run_file >= 0) {
		close(log->run_file);
		unlink(log->run_path);
	}
	free(log->file_path);
	free(log->run_path);
	free(log->last_error);
	headtail_release(&log->memory);
	free(log);
}

void log_freep(struct log **log)
{
	log_free(*log);
}

static int open_file(struct log *log, struct error *err)
{
	struct stat st;

	log->file = open(log->file_path,
			 O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0640);
	if (log->file < 0)
		return error_set(err, -errno, "open log file '%s'", log->file_path);
	log->file_size = fstat(log->file, &st) == 0 ? st.st_size : 0;
	return 0;
}

int log_add_file(struct log *log, const char *path, struct error *err)
{
	log->file_path = xstrdup(path);
	return open_file(log, err);
}

int log_add_run_file(struct log *log, const char *dir, pid_t pid, struct error *err)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	struct stat st;

	log->run_path = xasprintf("%s/backup_run_%ld.log", dir, (long)pid);
	log->run_file = open(log->run_path, flags, 0600);
	if (log->run_file < 0 && errno == EEXIST && lstat(log->run_path, &st) == 0 &&
	    S_ISREG(st.st_mode) && st.st_uid == geteuid() && st.st_nlink == 1 &&
	    unlink(log->run_path) == 0)
		log->run_file = open(log->run_path, flags, 0600);
	if (log->run_file < 0)
		return error_set(err, -errno, "create run log '%s'", log->run_path);
	return 0;
}

void log_adopt_run_file(struct log *log, const char *dir, pid_t pid)
{
	CLEANUP(freep) char *path = xasprintf("%s/backup_run_%ld.log", dir, (long)pid);
	CLEANUP(closep)
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	char chunk[16384];
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_uid != geteuid())
		return;
	while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
		/* what was not synced before a crash may be zeros, and those end a text */
		for (ssize_t i = 0; i < n; i++)
			if (chunk[i] == '\0')
				chunk[i] = '?';
		headtail_add(&log->memory, chunk, (size_t)n);
	}
	unlink(path);
}

/* path -> path.1 -> path.2 -> path.3; what cannot be moved stays and grows on. */
static void rotate(struct log *log)
{
	for (int i = FILES_KEPT; i > 0; i--) {
		CLEANUP(freep) char *to = xasprintf("%s.%d", log->file_path, i);
		CLEANUP(freep)
		char *from = i > 1 ? xasprintf("%s.%d", log->file_path, i - 1)
				   : xstrdup(log->file_path);
		if (rename(from, to) < 0 && i == 1)
			return;
	}
	close(log->file);
	if (open_file(log, NULL) < 0)
		log->file = -1;
}

/* A line: when, what kind it is of ("WARNING: "), and what there is to say, with its end. */
struct line {
	const char *text;
	size_t len;
	size_t stamp; /* of which this much is the time */
	enum terminal_colour colour;
};

static void show(struct log *log, const struct line *line)
{
	if (!log->stream || (level == LOG_QUIET && line->colour == TERMINAL_NONE))
		return;
	if (log->status)
		log_status(log, "");
	if (line->colour == TERMINAL_NONE)
		fwrite(line->text, 1, line->len, log->stream);
	else
		fprintf(log->stream, "%.*s%s%.*s%s\n", (int)line->stamp, line->text,
			terminal_colour(log->stream, line->colour),
			(int)(line->len - line->stamp - 1), line->text + line->stamp,
			terminal_colour(log->stream, TERMINAL_NONE));
	fflush(log->stream);
}

static void write_line(struct log *log, const struct line *line)
{
	headtail_add(&log->memory, line->text, line->len);
	show(log, line);
	if (log->run_file >= 0 &&
	    fs_write_all(log->run_file, line->text, line->len) < 0) {
		/* the file of this run is a copy of what memory holds */
	}
	if (log->file < 0)
		return;
	if (log->file_size > 0 && log->file_size + (off_t)line->len > FILE_MAX)
		rotate(log);
	int r = log->file >= 0 ? fs_write_all(log->file, line->text, line->len) : -EBADF;
	if (r < 0) {
		closep(&log->file);
		log->file = -1;
		log_warn(log, "log file '%s' cannot be written (%s), going on without it",
			 log->file_path, strerror(-r));
		return;
	}
	log->file_size += (off_t)line->len;
}

/* `kind`: "", or what stands before the text. */
static void log_line(struct log *log, const char *kind, enum terminal_colour colour,
		     const char *text)
{
	CLEANUP(strbuf_release) struct strbuf line = STRBUF_INIT_MAX(LINE_MAX_BYTES);
	struct instant now = clock_now();
	struct civil c = civil_from_epoch(now.epoch, now.offset);

	strbuf_addf(&line, "[%04d-%02d-%02d %02d:%02d:%02d] ", c.year, c.month, c.day,
		    c.hour, c.minute, c.second);
	const size_t stamp = line.len;
	strbuf_addstr(&line, kind);
	strbuf_add_escaped(&line, text, strlen(text));
	bool cut = line.truncated;
	line.max += 8;
	strbuf_addstr(&line, cut ? " [...]\n" : "\n");
	write_line(log, &(struct line){line.buf, line.len, stamp, colour});
}

#define FORMAT_TEXT(text, fmt)                                            \
	do {                                                              \
		va_list ap_;                                              \
		va_start(ap_, fmt);                                       \
		if (vasprintf(&(text), fmt, ap_) < 0)                     \
			(text) = xstrdup("(no memory for this message)"); \
		va_end(ap_);                                              \
	} while (0)

void log_detail(struct log *log, const char *fmt, ...)
{
	CLEANUP(freep) char *text = NULL;

	if (level < LOG_VERBOSE)
		return;
	FORMAT_TEXT(text, fmt);
	log_line(log, "", TERMINAL_NONE, text);
}

void log_info(struct log *log, const char *fmt, ...)
{
	CLEANUP(freep) char *text = NULL;

	FORMAT_TEXT(text, fmt);
	log_line(log, "", TERMINAL_NONE, text);
}

void log_warn(struct log *log, const char *fmt, ...)
{
	CLEANUP(freep) char *text = NULL;

	FORMAT_TEXT(text, fmt);
	log->warnings++;
	log_line(log, "WARNING: ", TERMINAL_YELLOW, text);
}

void log_error(struct log *log, const char *fmt, ...)
{
	char *text = NULL;

	FORMAT_TEXT(text, fmt);
	log_line(log, "ERROR: ", TERMINAL_RED, text);
	free(log->last_error);
	log->last_error = text;
}

bool log_has_status(const struct log *log)
{
	return log->terminal && level > LOG_QUIET;
}

void log_status(struct log *log, const char *text)
{
	struct winsize size;

	if (!log->terminal)
		return;
	bool known = ioctl(fileno(log->stream), TIOCGWINSZ, &size) == 0 && size.ws_col;
	/* a line that reaches the border could not be taken back */
	int width = known ? size.ws_col - 1 : 79;
	fprintf(log->stream, "\r\x1b[K%.*s", width, text);
	fflush(log->stream);
	log->status = *text;
}

unsigned log_warnings(const struct log *log)
{
	return log->warnings;
}

const char *log_last_error(const struct log *log)
{
	return log->last_error;
}

void log_text(const struct log *log, struct strbuf *out)
{
	headtail_text(&log->memory, out);
}
