/* A host that lives for one login, as sshd's or su's: CONFDIR SERVICE USER PASSWORD. */
#include <stdlib.h>
#include <string.h>

typedef struct pam_handle pam_handle_t;
struct pam_message { int style; const char *text; };
struct pam_response { char *text; int unused; };
struct pam_conv {
    int (*conv)(int, const struct pam_message **, struct pam_response **, void *);
    void *data;
};
extern int pam_start_confdir(const char *, const char *, const struct pam_conv *, const char *, pam_handle_t **);
extern int pam_set_item(pam_handle_t *, int, const void *);
extern int pam_authenticate(pam_handle_t *, int);
extern int pam_acct_mgmt(pam_handle_t *, int);
extern int pam_end(pam_handle_t *, int);

static int answer(int count, const struct pam_message **messages, struct pam_response **responses, void *password) {
    (void)messages;
    *responses = calloc(count, sizeof **responses);
    for (int i = 0; *responses && i < count; i++) (*responses)[i].text = strdup(password);
    return *responses ? 0 : 5;
}

int main(int argc, char **argv) {
    pam_handle_t *pamh;
    if (argc != 5) return 2;
    struct pam_conv conv = {answer, argv[4]};
    if (pam_start_confdir(argv[2], argv[3], &conv, argv[1], &pamh)) return 3;
    pam_set_item(pamh, 4, "192.0.2.7");
    int code = pam_authenticate(pamh, 0);
    if (!code) code = pam_acct_mgmt(pamh, 0);
    pam_end(pamh, code);
    return code;
}
