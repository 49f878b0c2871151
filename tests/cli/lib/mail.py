#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
"""Reads a message that a mail server has taken, strictly, and says what is in it as JSON.

usage: tests/cli/lib/mail.py FILE

FILE is a message as lib/mail.bash's Exim stores it, or one of tests/fake/smtp.py's JSON
files. Fails with the reasons on stderr if anything is not as RFC 5322, 2045 and 2047 want
it, in the eyes of Python's email package and of a few checks of our own.

Keys: envelope_from, envelope_to (sorted), user, tls (of the session); headers (names in
their order), from, to (addresses), subject (decoded), date (seconds since 1970), offset
(of its zone, in seconds), message_id, type, charset, encoding, text (the decoded body),
longest (line, in bytes).
"""

import email
import email.policy
import json
import re
import sys

# What the server adds above the message: lib/mail.bash has it do so.
SERVER = re.compile(rb'(Return-path|Envelope-to|Delivery-date|X-Server-User|X-Server-TLS): ?((?:.|\n[ \t])*)\n')

ENCODED_WORD = re.compile(rb'=\?[^?\s]+\?[bBqQ]\?[^?\s]*\?=(?=\s)')


def read(path):
    """The message, LF only, and what the server says of it."""
    with open(path, 'rb') as file:
        raw = file.read()
    if path.endswith('.json'):
        stored = json.loads(raw)
        raw = stored['content'].encode('latin1')
        if re.search(rb'(?<!\r)\n|\r(?!\n)', raw):
            raise ValueError('a line that does not end with CR LF')
        raw = re.sub(rb'(?m)^\.', b'', raw.replace(b'\r\n', b'\n'))
        return raw, stored['from'], stored['to'], stored['user'] or '', bool(stored['tls'])
    facts = {}
    while match := SERVER.match(raw):
        facts[match[1].decode()] = match[2].decode('utf-8', 'backslashreplace')
        raw = raw[match.end():]
    return (raw, facts['Return-path'].strip('<>'), re.split(r',\s*', facts['Envelope-to']),
            facts['X-Server-User'][1:], facts['X-Server-TLS'] != '=')


def faults(raw, message):
    """What is wrong with it."""
    head, _, body = raw.partition(b'\n\n')
    names = [name.lower() for name in message.keys()]
    if not raw.endswith(b'\n'):
        yield 'the last line has no end'
    if max(map(len, raw.split(b'\n'))) > 998:
        yield 'a line of more than 998 bytes'
    if odd := re.search(rb'[^\n\t\x20-\x7e].{0,40}', raw, re.S):
        yield f'bytes that are not printable ASCII: {odd[0]!r}'
    if re.search(rb'(?m)^[ \t]+$', head):
        yield 'a header line of blanks only'
    for name in 'from', 'to', 'subject', 'date', 'message-id', 'mime-version', 'content-type':
        if names.count(name) != 1:
            yield f'{names.count(name)} times {name}'
    for name, value in message.items():
        for defect in value.defects:
            yield f'{name}: {type(defect).__name__} {defect}'
    for word in ENCODED_WORD.findall(head):
        if len(word) > 75:
            yield 'an encoded word of more than 75 characters'
    if b'=?' in ENCODED_WORD.sub(b'', head):
        yield 'half an encoded word'
    if message['content-transfer-encoding'] == 'quoted-printable':
        if re.search(rb'=(?![0-9A-F]{2}|\n)', body):
            yield 'a "=" that does not encode anything'
        if max(map(len, body.split(b'\n'))) > 76:
            yield 'a quoted-printable line of more than 76 characters'
        if re.search(rb'(?m)[ \t]$', body):
            yield 'quoted-printable: a line that ends with a blank'
    for part in message.walk():
        for defect in part.defects:
            yield f'{type(defect).__name__} {defect}'


def main():
    raw, sender, recipients, user, tls = read(sys.argv[1])
    message = email.message_from_bytes(raw, policy=email.policy.default)
    wrong = list(faults(raw, message))
    if not wrong:
        text = message.get_payload(decode=True).decode(message.get_content_charset(), 'strict')
        json.dump({
            'envelope_from': sender, 'envelope_to': sorted(recipients), 'user': user, 'tls': tls,
            'headers': message.keys(),
            'from': [address.addr_spec for address in message['from'].addresses],
            'to': [address.addr_spec for address in message['to'].addresses],
            'subject': str(message['subject']),
            'date': int(message['date'].datetime.timestamp()),
            'offset': int(message['date'].datetime.utcoffset().total_seconds()),
            'message_id': str(message['message-id']), 'type': message.get_content_type(),
            'charset': message.get_content_charset(),
            'encoding': str(message['content-transfer-encoding']), 'text': text,
            'longest': max(map(len, raw.split(b'\n'))),
        }, sys.stdout)
        print()
        return 0
    for fault in wrong:
        print(f'{sys.argv[1]}: {fault}', file=sys.stderr)
    return 1


sys.exit(main())
