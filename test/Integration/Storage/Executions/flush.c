// Plays a disk on which flushing one file goes wrong. The file named by ANALEMMA_TEST_FLUSH says what happens at which
// flush of the log of workflows, counted from 1: "7 fail" fails it and all that follow with EIO, "7 before" and
// "7 after" end the process by SIGKILL before or after it. Without that file flushing is as ever.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG "workflows.db-wal"

static int flushes;

static int is_log(int fd)
{
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    ssize_t name = (ssize_t)strlen(LOG);
    return length >= name && memcmp(path + length - name, LOG, (size_t)name) == 0;
}

// 0 for nothing, else 'f', 'b' or 'a'.
static char plan(void)
{
    const char *path = getenv("ANALEMMA_TEST_FLUSH");
    char text[64] = {0}, word[16] = {0};
    int at = 0;
    int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0 || sscanf(text, "%d %15s", &at, word) != 2)
        return 0;
    int now = __atomic_add_fetch(&flushes, 1, __ATOMIC_SEQ_CST);
    return now == at || (now > at && word[0] == 'f') ? word[0] : 0;
}

static int flush(int fd, const char *call)
{
    int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, call);
    char what = is_log(fd) ? plan() : 0;
    if (what == 'f')
    {
        errno = EIO;
        return -1;
    }
    if (what == 'b')
        kill(getpid(), SIGKILL);
    int result = next(fd);
    if (what == 'a')
        kill(getpid(), SIGKILL);
    return result;
}

int fsync(int fd)
{
    return flush(fd, "fsync");
}

int fdatasync(int fd)
{
    return flush(fd, "fdatasync");
}
