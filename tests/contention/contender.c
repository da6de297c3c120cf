/* A contender in C. README.md describes it. */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "zkcoord.h"

/* Appends a line by a single write. */
static bool append(int log, const char *event, uint64_t token) {
    char line[128];
    int length = snprintf(line, sizeof line, "%s c %ld %" PRIu64 "\n", event, (long)getpid(), token);
    return write(log, line, (size_t)length) == length;
}

/* Returns whether the standard input has ended. Nothing is written to it, so it becomes readable only at its end. */
static bool input_has_ended(void) {
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    return poll(&input, 1, 0) != 0;
}

int main(int argc, char **argv) {
    const struct timespec work = {.tv_nsec = 5 * 1000 * 1000};
    zkcoord_options *options = zkcoord_options_new();
    zkcoord_client *client = NULL;
    zkcoord_mutex *mutex = NULL;
    zkcoord_guard *guard = NULL;
    zkcoord_error *error = NULL;
    int outcome = 1, log = -1;

    if (argc != 3 || (log = open(argv[2], O_WRONLY | O_APPEND)) < 0) goto done;
    if (zkcoord_options_set_session_timeout(options, 2000, &error)) goto done;
    if (zkcoord_client_connect(argv[1], options, &client, &error)) goto done;
    if (zkcoord_mutex_new(client, "/contention", &mutex, &error)) goto done;
    puts("ready");
    fflush(stdout);
    while (!input_has_ended()) {
        if (zkcoord_mutex_acquire(mutex, 60000, &guard, &error)) goto done;
        uint64_t token = zkcoord_guard_token(guard);
        if (!append(log, "begin", token)) goto done;
        nanosleep(&work, NULL);
        if (!append(log, zkcoord_guard_is_held(guard) ? "end" : "lost", token)) goto done;
        if (zkcoord_guard_release(guard, -1, &error)) goto done;
        zkcoord_guard_free(guard);
        guard = NULL;
    }
    if (zkcoord_client_close(client, -1, &error)) goto done;
    outcome = 0;
done:
    if (error) fprintf(stderr, "%s\n", zkcoord_error_message(error));
    zkcoord_error_free(error);
    zkcoord_guard_free(guard);
    zkcoord_mutex_free(mutex);
    zkcoord_client_free(client);
    zkcoord_options_free(options);
    return outcome;
}
