// The floor under a syscall: a ping-pong of equal messages over a Unix stream socket. One client and a server that blocks,
// or several clients, each a process, and a server on epoll. Prints p50 and p99 of a round trip in microseconds.
//
//   cc -O2 -o pingpong pingpong.c && ./pingpong BYTES ROUNDS CLIENTS
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WARMUP = 2000, MAX_BYTES = 1 << 20 };

static void move_all(int fd, char *buffer, size_t bytes, int out)
{
    for (size_t at = 0; at < bytes;) {
        ssize_t n = out ? send(fd, buffer + at, bytes - at, MSG_NOSIGNAL) : recv(fd, buffer + at, bytes - at, 0);
        if (n <= 0)
            _exit(0);
        at += (size_t)n;
    }
}

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static void serve(const int *fds, int clients, size_t bytes)
{
    static char buffer[MAX_BYTES];
    if (clients == 1)
        for (;;) {
            move_all(fds[0], buffer, bytes, 0);
            move_all(fds[0], buffer, bytes, 1);
        }

    int epoll = epoll_create1(0);
    for (int i = 0; i < clients; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fds[i]};
        epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event);
    }
    for (int left = clients; left > 0;) {
        struct epoll_event events[64];
        int ready = epoll_wait(epoll, events, 64, -1);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            ssize_t n = recv(fd, buffer, sizeof buffer, 0);
            if (n <= 0) {
                // The clients hold copies of this descriptor, so closing ours alone would leave it watched.
                epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
                close(fd);
                left--;
            } else {
                move_all(fd, buffer, (size_t)n, 1);
            }
        }
    }
    _exit(0);
}

static int by_size(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    size_t bytes = argc > 1 ? (size_t)atol(argv[1]) : 64;
    long rounds = argc > 2 ? atol(argv[2]) : 100000;
    int clients = argc > 3 ? atoi(argv[3]) : 1;
    if (bytes < 1 || bytes > MAX_BYTES || rounds < 1 || clients < 1 || clients > 64)
        return 2;

    int ours[64], theirs[64];
    for (int i = 0; i < clients; i++) {
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
            return 1;
        ours[i] = pair[0];
        theirs[i] = pair[1];
    }

    if (fork() == 0) {
        for (int i = 0; i < clients; i++)
            close(ours[i]);
        serve(theirs, clients, bytes);
    }

    size_t samples = (size_t)rounds * (size_t)clients;
    float *took = mmap(NULL, samples * sizeof *took, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (int c = 0; c < clients; c++) {
        close(theirs[c]);
        pid_t child = fork();
        if (child < 0)
            return 1;
        if (child > 0)
            continue;
        static char buffer[MAX_BYTES];
        for (int i = 0; i < clients; i++)
            if (i != c)
                close(ours[i]);
        for (long i = -WARMUP; i < rounds; i++) {
            double start = now_us();
            move_all(ours[c], buffer, bytes, 1);
            move_all(ours[c], buffer, bytes, 0);
            if (i >= 0)
                took[c * rounds + i] = (float)(now_us() - start);
        }
        _exit(0);
    }
    for (int i = 0; i < clients; i++)
        close(ours[i]);
    while (wait(NULL) > 0)
        ;

    qsort(took, samples, sizeof *took, by_size);
    printf("%.3f %.3f\n", took[samples / 2], took[samples * 99 / 100]);
    return 0;
}
