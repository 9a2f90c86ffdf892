/* A PAM host for musl.sh: USER SERVICE CONFDIR, the password on standard input; prints what libpam says of both phases. */
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int pam_start_confdir(const char *, const char *, const struct pam_conv *, const char *, pam_handle_t **);

static char password[512];

static int answer(int count, const struct pam_message **asked, struct pam_response **given, void *unused)
{
    (void)unused;
    struct pam_response *responses = calloc((size_t)count, sizeof *responses);
    if (!responses)
        return PAM_CONV_ERR;
    for (int i = 0; i < count; i++)
        if (asked[i]->msg_style == PAM_PROMPT_ECHO_OFF)
            responses[i].resp = strdup(password);
    *given = responses;
    return PAM_SUCCESS;
}

int main(int argc, char **argv)
{
    struct pam_conv conv = { answer, NULL };
    pam_handle_t *pam = NULL;
    if (argc != 4 || !fgets(password, sizeof password, stdin))
        return 2;
    password[strcspn(password, "\n")] = 0;
    if (pam_start_confdir(argv[2], argv[1], &conv, argv[3], &pam) != PAM_SUCCESS)
        return 2;
    int authenticated = pam_authenticate(pam, 0);
    int account = pam_acct_mgmt(pam, 0);
    printf("%d %d\n", authenticated, account);
    return pam_end(pam, account) != PAM_SUCCESS;
}
