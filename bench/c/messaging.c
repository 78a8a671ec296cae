// Messages between two processes through something in the middle, in the words of each: a socket pair (nothing in the
// middle), a relay on epoll (the floor), the kernel of Analemma, Redis lists and Streams, NATS, and D-Bus.
//
//   cc -O2 -o messaging messaging.c
//   ./messaging rtt  pair|relay                  BYTES ROUNDS      a round trip A -> middle -> B -> middle -> A: p50 p99 (us)
//   ./messaging rtt  analemma SOCKET             BYTES ROUNDS
//   ./messaging rtt  apart SOCKET                BYTES ROUNDS      the same, but B replies and receives by a call each
//   ./messaging rtt  redis|streams|dbus SOCKET | nats PORT    BYTES ROUNDS
//   ./messaging rate pair|relay|analemma|quiet|many|durable|kept|redis|pushes|streams|dbus|nats [WHERE] BYTES SECONDS
//                                                                  one way: messages a second that B got
//   ./messaging move pair|relay|analemma|redis|nats|dbus|handle|filled [WHERE] BYTES ROUNDS
//                                                                  BYTES there, a word back: p50 p99 (us)
//
// `move` goes in pieces of a megabyte where the middle takes no more. `handle` sends the same sealed memory again and again,
// which B maps; `filled` makes and fills it anew each time, and B reads every byte.
// A and B are the same program in every mode: one system call to send, one or more to receive, nothing else. `durable` is
// Analemma's durable mailbox, and counts messages that were taken in and acknowledged. What the other modes write as 64
// requests in one system call, `many`, `kept` (durable) and `pushes` (a Redis list) write as one request of 64 messages.
#define _GNU_SOURCE
#include "dbus.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WARMUP = 4000, ROOM = 40 << 20, WINDOW = 512, PIECE = 1048000 };

static size_t bytes;
static const char *mode, *where;
static char *text; // the body: BYTES of x
static char *out, *base, *in; // `in` is what has come and is not done with, somewhere in `base`
static size_t have; // bytes in `in`

static void die(const char *why) { fprintf(stderr, "messaging %s: %s: %s\n", mode, why, strerror(errno)); exit(1); }

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static void put(int fd, const char *data, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, data, n, MSG_NOSIGNAL);
        if (sent <= 0)
            die("send");
        data += sent;
        n -= (size_t)sent;
    }
}

// How many more bytes may come after those that are there: at least half of all, so that little is moved, and seldom.
static size_t room(void)
{
    if (in != base && (have == 0 || (size_t)(base + ROOM - in) - have < ROOM / 2)) {
        memmove(base, in, have);
        in = base;
    }
    return (size_t)(base + ROOM - in) - have - 1;
}

// Who sleeps in recv(2) on a Unix socket is woken when the other end takes what it has sent, for nothing; what that does
// to a round trip is luck. Linux looks at what a sleeper waits for only with poll(2), as event loops wait.
static void await(int fd) { poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1); }

static void more(int fd)
{
    size_t free = room();
    await(fd);
    ssize_t n = recv(fd, in + have, free, 0);
    if (n <= 0)
        exit(0);
    have += (size_t)n;
    in[have] = 0;
}

static void drop(size_t n)
{
    in += n;
    have -= n;
}

static int reach(void)
{
    int fd;
    if (where[0] == '/') {
        struct sockaddr_un at = {.sun_family = AF_UNIX};
        strncpy(at.sun_path, where, sizeof at.sun_path - 1);
        fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (connect(fd, (struct sockaddr *)&at, sizeof at) != 0)
            die(where);
    } else {
        struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(where))};
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        fd = socket(AF_INET, SOCK_STREAM, 0);
        int one = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (connect(fd, (struct sockaddr *)&at, sizeof at) != 0)
            die(where);
    }
    return fd;
}

// --- plain bytes: pair and relay ---------------------------------------------------------------------------------------

static void get_plain(int fd)
{
    while (have < bytes)
        more(fd);
    drop(bytes);
}

static void relay(int a, int b)
{
    int epoll = epoll_create1(0), fds[2] = {a, b};
    for (int i = 0; i < 2; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
        epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event);
    }
    for (;;) {
        struct epoll_event events[2];
        int ready = epoll_wait(epoll, events, 2, -1);
        for (int i = 0; i < ready; i++) {
            uint32_t from = events[i].data.u32;
            ssize_t n = recv(fds[from], in, ROOM, 0);
            if (n <= 0)
                exit(0);
            put(fds[1 - from], in, (size_t)n);
        }
    }
}

