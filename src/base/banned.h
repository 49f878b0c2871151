/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Functions nobody may call here; the build includes this file before every other.
 *
 * They overflow (strcpy, sprintf), cannot report errors (atoi), keep hidden state
 * (strtok, localtime), start a shell (system, popen), or do with flags what only one C
 * library does on an older kernel (faccessat). Use strbuf, parse, process and fs.
 * The headers that declare them come first, so that only our own calls are refused.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#undef sprintf /* clang with fortify has these two as macros */
#undef vsprintf
#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok atoi atol atoll
#pragma GCC poison gmtime localtime ctime asctime system popen tmpnam tempnam mktemp
#pragma GCC poison faccessat
