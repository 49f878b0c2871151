/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* Mails: headers, encoded words, quoted-printable; nothing injected, no line too long. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "base/alloc.h"
#include "mail/message.h"

/* 2026-11-23 03:04:05 in a zone of -5:30 */
static const struct instant moment = {.epoch = 1795422845, .offset = -19800};

static char *written(const char *subject, const char *body, const struct strvec *to)
{
	CLEANUP(strvec_release) struct strvec one = STRVEC_INIT;
	struct strbuf out = STRBUF_INIT;

	strvec_push(&one, "b@example.net");
	const struct message message = {.from = "a@example.com",
					.to = to ? to : &one,
					.subject = subject,
					.body = body,
					.date = moment,
					.id = "1.2.3"};
	message_write(&message, &out);
	return strbuf_steal(&out);
}

static void wrote(const char *subject, const char *body, const char *wanted)
{
	CLEANUP(freep) char *text = written(subject, body, NULL);

	if (!strstr(text, wanted))
		fail_msg("no\n%s\nin\n%s", wanted, text);
}

static size_t longest_line(const char *text)
{
	size_t longest = 0;

	for (const char *p = text; *p;) {
		size_t len = strcspn(p, "\n");
		longest = len > longest ? len : longest;
		p += len + (p[len] == '\n');
	}
	return longest;
}

static size_t occurrences(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

static void test_whole(void **state)
{
	CLEANUP(freep)
	char *text = written("[host] backup failed", "One.\n\nTwo.\n", NULL);

	(void)state;
	assert_string_equal(text, "Date: Mon, 23 Nov 2026 03:04:05 -0530\n"
				  "From: a@example.com\n"
				  "To: b@example.net\n"
				  "Subject: [host] backup failed\n"
				  "Message-ID: <1.2.3@example.com>\n"
				  "Auto-Submitted: auto-generated\n"
				  "MIME-Version: 1.0\n"
				  "Content-Type: text/plain; charset=utf-8\n"
				  "Content-Transfer-Encoding: quoted-printable\n"
				  "\n"
				  "One.\n\nTwo.\n");
}

static void test_subjects(void **state)
{
	char words[400] = "";

	(void)state;
	wrote("", "", "\nSubject: \nMessage-ID");
	wrote("gr\xc3\xbc\xc3\x9f"
	      "e_?=",
	      "", "\nSubject: =?UTF-8?Q?gr=C3=BC=C3=9Fe=5F=3F=3D?=\nMessage-ID");
	wrote("a\r\nBcc: x@example.net", "",
	      "\nSubject: =?UTF-8?Q?a__Bcc=3A_x=40example=2Enet?=\nMessage-ID");
	wrote("=?UTF-8?Q?x?=", "", "\nSubject: =?UTF-8?Q?=3D=3FUTF-8=3FQ=3Fx=3F=3D?=\n");
	wrote("\xff\xc3", "", "\nSubject: =?UTF-8?Q?=EF=BF=BD=EF=BF=BD?=\n");

	/* long ones go on in further lines, of whole characters */
	for (size_t i = 0; i < 60; i++)
		memcpy(words + 3 * i, "\xe2\x82\xac", 4);
	CLEANUP(freep) char *text = written(words, "", NULL);
	assert_true(longest_line(text) <= 76);
	assert_int_equal(occurrences(text, "=E2=82=AC"), 60);
	assert_true(occurrences(text, "=?UTF-8?Q?=E2") == occurrences(text, "=AC?=\n"));
}

static void test_bodies(void **state)
{
	char line[1000];

	(void)state;
	wrote("", "a=b", "\n\na=3Db\n");
	wrote("",
	      "gr\xc3\xbc\xc3\x9f"
	      "e",
	      "\n\ngr=C3=BC=C3=9Fe\n");
	wrote("", "\xff x \xe2\x82 \xed\xa0\x80",
	      "\n\n=EF=BF=BD x =EF=BF=BD=EF=BF=BD =EF");
	wrote("",
	      "a\x1b[2Jb\rc\x7f"
	      "d",
	      "\n\na=EF=BF=BD[2Jb=EF=BF=BDc=EF=BF=BDd\n");
	wrote("", "blank \ntab\t\nlast ", "\n\nblank=20\ntab=09\nlast=20\n");
	wrote("", "a b\tc", "\n\na b\tc\n");
	wrote("", ".\nFrom x\n.. F.", "\n\n=2E\n=46rom x\n=2E. F.\n");

	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	CLEANUP(freep) char *text = written("", line, NULL);
	assert_int_equal(longest_line(text), 76);
	assert_int_equal(occurrences(text, "x=\n"), 13);
	memset(line, '.', sizeof(line) - 1);
	CLEANUP(freep) char *dots = written("", line, NULL);
	assert_true(longest_line(dots) <= 76);
	assert_null(strstr(dots, "\n."));
}

static void test_recipients(void **state)
{
	CLEANUP(strvec_release) struct strvec to = STRVEC_INIT;

	(void)state;
	for (int i = 0; i < 20; i++)
		strvec_pushf(&to, "recipient%d@example.net", i);
	CLEANUP(freep) char *text = written("", "", &to);
	assert_true(longest_line(text) <= 78);
	assert_non_null(strstr(text, "\nTo: recipient0@example.net, recipient1@"));
	assert_non_null(strstr(text, ",\n recipient"));
	assert_non_null(strstr(text, " recipient19@example.net\nSubject"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_subjects),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_recipients),
	};

	return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
