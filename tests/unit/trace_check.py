#!/usr/bin/env python3
"""`refublk trace check` as a person meets it: lawful traces pass, and each that was doctored is refused with the line, the
rule and the exit status that it deserves. Needs no ublk:   tests/unit/trace_check.py [PROGRAM]"""
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = sys.argv[1] if len(sys.argv) > 1 else str(HERE.parent.parent / 'refublk')
FETCH, COMMIT, ASK = 'c0107520', 'c0107521', 'c0107522'
CHECKS = FAULTS = 0


def read(name):
    return [line.split() for line in (HERE / 'traces' / f'{name}.trace').read_text().splitlines()]


def text(lines):
    return ''.join(' '.join(line) + '\n' for line in lines)


def renumbered(lines):
    """No gap in the numbers tells of what was done."""
    after, result = {}, []
    for line in lines:
        after[line[1]] = after.get(line[1], -1) + 1
        result.append([str(after[line[1]]), *line[1:]])
    return result


def find(lines, nth, *words):
    """The place of the nth line that has these words behind its thread, counted from 0; '' is any word."""
    places = [i for i, line in enumerate(lines)
              if len(line) >= 3 + len(words) and all(word in ('', line[3 + at]) for at, word in enumerate(words))]
    return places[nth]


def next_of(lines, place):
    """The place of the next line of the same queue."""
    return next(i for i in range(place + 1, len(lines)) if lines[i][1] == lines[place][1])


def changed(lines, place, word, value):
    lines = [list(line) for line in lines]
    lines[place][word] = value
    return lines


def without(lines, places):
    return [line for i, line in enumerate(lines) if i not in places]


def check(name, content, status, line=None, says='', options=()):
    """line: counted from 0, as above; the program counts from 1."""
    global CHECKS, FAULTS
    CHECKS += 1
    with tempfile.NamedTemporaryFile('wb', suffix='.trace') as file:
        file.write(content if isinstance(content, bytes) else content.encode())
        file.flush()
        done = subprocess.run([PROGRAM, 'trace', 'check', file.name, *options], capture_output=True, text=True, check=False, timeout=20)
    wrong = []
    if done.returncode != status:
        wrong.append(f'exit status {done.returncode} instead of {status}')
    if line is not None and f': line {line + 1}: ' not in done.stderr:
        wrong.append(f'does not name line {line + 1}')
    if says not in done.stderr + done.stdout:
        wrong.append(f'does not say "{says}"')
    if len(done.stderr.splitlines()) != (status != 0):
        wrong.append(f'{len(done.stderr.splitlines())} lines on stderr')
    if wrong:
        FAULTS += 1
        print(f'FAILED: {name}: {"; ".join(wrong)}: {(done.stderr + done.stdout).strip()}')


def payload(lines, place, at, value):
    """Another value in the command's 16 bytes."""
    old = bytes.fromhex(lines[place][6])
    return changed(lines, place, 6, (old[:at] + value + old[at + len(value):]).hex())


def damaged():
    lines = read('mem-plain-7.3')
    here = find(lines, 5, 'call')
    check('a line is missing', text(without(lines, [here])), 2, next_of(lines, here) - 1, 'is due')
    check('a line comes twice', text(lines[:here] + lines[here:here + 1] + lines[here:]), 2, here + 1, 'is due')
    there = next_of(lines, here)
    swapped = list(lines)
    swapped[here], swapped[there] = lines[there], lines[here]
    check('two lines have changed places', text(swapped), 2, here, 'is due')
    check('cut within a line', text(lines)[:-4], 2, len(lines) - 1, 'ends within')
    check('cut within a line, of a killed server', text(lines)[:-4], 0, options=['--unfinished'], says='no end')
    check('cut between lines', text(lines[:here]), 2, None, 'no end')
    check('cut between lines, of a killed server', text(lines[:here]), 0, None, 'no end', ['--unfinished'])
    check('a queue is missing', text(renumbered([line for line in lines if line[1] == '1'])), 2, None, 'queue 0 is missing')
    check('a server after a killed one', text(lines[:here] + lines), 2, here, 'begins anew')
    check('the same, said', text(lines[:here] + lines), 0, None, '2 servers', ['--unfinished'])
    check('one server after the other', text(lines + lines), 0, None, '2 servers')
    check('empty', '', 2, 0, 'no trace')
    check('another file', '#!/bin/sh\necho\n', 2, 0, 'no trace')
    check('zeroes without an end of line', bytes(100000), 2, 0, 'no trace')
    check('an older version', text(lines).replace('refublk-trace 2', 'refublk-trace 1'), 2, 0, 'another version')
    check('a line that is none', text(changed(lines, here, 3, 'kall')), 2, here, 'no line of a trace')