// --- Analemma: frames of 24 bytes and a JSON payload -------------------------------------------------------------------

struct frame { uint32_t magic; uint8_t kind, flags; uint16_t opcode; uint64_t id; uint32_t status, length; };
enum { SEND = 0x20, RECV = 0x21, REGISTER = 0x23, ACK = 0x25, QUIET = 8, FLAGS = 5 };

static size_t ask(char *at, uint16_t opcode, uint64_t id, const char *payload, size_t length)
{
    struct frame frame = {0x324C4E41, 1, 0, opcode, id, 0, (uint32_t)length};
    memcpy(at, &frame, sizeof frame);
    memmove(at + sizeof frame, payload, length);
    return sizeof frame + length;
}

// The next whole frame is at the start of `in`; returns its payload, of which the end is marked by 0 for a while.
static char *answer(int fd, struct frame *frame)
{
    while (have < sizeof *frame)
        more(fd);
    memcpy(frame, in, sizeof *frame);
    while (have < sizeof *frame + frame->length)
        more(fd);
    return in + sizeof *frame;
}

static void done(const struct frame *frame) { drop(sizeof *frame + frame->length); }

static void check(const struct frame *frame, const char *payload)
{
    if (frame->status != 0) {
        fprintf(stderr, "messaging: opcode %#x: %.*s\n", frame->opcode, (int)frame->length, payload);
        exit(1);
    }
}

static void make_box(int fd, const char *name, const char *options)
{
    char json[256];
    int n = snprintf(json, sizeof json, "{\"name\":\"%s\"%s}", name, options);
    put(fd, out, ask(out, REGISTER, 1, json, (size_t)n));
    struct frame frame;
    char *payload = answer(fd, &frame);
    check(&frame, payload);
    done(&frame);
}

static char *json; // a request's payload is made here

// RECV with the reply to a message in it.
static size_t reply_frame(char *at, uint64_t id, long long asked)
{
    size_t n = (size_t)sprintf(json, "{\"mailbox\":\"bench-b\",\"reply\":{\"in_reply_to\":%lld,\"body\":\"", asked);
    memcpy(json + n, text, bytes);
    n += bytes;
    memcpy(json + n, "\"}}", 3);
    return ask(at, RECV, id, json, n + 3);
}

static char *dbus_room; // a D-Bus message is made here

static const char *dbus_sender(const char *at)
{
    const char *sender = dbus_field(at, 7);
    return sender ? sender : "";
}

static size_t send_frame(char *at, uint64_t id, const char *head)
{
    size_t n = (size_t)sprintf(json, "{%s,\"body\":\"", head);
    memcpy(json + n, text, bytes);
    n += bytes;
    memcpy(json + n, "\"}", 2);
    return ask(at, SEND, id, json, n + 2);
}

// One SEND of so many messages.
static size_t send_many(char *at, uint64_t id, const char *head, int count)
{
    size_t n = (size_t)sprintf(json, "{%s,\"bodies\":[", head);
    for (int i = 0; i < count; i++) {
        memcpy(json + n, i ? ",\"" : "\"", i ? 2 : 1);
        n += i ? 2 : 1;
        memcpy(json + n, text, bytes);
        n += bytes;
        json[n++] = '"';
    }
    memcpy(json + n, "]}", 2);
    return ask(at, SEND, id, json, n + 2);
}

static char to_b[32], to_a[32]; // lists and streams of this run: what another has left would come first

// --- Redis: RESP ------------------------------------------------------------------------------------------------------

static size_t push(char *at, const char *list)
{
    size_t n = (size_t)sprintf(at, "*3\r\n$5\r\nLPUSH\r\n$%zu\r\n%s\r\n$%zu\r\n", strlen(list), list, bytes);
    memcpy(at + n, text, bytes);
    memcpy(at + n + bytes, "\r\n", 2);
    return n + bytes + 2;
}

