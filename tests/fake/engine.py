#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
"""A fake Docker Engine: the Swarm part of its API, and every way to misbehave.

usage: tests/fake/engine.py --dir DIR [--script FILE] [--rule JSON]... [OPTION]...

Serves DIR/docker.sock (or --tcp) and a control socket DIR/control.sock, and appends every
request to DIR/requests.jsonl, every answer to DIR/answers.jsonl. DIR/ready is written when
it listens and holds the address, as DOCKER_HOST takes it. README tells how to script it.
"""

import argparse
import json
import os
import re
import select
import signal
import socket
import socketserver
import ssl
import stat
import struct
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler

sys.dont_write_bytecode = True

from swarm import ApiError, SETTINGS, STATES, Swarm, container_id, version_key  # noqa: E402

PROXY_PAGE = ('<html><body><h1>403 Forbidden</h1>\nRequest forbidden by administrative rules.\n'
              '</body></html>\n')
SCRIPT_KEYS = {*SETTINGS, 'nodes', 'services', 'containers', 'rules'}


class Rule:
    """One entry of "rules": on what, when, and what to do instead. See README."""

    KEYS = {'on', 'times', 'delay', 'before', 'apply', 'after', 'late', 'status', 'body',
            'headers', 'message', 'drop', 'hang', 'half', 'garbage', 'bytes', 'fill', 'chunked',
            'drip', 'out_of_sequence', 'not_manager', 'proxy_forbidden', 'redirect'}
    # Each of these is an answer of its own; without one the engine answers as ever.
    ANSWERS = {'status', 'drop', 'hang', 'garbage', 'bytes', 'out_of_sequence', 'not_manager',
               'proxy_forbidden', 'redirect'}

    def __init__(self, script):
        unknown = set(script) - self.KEYS
        if unknown:
            raise ValueError(f'rule: unknown {sorted(unknown)}')
        self.script = script
        method, _, path = script.get('on', '.* .*').partition(' ')
        self.method, self.path = re.compile(method), re.compile(path or '.*')
        self.ranges = [self._range(item) for item in self._list(script.get('times', '1-'))]
        self.hits = 0
        if script.get('out_of_sequence'):
            self.script = {'status': 500, **script, 'message':
                           'rpc error: code = Unknown desc = update out of sequence'}
        if script.get('not_manager'):
            self.script = {'status': 503, **script, 'message':
                           'This node is not a swarm manager. Use "docker swarm init" or "docker '
                           'swarm join" to connect this node to swarm and try again.'}
        if script.get('proxy_forbidden'):
            self.script = {'status': 403, 'body': PROXY_PAGE, **script,
                           'headers': {'Content-Type': 'text/html', 'Cache-Control': 'no-cache',
                                       **script.get('headers', {})}}
        if script.get('redirect'):
            self.script = {'status': 301, 'body': '', **script,
                           'headers': {'Location': script['redirect'],
                                       **script.get('headers', {})}}

    @staticmethod
    def _list(value):
        return value if isinstance(value, list) else [value]

    @staticmethod
    def _range(text):
        first, dash, last = str(text).partition('-')
        return int(first), float('inf') if dash and not last else int(last or first)

    def matches(self, method, paths):
        """Counts the request when it does; whether it is its turn."""
        if not self.method.fullmatch(method) or not any(map(self.path.fullmatch, paths)):
            return False
        self.hits += 1
        return any(first <= self.hits <= last for first, last in self.ranges)

    def __getitem__(self, key):
        return self.script.get(key)

    def answers(self):
        how = {'drop', 'hang'} if self.script.get('half') else set()
        return any(self.script.get(key) for key in self.ANSWERS - how)

    def changes(self, when):
        return self._list(self.script.get(when) or [])


