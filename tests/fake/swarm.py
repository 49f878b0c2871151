# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
"""The state of a made-up Swarm: services, their tasks, nodes, and what time does to them.

Time passes when somebody looks: advance() carries out what has become due since, and ends
where it began unless the clock is real. All of it is under one lock, which callers hold (`with swarm.lock:`).

Orders of a service, all optional, in seconds:
    stop_delay     from being told to stop until a task is gone; null: never
    start_delay    from being created until a task is running
    restart_delay  until a task that failed has a successor
    stuck          a state that new tasks never leave
    fail           what new tasks fail with, fail_state: as what, fail_times: how often
"""

import copy
import hashlib
import heapq
import itertools
import random
import re
import threading
import time
from datetime import datetime, timezone

import gojson

STATES = ('new', 'allocated', 'pending', 'assigned', 'accepted', 'preparing', 'ready',
          'starting', 'running', 'complete', 'shutdown', 'failed', 'rejected', 'remove',
          'orphaned')
ENDED = ('complete', 'shutdown', 'failed', 'rejected', 'orphaned')
# What a task is told that shall run, now or later.
WANTED = ('running', 'ready', 'complete')

SETTINGS = {
    'api': '1.47',
    'min_api': '1.24',
    'version': '27.5.1',
    'swarm': 'manager',  # or worker, inactive, locked, leaderless
    'chunked': 'auto',   # as Go does: above 2048 bytes; or true, false
    'stop_delay': 0.2,
    'start_delay': 0.2,
    'restart_delay': 0.5,
    'clock': 'real',     # or manual: time passes by the change {"pass": SECONDS} only
    'monitor': 0.2,      # from running until an update is called completed
}
ORDERS = ('stop_delay', 'start_delay', 'restart_delay', 'stuck', 'fail', 'fail_state',
          'fail_times')
HISTORY = 4
# More tasks than these are not made, whatever number of replicas is asked for.
MAX_TASKS = 200

UNAVAILABLE = {
    'inactive': (503, 'This node is not a swarm manager. Use "docker swarm init" or "docker '
                      'swarm join" to connect this node to swarm and try again.'),
    'worker': (503, 'This node is not a swarm manager. Worker nodes can\'t be used to view '
                    'or modify cluster state. Please run this command on a manager node or '
                    'promote the current node to a manager.'),
    'locked': (503, 'Swarm is encrypted and needs to be unlocked before it can be used. '
                    'Please use "docker swarm unlock" to unlock it.'),
    'leaderless': (500, 'rpc error: code = Unknown desc = The swarm does not have a leader. '
                        "It's possible that too few managers are online. Make sure more "
                        'than half of the managers are online.'),
}

# What a daemon drops from a spec that comes or goes through a version before this one.
NEWER_FIELDS = (
    ('1.41', ('TaskTemplate', 'ContainerSpec', 'CapabilityAdd')),
    ('1.41', ('TaskTemplate', 'ContainerSpec', 'CapabilityDrop')),
    ('1.41', ('TaskTemplate', 'ContainerSpec', 'Ulimits')),
    ('1.44', ('TaskTemplate', 'ContainerSpec', 'Healthcheck', 'StartInterval')),
    ('1.46', ('TaskTemplate', 'ContainerSpec', 'OomScoreAdj')),
    ('1.52', ('TaskTemplate', 'Resources', 'SwapBytes')),
    ('1.52', ('TaskTemplate', 'Resources', 'MemorySwappiness')),
)


