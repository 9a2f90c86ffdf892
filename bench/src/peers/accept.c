/* The other end of the floor: an accept loop that answers everybody at once. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    if (argc != 2 || strlen(argv[1]) >= sizeof at.sun_path) return 2;
    strcpy(at.sun_path, argv[1]);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 1024)) {
        perror("accept");
        return 1;
    }
    for (;;) {
        char frame[64];
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) continue;
        if (recv(fd, frame, sizeof frame, MSG_WAITALL) == sizeof frame) send(fd, "AAAAAAAA", 8, MSG_NOSIGNAL);
        close(fd);
    }
}
