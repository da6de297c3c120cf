/* What every test program shares: counting, and a client in a part of the server of its own. */
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

static int tests_passed, tests_failed, complaints;

/* The error of the last call: tests pass &err, and EXPECT looks at it and frees it. */
static zkcoord_error *err;
static char last_message[512];

static char chroot_path[64];
static char hosts[512];

static inline void complain(const char *file, int line, const char *what) {
    complaints++;
    fprintf(stderr, "%s:%d: %s\n", file, line, what);
}

#define CHECK(condition) ((condition) ? (void)0 : complain(__FILE__, __LINE__, #condition))

static inline void expect(zkcoord_status expected, zkcoord_status status, const char *call, const char *file, int line) {
    char what[1024];
    snprintf(last_message, sizeof last_message, "%s", zkcoord_error_message(err));
    if (status != expected || zkcoord_error_status(err) != expected || (err == NULL) != (expected == ZKCOORD_STATUS_OK)) {
        snprintf(what, sizeof what, "%.400s: %s, not %s (%s)", call, zkcoord_status_name((int32_t)status),
                 zkcoord_status_name((int32_t)expected), last_message);
        complain(file, line, what);
    }
    zkcoord_error_free(err);
    err = NULL;
}

/* The call's last argument is &err. */
#define EXPECT(status, call) expect(ZKCOORD_STATUS_##status, call, #call, __FILE__, __LINE__)
#define OK(call) EXPECT(OK, call)

/* Whether the message of the call that was last expected contains `text`. */
static inline bool said(const char *text) { return strstr(last_message, text) != NULL; }

#define RUN(test) run(test, #test)

static inline void run(void (*test)(void), const char *name) {
    complaints = 0;
    alarm(60); /* a test that hangs fails the program */
    test();
    alarm(0);
    *(complaints ? &tests_failed : &tests_passed) += 1;
    if (complaints) fprintf(stderr, "FAILED %s\n", name);
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
#define EVENTUALLY(condition)                                            \
    do {                                                                 \
        int64_t until_ = now_ms() + 10000;                               \
        while (!(condition) && now_ms() < until_) pause_ms(5);           \
        CHECK(condition);                                                \
    } while (0)

/* A chroot that no other program has. */
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

static inline zkcoord_guard *acquired(zkcoord_mutex *mutex) {
    zkcoord_guard *guard = NULL;
    OK(zkcoord_mutex_acquire(mutex, 10000, &guard, &err));
    return guard;
}

/* The exit code of observer.py, which works on the server past zkcoord. */
static inline int observe(const char *verb, const char *path, const char *data) {
    char command[1024];
    const char *observer = getenv("ZKCOORD_OBSERVER");
    snprintf(command, sizeof command, "%s %s '%s%s' '%s'", observer ? observer : "false", verb, chroot_path, path, data);
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Runs `body` in a child, whose complaints are the test's. */
static inline void in_child(void (*body)(void)) {
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        complaints = 0;
        alarm(30);
        body();
        _exit(complaints > 100 ? 100 : complaints);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

#endif
