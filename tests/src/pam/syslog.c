/* What a PAM module says to syslog, in the file $TEST_SYSLOG instead: a line each. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void pam_syslog(const void *pamh, int priority, const char *format, ...)
{
    static const char *const words[] = {"emerg", "alert", "crit", "error", "warning", "notice", "info", "debug"};
    const char *path = getenv("TEST_SYSLOG");
    int fd = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644) : -1;
    va_list args;
    (void)pamh;
    if (fd < 0)
        return;
    dprintf(fd, "%s: ", words[priority & 7]);
    va_start(args, format);
    vdprintf(fd, format, args);
    va_end(args);
    dprintf(fd, "\n");
    close(fd);
}
