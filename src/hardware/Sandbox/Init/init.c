/*
 * The first process of a sandbox: init PROGRAM ARGUMENTS...
 *
 * The first process of a pid namespace is special (pid_namespaces(7)): it is not ended by a signal that it does not
 * handle, not even by one that it sends itself, and orphans become its children, which stay zombies until it waits for
 * them. Programs do not expect that, so this is the first, and the agent its child, like any process on a host.
 *
 *   - Signals that the kernel sends it go on to the agent. All are blocked, and a blocked one waits, so that none is
 *     lost; from when on, it tells by calling itself "analemma-init".
 *   - Zombies are taken as they come.
 *   - The agent's end is its end, and so the end of all in the sandbox. It exits with the agent's code. An agent that a
 *     signal ended cannot be told by a code: then this process calls itself "signal N", which the kernel reads in
 *     /proc/PID/comm while its status has not been taken, and exits with 128 + N. Nothing but a process itself can
 *     change that name.
 *   - A program that cannot be run is said in one line and told by 127, when it is not there, or 126.
 *
 * Without a C library, so that it is a few kilobytes and has nothing in common with what the sandbox shows.
 */

#if defined(__x86_64__)
enum {
    sys_write = 1, sys_rt_sigaction = 13, sys_rt_sigprocmask = 14, sys_clone = 56, sys_execve = 59, sys_exit_group = 231,
    sys_wait4 = 61, sys_kill = 62, sys_setsid = 112, sys_rt_sigtimedwait = 128, sys_prctl = 157, sys_close_range = 436,
};

static long call(long number, long a, long b, long c, long d, long e)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return result;
}

__asm__(".globl _start\n_start:\n  xor %ebp, %ebp\n  mov %rsp, %rdi\n  and $-16, %rsp\n  call begin\n");
#elif defined(__aarch64__)
enum {
    sys_write = 64, sys_rt_sigaction = 134, sys_rt_sigprocmask = 135, sys_clone = 220, sys_execve = 221,
    sys_exit_group = 94, sys_wait4 = 260, sys_kill = 129, sys_setsid = 157, sys_rt_sigtimedwait = 137, sys_prctl = 167,
    sys_close_range = 436,
};

static long call(long number, long a, long b, long c, long d, long e)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
    return x0;
}

__asm__(".globl _start\n_start:\n  mov x29, #0\n  mov x0, sp\n  bl begin\n");
#else
#error "no system call numbers for this architecture"
#endif

enum {
    EACCES = 13, ENOENT = 2, ENOTDIR = 20, EINTR = 4,
    SIG_SETMASK = 2, SIGCHLD = 17, SIGNALS_BYTES = 8,
    WNOHANG = 1, PR_SET_NAME = 15,
    NOT_FOUND = 127, NOT_EXECUTABLE = 126,
    PATH_BYTES = 4096,
};

typedef unsigned long signals;

static void leave(int code)
{
    for (;;)
        call(sys_exit_group, code, 0, 0, 0, 0);
}

static long length(const char *text)
{
    long count = 0;
    while (text[count] != 0)
        count++;
    return count;
}

static void say(const char *text)
{
    call(sys_write, 2, (long)text, length(text), 0, 0);
}

/* The value of PATH, or what a shell would take. */
static const char *search_path(char **variables)
{
    for (; *variables != 0; variables++) {
        const char *at = *variables;
        if (at[0] == 'P' && at[1] == 'A' && at[2] == 'T' && at[3] == 'H' && at[4] == '=')
            return at + 5;
    }
    return "/usr/local/bin:/usr/bin:/bin";
}

static int has_slash(const char *text)
{
    while (*text != 0 && *text != '/')
        text++;
    return *text == '/';
}

/* As execvp(3) searches: on past what is not there or may not be run. Returns the errno that says most. */
static long run(char **arguments, char **variables)
{
    const char *program = arguments[0];
    if (has_slash(program))
        return -call(sys_execve, (long)program, (long)arguments, (long)variables, 0, 0);

    long worst = ENOENT;
    const char *folder = search_path(variables);
    for (;;) {
        char path[PATH_BYTES];
        long size = 0;
        while (folder[size] != 0 && folder[size] != ':')
            size++;
        if (size + 1 + length(program) + 1 <= PATH_BYTES) {
            long at = 0;
            for (; at < size; at++)
                path[at] = folder[at];
            if (size > 0)
                path[at++] = '/';
            for (const char *letter = program; *letter != 0; letter++)
                path[at++] = *letter;
            path[at] = 0;
            long failed = -call(sys_execve, (long)path, (long)arguments, (long)variables, 0, 0);
            if (failed != ENOENT && failed != ENOTDIR)
                worst = failed;
        }
        if (folder[size] == 0)
            return worst;
        folder += size + 1;
    }
}

static void become_agent(char **arguments, char **variables, const signals *before)
{
    call(sys_setsid, 0, 0, 0, 0, 0);
    call(sys_rt_sigprocmask, SIG_SETMASK, (long)before, 0, SIGNALS_BYTES, 0);
    long failed = run(arguments, variables);
    int is_absent = failed == ENOENT || failed == ENOTDIR;
    say("analemma: cannot run ");
    say(arguments[0]);
    say(is_absent ? ": it is not there\n" : failed == EACCES ? ": it may not be run\n" : ": it is no program\n");
    leave(is_absent ? NOT_FOUND : NOT_EXECUTABLE);
}

static void end_as(int status)
{
    int number = status & 0x7f;
    if (number == 0)
        leave((status >> 8) & 0xff);

    char name[16] = "signal ";
    int at = 7;
    if (number >= 10)
        name[at++] = (char)('0' + number / 10);
    name[at++] = (char)('0' + number % 10);
    name[at] = 0;
    call(sys_prctl, PR_SET_NAME, (long)name, 0, 0, 0);
    leave(128 + number);
}

static void reap(long agent)
{
    for (;;) {
        int status = 0;
        long pid = call(sys_wait4, -1, (long)&status, WNOHANG, 0, 0);
        if (pid == agent)
            end_as(status);
        if (pid <= 0)
            return;
    }
}

__attribute__((used, noreturn)) void begin(long *stack)
{
    long count = stack[0];
    char **arguments = (char **)(stack + 1);
    char **variables = arguments + count + 1;
    signals all = ~0UL, before = 0;
    /* struct sigaction of the kernel: the default, whatever we were started with. An ignored SIGCHLD leaves no status. */
    unsigned long by_default[4] = {0, 0, 0, 0};

    call(sys_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&before, SIGNALS_BYTES, 0);
    call(sys_prctl, PR_SET_NAME, (long)"analemma-init", 0, 0, 0);
    call(sys_rt_sigaction, SIGCHLD, (long)by_default, 0, SIGNALS_BYTES, 0);
    if (count < 2)
        leave(NOT_EXECUTABLE);

    long agent = call(sys_clone, SIGCHLD, 0, 0, 0, 0);
    if (agent < 0) {
        say("analemma: cannot make the agent's process\n");
        leave(NOT_EXECUTABLE);
    }
    if (agent == 0)
        become_agent(arguments + 1, variables, &before);

    /* Whoever reads what the agent writes shall see its end when the agent closes it. */
    call(sys_close_range, 0, ~0U, 0, 0, 0);
    for (;;) {
        long got = call(sys_rt_sigtimedwait, (long)&all, 0, 0, SIGNALS_BYTES, 0);
        if (got == SIGCHLD)
            reap(agent);
        else if (got > 0)
            call(sys_kill, agent, got, 0, 0, 0);
    }
}
