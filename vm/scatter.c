/*
 * Writes the same pieces to a disk and to a reference file, or compares the two byte by byte.
 *
 *   scatter write   --disk D --reference R --size BYTES [--seed N] [--pieces N] [--min B] [--max B] [--align B]
 *                   [--direct] [--sequential] [--threads N]
 *   scatter compare --disk D --reference R --size BYTES [--seed N] [--max B] [--align B] [--direct]
 *
 * Disk and reference must start from the same content. Every thread has a part of the disk of its own, so that the
 * order of two overlapping pieces is the same on both sides. Each 512 bytes of a piece begin with a stamp (seed,
 * thread and piece, offset), so a difference tells which write is missing or misplaced. The seed is printed; the same
 * seed writes the same pieces. Exit status: 0 equal or written, 1 different, 2 an error.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STAMP_BYTES 512u
#define BUFFER_ALIGN 4096u

static const char *disk_path, *reference_path;
static uint64_t size_bytes, seed, pieces = 200, min_bytes = 512, max_bytes = 4u << 20, align_bytes = 512;
static int direct, sequential, threads = 1;
static int disk_fd, reference_fd;

struct worker {
    pthread_t thread;
    int number;
    uint64_t begin, end, random;
    unsigned char *buffer;
};

static void die(const char *what)
{
    fprintf(stderr, "scatter: %s: %s\n", what, strerror(errno));
    exit(2);
}

static uint64_t next_random(uint64_t *state)
{
    uint64_t x = *state += 0x9e3779b97f4a7c15u;

    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static uint64_t round_down(uint64_t value, uint64_t unit)
{
    return value - value % unit;
}

/* Sizes are spread evenly over powers of two, so that small and large pieces are equally likely. */
static uint64_t random_length(uint64_t *random)
{
    uint64_t low = min_bytes, high = max_bytes, steps = 0, length;

    while (low << steps < high)
        steps++;
    length = low << (next_random(random) % (steps + 1));
    if (length < high)
        length += next_random(random) % length;
    if (length > high)
        length = high;
    length = round_down(length, align_bytes);
    return length ? length : align_bytes;
}

static void fill(unsigned char *buffer, uint64_t offset, uint64_t length, uint64_t piece, int worker, uint64_t *random)
{
    uint64_t at, word;

    for (at = 0; at + 8 <= length; at += 8) {
        if (at % STAMP_BYTES == 0)
            word = seed;
        else if (at % STAMP_BYTES == 8)
            word = (uint64_t)worker << 32 | piece;
        else if (at % STAMP_BYTES == 16)
            word = offset + at - 16;
        else
            word = *random = *random * 6364136223846793005u + 1442695040888963407u;
        memcpy(buffer + at, &word, 8);
    }
    for (; at < length; at++)
        buffer[at] = (unsigned char)(offset + at);
}

static void write_fully(int fd, const unsigned char *buffer, uint64_t length, uint64_t offset, const char *what)
{
    while (length) {
        ssize_t done = pwrite(fd, buffer, length, (off_t)offset);

        if (done < 0) {
            fprintf(stderr, "scatter: write of %llu bytes at %llu to the %s: %s\n", (unsigned long long)length,
                    (unsigned long long)offset, what, strerror(errno));
            exit(2);
        }
        buffer += done;
        offset += (uint64_t)done;
        length -= (uint64_t)done;
    }
}

static void read_fully(int fd, unsigned char *buffer, uint64_t length, uint64_t offset, const char *what)
{
    while (length) {
        ssize_t done = pread(fd, buffer, length, (off_t)offset);

        if (done <= 0) {
            fprintf(stderr, "scatter: read of %llu bytes at %llu from the %s: %s\n", (unsigned long long)length,
                    (unsigned long long)offset, what, done ? strerror(errno) : "end of file");
            exit(2);
        }
        buffer += done;
        offset += (uint64_t)done;
        length -= (uint64_t)done;
    }
}

static void *write_pieces(void *argument)
{
    struct worker *w = argument;
    uint64_t piece, at = w->begin, span = w->end - w->begin;

    for (piece = 0; sequential ? at < w->end : piece < pieces; piece++) {
        uint64_t length = random_length(&w->random), offset;

        if (length > span)
            length = span;
        if (sequential) {
            offset = at;
            if (length > w->end - at)
                length = w->end - at;
            at += length;
        } else {
            offset = w->begin + round_down(next_random(&w->random) % (span - length + 1), align_bytes);
        }
        fill(w->buffer, offset, length, piece, w->number, &w->random);
        write_fully(disk_fd, w->buffer, length, offset, "disk");
        write_fully(reference_fd, w->buffer, length, offset, "reference");
    }
    return NULL;
}

static void write_all(void)
{
    struct worker *workers = calloc((size_t)threads, sizeof *workers);
    uint64_t part = round_down(size_bytes / (uint64_t)threads, BUFFER_ALIGN);
    int i;

    if (!workers)
        die("memory");
    for (i = 0; i < threads; i++) {
        struct worker *w = &workers[i];

        w->number = i;
        w->begin = (uint64_t)i * part;
        w->end = i == threads - 1 ? size_bytes : w->begin + part;
        w->random = seed + (uint64_t)i * 0x1000003u;
        w->buffer = aligned_alloc(BUFFER_ALIGN, (max_bytes + BUFFER_ALIGN - 1) / BUFFER_ALIGN * BUFFER_ALIGN);
        if (!w->buffer)
            die("memory");
        if (pthread_create(&w->thread, NULL, write_pieces, w))
            die("thread");
    }
    for (i = 0; i < threads; i++)
        pthread_join(workers[i].thread, NULL);
    if (fsync(disk_fd))
        die("fsync of the disk");
}