def lost():
    """As of a disk that was full for a while: what comes after it is not judged, and that is said."""
    lines = read('mem-plain-7.3')
    here = find(lines, 8, 'completion')
    queue, places = lines[here][1], [here]
    while len(places) < 4:
        places.append(next_of(lines, places[-1]))
    after = int(lines[places[-1]][0]) + 1
    told = [str(after), queue, lines[here][2], 'lost', '4']
    rest = [[str(int(line[0]) + (line[1] == queue)), *line[1:]] for line in lines[places[-1] + 1:]]
    before = without(lines[:places[-1] + 1], places)
    check('lost lines', text(before + [told] + rest), 0, None, '4 lines are lost: queue ' + queue)
    check('a torn line', text(before) + text([lines[here]])[:15] + '\n' + text([told] + rest), 0, None, '4 lines are lost')
    told[4] = '3'
    check('fewer than are missing', text(before + [told] + rest), 2, len(before), 'is due')


def broken_by_the_server(lines):
    commit = find(lines, 6, 'command', '', COMMIT)
    fetch = find(lines, 1, 'command', '', FETCH)
    early = changed(lines, fetch, 5, COMMIT)
    check('a commit before the fetch', text(early), 1, fetch, 'R11')
    check('a commit twice', text(renumbered(lines[:commit + 1] + lines[commit:])), 1, commit + 1, 'R12')
    check('a request never answered', text(renumbered(without(lines, [commit]))), 1, next_of(lines, commit) - 1, 'R12')
    check('another number', text(payload(lines, commit, 4, b'\x01\x02')), 1, commit, 'with result')
    check('a positive errno', text(payload(lines, commit, 4, (5).to_bytes(4, 'little'))), 1, commit, 'with result')
    check('a short commit', text(payload(lines, find(lines, 1, 'command', '', COMMIT), 4, (512).to_bytes(4, 'little'))), 1,
          find(lines, 1, 'command', '', COMMIT), 'R23')
    check('another tag in the command', text(payload(lines, commit, 2, b'\x07')), 1, commit, 'R26')
    check('another queue in the command', text(payload(lines, commit, 0, b'\x07')), 1, commit, 'R26')
    check("another submission's name", text(changed(lines, commit, 4, lines[commit][4][:11] + 'f' + lines[commit][4][12:])), 1,
          commit, 'R27')
    check('memory that nobody lent', text(payload(lines, commit, 8, b'\x01')), 1, commit, 'R17')
    check('by another thread', text(changed(lines, commit, 2, '7')), 1, commit, 'R48')
    overlap = payload(lines, fetch, 8, bytes.fromhex(lines[find(lines, 0, 'command', '', FETCH)][6])[8:])
    check('buffers that overlap', text(overlap), 1, fetch, 'R31')


def left(lines):
    """A queue that was told to leave passes over descriptors, and says so at its end."""
    here = find(lines, 8, 'descriptor')
    queue = lines[here][1]
    cut = lines[:here] + [line for line in lines[here:] if line[1] != queue]
    end = [str(int(lines[here][0])), queue, lines[here][2], 'end', 'left', '0']
    check('a queue that leaves', text(cut + [end]), 0)
    check('a queue that leaves and says that it is over', text(cut + [[*end[:4], 'over', '0']]), 1, next_of(cut + [end], here - 1), 'leaves')
    gone = [here]
    while lines[gone[-1]][3] != 'command':
        gone.append(next_of(lines, gone[-1]))
    check('a request of which nothing is said', text(renumbered(without(lines, gone))), 1, next_of(lines, gone[-1]) - len(
        [place for place in gone if place < next_of(lines, gone[-1])]), 'leaves')