// One LPUSH of so many values.
static size_t push_many(char *at, const char *list, int count)
{
    size_t n = (size_t)sprintf(at, "*%d\r\n$5\r\nLPUSH\r\n$%zu\r\n%s\r\n", count + 2, strlen(list), list);
    for (int i = 0; i < count; i++) {
        n += (size_t)sprintf(at + n, "$%zu\r\n", bytes);
        memcpy(at + n, text, bytes);
        memcpy(at + n + bytes, "\r\n", 2);
        n += bytes + 2;
    }
    return n;
}

static size_t pop(char *at, const char *list)
{
    return (size_t)sprintf(at, "*3\r\n$5\r\nBRPOP\r\n$%zu\r\n%s\r\n$1\r\n0\r\n", strlen(list), list);
}

static void line(int fd)
{
    for (;;) {
        char *end = have ? memchr(in, '\n', have) : NULL;
        if (end) {
            if (in[0] == '-')
                die(in);
            drop((size_t)(end - in) + 1);
            return;
        }
        more(fd);
    }
}

// *2, $n, list, $n, body
static void get_popped(int fd)
{
    for (int i = 0; i < 4; i++)
        line(fd);
    while (have < bytes + 2)
        more(fd);
    drop(bytes + 2);
}

// --- NATS -------------------------------------------------------------------------------------------------------------

static size_t publish(char *at, const char *subject)
{
    size_t n = (size_t)sprintf(at, "PUB %s %zu\r\n", subject, bytes);
    memcpy(at + n, text, bytes);
    memcpy(at + n + bytes, "\r\n", 2);
    return n + bytes + 2;
}

static int nats(const char *subject)
{
    int fd = reach();
    line(fd); // INFO
    char hello[128];
    put(fd, hello, (size_t)sprintf(hello, "CONNECT {\"verbose\":false}\r\nSUB %s 1\r\nPING\r\n", subject));
    line(fd); // PONG
    return fd;
}

// --- Redis Streams ------------------------------------------------------------------------------------------------------

static char last[64]; // the id of the entry that was read last

static size_t add_entry(char *at, const char *stream)
{
    size_t n = (size_t)sprintf(
        at, "*8\r\n$4\r\nXADD\r\n$%zu\r\n%s\r\n$6\r\nMAXLEN\r\n$1\r\n~\r\n$5\r\n10000\r\n$1\r\n*\r\n$1\r\nm\r\n$%zu\r\n",
        strlen(stream), stream, bytes);
    memcpy(at + n, text, bytes);
    memcpy(at + n + bytes, "\r\n", 2);
    return n + bytes + 2;
}

static size_t read_entries(char *at, const char *stream)
{
    return (size_t)sprintf(
        at, "*8\r\n$5\r\nXREAD\r\n$5\r\nCOUNT\r\n$3\r\n256\r\n$5\r\nBLOCK\r\n$1\r\n0\r\n$7\r\nSTREAMS\r\n$%zu\r\n%s\r\n"
            "$%zu\r\n%s\r\n",
        strlen(stream), stream, strlen(last), last);
}

static long number_line(int fd)
{
    while (!have || !memchr(in, '\n', have))
        more(fd);
    long number = atol(in + 1);
    line(fd);
    return number;
}

// *1, *2, $n, stream, *entries, then for each *2, $n, id, *2, $1, m, $n, body
static long get_entries(int fd)
{
    for (int i = 0; i < 4; i++)
        line(fd);
    long got = number_line(fd);
    for (long i = 0; i < got; i++) {
        line(fd);
        line(fd);
        while (!have || !memchr(in, '\n', have))
            more(fd);
        sscanf(in, "%63[0-9-]", last);
        for (int j = 0; j < 5; j++)
            line(fd);
        while (have < bytes + 2)
            more(fd);
        drop(bytes + 2);
    }
    return got;
}

// --- D-Bus --------------------------------------------------------------------------------------------------------------

static void get_message(int fd)
{
    while (have < sizeof(struct dbus) || have < dbus_size(in))
        more(fd);
}