class Engine:
    """Everything but HTTP: the swarm, the rules, the log."""

    def __init__(self, script, directory):
        unknown = set(script) - SCRIPT_KEYS
        if unknown:
            raise ValueError(f'script: unknown {sorted(unknown)}')
        self.swarm = Swarm(script)
        self.lock = threading.Lock()
        self.rules = [Rule(rule) for rule in script.get('rules', [])]
        self.requests = 0
        self.connections = 0
        self.inflight = 0
        self.directory = directory
        self.started = time.monotonic()

    def note(self, name, entry):
        entry = {'time': round(time.monotonic() - self.started, 4), **entry}
        line = json.dumps(entry, ensure_ascii=False) + '\n'
        with open(os.path.join(self.directory, name), 'a', encoding='utf-8',
                  errors='surrogateescape') as file:
            file.write(line)

    def by_name(self, path):
        """The path with the service's name in place of its ID."""
        match = re.match(r'/services/([a-z0-9]{25})(?=/|$)', path)
        service = match and self.swarm.services.get(match.group(1))
        return f'/services/{service.name}{path[match.end():]}' if service else path

    def arrive(self, connection, method, target, path, query, body):
        """Logs the request and picks the rule for it."""
        with self.swarm.lock:
            readable = self.by_name(path)
        with self.lock:
            self.requests += 1
            number = self.requests
            self.inflight += 1
            self.note('requests.jsonl', {
                'n': number, 'conn': connection, 'inflight': self.inflight, 'method': method,
                'path': readable, 'target': target, 'query': query, 'body': body})
            candidates = [path, readable]
            raw = target.partition('?')[2]
            if raw:
                candidates += [f'{one}?{raw}' for one in candidates]
                candidates.append(f'{readable}?{urllib.parse.unquote(raw)}')
            picked = [rule for rule in self.rules if rule.matches(method, candidates)]
        return number, picked[0] if picked else None

    def leave(self, number, outcome):
        with self.lock:
            self.inflight -= 1
            self.note('answers.jsonl', {'n': number, 'outcome': outcome})

    def change(self, orders):
        with self.swarm.lock:
            self.swarm.advance()
            for order in orders if isinstance(orders, list) else [orders]:
                self.swarm.change(order)

    def dump(self):
        with self.swarm.lock:
            self.swarm.advance()
            state = self.swarm.dump()
        with self.lock:
            state['requests'] = self.requests
            state['connections'] = self.connections
            state['inflight'] = self.inflight
            state['rules'] = [{**rule.script, 'hits': rule.hits} for rule in self.rules]
        return state


