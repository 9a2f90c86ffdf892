/* The floor: a PAM module that does one round trip over a Unix socket and nothing else. It keeps
 * to what any such module has to do: read the password from libpam, connect, send, receive. */
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

typedef struct pam_handle pam_handle_t;
extern int pam_get_authtok(pam_handle_t *, int, const char **, const char *);
extern int pam_get_user(pam_handle_t *, const char **, const char *);

enum { PAM_SUCCESS = 0, PAM_AUTH_ERR = 7, PAM_AUTHINFO_UNAVAIL = 9, PAM_AUTHTOK = 6 };

int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv) {
    (void)flags;
    const char *user, *token;
    char frame[512] = {0}, reply[8];
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (argc < 1 || strlen(argv[0]) >= sizeof to.sun_path) return PAM_AUTHINFO_UNAVAIL;
    if (pam_get_user(pamh, &user, NULL) || pam_get_authtok(pamh, PAM_AUTHTOK, &token, NULL)) return PAM_AUTH_ERR;
    strncpy(frame, user, 200);
    strncpy(frame + 200, token, 200);
    strcpy(to.sun_path, argv[0]);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), code = PAM_AUTHINFO_UNAVAIL;
    if (fd < 0) return code;
    if (!connect(fd, (struct sockaddr *)&to, offsetof(struct sockaddr_un, sun_path) + strlen(argv[0]) + 1)
        && send(fd, frame, 64, MSG_NOSIGNAL) == 64 && recv(fd, reply, sizeof reply, MSG_WAITALL) == sizeof reply)
        code = reply[0] == 'A' ? PAM_SUCCESS : PAM_AUTH_ERR;
    close(fd);
    return code;
}

int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv) {
    (void)pamh, (void)flags, (void)argc, (void)argv;
    return PAM_SUCCESS;
}

int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv) {
    return pam_sm_setcred(pamh, flags, argc, argv);
}
