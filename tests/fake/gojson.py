# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
"""How Go's JSON decoder judges the body of a service update.

Numbers keep their digits until the type of their field is known: `1.0` and `2e+10` are
no integers to Go, and what does not fit its type is refused rather than rounded.
"""

import json
import re
import struct

INT64 = (-(1 << 63), (1 << 63) - 1, 'int64')
UINT64 = (0, (1 << 64) - 1, 'uint64')
UINT32 = (0, (1 << 32) - 1, 'uint32')
DURATION = (*INT64[:2], 'time.Duration')

# Field: type, and the Go struct that it is in, as error messages name it.
TYPES = {
    'Replicas': (UINT64, 'ReplicatedService'),
    'MaxConcurrent': (UINT64, 'ReplicatedJob'),
    'TotalCompletions': (UINT64, 'ReplicatedJob'),
    'Parallelism': (UINT64, 'UpdateConfig'),
    'Monitor': (DURATION, 'UpdateConfig'),
    'MaxAttempts': (UINT64, 'RestartPolicy'),
    'Window': (DURATION, 'RestartPolicy'),
    'ForceUpdate': (UINT64, 'TaskSpec'),
    'StopGracePeriod': (DURATION, 'ContainerSpec'),
    'Interval': (DURATION, 'HealthConfig'),
    'Timeout': (DURATION, 'HealthConfig'),
    'StartPeriod': (DURATION, 'HealthConfig'),
    'StartInterval': (DURATION, 'HealthConfig'),
    'TargetPort': (UINT32, 'PortConfig'),
    'PublishedPort': (UINT32, 'PortConfig'),
}

STRINGS = ('Name', 'Image', 'Args', 'Command', 'Env', 'Constraints', 'Source', 'Target')
STRING_MAPS = ('Labels', 'Options', 'Sysctls')


class Refused(Exception):
    """What Go's decoder would say."""


class Number(str):
    """A number as it was written."""


def decode(text, prefix=''):
    """The service spec in `text`. Raises Refused, its message beginning with prefix."""
    try:
        return _value(_parse(text), ())
    except Refused as refused:
        raise Refused(prefix + str(refused)) from None


def _parse(text):
    if not text.strip():
        raise Refused('got EOF while reading request body')
    decoder = json.JSONDecoder(parse_int=Number, parse_float=Number,
                               parse_constant=_no_constant, strict=True)
    try:
        # Like the decoder of a stream, this leaves alone what comes after the value.
        value, _ = decoder.raw_decode(text.lstrip())
    except json.JSONDecodeError as error:
        rest = text.lstrip()[error.pos:]
        if not rest or rest.startswith('"') and 'Unterminated' in error.msg:
            raise Refused('unexpected EOF') from None
        raise Refused(f"invalid character '{rest[0]}' looking for beginning of value") from None
    if not isinstance(value, dict):
        raise Refused(f'json: cannot unmarshal {_kind(value)} into Go value of type '
                      'swarm.ServiceSpec')
    return value


def _no_constant(name):
    raise Refused(f"invalid character '{name[0]}' looking for beginning of value")


def _kind(value):
    if isinstance(value, Number):
        return 'number'
    if isinstance(value, bool):
        return 'bool'
    return {dict: 'object', list: 'array', str: 'string'}.get(type(value), 'null')


def _value(value, path):
    name = path[-1] if path else ''
    if isinstance(value, Number):
        return _number(value, path)
    if name in TYPES and value is not None:
        _mismatch(_kind(value), path)
    if isinstance(value, dict):
        if name in STRING_MAPS:
            return _strings(value, path)
        return {key: _value(item, (*path, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_value(item, path) for item in value]
    return value


def _strings(strings, path):
    for value in strings.values():
        if value is not None and (not isinstance(value, str) or isinstance(value, Number)):
            raise Refused(f'json: cannot unmarshal {_kind(value)} into Go struct field '
                          f'ServiceSpec.{".".join(path)} of type string')
    return {key: value or '' for key, value in strings.items()}


def _mismatch(what, path):
    limits, owner = TYPES.get(path[-1], (INT64, 'ServiceSpec'))
    raise Refused(f'json: cannot unmarshal {what} into Go struct field '
                  f'{owner}.{".".join(path)} of type {limits[2]}')


def _number(literal, path):
    if path[-1] == 'MaxFailureRatio':
        return float32(float(literal))
    if path[-1] in STRINGS:
        raise Refused('json: cannot unmarshal number into Go struct field '
                      f'ServiceSpec.{".".join(path)} of type string')
    (low, high, _), _ = TYPES.get(path[-1], (INT64, ''))
    if not re.fullmatch(r'-?\d+', literal) or not low <= int(literal) <= high:
        _mismatch(f'number {literal}', path)
    return int(literal)


def float32(value):
    """The shortest number that a float32 holds as it holds this one."""
    single = struct.pack('f', value)
    for digits in range(1, 10):
        short = float(f'{value:.{digits}g}')
        if struct.pack('f', short) == single:
            return int(short) if short.is_integer() else short
    return value
