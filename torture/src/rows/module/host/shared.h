/* What the row, the host program and the faults in it share. The row's side is plan.rs. */
#include <stdint.h>

/* How calls fail while a window is open. */
enum mode {
    NO_FAULT,
    NTH,         /* the n-th event fails */
    FROM,        /* all events from the n-th on fail */
    RANDOM,      /* one of n fails */
    MEMORY_NTH,  /* the n-th allocation fails */
    MEMORY_FROM, /* all allocations from the n-th on fail */
    STORM,       /* of n + 1 times a call that can be interrupted is made it is interrupted n times */
    SHORT,       /* a byte at a time */
    STORM_SHORT,
};

enum flag { TWICE = 1, ALL_HOOKS = 2, FORK = 4, WIDE = 8 };

/* A run: what is to be done, and what came of it. 256 bytes. */
struct run {
    uint32_t number, mode, n, alternative, seed, service, answer, flags;
    char password[64];
    /* From here on written by the host. */
    uint32_t state;           /* 1 begun, 2 ended */
    int32_t module_auth, pam_auth, module_account, pam_account;
    int32_t first_auth;       /* the module's code of the authentication before, if TWICE */
    uint32_t events, injected;
    int32_t blocks;           /* allocations not freed */
    int32_t descriptors;      /* descriptors not closed */
    int32_t odd_hook;         /* 1 + number of a hook with an unexpected code */
    int32_t child_module_auth, child_pam_auth, child_module_account;
    uint32_t child_ended, child_injected;
    char rest[96];
};

/* What is left in the process when all runs are done, less what there was before them. */
struct left {
    int32_t descriptors, threads, maps, blocks;
    uint32_t calls_met[512], calls_failed[512];
    uint32_t allocations_met, allocations_failed, clock_met, clock_failed;
};

struct plan {
    uint32_t runs, threads;
    struct left left;
};

/* faults.c */
extern char log_socket[108];
void fail_by(const struct run *run, uint32_t stream);
void fail_no_more(uint32_t *events, uint32_t *injected);
void catch_calls(void);
void count_into(struct left *left);
long live_blocks(void);

/* host.c, called by the module in the stack (wrap.c) */
int hooked(int hook, void *pamh, int flags, int argc, const char **argv);
