#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
"""A mail server that misbehaves as told, for what a real one cannot be made to do: it falls
silent, hangs up, changes its mind. What is not scripted goes well.

usage: tests/fake/smtp.py DIR [SCRIPT]

SCRIPT is a JSON object:
  tls        "off" (default), "starttls" or "implicit"
  cert, key  PEM files
  auth       mechanisms offered, "PLAIN LOGIN"; "" offers none
  clear      true: they are offered without TLS, too
  at         {STEP: REPLY or [REPLY...]}: of a list one each time, the last one repeats. A
             REPLY is text ("451 later"), "ok" (as usual), "silence" (until the client
             goes), "drop" (hang up), "slow SECONDS" (then as usual)
Steps: connect, handshake, ehlo, starttls, auth, mail, rcpt, "rcpt ADDRESS", data, content
(when its first line has come), message, quit.

DIR/port appears when it listens, on 127.0.0.1. DIR/log.jsonl has a line for each command,
silence and end. DIR/messages/N.json is a message that was accepted: from, to, tls, user,
password, content as it came over the wire in latin1, dots and CRLF included.
"""

import base64
import json
import os
import signal
import socket
import ssl
import sys
import threading
import time

KEYS = {'tls', 'cert', 'key', 'auth', 'clear', 'at'}
LIFETIME = 900


class Gone(Exception):
    """The session is over."""


class Server:
    """What the sessions share."""

    def __init__(self, directory, script):
        if set(script) - KEYS:
            raise SystemExit(f'smtp.py: unknown {sorted(set(script) - KEYS)}')
        self.directory, self.script, self.steps = directory, script, script.get('at', {})
        self.lock = threading.Lock()
        self.taken = {}
        self.messages = 0

    def reply(self, step):
        """What the script says of a step this time, or None."""
        replies = self.steps.get(step)
        if isinstance(replies, list):
            with self.lock:
                index = self.taken.get(step, 0)
                self.taken[step] = index + 1
            replies = replies[min(index, len(replies) - 1)]
        return None if replies == 'ok' else replies

    def note(self, **what):
        with self.lock, open(f'{self.directory}/log.jsonl', 'a', encoding='utf-8') as log:
            log.write(json.dumps({'time': time.time(), **what}) + '\n')

    def store(self, message):
        with self.lock:
            self.messages += 1
            path = f'{self.directory}/messages/{self.messages}.json'
        with open(path + '.new', 'w', encoding='utf-8') as file:
            json.dump(message, file)
        os.rename(path + '.new', path)