static void show_difference(const unsigned char *found, const unsigned char *wanted, uint64_t length, uint64_t offset)
{
    uint64_t at = 0, stamp[3], expected[3], different = 0, i;

    while (found[at] == wanted[at])
        at++;
    for (i = at; i < length; i++)
        different += found[i] != wanted[i];
    i = round_down(at, STAMP_BYTES);
    memcpy(stamp, found + i, sizeof stamp);
    memcpy(expected, wanted + i, sizeof expected);
    printf("scatter: first difference at byte %llu (%llu different bytes in the %llu read from %llu)\n"
           "  expected stamp: seed %llu writer/piece %#llx offset %llu\n"
           "  found:          seed %llu writer/piece %#llx offset %llu\n",
           (unsigned long long)(offset + at), (unsigned long long)different, (unsigned long long)length,
           (unsigned long long)offset, (unsigned long long)expected[0], (unsigned long long)expected[1],
           (unsigned long long)expected[2], (unsigned long long)stamp[0], (unsigned long long)stamp[1],
           (unsigned long long)stamp[2]);
}

static int compare_all(void)
{
    uint64_t random = seed, at = 0;
    uint64_t room = (max_bytes + BUFFER_ALIGN - 1) / BUFFER_ALIGN * BUFFER_ALIGN;
    unsigned char *found = aligned_alloc(BUFFER_ALIGN, room), *wanted = aligned_alloc(BUFFER_ALIGN, room);

    if (!found || !wanted)
        die("memory");
    while (at < size_bytes) {
        uint64_t length = random_length(&random);

        if (length > size_bytes - at)
            length = size_bytes - at;
        memset(found, 0xdb, length);
        read_fully(disk_fd, found, length, at, "disk");
        read_fully(reference_fd, wanted, length, at, "reference");
        if (memcmp(found, wanted, length)) {
            show_difference(found, wanted, length, at);
            return 1;
        }
        at += length;
    }
    return 0;
}

static uint64_t number(const char *name, const char *text)
{
    char *end;
    unsigned long long value = strtoull(text, &end, 0);

    switch (*end) {
    case 'K': value <<= 10; end++; break;
    case 'M': value <<= 20; end++; break;
    case 'G': value <<= 30; end++; break;
    default: break;
    }
    if (!*text || *end) {
        fprintf(stderr, "scatter: %s: not a number: %s\n", name, text);
        exit(2);
    }
    return value;
}

static void parse(int argc, char **argv)
{
    int i;

    for (i = 2; i < argc; i++) {
        const char *name = argv[i];

        if (!strcmp(name, "--direct")) {
            direct = 1;
            continue;
        }
        if (!strcmp(name, "--sequential")) {
            sequential = 1;
            continue;
        }
        if (++i == argc)
            break;
        if (!strcmp(name, "--disk")) disk_path = argv[i];
        else if (!strcmp(name, "--reference")) reference_path = argv[i];
        else if (!strcmp(name, "--size")) size_bytes = number(name, argv[i]);
        else if (!strcmp(name, "--seed")) seed = number(name, argv[i]);
        else if (!strcmp(name, "--pieces")) pieces = number(name, argv[i]);
        else if (!strcmp(name, "--min")) min_bytes = number(name, argv[i]);
        else if (!strcmp(name, "--max")) max_bytes = number(name, argv[i]);
        else if (!strcmp(name, "--align")) align_bytes = number(name, argv[i]);
        else if (!strcmp(name, "--threads")) threads = (int)number(name, argv[i]);
        else {
            fprintf(stderr, "scatter: unknown option %s\n", name);
            exit(2);
        }
    }
}

int main(int argc, char **argv)
{
    int writing = argc > 1 && !strcmp(argv[1], "write");

    seed = (uint64_t)time(NULL) ^ (uint64_t)getpid() << 20;
    parse(argc, argv);
    if (argc < 2 || (!writing && strcmp(argv[1], "compare")) || !disk_path || !reference_path || !size_bytes ||
        !align_bytes || !min_bytes || min_bytes > max_bytes || threads < 1) {
        fprintf(stderr, "usage: scatter write|compare --disk D --reference R --size BYTES [options]\n");
        return 2;
    }
    disk_fd = open(disk_path, (writing ? O_RDWR : O_RDONLY) | (direct ? O_DIRECT : 0));
    if (disk_fd < 0)
        die(disk_path);
    reference_fd = open(reference_path, writing ? O_RDWR : O_RDONLY);
    if (reference_fd < 0)
        die(reference_path);
    printf("scatter %s: seed %llu, %s, %s, %d thread(s)\n", argv[1], (unsigned long long)seed,
           direct ? "direct" : "buffered", writing ? (sequential ? "sequential" : "scattered") : "all of it", threads);
    if (writing) {
        write_all();
        return 0;
    }
    return compare_all();
}
