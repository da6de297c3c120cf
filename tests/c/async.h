/* Shared by the tests of asynchronous calls: completion functions that record their arguments. */
#ifndef ZKCOORD_TEST_ASYNC_H
#define ZKCOORD_TEST_ASYNC_H

#include <stdatomic.h>

#include "support.h"

/* The outcome of an asynchronous call, and the calls of its callbacks. */
typedef struct record record;
struct record {
    atomic_int done, destroyed;
    int done_after_destroy;
    pthread_t thread;
    zkcoord_status status;
    bool has_error, same_status;
    char message[256];
    int64_t value;
    int32_t version;
    bool flag;
    void *object;
    zkcoord_op *op;
    void (*then)(record *); /* called at the end of the callback */
};

static inline void record_call(record *seen, zkcoord_status status, const zkcoord_error *error) {
    seen->thread = pthread_self();
    seen->status = status;
    seen->has_error = error != NULL;
    seen->same_status = zkcoord_error_status(error) == status;
    snprintf(seen->message, sizeof seen->message, "%s", zkcoord_error_message(error));
    if (seen->destroyed) seen->done_after_destroy++;
    if (seen->then) seen->then(seen);
    seen->done++;
}

static inline void on_done(zkcoord_status status, const zkcoord_error *error, void *user_data) {
    record_call(user_data, status, error);
}

static inline void on_int64(zkcoord_status status, int64_t value, const zkcoord_error *error, void *user_data) {
    record *seen = user_data;
    seen->value = value;
    record_call(seen, status, error);
}

static inline void on_bool(zkcoord_status status, bool value, const zkcoord_error *error, void *user_data) {
    record *seen = user_data;
    seen->flag = value;
    record_call(seen, status, error);
}

static inline void on_versioned(zkcoord_status status, int64_t value, int32_t version, const zkcoord_error *error,
                                void *user_data) {
    record *seen = user_data;
    seen->value = value, seen->version = version;
    record_call(seen, status, error);
}

#define DEFINE_ON_OBJECT(name, type)                                                                         \
    static inline void name(zkcoord_status status, type *got, const zkcoord_error *error, void *user_data) { \
        record *seen = user_data;                                                                            \
        seen->object = got;                                                                                  \
        record_call(seen, status, error);                                                                    \
    }
DEFINE_ON_OBJECT(on_guard, zkcoord_guard)
DEFINE_ON_OBJECT(on_queue, zkcoord_queue)
DEFINE_ON_OBJECT(on_client, zkcoord_client)
DEFINE_ON_OBJECT(on_turn, zkcoord_load_turn)

static inline void destroy(void *user_data) {
    record *seen = user_data;
    seen->destroyed++;
}

/* The arguments that an asynchronous call takes after those of the waiting one. */
#define CALLBACK(function, seen) function, &(seen), destroy, &(seen).op, &err

/* Starts a call, waits for its end and checks that it has completed once, with this status. */
#define COMPLETES(status, call, seen)                                                 \
    do {                                                                              \
        OK(call);                                                                     \
        check_completed(ZKCOORD_STATUS_##status, &(seen), #call, __FILE__, __LINE__); \
    } while (0)

/* Waits for the end of a started call, and checks that it has completed once, with the expected status. */
static inline void check_completed(zkcoord_status expected, record *seen, const char *call, const char *file,
                                   int line) {
    char description[1024];
    zkcoord_status waited = zkcoord_op_wait(seen->op, 10000, NULL);
    zkcoord_op_free(seen->op);
    seen->op = NULL;
    bool error_as_status = seen->has_error == (expected != ZKCOORD_STATUS_OK) && seen->same_status;
    if (waited || seen->status != expected || !error_as_status || seen->done != 1 || seen->destroyed != 1 ||
        seen->done_after_destroy || pthread_equal(seen->thread, pthread_self())) {
        snprintf(description, sizeof description,
                 "%.300s: wait returned %s, done got %s (%s), done %d times, destroyed %d times", call,
                 zkcoord_status_name((int32_t)waited), zkcoord_status_name((int32_t)seen->status), seen->message,
                 seen->done, seen->destroyed);
        fail_check(file, line, description);
    }
}

/* Does the same as COMPLETES for a call that has been started. */
#define COMPLETED(status, seen) check_completed(ZKCOORD_STATUS_##status, &(seen), #seen, __FILE__, __LINE__)

#endif
