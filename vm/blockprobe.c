/*
 * Small operations on a block device that shell tools can't do one at a time.
 *
 *   blockprobe exclusive DEV            opens DEV with O_EXCL, as mkfs or mount would
 *   blockprobe hold DEV SECONDS         keeps DEV open
 *   blockprobe opener SECONDS           opens, reads and closes each ublk disk as soon as its node is there, like udev
 *   blockprobe read|write DEV OFFSET LENGTH     one direct request
 *   blockprobe fsync DEV
 *   blockprobe zeroout|discard|punch|zero DEV OFFSET LENGTH
 *          BLKZEROOUT, BLKDISCARD, and fallocate with PUNCH_HOLE or ZERO_RANGE (both with KEEP_SIZE)
 *   blockprobe fuawrite DEV OFFSET LENGTH       a direct write with RWF_DSYNC
 *   blockprobe run COMMAND ARGUMENT…   with SIGINT and SIGQUIT at their defaults: a shell ignores them in what it starts
 *          in the background
 *   blockprobe count DEV                prints how many bytes of DEV are not zero
 *
 * Prints "ok" or the error's name; exit status 0 or 1.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static int result(long value)
{
    puts(value < 0 ? strerrorname_np(errno) : "ok");
    return value < 0;
}

static int open_all(int seconds)
{
    char path[300], buffer[4096];
    time_t end = time(NULL) + seconds;
    unsigned opened = 0;

    while (time(NULL) < end) {
        DIR *dir = opendir("/dev");
        struct dirent *entry;

        while (dir && (entry = readdir(dir))) {
            int fd;

            if (strncmp(entry->d_name, "ublkb", 5))
                continue;
            snprintf(path, sizeof path, "/dev/%s", entry->d_name);
            fd = open(path, O_RDONLY);
            if (fd < 0)
                continue;
            opened++;
            if (read(fd, buffer, sizeof buffer) < 0)
                opened += 0;
            close(fd);
        }
        if (dir)
            closedir(dir);
        usleep(2000);
    }
    printf("%u\n", opened);
    return 0;
}

static int count_bytes(int fd)
{
    static unsigned char buffer[1 << 20];
    unsigned long long count = 0;
    ssize_t got, i;

    while ((got = read(fd, buffer, sizeof buffer)) > 0)
        for (i = 0; i < got; i++)
            count += buffer[i] != 0;
    if (got < 0)
        return result(-1);
    printf("%llu\n", count);
    return 0;
}

int main(int argc, char **argv)
{
    const char *op = argc > 2 ? argv[1] : "";
    uint64_t range[2] = {argc > 4 ? strtoull(argv[3], NULL, 0) : 0, argc > 4 ? strtoull(argv[4], NULL, 0) : 0};
    int write_op = strcmp(op, "read") && strcmp(op, "hold") && strcmp(op, "exclusive") && strcmp(op, "count");
    int direct = !strcmp(op, "read") || !strcmp(op, "write") || !strcmp(op, "fuawrite");
    void *buffer;
    struct iovec vector;
    int fd;

    if (argc < 3)
        return 2;
    if (!strcmp(op, "run")) {
        signal(SIGINT, SIG_DFL);
        signal(SIGQUIT, SIG_DFL);
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        return 127;
    }
    if (!strcmp(op, "opener"))
        return open_all(atoi(argv[2]));
    /* O_CREAT is never given: a missing node must not become a regular file. */
    fd = open(argv[2], (write_op ? O_RDWR : O_RDONLY) | (direct ? O_DIRECT : 0) | (strcmp(op, "exclusive") ? 0 : O_EXCL));
    if (fd < 0)
        return result(-1);
    if (!strcmp(op, "exclusive"))
        return result(0);
    if (!strcmp(op, "hold"))
        return sleep(argc > 3 ? (unsigned)atoi(argv[3]) : 5), 0;
    if (!strcmp(op, "count"))
        return count_bytes(fd);
    if (!strcmp(op, "fsync"))
        return result(fsync(fd));
    if (!strcmp(op, "zeroout"))
        return result(ioctl(fd, BLKZEROOUT, range));
    if (!strcmp(op, "discard"))
        return result(ioctl(fd, BLKDISCARD, range));
    if (!strcmp(op, "punch"))
        return result(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)range[0], (off_t)range[1]));
    if (!strcmp(op, "zero"))
        return result(fallocate(fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, (off_t)range[0], (off_t)range[1]));
    if (!direct || posix_memalign(&buffer, 4096, range[1] + 1))
        return 2;
    memset(buffer, 0x5a, range[1]);
    vector.iov_base = buffer;
    vector.iov_len = range[1];
    if (!strcmp(op, "read"))
        return result(pread(fd, buffer, range[1], (off_t)range[0]));
    return result(pwritev2(fd, &vector, 1, (off_t)range[0], strcmp(op, "write") ? RWF_DSYNC : 0));
}
