/* The module in the stack: has the host call the real one, whose path is the first argument, so
   that faults hit nothing before it and nothing behind it, and its own code is known. */
extern int hooked(int hook, void *pamh, int flags, int argc, const char **argv);

#define HOOK(number, name) \
    int name(void *pamh, int flags, int argc, const char **argv) \
    { return hooked(number, pamh, flags, argc, argv); }

HOOK(0, pam_sm_authenticate)
HOOK(1, pam_sm_acct_mgmt)
HOOK(2, pam_sm_setcred)
HOOK(3, pam_sm_open_session)
HOOK(4, pam_sm_close_session)
HOOK(5, pam_sm_chauthtok)
