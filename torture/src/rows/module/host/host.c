/* A PAM host: goes through a plan of runs, each a PAM transaction, and writes what came of it.
   host PLAN CONFDIR MODULE LOG_SOCKET [closed]; exit status 77: no seccomp here. */
#define _GNU_SOURCE
#include "shared.h"
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

struct message { int style; const char *text; };
struct response { char *text; int unused; };
struct conversation {
    int (*converse)(int, const struct message **, struct response **, void *);
    void *data;
};
extern int pam_start_confdir(const char *, const char *, const struct conversation *, const char *, void **);
extern int pam_end(void *, int);
extern int pam_set_item(void *, int, const void *);
extern int pam_authenticate(void *, int);
extern int pam_acct_mgmt(void *, int);
extern int pam_setcred(void *, int);
extern int pam_open_session(void *, int);
extern int pam_close_session(void *, int);
extern int pam_chauthtok(void *, int);
enum { ITEM_USER = 2, ITEM_RHOST = 4, CONV_ERR = 19, BUF_ERR = 5, PERM_DENIED = 6 };
enum { NOT_CALLED = -1 };

static const char *confdir, *module_path;
static struct plan *plan;
static struct run *runs;

/* --- what the module in the stack calls --- */

static const char *const HOOKS[] = { "pam_sm_authenticate", "pam_sm_acct_mgmt", "pam_sm_setcred",
                                     "pam_sm_open_session", "pam_sm_close_session", "pam_sm_chauthtok" };
static int (*hooks[6])(void *, int, int, const char **);
static _Thread_local struct run *now;
static _Thread_local int last_code, is_wide;
static _Thread_local uint32_t stream;

static void load_module(void)
{
    void *module = dlopen(module_path, RTLD_NOW);
    for (int i = 0; i < 6; i++)
        if (!module || !(*(void **)&hooks[i] = dlsym(module, HOOKS[i])))
            _exit(3);
}

int hooked(int hook, void *pamh, int flags, int argc, const char **argv)
{
    uint32_t *events = &now->events, *injected = &now->injected;
    if (!is_wide)
        fail_by(now, stream++);
    last_code = hooks[hook](pamh, flags, argc, argv);
    if (!is_wide)
        fail_no_more(events, injected);
    return last_code;
}

/* --- the application --- */

static int converse(int count, const struct message **messages, struct response **responses, void *data)
{
    const struct run *run = data;
    struct response *all = calloc(count, sizeof *all);
    (void)messages;
    if (!all)
        return BUF_ERR;
    if (run->answer == 2) {
        free(all);
        return CONV_ERR;
    }
    if (run->answer == 0 && !(all[0].text = strdup(run->password))) {
        free(all);
        return BUF_ERR;
    }
    *responses = all;
    return 0;
}

static int lowest_descriptor(void)
{
    int fd = open("/", O_PATH | O_CLOEXEC);
    close(fd);
    return fd;
}

static void log_in(struct run *run, void *pamh, int32_t *module_auth, int32_t *pam_auth, int32_t *module_account,
                   int32_t *pam_account)
{
    last_code = NOT_CALLED;
    *pam_auth = pam_authenticate(pamh, 0);
    *module_auth = last_code;
    last_code = NOT_CALLED;
    *pam_account = pam_acct_mgmt(pamh, 0);
    *module_account = last_code;
    if (!(run->flags & ALL_HOOKS))
        return;
    int (*const calls[])(void *, int) = { pam_setcred, pam_open_session, pam_close_session, pam_chauthtok };
    for (int i = 0; i < 4; i++) {
        last_code = NOT_CALLED;
        calls[i](pamh, 0);
        if (last_code != NOT_CALLED && last_code != (i == 3 ? PERM_DENIED : 0))
            run->odd_hook = 1 + i;
    }
}

