#!/usr/bin/env python3
"""Test vectors of the protocol, for every language: written from rules.md, sharing nothing with the C.

spec/vectors.py             writes spec/vectors/*.tsv
spec/vectors.py RUNNER      checks that they are written and keep to their schema, then a runner against them; with
                            --exact "either" has no other answer

A line is ID, class, kind, input, output, with one tab between. Class: "valid"; "invalid": the input is one that must be
refused; "either": the output is only what refublk answers, another answer of these keys is fine too; "negative": the line
is broken, and a runner must answer "error" and go on. Input and output are key=value with blanks between; the words are
those of the tables, numbers are decimal (bytes: hexadecimal). spec/vectors/schema.tsv says which keys a kind has, and what
their values look like. The first line of a file names the format's version. An ID is never given to another vector, and
none is taken away: writing refuses both. New kinds and keys leave the version as it is: a runner answers "error" to a kind
that it does not have. Whole lives of a device are written by hand, in spec/lives.tsv.

A runner reads "ID kind key=value …" from standard input, one line each of at most 8000 bytes, and answers "ID key=value …"
in the same order, with the keys of the output in any order, or "ID error" alone for what it does not understand."""
import fnmatch
import pathlib
import re
import struct
import subprocess
import sys

SPEC = pathlib.Path(__file__).resolve().parent
HEAD = '# refublk vectors, format 1: see spec/vectors.py\n'
OPS = {'read': 0, 'write': 1, 'flush': 2, 'discard': 3, 'write-zeroes': 5}
FLAGS = {'fua': 1 << 13, 'nounmap': 1 << 15, 'meta': 1 << 11, 'swap': 1 << 16, 'failfast': 7 << 8}
SURVIVE = [95, 110, 28, 67, 121, 52, 61, 84, 12, 16, 11, 19, 109, 75, 62, 22, 5]
EIO, ENOSPC, EOPNOTSUPP = 5, 28, 95


def rows(name):
    lines = (SPEC / name).read_text().splitlines()
    return [line.split('\t') for line in lines if line and line[0] != '#']


DEVICE_ROWS = rows('device.tsv')


def text(values):
    return ' '.join(f'{key}={value}' for key, value in values.items())


# ---- descriptors: R1, R3 to R9

def desc_answer(raw, device, max_io, block, read_only):
    op_flags, sectors, start, _ = struct.unpack('<IIQQ', raw[:24]) if len(raw) >= 24 else (None,) * 4
    if op_flags is None:
        return {'error': EIO}
    name = {number: op for op, number in OPS.items()}.get(op_flags & 0xff)
    if name is None:
        return {'error': EOPNOTSUPP}
    flags = '+'.join(flag for flag, bits in FLAGS.items() if op_flags & bits) or '-'
    offset, length = start * 512, sectors * 512
    if read_only and name not in ('read', 'flush'):
        return {'error': EIO}
    if name == 'flush':
        return {'error': 0, 'op': name, 'offset': 0, 'length': 0, 'flags': flags}
    too_long = name in ('read', 'write') and length > max_io
    if length == 0 or offset + length > device or too_long or offset % block or length % block:
        return {'error': EIO}
    return {'error': 0, 'op': name, 'offset': offset, 'length': length, 'flags': flags}


