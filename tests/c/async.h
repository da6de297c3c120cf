/* What tests of asynchronous calls share: completion functions that write down what they get. */
#ifndef ZKCOORD_TEST_ASYNC_H
#define ZKCOORD_TEST_ASYNC_H

#include <stdatomic.h>

#include "support.h"

/* What came of one asynchronous call. */
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
    void (*then)(record *); /* called in the callback, at last */
};

static inline void note(record *seen, zkcoord_status status, const zkcoord_error *error) {
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
    note(user_data, status, error);
}

static inline void on_int64(zkcoord_status status, int64_t value, const zkcoord_error *error, void *user_data) {
    record *seen = user_data;
    seen->value = value;
    note(seen, status, error);
}

static inline void on_bool(zkcoord_status status, bool value, const zkcoord_error *error, void *user_data) {
    record *seen = user_data;
    seen->flag = value;
    note(seen, status, error);
}

static inline void on_versioned(zkcoord_status status, int64_t value, int32_t version, const zkcoord_error *error,
                                void *user_data) {
    record *seen = user_data;
    seen->value = value, seen->version = version;
    note(seen, status, error);
}

#define ON_OBJECT(name, type)                                                                          \
    static inline void name(zkcoord_status status, type *got, const zkcoord_error *error, void *user_data) { \
        record *seen = user_data;                                                                      \
        seen->object = got;                                                                            \
        note(seen, status, error);                                                                     \
    }
ON_OBJECT(on_guard, zkcoord_guard)
ON_OBJECT(on_queue, zkcoord_queue)
ON_OBJECT(on_client, zkcoord_client)
ON_OBJECT(on_turn, zkcoord_load_turn)

static inline void destroy(void *user_data) {
    record *seen = user_data;
    seen->destroyed++;
}

/* The arguments behind those of the waiting twin. */
#define TELL(function, seen) function, &(seen), destroy, &(seen).op, &err

/* Starts a call, waits for its end and checks that it has ended once, with this status. */
#define COMES(status, call, seen)                                                   \
    do {                                                                            \
        OK(call);                                                                   \
        came(ZKCOORD_STATUS_##status, &(seen), #call, __FILE__, __LINE__);          \
    } while (0)

/* Waits for the end of a call that was started. */
static inline void came(zkcoord_status expected, record *seen, const char *call, const char *file, int line) {
    char what[1024];
    zkcoord_status waited = zkcoord_op_wait(seen->op, 10000, NULL);
    zkcoord_op_free(seen->op);
    seen->op = NULL;
    bool error_as_status = seen->has_error == (expected != ZKCOORD_STATUS_OK) && seen->same_status;
    if (waited || seen->status != expected || !error_as_status || seen->done != 1 || seen->destroyed != 1 ||
        seen->done_after_destroy || pthread_equal(seen->thread, pthread_self())) {
        snprintf(what, sizeof what, "%.300s: waited %s, came %s (%s), done %d, destroyed %d", call,
                 zkcoord_status_name((int32_t)waited), zkcoord_status_name((int32_t)seen->status), seen->message, seen->done,
                 seen->destroyed);
        complain(file, line, what);
    }
}

/* As COMES, for a call that has been started. */
#define CAME(status, seen) came(ZKCOORD_STATUS_##status, &(seen), #seen, __FILE__, __LINE__)

#endif
