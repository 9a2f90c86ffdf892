/* Faults on request, for one thread at a time. Every system call of the process is caught by
   seccomp (SECCOMP_RET_TRAP), also those from within the C library (syslog's), and every
   allocation and look at the clock by a function of the same name in the program. While a thread's
   window is open, they fail by its run's mode. x86-64 and glibc. */
#define _GNU_SOURCE
#include "shared.h"
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

/* The one place that calls the kernel without being caught. */
long raw_call(long nr, long a, long b, long c, long d, long e, long f);
extern char raw_call_end[];
asm(".pushsection .text\n.balign 4096\n.globl raw_call\nraw_call:\n"
    "mov %rdi, %rax\nmov %rsi, %rdi\nmov %rdx, %rsi\nmov %rcx, %rdx\n"
    "mov %r8, %r10\nmov %r9, %r8\nmov 8(%rsp), %r9\nsyscall\nret\n"
    ".globl raw_call_end\nraw_call_end:\n.popsection");

char log_socket[108];

static _Thread_local struct {
    int open;
    uint32_t mode, n, alternative, events, memory, injected;
    uint64_t seed;
} window;

static uint32_t calls_met[512], calls_failed[512];
static uint32_t allocations_met, allocations_failed, clock_met, clock_failed;
static long blocks;

#define BUMP(counter) __atomic_fetch_add(&(counter), 1, __ATOMIC_RELAXED)

static uint32_t draw(void)
{
    uint64_t z = window.seed += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return (uint32_t)(z >> 33);
}

void fail_by(const struct run *run, uint32_t stream)
{
    memset(&window, 0, sizeof window);
    window.mode = run->mode;
    window.n = run->n;
    window.alternative = run->alternative;
    window.seed = run->seed * 0x100000001B3ull + stream;
    window.open = 1;
}

void fail_no_more(uint32_t *events, uint32_t *injected)
{
    window.open = 0;
    *events += window.events;
    *injected += window.injected;
}

/* Whether the event that is now shall fail. */
static int fails(int is_memory)
{
    uint32_t event = ++window.events, allocation = window.memory += is_memory;
    switch (window.mode) {
    case NTH: return event == window.n;
    case FROM: return event >= window.n;
    case RANDOM: return draw() % window.n == 0;
    case MEMORY_NTH: return is_memory && allocation == window.n;
    case MEMORY_FROM: return is_memory && allocation >= window.n;
    default: return 0;
    }
}

static uint32_t way(uint32_t ways)
{
    return (window.mode == RANDOM ? draw() : window.alternative) % ways;
}

/* --- allocations --- */

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static int no_memory(void)
{
    if (!window.open)
        return 0;
    BUMP(allocations_met);
    if (!fails(1))
        return 0;
    BUMP(allocations_failed);
    window.injected++;
    errno = ENOMEM;
    return 1;
}

static void *counted(void *block)
{
    if (block)
        BUMP(blocks);
    return block;
}

long live_blocks(void)
{
    return __atomic_load_n(&blocks, __ATOMIC_RELAXED);
}

void *malloc(size_t size)
{
    return no_memory() ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
    return no_memory() ? NULL : counted(__libc_calloc(count, size));
}

void *realloc(void *block, size_t size)
{
    if (size && no_memory())
        return NULL;
    void *moved = __libc_realloc(block, size);
    if (!block)
        counted(moved);
    else if (!size && !moved)
        __atomic_fetch_sub(&blocks, 1, __ATOMIC_RELAXED);
    return moved;
}

int posix_memalign(void **place, size_t alignment, size_t size)
{
    if (no_memory())
        return ENOMEM;
    *place = counted(__libc_memalign(alignment, size));
    return *place ? 0 : ENOMEM;
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return no_memory() ? NULL : counted(__libc_memalign(alignment, size));
}

void free(void *block)
{
    if (block)
        __atomic_fetch_sub(&blocks, 1, __ATOMIC_RELAXED);
    __libc_free(block);
}

/* --- the clock, which needs no system call --- */

int clock_gettime(clockid_t clock, struct timespec *now)
{
    if (window.open) {
        BUMP(clock_met);
        if (fails(0)) {
            BUMP(clock_failed);
            window.injected++;
            uint32_t which = way(4);
            if (which < 2) {
                errno = which ? EPERM : EINVAL;
                return -1;
            }
            int result = (int)raw_call(SYS_clock_gettime, clock, (long)now, 0, 0, 0, 0);
            /* Time has passed: the process was stopped, the machine slept. */
            now->tv_sec += which == 2 ? 1 : 1000000;
            return result;
        }
    }
    return (int)raw_call(SYS_clock_gettime, clock, (long)now, 0, 0, 0, 0);
}

/* --- system calls --- */

enum { BYTE = 1, ZERO = 2, READY = 3 }; /* not errors: one byte only, nothing, ready though it isn't */

static const struct {
    int nr;
    int ways[14];
} TABLE[] = {
    { SYS_socket, { -EMFILE, -ENFILE, -ENOMEM, -ENOBUFS, -EACCES, -EPERM, -EAFNOSUPPORT, -EINTR } },
    { SYS_connect, { -EINTR, -EAGAIN, -ENOENT, -ECONNREFUSED, -EACCES, -EPERM, -ENOMEM, -EPROTOTYPE,
                     -ETIMEDOUT, -EINPROGRESS, -EISCONN, -EBADF } },
    { SYS_getsockopt, { -ENOBUFS, -ENOMEM, -EPERM, -ENOPROTOOPT, -EBADF, -EINTR } },
    { SYS_sendto, { -EINTR, -EAGAIN, -EPIPE, -ECONNRESET, -ENOBUFS, -ENOMEM, -ENOTCONN, -EPERM, -EIO, BYTE, ZERO } },
    { SYS_recvfrom, { -EINTR, -EAGAIN, -ECONNRESET, -ENOMEM, -EIO, -EPERM, -EPIPE, BYTE, ZERO } },
    { SYS_poll, { -EINTR, -ENOMEM, -EINVAL, -EAGAIN, ZERO, READY } },
    { SYS_close, { -EINTR, -EIO, -ENOSPC } },
};
static const int ANY[] = { -EIO, -EINTR, -ENOMEM, -EACCES, -EPERM, -ENOSYS, -EMFILE, -EAGAIN };