class ApiError(Exception):
    """An answer of the engine that is an error."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def version_key(text):
    major, minor = text.split('.')
    return int(major), int(minor)


def make_id(*parts):
    """25 characters like those of Swarm, always the same for the same parts."""
    number = int.from_bytes(hashlib.sha256('\0'.join(map(str, parts)).encode()).digest(), 'big')
    digits = ''
    while len(digits) < 25:
        number, digit = divmod(number, 36)
        digits += '0123456789abcdefghijklmnopqrstuvwxyz'[digit]
    return digits


def container_id(*parts):
    return hashlib.sha256('\0'.join(map(str, ('container', *parts))).encode()).hexdigest()


def timestamp(ago=0):
    now = datetime.fromtimestamp(time.time() - ago, timezone.utc)
    return now.strftime('%Y-%m-%dT%H:%M:%S.%f') + '000Z'


def merge(target, patch):
    """RFC 7396: null removes."""
    if not isinstance(patch, dict):
        return patch
    target = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        else:
            target[key] = merge(target.get(key), value)
    return target


def strip_newer(spec, version):
    """The spec as a client of that version sees it, or the daemon takes it from one."""
    spec = copy.deepcopy(spec)
    for since, path in NEWER_FIELDS:
        if version_key(version) < version_key(since):
            inner = spec
            for key in path[:-1]:
                inner = inner.get(key) or {}
            inner.pop(path[-1], None)
    return spec


class Node:
    def __init__(self, number, script):
        unknown = set(script) - {'hostname', 'id', 'role', 'labels', 'state', 'availability',
                                 'addr', 'message'}
        if unknown:
            raise ValueError(f'node: unknown {sorted(unknown)}')
        self.hostname = script.get('hostname', f'node{number}')
        self.id = script.get('id', make_id('node', self.hostname))
        self.role = script.get('role', 'manager' if number == 1 else 'worker')
        self.labels = script.get('labels', {})
        self.state = script.get('state', 'ready')
        self.availability = script.get('availability', 'active')
        self.addr = script.get('addr', f'10.0.9.{number}')
        self.message = script.get('message', '')
        self.leader = number == 1
        self.created = timestamp(7200)

    def takes_tasks(self):
        return self.state == 'ready' and self.availability == 'active'

    def meets(self, constraint):
        match = re.fullmatch(r'\s*([\w.-]+)\s*(==|!=)\s*(.*?)\s*', constraint)
        if not match:
            raise ApiError(400, 'rpc error: code = InvalidArgument desc = constraint expected '
                                f'one operator from ==, !=')
        key, operator, value = match.groups()
        facts = {'node.id': self.id, 'node.hostname': self.hostname, 'node.role': self.role,
                 'node.platform.os': 'linux', 'node.platform.arch': 'amd64'}
        found = facts.get(key, '')
        if key.startswith('node.labels.'):
            found = self.labels.get(key[len('node.labels.'):], '')
        return (found.lower() == value.lower()) == (operator == '==')

    def render(self, index):
        status = {'State': self.state, 'Addr': self.addr}
        if self.message:
            status['Message'] = self.message
        node = {
            'ID': self.id, 'Version': {'Index': index},
            'CreatedAt': self.created, 'UpdatedAt': self.created,
            'Spec': {'Labels': self.labels, 'Role': self.role,
                     'Availability': self.availability},
            'Description': {
                'Hostname': self.hostname,
                'Platform': {'Architecture': 'x86_64', 'OS': 'linux'},
                'Resources': {'NanoCPUs': 2000000000, 'MemoryBytes': 4126474240},
                'Engine': {'EngineVersion': SETTINGS['version'], 'Plugins': []},
            },
            'Status': status,
        }
        if self.role == 'manager':
            node['ManagerStatus'] = {'Leader': self.leader, 'Reachability': 'reachable',
                                     'Addr': f'{self.addr}:2377'}
        return node


class Task:
    def __init__(self, service, slot, serial):
        self.service_id = service.id
        self.slot = slot  # None for global services
        self.id = make_id('task', service.id, serial)
        self.serial = serial
        self.node = None
        self.desired = 'running'
        self.state = 'pending'
        self.message = 'pending task scheduling'
        self.err = ''
        self.exit_code = 0
        self.spec = copy.deepcopy(service.spec.get('TaskTemplate', {}))
        self.iteration = service.iteration
        self.version = 0
        self.created = self.updated = self.since = timestamp()
        # What was planned for the task is void when this has moved on.
        self.epoch = 0

    def wanted(self):
        return self.desired in WANTED

    def render(self):
        spec = {key: value for key, value in self.spec.items() if key != 'Runtime'}
        status = {'Timestamp': self.since, 'State': self.state, 'Message': self.message}
        if self.err:
            status['Err'] = self.err
        if STATES.index(self.state) >= STATES.index('starting') and self.state != 'rejected':
            status['ContainerStatus'] = {'ContainerID': container_id(self.id),
                                         'PID': 0 if self.state in ENDED else 4000 + self.serial,
                                         'ExitCode': self.exit_code}
        status['PortStatus'] = {}
        task = {'ID': self.id, 'Version': {'Index': self.version}, 'CreatedAt': self.created,
                'UpdatedAt': self.updated, 'Labels': {}, 'Spec': spec,
                'ServiceID': self.service_id}
        if self.slot is not None:
            task['Slot'] = self.slot
        if self.node is not None:
            task['NodeID'] = self.node.id
        task.update({'Status': status, 'DesiredState': self.desired})
        if self.iteration is not None:
            task['JobIteration'] = {'Index': self.iteration} if self.iteration else {}
        return task


class Service:
    KEYS = {'name', 'replicas', 'mode', 'labels', 'spec', 'update_status', 'count', 'id',
            'node', *ORDERS}

    def __init__(self, script):
        unknown = set(script) - self.KEYS
        if unknown:
            raise ValueError(f'service: unknown {sorted(unknown)}')
        self.id = script.get('id') or make_id('service', script['name'])
        self.spec = merge(self._spec(script), script.get('spec', {}))
        self.previous = None
        self.orders = {key: script[key] for key in ORDERS if key in script}
        self.update_status = None
        self.version = 0
        self.created = self.updated = timestamp(3600)
        self.iteration = 0 if self.mode.endswith('Job') else None
        self.executed = self.created
        self.serials = itertools.count(1)
        # Tasks that the update in progress waits for.
        self.updating = set()

    @staticmethod
    def _spec(script):
        replicas = script.get('replicas', 1)
        mode = script.get('mode', 'replicated')
        modes = {
            'replicated': {'Replicated': {} if replicas is None else {'Replicas': replicas}},
            'global': {'Global': {}},
            'replicated-job': {'ReplicatedJob': {'MaxConcurrent': 1,
                                                 'TotalCompletions': replicas}},
            'global-job': {'GlobalJob': {}},
        }
        return {
            'Name': script['name'],
            'Labels': script.get('labels', {}),
            'TaskTemplate': {
                'ContainerSpec': {'Image': 'busybox:latest', 'Args': ['sleep', '1000'],
                                  'Init': False, 'DNSConfig': {}, 'Isolation': 'default'},
                'Resources': {'Limits': {}, 'Reservations': {}},
                'Placement': {}, 'ForceUpdate': 0, 'Runtime': 'container',
            },
            'Mode': modes[mode],
            'EndpointSpec': {'Mode': 'vip'},
        }

    @property
    def name(self):
        return self.spec['Name']

    @property
    def mode(self):
        return next(iter(self.spec.get('Mode') or {}), 'Replicated')

    @property
    def replicas(self):
        count = self.spec['Mode'].get('Replicated', {}).get('Replicas')
        return 1 if count is None else count

    def set_status(self, state, message=None):
        messages = {'updating': 'update in progress', 'completed': 'update completed',
                    'rollback_started': 'rollback in progress',
                    'rollback_completed': 'rollback completed',
                    'paused': 'update paused due to failure or early termination of task '
                              + make_id('lost', self.id),
                    'rollback_paused': 'rollback paused due to failure or early termination '
                                       'of task ' + make_id('lost', self.id)}
        if state is None:
            self.update_status = None
            return
        if isinstance(state, dict):
            self.update_status = state
            return
        if state not in messages:
            raise ValueError(f'no update state {state!r}')
        started = (self.update_status or {}).get('StartedAt', timestamp())
        self.update_status = {'State': state, 'StartedAt': started}
        if 'completed' in state:
            self.update_status['CompletedAt'] = timestamp()
        self.update_status['Message'] = message or messages[state]

    def render(self, version, status=None):
        service = {'ID': self.id, 'Version': {'Index': self.version},
                   'CreatedAt': self.created, 'UpdatedAt': self.updated,
                   'Spec': strip_newer(self.spec, version)}
        if self.previous is not None:
            service['PreviousSpec'] = strip_newer(self.previous, version)
        service['Endpoint'] = {'Spec': self.spec.get('EndpointSpec', {})}
        if self.update_status is not None:
            service['UpdateStatus'] = self.update_status
        if status is not None:
            service['ServiceStatus'] = status
        if self.iteration is not None:
            service['JobStatus'] = {
                'JobIteration': {'Index': self.iteration} if self.iteration else {},
                'LastExecution': self.executed}
        return service


class Swarm:
    def __init__(self, script):
        self.lock = threading.RLock()
        self.settings = dict(SETTINGS)
        self.index = 10
        self.now = time.monotonic()
        self.plans = []
        self.plan_count = itertools.count()
        self.services = {}
        self.tasks = {}
        self.containers = []
        self.configure({key: script[key] for key in SETTINGS if key in script})
        self.nodes = [Node(i + 1, node) for i, node in enumerate(script.get('nodes', [{}]))]
        self.own_node = self.nodes[0]
        for service in script.get('services', []):
            self.add(service, settled=True)
        for container in script.get('containers', []):
            self.add_container(container)

    # What tests tell it.

    def configure(self, settings):
        for key, value in settings.items():
            if key not in SETTINGS:
                raise ValueError(f'no setting {key!r}')
            if key == 'clock' and value not in ('real', 'manual'):
                raise ValueError(f'no clock {value!r}')
            if key == 'swarm' and value not in ('manager', *UNAVAILABLE):
                raise ValueError(f'no swarm state {value!r}')
            self.settings[key] = value

    def add(self, script, settled=False):
        """A service, or `count` of them with {} in the name counted up."""
        if 'count' in script:
            for number in range(1, script['count'] + 1):
                one = {key: value for key, value in script.items() if key != 'count'}
                name = script['name']
                one['name'] = name.replace('{}', str(number)) if '{}' in name else f'{name}{number}'
                self.add(copy.deepcopy(one), settled)
            return
        service = Service(script)
        if any(other.name == service.name for other in self.services.values()):
            raise ApiError(409, 'rpc error: code = AlreadyExists desc = name conflicts with '
                                f'an existing object: service {service.name} already exists')
        self.services[service.id] = service
        service.version = self.bump()
        self.reconcile(service)
        if 'node' in script:
            for task in self.tasks_of(service):
                task.node = self.node(script['node'])
        if settled:
            self.settle(service)
        if 'update_status' in script:
            service.set_status(script['update_status'])
        return service

    def settle(self, service):
        """As if its tasks had been there for an hour."""
        for task in self.tasks_of(service):
            task.epoch += 1
            if task.node is None:
                task.node = self.schedule(service, task) or self.own_node
            task.created = task.updated = task.since = timestamp(3600)
            task.state, task.message = 'running', 'started'
            if service.iteration is not None:
                task.state, task.message = 'complete', 'finished'

    def add_container(self, script):
        """{id, name, labels, service, mounts}: one of this engine, as a container's own."""
        unknown = set(script) - {'id', 'name', 'labels', 'service', 'mounts', 'image'}
        if unknown:
            raise ValueError(f'container: unknown {sorted(unknown)}')
        self.containers.append(script)

    def change(self, order):
        """One change by somebody else. See README."""
        order = dict(order)
        if 'add' in order:
            self.add(order.pop('add'))
        elif 'container' in order:
            self.add_container(order.pop('container'))
        elif 'pass' in order:
            self.advance(order.pop('pass'))
        elif 'engine' in order:
            self.configure(order.pop('engine'))
        elif 'node' in order:
            self.change_node(self.node(order.pop('node')), order)
        elif 'service' in order:
            self.change_service(self.service(order.pop('service')), order)
        if order:
            raise ValueError(f'cannot make sense of {sorted(order)}')

    def change_node(self, node, order):
        for key in ('state', 'availability', 'message', 'labels', 'role'):
            if key in order:
                setattr(node, key, order.pop(key))
        lost = order.pop('orphan', False)
        for task in list(self.tasks.values()):
            if task.node is node and lost and task.state not in ENDED:
                self.move(task, 'orphaned', '')
            elif task.node is node and not node.takes_tasks() and task.wanted():
                self.stop(task, 'shutdown')
        for service in self.services.values():
            self.reconcile(service)

    def change_service(self, service, order):
        for key in ORDERS:
            if key in order:
                service.orders[key] = order.pop(key)
        if 'tasks' in order:
            self.change_tasks(service, dict(order.pop('tasks')))
        if order.pop('remove', False):
            self.remove(service)
            return
        patch = order.pop('spec', {})
        if 'replicas' in order:
            patch = merge(patch, {'Mode': {'Replicated': {'Replicas': order.pop('replicas')}}})
        labels = order.pop('labels', {})
        if patch or labels or order.pop('touch', False):
            spec = merge(service.spec, patch)
            spec['Labels'] = merge(spec.get('Labels', {}), labels)
            self.replace(service, spec)
        if 'update_status' in order:
            service.set_status(order.pop('update_status'))
            service.version = self.bump()

    def change_tasks(self, service, order):
        """Tasks of a service, all or of one slot: state, desired, message, err, node."""
        slot = order.pop('slot', None)
        for task in self.tasks_of(service):
            if slot not in (None, task.slot):
                continue
            task.epoch += 1
            if 'node' in order:
                task.node = self.node(order['node'])
            task.desired = order.get('desired', task.desired)
            task.exit_code = order.get('exit_code', task.exit_code)
            self.move(task, order.get('state', task.state), order.get('message', task.message),
                      order.get('err', task.err))
        unknown = set(order) - {'node', 'desired', 'exit_code', 'state', 'message', 'err'}
        if unknown:
            raise ValueError(f'tasks: unknown {sorted(unknown)}')

    # What clients do.

    def require_manager(self):
        if self.settings['swarm'] != 'manager':
            raise ApiError(*UNAVAILABLE[self.settings['swarm']])

    def service(self, text):
        """By ID, by name, by the beginning of an ID: in this order, as the engine does."""
        return self._resolve('service', text, self.services.values(), lambda s: s.name)

    def node(self, text):
        return self._resolve('node', text, self.nodes, lambda n: n.hostname)

    @staticmethod
    def _resolve(kind, text, objects, name):
        for test in (lambda o: o.id == text, lambda o: name(o) == text,
                     lambda o: o.id.startswith(text)):
            found = [o for o in objects if test(o)]
            if len(found) > 1:
                raise ApiError(500, f'{kind} {text} is ambiguous ({len(found)} matches found)')
            if found:
                return found[0]
        raise ApiError(404, f'{kind} {text} not found')

    def update(self, text, version, body, api):
        prefix = 'invalid JSON: ' if version_key(self.settings['api']) > (1, 41) else ''
        try:
            spec = gojson.decode(body, prefix)
        except gojson.Refused as refused:
            raise ApiError(400, str(refused)) from None
        if not re.fullmatch(r'\d+', version):
            raise ApiError(400, f"invalid service version '{version}': strconv.ParseUint: "
                                f'parsing "{version}": invalid syntax')
        template = spec.get('TaskTemplate') or {}
        if not template.get('ContainerSpec'):
            raise ApiError(400, 'mismatched Runtime and *Spec fields')
        service = self.service(text)
        if not template['ContainerSpec'].get('Image'):
            raise ApiError(400, 'rpc error: code = InvalidArgument desc = ContainerSpec: image '
                                'reference must be provided')
        mode = spec['Mode'] = spec.get('Mode') or {'Replicated': {}}
        replicated = mode.get('Replicated')
        if replicated is not None:
            if replicated.get('Replicas') is None:
                replicated['Replicas'] = 1
            if replicated['Replicas'] >= 1 << 63:
                raise ApiError(400, 'rpc error: code = InvalidArgument desc = Number of '
                                    'replicas must be non-negative')
        for constraint in (template.get('Placement') or {}).get('Constraints') or []:
            self.own_node.meets(constraint)
        if spec.get('Name') != service.name:
            raise ApiError(501, 'rpc error: code = Unimplemented desc = renaming services is '
                                'not supported')
        if set(mode) != {service.mode}:
            raise ApiError(501, 'rpc error: code = Unimplemented desc = service mode change is '
                                'not allowed')
        if int(version) != service.version:
            raise ApiError(500, 'rpc error: code = Unknown desc = update out of sequence')
        spec.setdefault('Labels', {})
        self.replace(service, strip_newer(spec, api))

    def replace(self, service, spec):
        dirty = spec.get('TaskTemplate') != service.spec.get('TaskTemplate')
        paused = 'paused' in (service.update_status or {}).get('State', '')
        service.previous, service.spec = service.spec, spec
        service.version = self.bump()
        service.updated = timestamp()
        service.set_status(None)
        if service.iteration is not None:
            service.iteration += 1
            service.executed = timestamp()
        self.reconcile(service)
        if dirty or paused:
            self.roll(service, every=paused)

    def remove(self, service):
        del self.services[service.id]
        for task in list(self.tasks.values()):
            if task.service_id == service.id:
                self.stop(task, 'remove', service)

    # What time and the orchestrator do.

    def advance(self, by=0):
        until = self.now + by if self.settings['clock'] == 'manual' else time.monotonic()
        while self.plans and self.plans[0][0] <= until:
            self.now, _, task, epoch, step = heapq.heappop(self.plans)
            if task is None or task.epoch == epoch:
                step()
        self.now = until

    def plan(self, delay, task, step):
        entry = (self.now + delay, next(self.plan_count), task, task and task.epoch, step)
        heapq.heappush(self.plans, entry)

    def bump(self):
        # Raft counts everything, so a version seldom is the one before plus one.
        self.index += random.randint(1, 3)
        return self.index

    def order(self, service, key):
        return service.orders.get(key, self.settings.get(key))

    def tasks_of(self, service):
        return [task for task in self.tasks.values() if task.service_id == service.id]

    def move(self, task, state, message, err=''):
        if state not in STATES:
            raise ValueError(f'no task state {state!r}')
        task.state, task.message, task.err = state, message, err
        task.updated = task.since = timestamp()
        task.version = self.bump()

    def reconcile(self, service):
        if service.mode == 'Replicated':
            self._reconcile_slots(service)
        elif service.mode == 'Global':
            self._reconcile_nodes(service)
        else:
            for task in self.tasks_of(service):
                if task.iteration == service.iteration:
                    return
            self.create(service, 1 if service.mode == 'ReplicatedJob' else None)

    def _reconcile_slots(self, service):
        live = sorted({task.slot for task in self.tasks_of(service) if task.wanted()})
        excess = set(live[service.replicas:])
        for task in self.tasks_of(service):
            if task.slot in excess or not service.replicas:
                self.stop(task, 'remove', service)
        free = (slot for slot in itertools.count(1) if slot not in live)
        for _ in range(min(service.replicas, MAX_TASKS) - len(live)):
            self.create(service, next(free))

    def _reconcile_nodes(self, service):
        wanted = [node for node in self.nodes if self.suits(service, node)]
        live = [task for task in self.tasks_of(service) if task.wanted()]
        for task in live:
            if task.node not in wanted:
                self.stop(task, 'shutdown', service)
        for node in wanted:
            if not any(task.node is node for task in live):
                self.create(service, None, node)

    def suits(self, service, node):
        placement = service.spec.get('TaskTemplate', {}).get('Placement') or {}
        return node.takes_tasks() and all(map(node.meets, placement.get('Constraints') or []))

    def schedule(self, service, task):
        if task.node is not None:
            return task.node
        nodes = [node for node in self.nodes if self.suits(service, node)]
        if not nodes:
            return None
        load = {node: sum(t.node is node and t.wanted() for t in self.tasks.values())
                for node in nodes}
        return min(nodes, key=lambda node: load[node])

    def create(self, service, slot, node=None, wait=None):
        """A task that starts at once, or after `wait` seconds."""
        task = Task(service, slot, next(service.serials))
        task.node = node
        self.tasks[task.id] = task
        task.version = self.bump()
        if wait is None:
            task.desired = 'running' if service.iteration is None else 'complete'
            self.start(service, task)
        else:
            task.desired = 'ready'
            self.move(task, 'ready', 'prepared')

            def release():
                task.desired = 'running'
                self.start(service, task)
            self.plan(wait, task, release)
        return task

    def start(self, service, task):
        delay = self.order(service, 'start_delay')
        stuck = service.orders.get('stuck')

        def assign():
            task.node = self.schedule(service, task)
            if task.node is None:
                count = len(self.nodes)
                self.move(task, 'pending', 'pending task scheduling',
                          'no suitable node (scheduling constraints not satisfied on '
                          f'{count} node{"s" * (count != 1)})')
                self.plan(0.1, task, assign)
                return
            self.move(task, 'assigned', 'scheduler assigned task to node')
            if stuck != 'assigned':
                self.plan(delay * 0.2, task, lambda: step('preparing', 'preparing', 0.3))

        def step(state, message, share):
            self.move(task, state, message)
            if stuck == state:
                return
            if state == 'preparing':
                self.plan(delay * share, task, lambda: step('starting', 'starting', 0.4))
            elif service.orders.get('fail') and service.orders.get('fail_times', 1) > 0:
                self.plan(delay * share, task, lambda: self.fail(service, task))
            else:
                self.plan(delay * share, task, lambda: self.run(service, task))

        if stuck == 'pending':
            task.err = 'no suitable node (insufficient resources on 1 node)'
        elif stuck != 'new':
            self.plan(delay * 0.1, task, assign)

    def run(self, service, task):
        self.move(task, 'running', 'started')
        if service.iteration is not None:
            self.plan(self.order(service, 'start_delay'), task,
                      lambda: self.move(task, 'complete', 'finished'))
        service.updating.discard(task.id)
        self.finish_roll(service)

    def fail(self, service, task):
        if 'fail_times' in service.orders:
            service.orders['fail_times'] -= 1
        state = service.orders.get('fail_state', 'rejected')
        task.exit_code = 1 if state == 'failed' else 0
        self.move(task, state, 'started' if state == 'failed' else 'preparing',
                  service.orders['fail'])
        if (service.update_status or {}).get('State') == 'updating':
            service.set_status('paused', 'update paused due to failure or early termination of '
                                         f'task {task.id}')
            service.version = self.bump()
        if service.id not in self.services or service.iteration is not None:
            return
        policy = service.spec['TaskTemplate'].get('RestartPolicy') or {}
        task.desired = 'shutdown'
        if policy.get('Condition') != 'none':
            self.create(service, task.slot, task.node if task.slot is None else None,
                        wait=self.order(service, 'restart_delay'))
        old = [t for t in self.tasks_of(service)
               if t.slot == task.slot and t.state in ENDED and not t.wanted()]
        for forgotten in sorted(old, key=lambda t: t.serial)[:-HISTORY]:
            del self.tasks[forgotten.id]

    def stop(self, task, desired, service=None):
        """remove: it vanishes in the end. shutdown: it stays as history."""
        if task.desired == 'remove' or not task.wanted() and desired != 'remove':
            return
        running = task.wanted() and task.state not in ENDED
        service = service or self.services.get(task.service_id)
        delay = service.orders.get('stop_delay', self.settings['stop_delay']) \
            if service else self.settings['stop_delay']
        stopping = task.desired == 'shutdown' and task.state not in ENDED
        task.desired = desired
        task.updated = timestamp()
        task.version = self.bump()
        if not stopping:
            task.epoch += 1
        if running and STATES.index(task.state) < STATES.index('starting'):
            delay = 0

        def end():
            if task.node is not None and task.node.state != 'ready':
                self.plan(0.1, task, end)  # nobody reports what becomes of it
            elif task.desired == 'remove':
                self.tasks.pop(task.id, None)
            elif task.state not in ENDED:
                self.move(task, 'shutdown', 'shutdown')
        if not stopping and (not running or delay is not None):
            self.plan(delay if running else 0, task, end)

    def roll(self, service, every=False):
        """Tasks of an older template are replaced, all at once."""
        old = [task for task in self.tasks_of(service) if task.wanted()
               and (every or task.spec != service.spec['TaskTemplate'])]
        if not old or service.iteration is not None:
            return
        service.set_status('updating')
        service.version = self.bump()
        service.updating = set()
        for task in old:
            node = task.node if task.slot is None else None
            wait = self.order(service, 'stop_delay') or 0
            self.stop(task, 'shutdown', service)
            service.updating.add(self.create(service, task.slot, node, wait=wait).id)

    def finish_roll(self, service):
        if service.updating or (service.update_status or {}).get('State') != 'updating':
            return

        def complete():
            if (service.update_status or {}).get('State') == 'updating':
                service.set_status('completed')
                service.version = self.bump()
        self.plan(self.settings['monitor'], None, complete)

    # What is seen of it.

    def service_status(self, service):
        tasks = self.tasks_of(service)
        return {'RunningTasks': sum(t.state == 'running' for t in tasks),
                'DesiredTasks': sum(t.desired == 'running' for t in tasks),
                'CompletedTasks': sum(t.state == 'complete' for t in tasks)}

    def dump(self):
        by_name = {}
        for service in sorted(self.services.values(), key=lambda s: s.name):
            tasks = self.tasks_of(service)
            by_name[service.name] = {
                'id': service.id, 'version': service.version, 'mode': service.mode,
                'replicas': service.replicas if service.mode == 'Replicated' else None,
                'labels': service.spec.get('Labels', {}),
                'running': sum(t.state == 'running' for t in tasks),
                'iteration': service.iteration, 'spec': service.spec,
                'update_status': service.update_status,
                'tasks': [[t.slot, t.desired, t.state, t.node and t.node.hostname]
                          for t in tasks],
            }
        return {
            'engine': self.settings, 'by_name': by_name,
            'services': [s.render('9.9') for s in self.services.values()],
            'tasks': [t.render() for t in self.tasks.values()],
            'nodes': [n.render(self.index) for n in self.nodes],
            'containers': self.containers,
        }