def broken_by_the_driver(lines):
    first = find(lines, 4, 'completion', '', '0')
    check('a completion above 1', text(changed(lines, first, 5, '2')), 1, first, 'R19')
    check('a refusal without a reason', text(changed(lines, first, 5, '-16')), 1, first, 'R50')
    abort = find(lines, 0, 'completion', '', '-19')
    ends = [i for i, line in enumerate(lines) if line[3] == 'end' and line[1] == lines[abort][1]]
    check('an abort is lost', text(renumbered(without(lines, [abort]))), 1, ends[0] - 1, 'R21')
    check('a request after the abort', text(changed(lines, abort, 5, '0')), 1, None, 'R12')
    check('a completion twice', text(renumbered(lines[:first + 1] + lines[first:])), 1, first + 1, 'the descriptor of')
    other = lines[first][4][:-1] + ('1' if lines[first][4][-1] == '0' else '0')
    check("another tag's completion", text(changed(lines, first, 4, other)), 1, None, '(R')
    old = lines[first][4][:4] + '0000ffff' + lines[first][4][12:]
    check('a completion of another command of the tag', text(changed(lines, first, 4, old)), 1, first, 'R27')
    check('a queue that breaks', text(changed(changed(lines, ends[0], 4, 'broken'), ends[0], 5, '-71')), 1, ends[0], 'R29')


def broken_requests(lines):
    place = find(lines, 6, 'descriptor')
    after = next_of(lines, place)
    old = bytes.fromhex(lines[place][5])

    def descriptor(at, value):
        return changed(lines, place, 5, (old[:at] + value + old[at + len(value):]).hex())

    check('a descriptor beyond the end', text(descriptor(8, (8192).to_bytes(8, 'little'))), 1, after, 'R6')
    check('a descriptor of no sectors', text(descriptor(4, bytes(4))), 1, after, 'R8')
    check('an op that is none', text(descriptor(0, b'\x09')), 1, after, 'R3')
    check("another tag's descriptor", text(changed(lines, place, 4, '1' if lines[place][4] == '0' else '0')), 1, place, 'R2')
    check('an address that nobody gave', text(descriptor(16, b'\x01')), 1, place, 'R56')
    call = find(lines, 6, 'call')
    check('another place on the disk', text(changed(lines, call, 6, '4096000')), 1, call, 'R6')
    check('another flag', text(changed(lines, call, 8, '1f')), 1, call, 'R4')


def get_data(lines):
    ask = find(lines, 0, 'command', '', ASK)
    one = find(lines, 0, 'completion', '', '1')
    check('a commit where data must be asked for', text(changed(lines, ask, 5, COMMIT)), 1, ask, 'R13')
    check('a write without a question', text(changed(lines, one, 5, '0')), 1, next_of(lines, one), 'R54')
    plain = [list(line) for line in lines]
    for line in plain:
        if line[3] == 'refublk-trace':
            line[-1] = 'get_data=0'
    check('memory is lent in plain mode', text(plain), 1, None, '(R')
    moved = next(i for i in range(ask, len(lines)) if lines[i][1] == lines[ask][1] and lines[i][3] == 'descriptor')
    old = bytes.fromhex(lines[moved][5])
    check('another write comes back from the copy', text(changed(lines, moved, 5, (old[:8] + b'\x40' + old[9:]).hex())), 1, moved, 'R56')


def main():
    for path in sorted((HERE / 'traces').glob('*.trace')):
        check(path.name, path.read_bytes(), 0, says='lawful for Linux ' + path.stem.rsplit('-', 1)[1])
    damaged()
    lost()
    for name in ('mem-plain-7.3', 'file-plain-6.12'):
        broken_by_the_server(read(name))
        broken_by_the_driver(read(name))
        broken_requests(read(name))
        left(read(name))
    get_data(read('mem-get-data-6.12'))
    get_data(read('mem-get-data-7.3'))
    odd = text(read('mem-plain-7.3')).replace('kernel=7.3.', 'kernel=9.1.')
    check('an unknown kernel', odd, 0, says='no column')
    check('an unknown kernel, and a breach', odd.replace(' -19\n', ' -16\n', 1), 1, says='no column')
    print(f'{CHECKS} traces, {FAULTS} failures')
    return FAULTS != 0


sys.exit(main())
