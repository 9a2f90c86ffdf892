/* What trying COUNT bcrypt hashes in turn costs (crypt(3), cost 10): nanoseconds on stdout. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

extern char *crypt(const char *, const char *);

int main(int argc, char **argv) {
    const char *hash = "$2b$10$abcdefghijklmnopqrstuu5rhE8xjcfdvrsFKo7VUotU4ZZ7fEC/O";
    int count = argc == 2 ? atoi(argv[1]) : 1, found = 0;
    struct timespec begun, ended;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    for (int i = 0; i < count; i++) {
        const char *made = crypt(i + 1 == count ? "bench-password" : "another", hash);
        found += made && !strcmp(made, hash);
    }
    clock_gettime(CLOCK_MONOTONIC, &ended);
    printf("%lld\n", (ended.tv_sec - begun.tv_sec) * 1000000000LL + ended.tv_nsec - begun.tv_nsec);
    return found == 1 ? 0 : 1;
}