class Session:
    """One connection."""

    def __init__(self, server, connection, number):
        self.server, self.script, self.socket = server, server.script, connection
        self.number = number
        self.tls = False
        self.buffer = b''
        self.user = self.password = None

    def note(self, **what):
        self.server.note(session=self.number, **what)

    def run(self):
        try:
            self.serve()
        except Gone as gone:
            self.note(end=str(gone))
        except Exception as error:  # whatever a client does, the next one is served
            self.note(end=f'{type(error).__name__}: {error}')
        finally:
            self.socket.close()

    def act(self, step, usual=None, accept=lambda: None):
        """Does what the script has for a step. Whether that was not a refusal, before
        which accept() is called."""
        reply = self.server.reply(step)
        if reply is not None and reply.startswith('slow '):
            time.sleep(float(reply[5:]))
            reply = None
        if reply == 'drop':
            raise Gone(f'dropped at {step}')
        if reply == 'silence':
            self.note(silent=step)
            while self.socket.recv(65536):
                pass
            raise Gone(f'left in the silence at {step}')
        reply = usual if reply is None else reply
        accepted = reply is None or reply[0] in '23'
        if accepted:
            accept()
        if reply is not None:
            self.say(reply)
        return accepted

    def say(self, text):
        self.socket.sendall(text.replace('\n', '\r\n').encode() + b'\r\n')

    def line(self):
        while b'\n' not in self.buffer:
            more = self.socket.recv(65536)
            if not more:
                raise Gone('the client left')
            self.buffer += more
        line, self.buffer = self.buffer.split(b'\n', 1)
        return line + b'\n'

    def command(self):
        return self.line().decode('latin1').rstrip('\r\n')

    def secure(self):
        self.act('handshake')
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.script['cert'], self.script['key'])
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.tls = True
        self.buffer = b''

    def serve(self):
        if self.script.get('tls') == 'implicit':
            self.secure()
        if not self.act('connect', '220 fake ESMTP'):
            raise Gone('refused at connect')
        sender, recipients = None, []
        while True:
            line = self.command()
            verb, _, rest = line.partition(' ')
            verb = verb.upper()
            address = rest.partition('<')[2].partition('>')[0]
            self.note(command=line, tls=self.tls)
            if verb in ('EHLO', 'HELO'):
                self.act('ehlo', self.hello())
            elif verb == 'STARTTLS' and self.script.get('tls') == 'starttls':
                if self.act('starttls', '220 go ahead'):
                    self.secure()
            elif verb == 'AUTH':
                self.authenticate(*(rest.split(' ') + [None])[:2])
            elif verb == 'MAIL':
                if self.act('mail', '250 ok'):
                    sender, recipients = address, []
            elif verb == 'RCPT':
                step = f'rcpt {address}'
                if self.act(step if step in self.server.steps else 'rcpt', '250 ok'):
                    recipients.append(address)
            elif verb == 'DATA':
                if self.act('data', '354 go ahead' if recipients else '503 no recipients'):
                    self.message(sender, recipients)
            elif verb == 'RSET':
                self.say('250 ok')
            elif verb == 'QUIT':
                self.act('quit', '221 bye')
                raise Gone('quit')
            else:
                self.say('502 unknown')

    def hello(self):
        lines = ['fake', '8BITMIME']
        if self.script.get('tls') == 'starttls' and not self.tls:
            lines.append('STARTTLS')
        auth = self.script.get('auth', 'PLAIN LOGIN')
        if auth and (self.tls or self.script.get('clear')):
            lines.append(f'AUTH {auth}')
        return '\n'.join([f'250-{line}' for line in lines[:-1]] + [f'250 {lines[-1]}'])

    def ask(self, prompt):
        self.say('334 ' + base64.b64encode(prompt).decode())
        return base64.b64decode(self.command())

    def authenticate(self, mechanism, initial):
        given = base64.b64decode(initial) if initial else None
        if mechanism.upper() == 'PLAIN':
            _, user, password = (given or self.ask(b'')).split(b'\0')
        elif mechanism.upper() == 'CRAM-MD5':
            # RFC 2195: the user and a digest; any password will do
            user, password = self.ask(b'<1.2@fake>').rsplit(b' ', 1)
        else:
            user = given or self.ask(b'Username:')
            password = self.ask(b'Password:')
        self.user = user.decode('utf-8', 'backslashreplace')
        self.password = password.decode('utf-8', 'backslashreplace')
        self.act('auth', '235 welcome')

    def message(self, sender, recipients):
        lines = []
        while True:
            line = self.line()
            if line == b'.\r\n':
                break
            lines.append(line)
            if len(lines) == 1:
                self.act('content')
        # kept before it is acknowledged: a client that has its answer finds it
        self.act('message', '250 queued', lambda: self.server.store({
            'from': sender, 'to': recipients, 'tls': self.tls, 'user': self.user,
            'password': self.password, 'content': b''.join(lines).decode('latin1')}))


def main():
    directory = sys.argv[1]
    server = Server(directory, json.loads(sys.argv[2]) if len(sys.argv) > 2 else {})
    signal.alarm(LIFETIME)
    os.makedirs(f'{directory}/messages', exist_ok=True)
    listener = socket.create_server(('127.0.0.1', 0))
    with open(f'{directory}/port.new', 'w', encoding='utf-8') as file:
        file.write(f'{listener.getsockname()[1]}\n')
    os.rename(f'{directory}/port.new', f'{directory}/port')
    number = 0
    while True:
        connection, _ = listener.accept()
        number += 1
        session = Session(server, connection, number)
        threading.Thread(target=session.run, daemon=True).start()


main()
