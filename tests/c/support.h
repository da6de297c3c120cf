/* Shared by all test programs: counting tests, and connecting below a node of its own for each program. */
#ifndef ZKCOORD_TEST_SUPPORT_H
#define ZKCOORD_TEST_SUPPORT_H

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "zkcoord.h"

static int tests_passed, tests_failed, failed_checks;

/* The error of the last call: tests pass &err, and EXPECT checks and frees it. */
static zkcoord_error *err;
static char last_message[512];

static char chroot_path[64];
static char hosts[512];

static inline void fail_check(const char *file, int line, const char *description) {
    failed_checks++;
    fprintf(stderr, "%s:%d: %s\n", file, line, description);
}

#define CHECK(condition) ((condition) ? (void)0 : fail_check(__FILE__, __LINE__, #condition))

static inline void expect(zkcoord_status expected, zkcoord_status status, const char *call, const char *file,
                          int line) {
    char description[1024];
    snprintf(last_message, sizeof last_message, "%s", zkcoord_error_message(err));
    if (status != expected || zkcoord_error_status(err) != expected ||
        (err == NULL) != (expected == ZKCOORD_STATUS_OK)) {
        snprintf(description, sizeof description, "%.400s: %s, not %s (%s)", call, zkcoord_status_name((int32_t)status),
                 zkcoord_status_name((int32_t)expected), last_message);
        fail_check(file, line, description);
    }
    zkcoord_error_free(err);
    err = NULL;
}

/* Checks the status and the error of a call whose last argument is &err. */
#define EXPECT(status, call) expect(ZKCOORD_STATUS_##status, call, #call, __FILE__, __LINE__)
#define OK(call) EXPECT(OK, call)

/* Returns whether the error message of the latest EXPECT contains `text`. */
static inline bool message_has(const char *text) { return strstr(last_message, text) != NULL; }

#define RUN(test) run(test, #test)

static inline void run(void (*test)(void), const char *name) {
    failed_checks = 0;
    alarm(60); /* a test that hangs fails the program */
    test();
    alarm(0);
    *(failed_checks ? &tests_failed : &tests_passed) += 1;
    if (failed_checks) fprintf(stderr, "FAILED %s\n", name);
}

static inline int finish(void) {
    printf("%d passed, %d failed\n", tests_passed, tests_failed);
    return tests_failed != 0;
}

static inline int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline void pause_ms(int64_t ms) {
    struct timespec pause = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
    nanosleep(&pause, NULL);
}

/* Waits until `condition` holds, for at most 10 s. */
#define EVENTUALLY(condition)                                  \
    do {                                                       \
        int64_t until_ = now_ms() + 10000;                     \
        while (!(condition) && now_ms() < until_) pause_ms(5); \
        CHECK(condition);                                      \
    } while (0)

/* Sets `hosts` to the server with a chroot that no other program has. */
static inline void set_up(const char *program) {
    const char *servers = getenv("ZKCOORD_HOSTS");
    if (servers == NULL) {
        fprintf(stderr, "ZKCOORD_HOSTS is not set; see .ci/c.sh\n");
        exit(2);
    }
    snprintf(chroot_path, sizeof chroot_path, "/c-%.20s-%ld-%" PRId64, program, (long)getpid(), now_ms());
    snprintf(hosts, sizeof hosts, "%.400s%s", servers, chroot_path);
}

static inline zkcoord_client *new_client(void) {
    zkcoord_client *client = NULL;
    OK(zkcoord_client_connect(hosts, NULL, &client, &err));
    return client;
}

static inline zkcoord_mutex *new_mutex(zkcoord_client *client, const char *path) {
    zkcoord_mutex *mutex = NULL;
    OK(zkcoord_mutex_new(client, path, &mutex, &err));
    return mutex;
}

static inline zkcoord_mutex *new_mutex_of(zkcoord_client *client, const char *path, const char *scheme) {
    zkcoord_mutex_options *options = zkcoord_mutex_options_new();
    zkcoord_mutex *mutex = NULL;
    OK(zkcoord_mutex_options_set_scheme(options, scheme, &err));
    OK(zkcoord_mutex_new_with_options(client, path, options, &mutex, &err));
    zkcoord_mutex_options_free(options);
    return mutex;
}

static inline zkcoord_semaphore *new_semaphore(zkcoord_client *client, const char *path, int64_t permits) {
    zkcoord_semaphore *semaphore = NULL;
    OK(zkcoord_semaphore_new(client, path, permits, &semaphore, &err));
    return semaphore;
}

static inline zkcoord_counter *new_counter(zkcoord_client *client, const char *path) {
    zkcoord_counter *counter = NULL;
    OK(zkcoord_counter_new(client, path, &counter, &err));
    return counter;
}

static inline zkcoord_guard *acquire(zkcoord_mutex *mutex) {
    zkcoord_guard *guard = NULL;
    OK(zkcoord_mutex_acquire(mutex, 10000, &guard, &err));
    return guard;
}

/* Runs observer.py, which works on the server without zkcoord, and returns its exit code. */
static inline int observe(const char *verb, const char *path, const char *data) {
    char command[1024];
    const char *observer = getenv("ZKCOORD_OBSERVER");
    snprintf(command, sizeof command, "%s %s '%s%s' '%s'", observer ? observer : "false", verb, chroot_path, path,
             data);
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Runs `body` in a child process, whose failed checks fail the test. */
static inline void in_child(void (*body)(void)) {
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        failed_checks = 0;
        alarm(30);
        body();
        _exit(failed_checks > 100 ? 100 : failed_checks);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

#endif