class Api:
    """The answers of the engine: answer() returns status, headers, value."""

    ROUTES = (
        ('GET|HEAD', r'/_ping', 'ping'),
        ('GET', r'/version', 'version'),
        ('GET', r'/info', 'info'),
        ('GET', r'/services', 'services'),
        ('POST', r'/services/create', 'create'),
        ('GET', r'/services/([^/]+)', 'service'),
        ('DELETE', r'/services/([^/]+)', 'remove'),
        ('POST', r'/services/([^/]+)/update', 'update'),
        ('GET', r'/tasks', 'tasks'),
        ('GET', r'/tasks/([^/]+)', 'task'),
        ('GET', r'/nodes', 'nodes'),
        ('GET', r'/nodes/([^/]+)', 'node'),
        ('GET', r'/containers/([^/]+)/json', 'container'),
    )

    def __init__(self, swarm):
        self.swarm = swarm

    def answer(self, method, path, version, query, body, content_type):
        settings = self.swarm.settings
        route, match = self._route(method, path)
        if route is None:
            return 404, {'Content-Type': 'application/json'}, {'message': 'page not found'}
        headers = {'Api-Version': settings['api'], 'Content-Type': 'application/json',
                   'Docker-Experimental': 'false', 'Ostype': 'linux',
                   'Server': f'Docker/{settings["version"]} (linux)'}
        try:
            self._check_version(version)
            if method == 'POST' and version_key(settings['api']) > (1, 41):
                self._check_type(content_type)
            self.api = version or settings['api']
            self.query, self.body, self.headers = query, body, headers
            with self.swarm.lock:
                self.swarm.advance()
                if path.startswith(('/services', '/tasks', '/nodes')):
                    self.swarm.require_manager()
                status, value = getattr(self, route)(*match.groups())
                # What has become due without delay belongs to the next look.
                return status, headers, value
        except ApiError as error:
            return error.status, headers, {'message': str(error)}

    def _route(self, method, path):
        for methods, pattern, name in self.ROUTES:
            match = re.fullmatch(pattern, path)
            if match and re.fullmatch(methods, method):
                return name, match
        return None, None

    def _check_version(self, version):
        low, high = self.swarm.settings['min_api'], self.swarm.settings['api']
        if version and version_key(version) < version_key(low):
            raise ApiError(400, f'client version {version} is too old. Minimum supported API '
                                f'version is {low}, please upgrade your client to a newer version')
        if version and version_key(version) > version_key(high):
            raise ApiError(400, f'client version {version} is too new. Maximum supported API '
                                f'version is {high}')

    @staticmethod
    def _check_type(content_type):
        if content_type.partition(';')[0].strip() != 'application/json':
            raise ApiError(400, f'unsupported Content-Type header ({content_type}): must be '
                                "'application/json'")

    def _filters(self, allowed):
        """name -> values; both the list and the map form."""
        text = self.query.get('filters', '')
        if not text:
            return {}
        try:
            filters = json.loads(text)
        except json.JSONDecodeError as error:
            rest = text[error.pos:]
            raise ApiError(400, f"invalid character '{rest[0]}' looking for beginning of value"
                           if rest else 'unexpected end of JSON input') from None
        if filters is None:
            return {}
        if not isinstance(filters, dict):
            raise ApiError(400, 'json: cannot unmarshal array into Go value of type '
                                'map[string]map[string]bool')
        for name, values in filters.items():
            if not isinstance(values, (list, dict)) or \
                    not all(isinstance(value, str) for value in values):
                raise ApiError(400, 'json: cannot unmarshal array into Go value of type '
                                    'map[string]bool')
            if name not in allowed:
                old = version_key(self.swarm.settings['api']) <= (1, 41)
                raise ApiError(400, f"{'Invalid' if old else 'invalid'} filter '{name}'")
        return {name: list(values) for name, values in filters.items() if values}

    def ping(self):
        states = {'manager': 'active/manager', 'worker': 'active/worker',
                  'leaderless': 'active/manager'}
        state = self.swarm.settings['swarm']
        self.headers.update({'Cache-Control': 'no-cache, no-store, must-revalidate',
                             'Pragma': 'no-cache', 'Content-Type': 'text/plain; charset=utf-8'})
        if version_key(self.swarm.settings['api']) > (1, 41):
            self.headers['Swarm'] = states.get(state, state)
        return 200, 'OK'

    def version(self):
        settings = self.swarm.settings
        details = {'ApiVersion': settings['api'], 'Arch': 'amd64', 'Experimental': 'false',
                   'MinAPIVersion': settings['min_api'], 'Os': 'linux'}
        return 200, {'Platform': {'Name': ''},
                     'Components': [{'Name': 'Engine', 'Version': settings['version'],
                                     'Details': details}],
                     'Version': settings['version'], 'ApiVersion': settings['api'],
                     'MinAPIVersion': settings['min_api'], 'Os': 'linux', 'Arch': 'amd64',
                     'KernelVersion': '6.1.0'}

    def info(self):
        state, own = self.swarm.settings['swarm'], self.swarm.own_node
        member = state not in ('inactive', 'locked')
        swarm = {'NodeID': own.id if member else '', 'NodeAddr': own.addr if member else '',
                 'LocalNodeState': 'active' if member else state,
                 'ControlAvailable': state in ('manager', 'leaderless'), 'Error': '',
                 'RemoteManagers': [{'NodeID': node.id, 'Addr': f'{node.addr}:2377'}
                                    for node in self.swarm.nodes if node.role == 'manager']
                 if member else None}
        if state == 'manager':
            swarm.update({'Nodes': len(self.swarm.nodes),
                          'Managers': sum(n.role == 'manager' for n in self.swarm.nodes),
                          'Cluster': {'ID': 'k3ths2559gtzdvae3axflx46u',
                                      'Version': {'Index': 10},
                                      'Spec': {'Name': 'default', 'Labels': {}}}})
        return 200, {'ID': 'FAKE:FAKE:FAKE:FAKE', 'Containers': len(self.swarm.containers),
                     'Driver': 'overlay2', 'OperatingSystem': 'a fake engine',
                     'OSType': 'linux', 'Architecture': 'x86_64', 'NCPU': 2,
                     'MemTotal': 4126474240, 'Name': own.hostname,
                     'ServerVersion': self.swarm.settings['version'], 'Swarm': swarm,
                     'Warnings': None}

    def services(self):
        filters = self._filters({'id', 'label', 'mode', 'name', 'runtime'})
        # A dict, as in the engine: of two filters on one key, one is lost.
        labels = dict(label.partition('=')[::2] for label in filters.get('label', []))
        modes = {'Replicated': 'replicated', 'Global': 'global',
                 'ReplicatedJob': 'replicated-job', 'GlobalJob': 'global-job'}

        def matches(service):
            own = service.spec.get('Labels') or {}
            return (all(key in own and value in ('', own[key]) for key, value in labels.items())
                    and self._begins(service.name, filters.get('name'))
                    and self._begins(service.id, filters.get('id'))
                    and modes[service.mode] in filters.get('mode', modes.values())
                    and 'container' in filters.get('runtime', ['container']))
        found = sorted(filter(matches, self.swarm.services.values()), key=lambda s: s.id)
        status = self.query.get('status', '').lower() in ('1', 'true')
        return 200, [service.render(self.api, self.swarm.service_status(service) if status
                                    else None) for service in found]

    @staticmethod
    def _begins(text, beginnings):
        return not beginnings or text.startswith(tuple(beginnings))

    def service(self, text):
        return 200, self.swarm.service(text).render(self.api)

    def update(self, text):
        self.swarm.update(text, self.query.get('version', ''), self.body, self.api)
        return 200, {'Warnings': None}

    def create(self):
        spec = json.loads(self.body)
        service = self.swarm.add({'name': spec.get('Name', ''), 'spec': spec})
        service.spec = spec
        return 201, {'ID': service.id}

    def remove(self, text):
        self.swarm.remove(self.swarm.service(text))
        return 200, ''

    def tasks(self):
        filters = self._filters({'id', 'name', 'service', 'node', 'label', 'desired-state',
                                 '_up-to-date', 'runtime'})
        services = [self.swarm.service(text).id for text in filters.get('service', [])]
        nodes = [self.swarm.node(text).id for text in filters.get('node', [])]
        desired = filters.get('desired-state', [])
        for state in desired:
            if state not in STATES:
                old = version_key(self.swarm.settings['api']) <= (1, 41)
                raise ApiError(500 if old else 400, f"{'Invalid' if old else 'invalid'} "
                                                    f"desired-state filter: '{state}'")
        found = [task for task in self.swarm.tasks.values()
                 if (not services or task.service_id in services)
                 and (not nodes or task.node and task.node.id in nodes)
                 and (not desired or task.desired in desired)
                 and self._begins(task.id, filters.get('id'))]
        return 200, [task.render() for task in sorted(found, key=lambda t: t.id)]

    def task(self, text):
        for task in self.swarm.tasks.values():
            if task.id.startswith(text):
                return 200, task.render()
        raise ApiError(404, f'task {text} not found')

    def nodes(self):
        filters = self._filters({'id', 'name', 'role', 'membership', 'label', 'node.label'})
        found = [node for node in self.swarm.nodes
                 if node.role in filters.get('role', [node.role])
                 and self._begins(node.id, filters.get('id'))
                 and self._begins(node.hostname, filters.get('name'))]
        return 200, [node.render(self.swarm.index) for node in
                     sorted(found, key=lambda node: node.id)]

    def node(self, text):
        return 200, self.swarm.node(text).render(self.swarm.index)

    def container(self, text):
        """One that the script names, or of a task that runs on this node."""
        known = {}
        for script in self.swarm.containers:
            labels = dict(script.get('labels', {}))
            if 'service' in script:
                service = self.swarm.service(script['service'])
                labels = {'com.docker.swarm.node.id': self.swarm.own_node.id,
                          'com.docker.swarm.service.id': service.id,
                          'com.docker.swarm.service.name': service.name, **labels}
            known[script['id']] = (script.get('name', 'container'), labels,
                                   script.get('mounts', []))
        for task in self.swarm.tasks.values():
            service = self.swarm.services.get(task.service_id)
            if task.node is self.swarm.own_node and task.state == 'running' and service:
                name = f'{service.name}.{task.slot or task.node.id}.{task.id}'
                known[container_id(task.id)] = (name, {
                    'com.docker.swarm.node.id': task.node.id,
                    'com.docker.swarm.service.id': service.id,
                    'com.docker.swarm.service.name': service.name,
                    'com.docker.swarm.task': '', 'com.docker.swarm.task.id': task.id,
                    'com.docker.swarm.task.name': name}, [])
        found = [key for key in known if key.startswith(text) or known[key][0] == text]
        if len(found) != 1:
            raise ApiError(404, f'No such container: {text}')
        name, labels, mounts = known[found[0]]
        return 200, {'Id': found[0], 'Name': f'/{name}', 'Mounts': mounts,
                     'State': {'Status': 'running', 'Running': True},
                     'Config': {'Hostname': found[0][:12], 'Labels': labels}}


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = False

    def setup(self):
        self.engine = self.server.engine
        with self.engine.lock:
            self.engine.connections += 1
            self.number = self.engine.connections
        if self.server.tls is not None:
            self.request.settimeout(10)
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
            self.request.settimeout(None)
        super().setup()
        self.server.opened.add(self.request)

    def finish(self):
        self.server.opened.discard(self.request)
        super().finish()

    def address_string(self):
        return 'client'

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass

    def read_body(self):
        if self.headers.get('Transfer-Encoding', '').lower() == 'chunked':
            body = b''
            while True:
                size = int(self.rfile.readline().split(b';')[0], 16)
                body += self.rfile.read(size)
                self.rfile.readline()
                if size == 0:
                    break
        else:
            body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        return body.decode('utf-8', 'replace')

    def serve(self):
        body = self.read_body()
        raw_path, _, raw_query = self.path.partition('?')
        raw_path = re.sub(r'^https?://[^/]*', '', raw_path)
        match = re.fullmatch(r'/v(\d+\.\d+)(/.*)', raw_path)
        version, path = match.groups() if match else (None, raw_path)
        path = urllib.parse.unquote(path)
        query = dict(urllib.parse.parse_qsl(raw_query, keep_blank_values=True))
        number, rule = self.engine.arrive(self.number, self.command, self.path, path, query, body)
        outcome = 'gone'
        try:
            outcome = self.obey(rule or Rule({}), path, version, query, body)
        except OSError:
            self.close_connection = True
        finally:
            self.engine.leave(number, outcome)

    do_GET = do_POST = do_DELETE = do_HEAD = do_PUT = do_PATCH = serve  # noqa: N815

    def obey(self, rule, path, version, query, body):
        """The rule's part and the engine's, in the order that README tells."""
        time.sleep(rule['delay'] or 0)
        self.engine.change(rule.changes('before'))
        answer = 200, {}, ''
        if rule['apply'] or not rule.answers():
            answer = Api(self.engine.swarm).answer(
                self.command, path, version, query, body, self.headers.get('Content-Type', ''))
        self.engine.change(rule.changes('after'))
        time.sleep(rule['late'] or 0)
        return self.misbehave(rule, answer)

    def misbehave(self, rule, answer):
        if rule['hang'] and not rule['half']:
            self.wait_until_gone()
            return 'hang'
        if rule['drop'] and not rule['half']:
            self.drop(rule['drop'] == 'reset')
            return 'drop'
        if rule['garbage']:
            garbage = rule['garbage']
            self.wfile.write(garbage.encode() if isinstance(garbage, str)
                             else bytes(range(256)) * 64)
            self.close_connection = True
            return 'garbage'
        if rule['bytes']:
            self.stream(rule)
            return 'bytes'
        status, headers, value = answer
        if rule['status']:
            status = rule['status']
            headers = {'Api-Version': self.engine.swarm.settings['api'],
                       'Content-Type': 'application/json'}
            value = rule['body'] if rule['body'] is not None else \
                {'message': rule['message'] or 'made up'}
        headers = {**headers, **(rule['headers'] or {})}
        if not isinstance(value, str):
            value = json.dumps(value, ensure_ascii=False, separators=(',', ':')) + '\n'
        self.send(rule, status, headers, value.encode('utf-8', 'replace'))
        return status

    def send(self, rule, status, headers, body):
        chunked = rule['chunked']
        if chunked is None:
            chunked = self.engine.swarm.settings['chunked']
        if chunked == 'auto':
            chunked = len(body) > 2048
        self.begin(status, headers, None if chunked else len(body))
        if self.command == 'HEAD':
            self.wfile.write(self.take_head())
            return
        if chunked:
            pieces = [body[i:i + 4096] for i in range(0, len(body), 4096)]
            body = b''.join(b'%x\r\n%b\r\n' % (len(p), p) for p in pieces) + b'0\r\n\r\n'
        head = self.take_head()
        if rule['half']:
            self.wfile.write(head + body[:len(body) // 2])
            if rule['hang']:
                self.wait_until_gone()
            self.drop(rule['drop'] == 'reset')
        elif rule['drip']:
            self.wfile.write(head)
            for byte in body:
                time.sleep(rule['drip'])
                self.wfile.write(bytes([byte]))
        else:
            self.wfile.write(head + body)

    def begin(self, status, headers, length):
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header('Date', self.date_time_string())
        if length is None:
            self.send_header('Transfer-Encoding', 'chunked')
        else:
            self.send_header('Content-Length', str(length))

    def take_head(self):
        head = b''.join(self._headers_buffer) + b'\r\n'
        self._headers_buffer = []
        return head

    def stream(self, rule):
        """A body of many bytes, of which no more than 64 KiB are ever in memory."""
        fill = (rule['fill'] or ' ').encode()
        block = fill * (65536 // len(fill))
        left = rule['bytes']
        self.begin(rule['status'] or 200, {'Content-Type': 'application/json'},
                   None if rule['chunked'] else left)
        self.wfile.write(self.take_head())
        while left > 0:
            piece = block[:left]
            self.wfile.write(b'%x\r\n%b\r\n' % (len(piece), piece) if rule['chunked'] else piece)
            left -= len(piece)
        if rule['chunked']:
            self.wfile.write(b'0\r\n\r\n')

    def wait_until_gone(self):
        poll = select.poll()
        poll.register(self.request.fileno(), select.POLLIN | select.POLLHUP)
        poll.poll()
        self.close_connection = True

    def drop(self, reset):
        if reset:
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.close_connection = True
        try:
            self.request.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class ControlHandler(Handler):
    """/_fake/: GET state, requests; POST set, rules, offline; DELETE rules."""

    def serve(self):
        body = self.read_body()
        try:
            status, value = self.command_of(self.command, self.path, json.loads(body or 'null'))
        except (ApiError, ValueError, KeyError, TypeError) as error:
            status, value = 400, {'message': f'{type(error).__name__}: {error}'}
        data = (json.dumps(value) + '\n').encode()
        self.begin(status, {'Content-Type': 'application/json'}, len(data))
        self.wfile.write(self.take_head() + data)

    do_GET = do_POST = do_DELETE = serve  # noqa: N815

    def command_of(self, method, path, value):
        engine = self.engine
        if (method, path) == ('GET', '/_fake/state'):
            return 200, engine.dump()
        if (method, path) == ('POST', '/_fake/set'):
            engine.change(value)
        elif (method, path) == ('POST', '/_fake/rules'):
            rules = [Rule(rule) for rule in (value if isinstance(value, list) else [value])]
            with engine.lock:
                engine.rules[:0] = rules
        elif (method, path) == ('DELETE', '/_fake/rules'):
            with engine.lock:
                engine.rules.clear()
        elif (method, path) == ('POST', '/_fake/offline'):
            self.server.offline(float(value))
        else:
            return 404, {'message': 'no such command'}
        return 200, {}


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 1024

    def __init__(self, address, handler, engine, tls=None, mode=None):
        self.engine, self.tls, self.mode = engine, tls, mode
        self.opened = set()
        self.address_family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        super().__init__(address, handler)

    def server_bind(self):
        if self.address_family == socket.AF_UNIX:
            try:
                if stat.S_ISSOCK(os.lstat(self.server_address).st_mode):
                    os.unlink(self.server_address)
            except FileNotFoundError:
                pass
        super().server_bind()
        if self.mode is not None:
            os.chmod(self.server_address, self.mode)

    def handle_error(self, request, client_address):
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handle_error(request, client_address)

    def hang_up(self):
        for connection in list(self.opened):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Front:
    """The engine's server, which can be away for a while."""

    def __init__(self, address, engine, tls, mode):
        self.make = lambda: Server(address, Handler, engine, tls, mode)
        self.server = self.make()

    def start(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def offline(self, seconds):
        """Nobody listens, as while an engine restarts. Only then does the call return."""
        address = self.server.server_address
        self.server.shutdown()
        self.server.server_close()
        self.server.hang_up()

        def back():
            time.sleep(seconds)
            if not isinstance(address, str):
                self.server.server_address = address
            self.server = self.make()
            self.start()
        threading.Thread(target=back, daemon=True).start()


def parse_arguments():
    parser = argparse.ArgumentParser(description='A fake Docker Engine for tests.')
    parser.add_argument('--dir', required=True, help='sockets and logs go here')
    parser.add_argument('--script', help='JSON: the state at the start, and rules')
    parser.add_argument('--rule', action='append', default=[], help='JSON, one more rule')
    parser.add_argument('--tcp', metavar='HOST:PORT', help='instead of a unix socket; port 0')
    parser.add_argument('--tls-cert', metavar='FILE')
    parser.add_argument('--tls-key', metavar='FILE')
    parser.add_argument('--tls-ca', metavar='FILE', help='clients need a certificate by it')
    parser.add_argument('--mode', type=lambda text: int(text, 8), help='of the socket, octal')
    parser.add_argument('--lifetime', type=int, default=900, help='seconds; it ends by itself')
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    script = {}
    if arguments.script:
        with open(arguments.script, encoding='utf-8') as file:
            script = json.load(file)
    script.setdefault('rules', []).extend(map(json.loads, arguments.rule))
    os.makedirs(arguments.dir, exist_ok=True)
    for name in 'requests.jsonl', 'answers.jsonl':
        open(os.path.join(arguments.dir, name), 'a', encoding='utf-8').close()
    engine = Engine(script, arguments.dir)

    tls = None
    if arguments.tls_cert:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(arguments.tls_cert, arguments.tls_key)
        if arguments.tls_ca:
            tls.load_verify_locations(arguments.tls_ca)
            tls.verify_mode = ssl.CERT_REQUIRED
    address = os.path.join(arguments.dir, 'docker.sock')
    if arguments.tcp:
        host, _, port = arguments.tcp.rpartition(':')
        address = host, int(port)
    front = Front(address, engine, tls, arguments.mode)
    control = Server(os.path.join(arguments.dir, 'control.sock'), ControlHandler, engine)
    control.offline = front.offline

    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    signal.signal(signal.SIGALRM, lambda *_: os._exit(1))
    signal.alarm(arguments.lifetime)
    front.start()
    host = f'unix://{os.path.abspath(address)}' if isinstance(address, str) else \
        'tcp://{}:{}'.format(*front.server.server_address)
    ready = os.path.join(arguments.dir, 'ready')
    with open(ready + '.new', 'w', encoding='utf-8') as file:
        file.write(host + '\n')
    os.rename(ready + '.new', ready)
    control.serve_forever(0.05)


if __name__ == '__main__':
    main()