static void in_child(struct run *run, void *pamh)
{
    char user[32];
    pid_t child = fork();
    if (child == 0) {
        /* Its own counters would be lost: what is counted is in the run. */
        uint32_t injected = run->injected;
        int32_t ignored;
        snprintf(user, sizeof user, "child%u", run->number);
        pam_set_item(pamh, ITEM_USER, user);
        stream = 100;
        log_in(run, pamh, &run->child_module_auth, &run->child_pam_auth, &run->child_module_account, &ignored);
        run->child_injected = run->injected - injected;
        run->child_ended = 1;
        pam_end(pamh, 0);
        _exit(0);
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        run->child_ended = 2;
}

static void transact(struct run *run)
{
    char user[32], service[8];
    struct conversation conversation = { converse, run };
    void *pamh = NULL;
    now = run;
    stream = 0;
    is_wide = run->flags & WIDE;
    snprintf(user, sizeof user, "user%u", run->number);
    snprintf(service, sizeof service, "s%u", run->service);
    run->state = 1;
    run->module_auth = run->pam_auth = run->module_account = run->pam_account = run->first_auth = NOT_CALLED;
    int code = pam_start_confdir(service, user, &conversation, confdir, &pamh);
    if (code == 0 && pam_set_item(pamh, ITEM_RHOST, "192.0.2.7") != 0)
        pam_end(pamh, 0);
    else if (code == 0) {
        if (run->flags & FORK)
            in_child(run, pamh);
        /* Not in pam_start: glibc's dlopen leaves modules half loaded when memory ends, and the next
           dlsym crashes (seen with pam_deny.so). */
        if (is_wide)
            fail_by(run, 0);
        if (run->flags & TWICE) {
            last_code = NOT_CALLED;
            pam_authenticate(pamh, 0);
            run->first_auth = last_code;
        }
        log_in(run, pamh, &run->module_auth, &run->pam_auth, &run->module_account, &run->pam_account);
        if (is_wide)
            fail_no_more(&run->events, &run->injected);
        pam_end(pamh, run->pam_auth);
    }
    run->state = 2;
}

/* --- threads --- */

static pthread_barrier_t together;

static void *work(void *number)
{
    pthread_barrier_wait(&together);
    pthread_barrier_wait(&together);
    for (uint32_t i = (uint32_t)(uintptr_t)number; i < plan->runs; i += plan->threads)
        transact(&runs[i]);
    pthread_barrier_wait(&together);
    pthread_barrier_wait(&together);
    return NULL;
}

static void alone(void)
{
    for (uint32_t i = 0; i < plan->runs; i++) {
        long blocks = live_blocks();
        int lowest = lowest_descriptor();
        transact(&runs[i]);
        closelog(); /* libc's own descriptor */
        runs[i].descriptors = lowest_descriptor() - lowest;
        runs[i].blocks = (int32_t)(live_blocks() - blocks);
    }
}

static void warm_up(void)
{
    for (uint32_t i = 0; i < 24; i++) {
        struct run run = { .number = UINT32_MAX, .service = i % 4, .flags = ALL_HOOKS, .password = "warming up, u" };
        transact(&run);
    }
    closelog();
}

/* --- what is left --- */

static int32_t entries(const char *path)
{
    int32_t count = 0;
    DIR *directory = opendir(path);
    while (directory && readdir(directory))
        count++;
    closedir(directory);
    return count;
}

/* Mappings of files: the heap and the stacks may come and go. */
static int32_t file_maps(void)
{
    int32_t count = 0;
    char line[4096];
    FILE *maps = fopen("/proc/self/maps", "re");
    while (maps && fgets(line, sizeof line, maps))
        count += strchr(line, '/') != NULL;
    if (maps)
        fclose(maps);
    return count;
}

static void measure(struct left *left, int32_t sign)
{
    left->descriptors += sign * entries("/proc/self/fd");
    left->threads += sign * entries("/proc/self/task");
    left->maps += sign * file_maps();
    left->blocks += sign * (int32_t)live_blocks();
}

int main(int argc, char **argv)
{
    if (argc < 5)
        return 2;
    struct stat stat;
    int fd = open(argv[1], O_RDWR | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &stat))
        return 2;
    plan = mmap(NULL, stat.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    runs = (struct run *)(plan + 1);
    confdir = argv[2];
    module_path = argv[3];
    strncpy(log_socket, argv[4], sizeof log_socket - 1);
    load_module();
    signal(SIGPIPE, SIG_DFL);
    alarm(300); /* Whatever hangs is ended, and told. */
    if (argc > 5)
        for (fd = 0; fd < 3; fd++)
            close(fd);
    pthread_t threads[256];
    pthread_barrier_init(&together, NULL, plan->threads + 1);
    if (plan->threads == 1) {
        catch_calls();
        warm_up();
        measure(&plan->left, -1);
        alone();
    } else {
        pthread_attr_t small;
        pthread_attr_init(&small);
        pthread_attr_setstacksize(&small, 256 * 1024); /* as hosts with many threads have */
        for (uint32_t i = 0; i < plan->threads; i++)
            pthread_create(&threads[i], &small, work, (void *)(uintptr_t)i);
        pthread_barrier_wait(&together);
        catch_calls();
        warm_up();
        measure(&plan->left, -1);
        pthread_barrier_wait(&together);
        pthread_barrier_wait(&together);
        closelog();
    }
    /* While the threads are there, for the C library keeps some of their memory. */
    measure(&plan->left, 1);
    if (plan->threads > 1) {
        pthread_barrier_wait(&together);
        for (uint32_t i = 0; i < plan->threads; i++)
            pthread_join(threads[i], NULL);
    }
    count_into(&plan->left);
    return 0;
}
