// What seccomp user notification costs a sandboxed program, per call. Prints one JSON line: the median, over batches,
// of nanoseconds for open+close of a file for reading (not notified) and for writing (notified), and for connect to a
// closed loopback port.
//
//   cc -O2 -o notify_cost notify_cost.c     then run it inside a sandbox: notify_cost /work/file
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCHES = 101, CALLS = 200 };

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static const char *path;
static int flags;

static void open_close(void)
{
    int fd = open(path, flags);
    if (fd < 0) {
        perror(path);
        exit(1);
    }
    close(fd);
}

static void connect_closed(void)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    connect(fd, (struct sockaddr *)&to, sizeof to);
    close(fd);
}

static double median_ns(void (*call)(void))
{
    static double batch[BATCHES];
    for (int b = 0; b < BATCHES; b++) {
        double from = now_ns();
        for (int i = 0; i < CALLS; i++) {
            call();
        }
        batch[b] = (now_ns() - from) / CALLS;
    }
    qsort(batch, BATCHES, sizeof *batch, ascending);
    return batch[BATCHES / 2];
}

int main(int argc, char **argv)
{
    path = argc > 1 ? argv[1] : "/work/file";
    close(open(path, O_WRONLY | O_CREAT, 0600));
    flags = O_RDONLY;
    double reading = median_ns(open_close);
    flags = O_WRONLY;
    double writing = median_ns(open_close);
    double connecting = median_ns(connect_closed);
    printf("{\"open_read_ns\":%.0f,\"open_write_ns\":%.0f,\"connect_ns\":%.0f}\n", reading, writing, connecting);
    return 0;
}