static int way_of(int nr)
{
    for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++)
        if (TABLE[i].nr == nr) {
            uint32_t ways = 0;
            while (ways < 14 && TABLE[i].ways[ways])
                ways++;
            return TABLE[i].ways[way(ways)];
        }
    return ANY[way(sizeof ANY / sizeof *ANY)];
}

static int can_be_interrupted(int nr)
{
    return nr == SYS_connect || nr == SYS_sendto || nr == SYS_recvfrom || nr == SYS_poll;
}

static long pass(int nr, long *a)
{
    return raw_call(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static long fail(int nr, long *a, int how)
{
    BUMP(calls_failed[nr & 511]);
    window.injected++;
    if (nr == SYS_close)
        pass(nr, a); /* Linux closes the descriptor whatever it says. */
    if (nr == SYS_sendto && (how == -EPIPE || how == -ECONNRESET))
        raw_call(SYS_shutdown, a[0], SHUT_RDWR, 0, 0, 0, 0); /* The other end has really gone. */
    if (how == BYTE && a[2] > 1)
        a[2] = 1;
    if (how == BYTE)
        return pass(nr, a);
    if (how == READY && a[0]) {
        struct pollfd *poll = (struct pollfd *)a[0];
        poll->revents = poll->events;
        return 1;
    }
    return how == ZERO || how == READY ? 0 : how;
}

static long answer(int nr, long *a)
{
    const struct sockaddr_un *to = (const struct sockaddr_un *)a[1];
    struct sockaddr_un log = { .sun_family = AF_UNIX };
    if (nr == SYS_connect && to->sun_family == AF_UNIX && strcmp(to->sun_path, "/dev/log") == 0) {
        memcpy(log.sun_path, log_socket, sizeof log.sun_path);
        a[1] = (long)&log;
        a[2] = sizeof log;
    }
    if (!window.open)
        return pass(nr, a);
    BUMP(calls_met[nr & 511]);
    if (fails(0))
        return fail(nr, a, way_of(nr));
    if ((window.mode == STORM || window.mode == STORM_SHORT) && can_be_interrupted(nr)
        && draw() % (window.n + 1) < window.n)
        return fail(nr, a, -EINTR);
    if ((window.mode == SHORT || window.mode == STORM_SHORT)
        && (nr == SYS_sendto || nr == SYS_recvfrom))
        return fail(nr, a, BYTE);
    return pass(nr, a);
}

static void on_call(int signal, siginfo_t *info, void *context)
{
    greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
    long a[6] = { r[REG_RDI], r[REG_RSI], r[REG_RDX], r[REG_R10], r[REG_R8], r[REG_R9] };
    int saved = errno;
    (void)signal;
    r[REG_RAX] = answer(info->si_syscall, a);
    errno = saved;
}

/* Those of threads, memory and signals are let through: they come while all signals are blocked. */
static const int LET_THROUGH[] = {
    SYS_rt_sigreturn, SYS_rt_sigprocmask, SYS_rt_sigaction, SYS_sigaltstack, SYS_mmap, SYS_munmap,
    SYS_mprotect, SYS_mremap, SYS_madvise, SYS_brk, SYS_futex, SYS_clone, SYS_clone3, SYS_fork, SYS_vfork,
    SYS_set_robust_list, SYS_set_tid_address, SYS_rseq, SYS_exit, SYS_exit_group, SYS_gettid,
    SYS_getpid, SYS_tgkill, SYS_wait4, SYS_sched_yield, SYS_prlimit64, SYS_seccomp, SYS_prctl,
    SYS_execve, SYS_arch_prctl,
};
enum { THROUGH = sizeof LET_THROUGH / sizeof *LET_THROUGH };

void catch_calls(void)
{
    struct sigaction action = { .sa_sigaction = on_call, .sa_flags = SA_SIGINFO | SA_NODEFER };
    sigaction(SIGSYS, &action, NULL);
    uint64_t from = (uint64_t)raw_call, to = (uint64_t)raw_call_end;
    struct sock_filter filter[THROUGH + 16];
    size_t n = 0;
#define LOAD(what) filter[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, what)
#define IF(what, k, yes, no) filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | what | BPF_K, k, yes, no)
    LOAD(offsetof(struct seccomp_data, instruction_pointer) + 4);
    IF(BPF_JEQ, (uint32_t)(from >> 32), 0, 4);
    LOAD(offsetof(struct seccomp_data, instruction_pointer));
    IF(BPF_JGE, (uint32_t)from, 0, 2);
    IF(BPF_JGT, (uint32_t)to, 1, 0);
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    LOAD(offsetof(struct seccomp_data, nr));
    for (int i = 0; i < THROUGH; i++)
        IF(BPF_JEQ, LET_THROUGH[i], THROUGH - i, 0);
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP);
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = { .len = (unsigned short)n, .filter = filter };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program))
        _exit(77);
}

void count_into(struct left *left)
{
    memcpy(left->calls_met, calls_met, sizeof calls_met);
    memcpy(left->calls_failed, calls_failed, sizeof calls_failed);
    left->allocations_met = allocations_met;
    left->allocations_failed = allocations_failed;
    left->clock_met = clock_met;
    left->clock_failed = clock_failed;
}