// A connection that has said who it is, and has a name.
static int dbus(const char *name)
{
    int fd = reach();
    char hello[256], uid[32], hex[64] = "";
    int digits = sprintf(uid, "%u", getuid());
    for (int i = 0; i < digits; i++)
        sprintf(hex + 2 * i, "%02x", uid[i]);
    put(fd, "", 1);
    put(fd, hello, (size_t)sprintf(hello, "AUTH EXTERNAL %s\r\n", hex));
    line(fd);
    put(fd, "BEGIN\r\n", 7);
    put(fd, out, dbus_message(out, DBUS_CALL, 0, 1, "org.freedesktop.DBus", "Hello", 0, NULL, 0));
    // The answer, and the signal that we have a name.
    for (int i = 0; i < 2; i++) {
        get_message(fd);
        drop(dbus_size(in));
    }
    // RequestName takes a string and flags: the string's message, its signature and body made longer by a number.
    size_t n = dbus_message(out, DBUS_CALL, 0, 2, "org.freedesktop.DBus", "RequestName", 0, NULL, 0);
    struct dbus *head = (struct dbus *)out;
    n = dbus_text(out, sizeof *head + head->fields, DBUS_SIGNATURE, "g", "su");
    head->fields = (uint32_t)(n - sizeof *head);
    n = dbus_pad(out, n, 8);
    size_t start = n;
    uint32_t length = (uint32_t)strlen(name), flags = 0;
    memcpy(out + n, &length, 4);
    memcpy(out + n + 4, name, length + 1);
    n = dbus_pad(out, n + 4 + length + 1, 4);
    memcpy(out + n, &flags, 4);
    head->length = (uint32_t)(n + 4 - start);
    put(fd, out, n + 4);
    for (int i = 0; i < 2; i++) {
        get_message(fd);
        drop(dbus_size(in));
    }
    return fd;
}

static void get_published(int fd)
{
    for (;;) {
        while (have < 4)
            more(fd);
        if (memcmp(in, "PING", 4) == 0) {
            line(fd);
            put(fd, "PONG\r\n", 6);
            continue;
        }
        line(fd); // MSG
        while (have < bytes + 2)
            more(fd);
        drop(bytes + 2);
        return;
    }
}

// --- the two ends ------------------------------------------------------------------------------------------------------

static int pair[2], far[2];

static int is(const char *name) { return strcmp(mode, name) == 0; }

static void echo_end(int ready)
{
    int fd = is("pair") ? pair[1] : is("relay") ? far[1] : is("nats") ? nats("b") : is("dbus") ? dbus("bench.b") : reach();
    int apart = is("apart"), ours = apart || is("analemma");
    if (ours)
        make_box(fd, "bench-b", "");
    strcpy(last, "0-0");
    (void)!write(ready, "1", 1);
    static const char take[] = "{\"mailbox\":\"bench-b\"}";
    uint64_t id = 2;
    if (ours)
        put(fd, out, ask(out, RECV, id++, take, sizeof take - 1));
    for (;;) {
        if (is("pair") || is("relay")) {
            get_plain(fd);
            put(fd, text, bytes);
        } else if (ours) {
            struct frame frame;
            char *payload = answer(fd, &frame);
            check(&frame, payload);
            if (frame.opcode != RECV) {
                done(&frame);
                continue;
            }
            char *found = strstr(payload, "\"id\":");
            if (!found)
                die("a message without id");
            char head[64];
            long long asked = atoll(found + 5);
            sprintf(head, "\"in_reply_to\":%lld", asked);
            done(&frame);
            if (!apart) {
                put(fd, out, reply_frame(out, id++, asked));
                continue;
            }
            // The reply and the next receive leave together.
            size_t n = send_frame(out, id++, head);
            n += ask(out + n, RECV, id++, take, sizeof take - 1);
            put(fd, out, n);
        } else if (is("redis")) {
            put(fd, out, pop(out, to_b));
            get_popped(fd);
            put(fd, out, push(out, to_a));
            line(fd);
        } else if (is("streams")) {
            put(fd, out, read_entries(out, to_b));
            get_entries(fd);
            put(fd, out, add_entry(out, to_a));
            line(fd); // $n
            line(fd); // the id
        } else if (is("dbus")) {
            get_message(fd);
            char to[64];
            snprintf(to, sizeof to, "%s", dbus_sender(in));
            uint32_t serial = ((struct dbus *)in)->serial;
            drop(dbus_size(in));
            put(fd, out, dbus_message(out, DBUS_RETURN, DBUS_NO_REPLY, (uint32_t)++id, to, NULL, serial, text, bytes));
        } else {
            get_published(fd);
            put(fd, out, publish(out, "a"));
        }
    }
}

