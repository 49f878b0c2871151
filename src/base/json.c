/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "base/json.h"

#include <string.h>

#include "base/strbuf.h"

void json_freep(json_t **value)
{
	json_decref(*value);
}

json_t *json_text(const char *s)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	const char *bytes = s ? s : "";
	json_t *value = json_string(bytes);

	if (value)
		return value;
	strbuf_add_escaped(&text, bytes, strlen(bytes));
	return json_stringn(text.buf, text.len);
}