def desc_vectors():
    mib = 1 << 20
    plain = (64 * mib, mib, 512, 0)
    cases = {}

    def case(name, op_flags, sectors, start, limits=plain, stride=24):
        raw = struct.pack('<IIQQ', op_flags, sectors, start, 0x1122334455667788) + b'\xa5' * 256
        cases[name] = (raw[:stride], limits)

    for op, number in OPS.items():
        flush = op == 'flush'
        case(f'{op}', number, 0 if flush else 8, (1 << 64) - 1 if flush else 16)
        case(f'{op}-read-only', number, 0 if flush else 8, (1 << 64) - 1 if flush else 16, plain[:3] + (1,))
        for flag, bits in FLAGS.items():
            case(f'{op}-{flag}', number | bits, 0 if flush else 8, (1 << 64) - 1 if flush else 16)
    for number in set(range(32)) - set(OPS.values()):
        case(f'op-{number}', number, 8, 0)
    for bit in range(8, 32):
        case(f'flag-bit-{bit}', 1 | 1 << bit, 8, 0)
    end = plain[0] // 512
    case('last-sector', 0, 1, end - 1)
    case('one-beyond', 0, 1, end)
    case('across-the-end', 1, 2, end - 1)
    case('start-wraps', 1, 8, (1 << 64) - 8)
    case('start-wraps-in-bytes', 1, 8, 1 << 55)
    case('all', 0, 2048, 0)
    case('one-more-than-all', 0, 2049, 0)
    case('no-sectors', 1, 0, 0)
    case('discard-longer-than-a-buffer', 3, end, 0)
    case('sectors-at-most', 3, (1 << 32) - 1, 0, (1 << 50, mib, 512, 0))
    case('block-4096', 1, 8, 8, plain[:2] + (4096, 0))
    case('block-4096-start', 1, 8, 4, plain[:2] + (4096, 0))
    case('block-4096-length', 1, 4, 8, plain[:2] + (4096, 0))
    case('wider-stride', 1, 8, 8, plain, 64)
    case('cut', 1, 8, 8, plain, 23)
    case('nothing', 1, 8, 8, plain, 0)
    for name, (raw, limits) in cases.items():
        answer = desc_answer(raw, *limits)
        given = dict(zip(('bytes', 'device', 'max-io', 'block', 'read-only'), (raw.hex() or '-', *limits)))
        yield name, 'invalid' if answer['error'] else 'valid', given, answer


# ---- results: R22 to R25

def result_vectors():
    for op in OPS:
        length = 0 if op == 'flush' else 8192
        for done in (0, 1, 4096, 8191, 8192, 8193):
            data = op in ('read', 'write')
            number = (8192 if done == length else -EIO) if data else 0
            yield f'{op}-done-{done}', 'valid', {'op': op, 'length': length, 'done': done, 'error': 0}, {'result': number}
        for error in list(range(1, 134)) + [512, 4095]:
            nearest = error if error in SURVIVE else ENOSPC if error in (122, 27) else EIO
            yield (f'{op}-error-{error}', 'valid', {'op': op, 'length': length, 'done': 0, 'error': error},
                   {'result': -nearest})


# ---- bytes of commands: R10, R26 to R28

def command_vectors():
    numbers = {'fetch': 0x20, 'commit': 0x21, 'commit-failed': 0x21, 'ask-data': 0x22}
    for action, number in numbers.items():
        for name, qid, tag, result, address in (('zero', 0, 0, 0, 0), ('edge', 4095, 4095, 1 << 25, (1 << 64) - 1),
                                                ('order', 0x0102, 0x0304, 0x05060708, 0x1112131415161718),
                                                ('negative', 1, 2, -5, 4096)):
            sent = {'commit': result, 'commit-failed': -EIO}.get(action, 0)
            raw = struct.pack('<HHiQ', qid, tag, sent, address)
            yield (f'io-{action}-{name}', 'valid',
                   {'what': 'io', 'action': action, 'qid': qid, 'tag': tag, 'result': result, 'address': address},
                   {'op': f'{0xc0107500 | number:x}', 'bytes': raw.hex()})
    for name, op, device, address, length, data in (('start', 0x06, 7, 0, 0, 4711), ('add', 0x04, (1 << 32) - 1, 4096, 64, 0),
                                                   ('affinity', 0x01, 0, 8192, 128, 3)):
        raw = struct.pack('<IHHQQHHI', device, 0xffff, length, address, data, 0, 0, 0)
        given = {'what': 'control', 'op': op, 'device': device, 'address': address, 'length': length, 'data': data}
        yield f'control-{name}', 'valid', given, {'bytes': raw.hex()}