static void round_trip(int fd, uint64_t id)
{
    if (is("pair") || is("relay")) {
        put(fd, text, bytes);
        get_plain(fd);
    } else if (is("analemma") || is("apart")) {
        put(fd, out, send_frame(out, id, "\"to\":\"bench-b\",\"reply_timeout_ms\":60000"));
        struct frame frame;
        char *payload = answer(fd, &frame);
        check(&frame, payload);
        done(&frame);
    } else if (is("redis")) {
        size_t n = push(out, to_b);
        n += pop(out + n, to_a);
        put(fd, out, n);
        line(fd);
        get_popped(fd);
    } else if (is("streams")) {
        size_t n = add_entry(out, to_b);
        n += read_entries(out + n, to_a);
        put(fd, out, n);
        line(fd);
        line(fd);
        get_entries(fd);
    } else if (is("dbus")) {
        put(fd, out, dbus_message(out, DBUS_CALL, 0, (uint32_t)id, "bench.b", "Ask", 0, text, bytes));
        get_message(fd);
        if (((struct dbus *)in)->type != DBUS_RETURN)
            die("no return");
        drop(dbus_size(in));
    } else {
        put(fd, out, publish(out, "b"));
        get_published(fd);
    }
}

static int by_size(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void print_ranks(float *took, long rounds)
{
    qsort(took, (size_t)rounds, sizeof *took, by_size);
    printf("%.3f %.3f\n", took[rounds / 2], took[rounds * 99 / 100]);
}

static void rtt(int fd, long rounds)
{
    float *took = malloc((size_t)rounds * sizeof *took);
    long warmup = rounds < WARMUP ? rounds : WARMUP * (is("analemma") || is("apart") ? 10 : 1);
    for (long i = -warmup; i < rounds; i++) {
        double start = now_us();
        round_trip(fd, (uint64_t)(i + warmup + 10));
        if (i >= 0)
            took[i] = (float)(now_us() - start);
    }
    print_ranks(took, rounds);
}

// --- one way -----------------------------------------------------------------------------------------------------------

static volatile long *count; // messages that B has got

static int is_durable(void) { return is("durable") || is("kept"); }

static int is_ours(void) { return is("analemma") || is("quiet") || is("many") || is_durable(); }

static int is_list(void) { return is("redis") || is("pushes"); }

static const char *box(void) { return is_durable() ? "bench-durable" : "bench-rate"; }

static void take_end(int ready)
{
    int fd = is("pair") ? pair[1] : is("relay") ? far[1] : is("nats") ? nats("b") : is("dbus") ? dbus("bench.b") : reach();
    int ours = is_ours();
    strcpy(last, "0-0");
    if (ours)
        make_box(fd, box(), is_durable() ? ",\"durable\":true,\"max_messages\":20000" : ",\"max_messages\":20000");
    (void)!write(ready, "1", 1);
    char take[64];
    size_t takes = (size_t)sprintf(take, "{\"mailbox\":\"%s\",\"max\":256}", box());
    uint64_t id = 2;
    if (ours)
        for (int i = 0; i < 2; i++)
            put(fd, out, ask(out, RECV, id++, take, takes));
    for (;;) {
        if (ours) {
            struct frame frame;
            char *payload = answer(fd, &frame);
            check(&frame, payload);
            if (frame.opcode == ACK) {
                char *held = strstr(payload, "\"count\":");
                *count += atol(held + 8);
            } else {
                char end = payload[frame.length];
                payload[frame.length] = 0;
                long got = 0;
                size_t n = (size_t)sprintf(json, "{\"receipts\":[");
                const char *mark = is_durable() ? "\"receipt\":" : "\"age_ms\":";
                for (char *at = payload; (at = strstr(at, mark)); at += 9)
                    if (got++ >= 0 && is_durable())
                        n += (size_t)sprintf(json + n, "%s%lld", got == 1 ? "" : ",", atoll(at + 10));
                payload[frame.length] = end;
                size_t length = 0;
                if (is_durable())
                    length = ask(out, ACK, id++, json, n + (size_t)sprintf(json + n, "]}"));
                else
                    *count += got;
                length += ask(out + length, RECV, id++, take, takes);
                done(&frame);
                put(fd, out, length);
                continue;
            }
            done(&frame);
        } else if (is_list()) {
            size_t n = (size_t)sprintf(
                out,
                "*7\r\n$6\r\nBLMPOP\r\n$1\r\n0\r\n$1\r\n1\r\n$%zu\r\n%s\r\n$5\r\nRIGHT\r\n$5\r\nCOUNT\r\n$3\r\n256\r\n",
                strlen(to_b), to_b);
            put(fd, out, n);
            line(fd); // *2
            line(fd); // $1
            line(fd); // b
            while (!have || !memchr(in, '\n', have))
                more(fd);
            long got = atol(in + 1);
            line(fd);
            for (long i = 0; i < got; i++) {
                line(fd);
                while (have < bytes + 2)
                    more(fd);
                drop(bytes + 2);
            }
            *count += got;
        } else if (is("nats")) {
            get_published(fd);
            ++*count;
        } else if (is("streams")) {
            put(fd, out, read_entries(out, to_b));
            *count += get_entries(fd);
        } else if (is("dbus")) {
            get_message(fd);
            int asks = !(((struct dbus *)in)->flags & DBUS_NO_REPLY);
            char to[64];
            snprintf(to, sizeof to, "%s", dbus_sender(in));
            uint32_t serial = ((struct dbus *)in)->serial;
            drop(dbus_size(in));
            ++*count;
            if (asks)
                put(fd, out, dbus_message(out, DBUS_RETURN, DBUS_NO_REPLY, (uint32_t)++id, to, NULL, serial, NULL, 0));
        } else {
            get_plain(fd);
            ++*count;
        }
    }
}

// Keeps WINDOW messages on their way where the middle answers each, and else as many as the sockets take.
static void give_end(int fd)
{
    uint64_t id = 1;
    long open = 0;
    char head[64];
    sprintf(head, "\"to\":\"%s\",\"timeout_ms\":60000", box());
    for (;;) {
        size_t n = 0;
        int batch = bytes <= 4096 ? 64 : 1;
        int requests = is("many") || is("kept") || is("pushes") ? 1 : batch;
        for (int i = 0; i < requests; i++) {
            if (is("many") || is("kept"))
                n += send_many(out, id++, head, batch);
            else if (is("pushes"))
                n += push_many(out, to_b, batch);
            else if (is_ours()) {
                char *own = out + n;
                n += send_frame(own, id++, head);
                // One of a batch is answered, as with D-Bus below.
                if (is("quiet") && i < batch - 1)
                    own[FLAGS] = QUIET;
            } else if (is_list())
                n += push(out + n, to_b);
            else if (is("streams"))
                n += add_entry(out + n, to_b);
            else if (is("dbus")) {
                // One of a batch is answered: so no more than a window waits in the bus, which would break off else.
                // A message begins at a multiple of 8 in memory, as its padding counts from there.
                char *own = dbus_room;
                size_t size = dbus_message(
                    own, DBUS_CALL, i == batch - 1 ? 0 : DBUS_NO_REPLY, (uint32_t)++id, "bench.b", "Take", 0, text, bytes);
                memcpy(out + n, own, size);
                n += size;
            } else if (is("nats"))
                n += publish(out + n, "b");
            else {
                memcpy(out + n, text, bytes);
                n += bytes;
            }
        }
        put(fd, out, n);
        open += batch;
        if (is_ours())
            for (; open > WINDOW - batch; open -= is("quiet") ? batch : batch / requests) {
                struct frame frame;
                char *payload = answer(fd, &frame);
                check(&frame, payload);
                done(&frame);
            }
        else if (is_list())
            for (; open > WINDOW - batch; open -= batch / requests)
                line(fd);
        else if (is("streams"))
            for (; open > WINDOW - batch; open--) {
                line(fd);
                line(fd);
            }
        else if (is("dbus"))
            for (; open > WINDOW - batch; open -= batch) {
                get_message(fd);
                if (((struct dbus *)in)->type != DBUS_RETURN)
                    die("no return");
                drop(dbus_size(in));
            }
    }
}

// --- many bytes there, a word back -----------------------------------------------------------------------------------------

static int sealed(const char *data)
{
    int memory = memfd_create("bench", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (memory < 0 || bytes == 0)
        die("memfd_create");
    // Written, not mapped: a fault for each page costs more than the copy.
    for (size_t done = 0; done < bytes;) {
        ssize_t n = write(memory, data + done, bytes - done);
        if (n <= 0)
            die("write");
        done += (size_t)n;
    }
    if (fcntl(memory, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
        die("F_ADD_SEALS");
    return memory;
}

static void put_with(int fd, const char *data, size_t n, int descriptor)
{
    char beside[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec part = {(void *)data, n};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = beside, .msg_controllen = sizeof beside};
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    *rights = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
    memcpy(CMSG_DATA(rights), &descriptor, sizeof descriptor);
    if (sendmsg(fd, &message, MSG_NOSIGNAL) != (ssize_t)n)
        die("sendmsg");
}

static int came = -1; // the descriptor that came last

static void more_with(int fd)
{
    char beside[CMSG_SPACE(sizeof(int))];
    size_t free = room();
    await(fd);
    struct iovec part = {in + have, free};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = beside, .msg_controllen = sizeof beside};
    ssize_t n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    if (n <= 0)
        exit(0);
    have += (size_t)n;
    in[have] = 0;
    for (struct cmsghdr *each = CMSG_FIRSTHDR(&message); each; each = CMSG_NXTHDR(&message, each))
        if (each->cmsg_type == SCM_RIGHTS)
            memcpy(&came, CMSG_DATA(each), sizeof came);
}

static size_t pieces(void) { return is("analemma") || is("nats") ? (bytes + PIECE - 1) / PIECE : 1; }

// Moves go as the text of `bytes`, or of a piece: `text` is as long as the whole.
static void get_moved(int fd, int back)
{
    static uint64_t id = 2;
    size_t whole = bytes, parts = pieces();
    int handle = is("handle") || is("filled"), ours = handle || is("analemma");
    char take[128];
    for (size_t i = 0; i < parts; i++) {
        bytes = parts > 1 ? (i + 1 < parts ? PIECE : whole - PIECE * (parts - 1)) : whole;
        if (ours) {
            size_t n = (size_t)sprintf(take, "{\"mailbox\":\"bench-move\"%s}", handle ? ",\"handles\":true" : "");
            put(fd, out, ask(out, RECV, id++, take, n));
            struct frame frame;
            if (handle)
                while (have < sizeof frame || have < sizeof frame + ((struct frame *)in)->length)
                    more_with(fd);
            char *payload = answer(fd, &frame);
            check(&frame, payload);
            done(&frame);
        } else if (is("redis")) {
            put(fd, out, pop(out, "move"));
            // *2, $4, move, $n, body
            for (int j = 0; j < 4; j++)
                line(fd);
            while (have < bytes + 2)
                more(fd);
            drop(bytes + 2);
        } else if (is("dbus")) {
            get_message(fd);
            drop(dbus_size(in));
        } else if (is("nats")) {
            get_published(fd);
        } else {
            get_plain(fd);
        }
    }
    bytes = whole;
    if (handle) {
        volatile long *map = mmap(NULL, bytes, PROT_READ, MAP_SHARED | (is("filled") ? MAP_POPULATE : 0), came, 0);
        if (map == MAP_FAILED)
            die("mmap");
        long sum = 0;
        for (size_t i = 0; i < (is("filled") ? bytes / sizeof *map : 1); i++)
            sum += map[i];
        munmap((void *)map, bytes);
        close(came);
        if (sum == 0)
            die("nothing in it");
    }
    (void)!write(back, "1", 1);
}

static void put_moved(int fd, int memory)
{
    static uint64_t id = 100;
    size_t whole = bytes, parts = pieces();
    struct frame frame;
    if (is("handle") || is("filled")) {
        static const char to[] = "{\"to\":\"bench-move\",\"timeout_ms\":60000}";
        int own = is("filled") ? sealed(text) : memory;
        size_t n = ask(out, SEND, id++, to, sizeof to - 1);
        ((struct frame *)out)->flags = 4;
        put_with(fd, out, n, own);
        if (own != memory)
            close(own);
        char *payload = answer(fd, &frame);
        check(&frame, payload);
        done(&frame);
        return;
    }
    for (size_t i = 0; i < parts; i++) {
        bytes = parts > 1 ? (i + 1 < parts ? PIECE : whole - PIECE * (parts - 1)) : whole;
        if (is("analemma"))
            put(fd, out, send_frame(out, id++, "\"to\":\"bench-move\",\"timeout_ms\":60000"));
        else if (is("redis"))
            put(fd, out, push(out, "move"));
        else if (is("dbus"))
            put(fd, out, dbus_message(out, DBUS_CALL, DBUS_NO_REPLY, (uint32_t)id++, "bench.b", "Take", 0, text, bytes));
        else if (is("nats"))
            put(fd, out, publish(out, "b"));
        else
            put(fd, text, bytes);
    }
    bytes = whole;
    if (is("analemma"))
        for (size_t i = 0; i < parts; i++) {
            char *payload = answer(fd, &frame);
            check(&frame, payload);
            done(&frame);
        }
    else if (is("redis"))
        line(fd);
}

static int word[2]; // B says that it has all

static void moved_end(int ready)
{
    int fd = is("pair") ? pair[1] : is("relay") ? far[1] : is("nats") ? nats("b") : is("dbus") ? dbus("bench.b") : reach();
    if (is("analemma") || is("handle") || is("filled"))
        make_box(fd, "bench-move", ",\"max_bytes\":67108864");
    (void)!write(ready, "1", 1);
    for (;;)
        get_moved(fd, word[1]);
}

static void move(int fd, long rounds)
{
    float *took = malloc((size_t)rounds * sizeof *took);
    int memory = is("handle") ? sealed(text) : -1;
    for (long i = -(rounds / 4 + 1); i < rounds; i++) {
        double start = now_us();
        put_moved(fd, memory);
        char one;
        if (read(word[0], &one, 1) != 1)
            die("read");
        if (i >= 0)
            took[i] = (float)(now_us() - start);
    }
    print_ranks(took, rounds);
}

static pid_t child(void (*end)(int), int *ready)
{
    int hear[2];
    if (pipe(hear) != 0)
        die("pipe");
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        end(hear[1]);
        exit(0);
    }
    char one;
    if (read(hear[0], &one, 1) != 1)
        exit(1);
    *ready = 1;
    return pid;
}

// What was pushed and never popped would fill the memory of the runs that follow.
static void forget_lists(void)
{
    int fd = reach();
    char answer[8];
    put(fd, "*1\r\n$8\r\nFLUSHALL\r\n", 18);
    if (read(fd, answer, sizeof answer) < 1)
        die("FLUSHALL");
}

int main(int argc, char **argv)
{
    if (argc < 5)
        return 2;
    int plain = strcmp(argv[2], "pair") == 0 || strcmp(argv[2], "relay") == 0;
    mode = argv[2];
    where = plain ? "" : argv[3];
    bytes = (size_t)atol(argv[plain ? 3 : 4]);
    double last_argument = atof(argv[plain ? 4 : 5]);
    sprintf(to_b, "b%d", getpid());
    sprintf(to_a, "a%d", getpid());
    text = malloc(bytes + 1);
    memset(text, 'x', bytes);
    out = malloc((bytes + 512) * (bytes > 1 << 20 ? 2 : 130));
    dbus_room = malloc(bytes + 4096);
    json = malloc((bytes + 512) * (bytes > 4096 ? 1 : 65) + 65536);
    in = base = malloc(ROOM);
    count = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, far) != 0)
        die("socketpair");
    pid_t hub = 0;
    if (is("relay") && (hub = fork()) == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        relay(pair[1], far[0]);
    }
    int ready, one_way = strcmp(argv[1], "rate") == 0, moving = strcmp(argv[1], "move") == 0;
    if (pipe(word) != 0)
        die("pipe");
    pid_t peer = child(one_way ? take_end : moving ? moved_end : echo_end, &ready);
    int fd = plain ? pair[0] : is("nats") ? nats("a") : is("dbus") ? dbus("bench.a") : reach();
    strcpy(last, "0-0");
    if (moving) {
        move(fd, (long)last_argument);
    } else if (!one_way) {
        rtt(fd, (long)last_argument);
    } else {
        pid_t giver = fork();
        if (giver == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            give_end(fd);
        }
        usleep((useconds_t)(last_argument * 400000)); // until it runs as it will
        double start = now_us();
        long before = *count;
        usleep((useconds_t)(last_argument * 1e6));
        printf("%.0f\n", (double)(*count - before) * 1e6 / (now_us() - start));
        kill(giver, SIGKILL);
    }
    kill(peer, SIGKILL);
    if (hub)
        kill(hub, SIGKILL);
    while (wait(NULL) > 0)
        ;
    if (is("redis") || is("pushes"))
        forget_lists();
    return 0;
}