def place_vectors():
    for page in (4096, 16384, 65536):
        for depth in (1, 2, 128, 170, 171, 4096):
            for qid in (0, 1, 15):
                place = -(-4096 * 24 // page) * page
                yield (f'area-{page}-{depth}-{qid}', 'valid',
                       {'what': 'area', 'qid': qid, 'depth': depth, 'stride': 24, 'page': page},
                       {'offset': qid * place, 'length': -(-depth * 24 // page) * page})
    for qid, tag, byte in ((0, 0, 0), (1, 2, 3), (4095, 4095, (1 << 25) - 1)):
        yield (f'copy-{qid}-{tag}-{byte}', 'valid', {'what': 'copy', 'qid': qid, 'tag': tag, 'byte': byte},
               {'offset': 0x80000000 + (qid << 41 | tag << 25 | byte)})


# user_data is each server's own: these are refublk's.
def user_vectors():
    for kind in range(1, 5):
        for serial in (0, 1, 0x01020304, 0xffffffff):
            for tag in (0, 255, 256, 4095, 65535):
                yield (f'{kind}-{serial}-{tag}', 'either', {'kind': kind, 'serial': serial, 'tag': tag},
                       {'number': kind << 48 | serial << 16 | tag})


# ---- params: R31, R33 to R35

def params_vectors():
    base = {'size': 1 << 30, 'block': 512, 'physical': 4096, 'max-io': 1 << 19, 'granularity': 4096, 'queues': 2,
            'depth': 128, 'flags': '-', 'page': 4096, 'memory': 1 << 40}

    def answer(c):
        power = lambda n: n > 0 and n & n - 1 == 0
        flags = c['flags'].split('+')
        good = (power(c['block']) and 512 <= c['block'] <= min(4096, c['page']) and c['size'] > 0 and
                c['size'] % c['block'] == 0 and c['size'] < 1 << 63 and power(c['physical']) and
                c['block'] <= c['physical'] <= 1 << 28 and c['page'] <= c['max-io'] <= 1 << 25 and
                c['max-io'] % c['page'] == 0 and 1 <= c['queues'] <= 4096 and 1 <= c['depth'] <= 4096 and
                sum(way in flags for way in ('wait', 'reissue', 'fail')) <= 1 and
                ('discard' not in flags or c['granularity'] > 0 and c['granularity'] % c['block'] == 0) and
                c['queues'] * c['depth'] * c['max-io'] <= c['memory'])
        if not good:
            return {'accepted': 0}
        attrs = (1 * ('read-only' in flags) | 2 * ('rotational' in flags) | 4 * ('cache' in flags) |
                 8 * ('cache' in flags and 'fua' in flags))
        section = 'discard' in flags or 'write-zeroes' in flags
        return {'accepted': 1, 'types': 1 | 2 * section, 'attrs': attrs, 'logical': c['block'].bit_length() - 1,
                'physical': c['physical'].bit_length() - 1, 'max-sectors': c['max-io'] // 512,
                'dev-sectors': c['size'] // 512, 'buffer': c['max-io'], 'features':
                64 | 4 * ('get-data' in flags) | 8 * ('wait' in flags) | 24 * ('reissue' in flags) | 520 * ('fail' in flags)}

    cases = {'base': {}}
    for key, values in {'size': (0, 512, 1000, 1 << 62, 1 << 63), 'block': (0, 256, 513, 4096, 8192),
                        'physical': (256, 512, 1 << 28, 1 << 29), 'max-io': (0, 2048, 4096, 6144, 1 << 25, (1 << 25) + 4096),
                        'queues': (0, 1, 4096, 4097), 'depth': (0, 1, 4096, 4097), 'memory': (1 << 27, (1 << 27) - 1),
                        'page': (16384, 65536)}.items():
        cases |= {f'{key}-{value}': {key: value} for value in values}
    for flags in ('read-only', 'rotational', 'cache', 'fua', 'cache+fua', 'discard', 'write-zeroes', 'get-data',
                  'wait', 'reissue', 'fail', 'reissue+get-data', 'wait+fail', 'wait+reissue', 'reissue+fail', 'discard+write-zeroes+cache+fua+get-data'):
        cases[flags] = {'flags': flags}
    for granularity in (0, 100, 512, 65536):
        cases[f'granularity-{granularity}'] = {'flags': 'discard', 'granularity': granularity}
    for name, change in cases.items():
        config = base | change
        out = answer(config)
        yield name, 'valid' if out['accepted'] else 'invalid', config, out


# ---- machines: from their tables

def tag_vectors():
    for mode, owner, memory, event, *end in rows('tag.tsv'):
        yield (f'{mode}-{owner}-{memory}-{event}', 'valid',
               {'mode': mode, 'owner': owner, 'memory': memory, 'event': event},
               dict(zip(('owner', 'memory', 'action', 'verdict'), end)))


def session_vectors():
    """Whole lives of one tag: the events, and the actions that must follow."""
    table = {tuple(row[:4]): row[4:] for row in rows('tag.tsv')}
    serve = ['completed-ok', 'backend-done']
    lives = {
        'plain idle': ['begin', 'completed-abort'],
        'plain three-requests': ['begin'] + serve * 3 + ['completed-abort'],
        'plain failure': ['begin', 'completed-ok', 'backend-failed', 'completed-abort'],
        'plain refused-loan': ['begin', 'completed-ok', 'backend-lent', 'completed-ok', 'backend-done', 'completed-abort'],
        'get-data kept': ['begin', 'completed-get-data', 'backend-kept'] + serve + ['completed-abort'],
        'get-data lent': ['begin', 'completed-get-data', 'backend-lent'] + serve + ['completed-abort'],
        'get-data copied-nothing': ['begin', 'completed-get-data', 'backend-kept', 'completed-get-data', 'backend-lent'] +
                                   serve + ['completed-abort'],
        'get-data read-lent': ['begin', 'completed-ok', 'backend-lent'] + serve + ['completed-abort'],
        'get-data abort-while-copying': ['begin', 'completed-get-data', 'backend-kept', 'completed-abort'],
    }
    for name, events in lives.items():
        mode, state, actions = name.split()[0], ('unborn', 'own'), []
        for event in events:
            *state, action, _ = table[(mode, *state, event)]
            actions.append(action)
        yield name.replace(' ', '-'), 'valid', {'mode': mode, 'events': ','.join(events)}, {'actions': ','.join(actions)}


def device_after(state, event):
    """The cell of device.tsv that fits: the next state, the action, the verdict."""
    for phases, when, names, changes, action, verdict in DEVICE_ROWS:
        conditions = [] if when == '-' else when.split()
        fits = all((state[c.split('=')[0].rstrip('!')] in c.split('=')[1].split(',')) != ('!=' in c) for c in conditions)
        if fits and any(fnmatch.fnmatch(state['phase'], p) for p in phases.split(',')) and \
                any(fnmatch.fnmatch(event, p) for p in names.split(',')):
            break
    after = dict(state)
    for change in changes.split():
        if change.startswith('enter:'):
            after |= {'phase': change[6:], 'tries': '0', 'pausing': '0'}
        elif change == 'try':
            after |= {'tries': str(int(state['tries']) + 1), 'pausing': '1'}
        elif change != 'stays':
            after |= [change.split('=')]
    return after, action, verdict


def device_vectors():
    """Every event in every phase of a device that was added, of one that was taken over, and in a pause."""
    events = ['begin', 'begin-recovery', *(f'answer-{a}' for a in ('ok', 'eintr', 'ebusy', 'eagain', 'gone', 'other')),
              'queues-ready', 'queue-failed', 'queues-ended', 'deadline', 'stop-wanted', 'server-lost', 'keep', 'hand-over']
    with_queues = ('opening', 'starting', 'ending', 'live', 'quiescing', 'abandoning', 'joining')
    states = [('up', 'up', p, 0) for p in ('absent', 'adding', 'setting', 'opening', 'starting', 'live')]
    states += [('down', 'down', p, 0) for p in
               ('adding', 'setting', 'cancelling', 'quiescing', 'abandoning', 'stopping', 'joining', 'deleting', 'over')]
    states += [('recovery', 'up', p, 0) for p in ('recovering', 'opening', 'ending', 'live')]
    states += [('recovery', 'down', p, 0) for p in ('recovering', 'cancelling', 'abandoning', 'stopping', 'joining', 'deleting', 'over')]
    states += [('pause', 'up', p, 1) for p in ('adding', 'setting', 'recovering', 'starting', 'ending')]
    states += [('pause', 'down', p, 1) for p in ('stopping', 'deleting')]
    for name, want, phase, pausing in states:
        recovery = name == 'recovery' or phase in ('quiescing', 'recovering', 'ending')
        state = {'want': want, 'recovery': str(int(recovery)), 'failed': '0', 'queues': str(int(phase in with_queues)),
                 'pausing': str(pausing), 'tries': str(pausing)}
        for event in events:
            after, action, verdict = device_after(state | {'phase': phase}, event)
            yield (f'{name}-{want}-{phase}-{event}'.removeprefix(f'{want}-' if name == want else ''), 'valid',
                   {'phase': phase, 'event': event} | state, {'phase': after['phase'], 'action': action, 'verdict': verdict})


def lives():
    """Name, class and steps of each life of lives.tsv: event, action, verdict."""
    parts = {}
    for name, group, told in rows('lives.tsv'):
        steps = [step for word in told.split(' ') for step in (parts[word] if word[0] == '@' else [word])]
        if name[0] == '@':
            parts[name] = steps
        else:
            yield name, group, [(*step.rstrip('!?').split(':'), {'!': 'failed', '?': 'unexpected'}.get(step[-1], 'lawful')) for step in steps]


def device_session_vectors():
    for name, group, steps in lives():
        events, actions, verdicts = (','.join(words) for words in zip(*steps))
        yield name, group, {'events': events}, {'actions': actions, 'verdicts': verdicts}


def life_faults():
    """Where a life and device.tsv, two accounts by hand, do not agree."""
    for name, _, steps in lives():
        state = {'want': 'up', 'phase': 'absent', 'recovery': '0', 'failed': '0', 'queues': '0', 'pausing': '0', 'tries': '0'}
        for event, *told in steps:
            state, *listed = device_after(state, event)
            if listed != told:
                yield f'lives.tsv: {name}: at {event}: {" ".join(told)}; device.tsv: {" ".join(listed)}'
                break


def negative_vectors():
    for name, kind, given in (('unknown-kind', 'nonsense', 'a=1'), ('no-input', 'result', '-'),
                              ('missing-key', 'result', 'op=read length=8 done=8'), ('no-number', 'result', 'op=read length=x done=8 error=0'),
                              ('odd-bytes', 'desc', 'bytes=123 device=1024 max-io=512 block=512 read-only=0'),
                              ('unknown-word', 'tag', 'mode=plain owner=nobody memory=own event=begin'),
                              ('impossible-state', 'tag', 'mode=plain owner=copying memory=own event=begin'),
                              ('session-unknown-event', 'session', 'mode=plain events=begin,lunch'),
                              ('session-unknown-mode', 'session', 'mode=neither events=begin,completed-abort'),
                              ('device-session-unknown-event', 'device-session', 'events=begin,answer-ok,lunch'),
                              ('device-session-no-events', 'device-session', 'events='), ('device-session-gap', 'device-session', 'events=begin,,answer-ok'),
                              ('device-session-open-end', 'device-session', 'events=begin,answer-ok,'),
                              ('device-session-no-key', 'device-session', 'mode=plain')):
        yield kind, name, given


FILES = {'desc': desc_vectors, 'result': result_vectors, 'command': command_vectors, 'place': place_vectors,
         'user': user_vectors, 'params': params_vectors, 'tag': tag_vectors, 'session': session_vectors,
         'device': device_vectors, 'device-session': device_session_vectors}


def contents():
    for kind, make in FILES.items():
        yield kind, HEAD + ''.join(f'{kind}-{name}\t{group}\t{kind}\t{text(given)}\t{text(answer)}\n'
                                   for name, group, given, answer in make())
    yield 'negative', HEAD + ''.join(f'negative-{name}\tnegative\t{kind}\t{given}\terror\n'
                                     for kind, name, given in negative_vectors())


def given_before():
    """ID → kind and input, of the files as they stand."""
    return {line[0]: line[2:4] for kind in [*FILES, 'negative'] if (SPEC / 'vectors' / f'{kind}.tsv').exists()
            for line in rows(f'vectors/{kind}.tsv')}


def against_schema(vector, schema):
    """What of a line its kind does not have, or has otherwise."""
    name, group, kind, *sides = vector
    for side, pairs in zip(('in', 'out'), sides):
        keys = {row[3]: row for row in schema if row[:2] == [kind, side]}
        values = dict(pair.split('=', 1) for pair in pairs.split(' '))
        lacks = [key for key, row in keys.items() if row[2] == 'always' and key not in values]
        wrong = [key for key, value in values.items() if key not in keys or not re.fullmatch(keys[key][4], value)]
        if lacks + wrong:
            return [f'{name}: not as in schema.tsv: {" ".join(lacks + wrong)}']
    return []


def answered(vector, answer):
    name, *got = answer.split(' ')
    wanted = vector[4].split(' ')
    if vector[1] == 'either' and name == vector[0] and '--exact' not in sys.argv:
        return sorted(pair.split('=')[0] for pair in got) == sorted(pair.split('=')[0] for pair in wanted)
    return name == vector[0] and sorted(got) == sorted(wanted)


def check(runner):
    vectors, faults, schema = [], [], rows('vectors/schema.tsv')
    for kind, content in contents():
        path = SPEC / 'vectors' / f'{kind}.tsv'
        if not path.exists() or path.read_text() != content:
            faults.append(f'{path.name} is not what spec/vectors.py writes')
        vectors += [line.split('\t') for line in content.splitlines() if line[0] != '#']
    if len({vector[0] for vector in vectors}) != len(vectors):
        faults.append('an id is given twice')
    faults += life_faults()
    faults += [fault for vector in vectors if vector[1] != 'negative' for fault in against_schema(vector, schema)]
    asked = ''.join(f'{vector[0]} {vector[2]} {vector[3]}\n' for vector in vectors)
    faults += [f'{line[:40]} …: too long a line' for line in asked.splitlines() if len(line) > 8000]
    answers = subprocess.run([runner], input=asked, capture_output=True, text=True, timeout=60, check=False).stdout.splitlines()
    for vector, answer in zip(vectors, answers + [''] * len(vectors)):
        if not answered(vector, answer):
            faults.append(f'{vector[0]}: {vector[3]}: {vector[4]}, not {answer}')
    print(*faults[:20], sep='\n', end='\n' if faults else '')
    print(f'vectors: {len(vectors)} in {len(FILES) + 1} files, {len(faults)} faults')
    sys.exit(bool(faults))


def main():
    if len(sys.argv) > 1:
        check(sys.argv[1])
    (SPEC / 'vectors').mkdir(exist_ok=True)
    now = {line.split('\t')[0]: line.split('\t')[2:4] for _, content in contents() for line in content.splitlines() if line[0] != '#'}
    broken = [name for name, given in given_before().items() if now.get(name) != given]
    if broken:
        sys.exit(f'ids that would be taken away or given to another vector: {" ".join(broken[:20])}')
    for kind, content in contents():
        (SPEC / 'vectors' / f'{kind}.tsv').write_text(content)


main()
