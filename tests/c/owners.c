/* Owners of locks: a thread acquires again what it holds, and is refused where it would wait for itself. */
#include "support.h"

static zkcoord_client *one, *two;

static zkcoord_reentrant_mutex *new_reentrant(zkcoord_client *client, const char *path) {
    zkcoord_reentrant_mutex *mutex = NULL;
    OK(zkcoord_reentrant_mutex_new(client, path, &mutex, &err));
    return mutex;
}

static zkcoord_guard *acquire_reentrant(zkcoord_reentrant_mutex *mutex) {
    zkcoord_guard *guard = NULL;
    OK(zkcoord_reentrant_mutex_acquire(mutex, 10000, &guard, &err));
    return guard;
}

/* Tries to acquire the lock on another thread, and returns the guard. */
static void *try_acquire_in_thread(void *mutex) {
    zkcoord_guard *guard = NULL;
    zkcoord_reentrant_mutex_try_acquire(mutex, &guard, NULL);
    return guard;
}

static void *free_in_thread(void *guard) {
    zkcoord_guard_free(guard);
    return NULL;
}

static void *on_another_thread(void *(*body)(void *), void *data) {
    pthread_t thread;
    void *result = NULL;
    CHECK(pthread_create(&thread, NULL, body, data) == 0);
    pthread_join(thread, &result);
    return result;
}

static void an_owner_acquires_again_at_once(void) {
    zkcoord_reentrant_mutex *mine = new_reentrant(one, "/again"), *also_mine = new_reentrant(one, "/again");
    zkcoord_reentrant_mutex *theirs = new_reentrant(two, "/again");
    zkcoord_guard *outer = acquire_reentrant(mine), *inner = NULL, *other = NULL;
    OK(zkcoord_reentrant_mutex_acquire(also_mine, 0, &inner, &err));
    CHECK(zkcoord_guard_token(inner) == zkcoord_guard_token(outer));
    CHECK(strcmp(zkcoord_guard_node(inner), zkcoord_guard_node(outer)) == 0);
    CHECK(observe("count", "/again", "") == 1);
    OK(zkcoord_reentrant_mutex_try_acquire(theirs, &other, &err)); /* this thread, but another client */
    CHECK(other == NULL);
    CHECK(on_another_thread(try_acquire_in_thread, mine) == NULL);
    OK(zkcoord_guard_release(outer, 5000, &err));
    CHECK(!zkcoord_guard_is_held(outer) && zkcoord_guard_is_held(inner));
    CHECK(on_another_thread(try_acquire_in_thread, mine) == NULL);
    on_another_thread(free_in_thread, inner); /* the last guard releases the lock, on any thread */
    zkcoord_guard_free(outer);
    outer = acquire_reentrant(theirs);
    zkcoord_guard_free(outer);
    zkcoord_reentrant_mutex_free(theirs);
    zkcoord_reentrant_mutex_free(also_mine);
    zkcoord_reentrant_mutex_free(mine);
}

static void a_reentrant_mutex_writes_kazoos_names(void) {
    zkcoord_mutex_options *options = zkcoord_mutex_options_new();
    zkcoord_reentrant_mutex *mutex = NULL;
    OK(zkcoord_mutex_options_set_scheme(options, "kazoo", &err));
    OK(zkcoord_reentrant_mutex_new_with_options(one, "/again-kazoo", options, &mutex, &err));
    zkcoord_mutex_options_free(options);
    zkcoord_guard *guard = acquire_reentrant(mutex);
    CHECK(strstr(zkcoord_guard_node(guard), "__lock__") != NULL);
    zkcoord_guard_free(guard);
    zkcoord_reentrant_mutex_free(mutex);
}

static void a_reentrant_mutex_is_inspected(void) {
    zkcoord_reentrant_mutex *mutex = new_reentrant(one, "/inspected");
    zkcoord_guard *outer = acquire_reentrant(mutex), *inner = acquire_reentrant(mutex);
    zkcoord_queue *queue = NULL;
    zkcoord_stats *stats = NULL;
    OK(zkcoord_reentrant_mutex_inspect(mutex, 5000, &queue, &err));
    CHECK(zkcoord_queue_count(queue) == 1 && zkcoord_queue_is_holder(queue, 0));
    OK(zkcoord_reentrant_mutex_stats(mutex, &stats, &err));
    CHECK(zkcoord_stats_count(stats) == 2);
    zkcoord_stats_free(stats);
    zkcoord_queue_free(queue);
    zkcoord_guard_free(inner);
    zkcoord_guard_free(outer);
    zkcoord_reentrant_mutex_free(mutex);
}

static void a_thread_that_would_wait_for_itself_is_refused(void) {
    zkcoord_reentrant_mutex *reentrant = new_reentrant(one, "/itself");
    zkcoord_mutex *plain = new_mutex(one, "/itself");
    zkcoord_multi_mutex *multi = NULL;
    OK(zkcoord_multi_mutex_new(one, (const char *const[]){"/itself", "/itself-too"}, 2, &multi, &err));
    zkcoord_guard *held = acquire_reentrant(reentrant), *none = held;
    EXPECT(WOULD_DEADLOCK, zkcoord_mutex_acquire(plain, -1, &none, &err));
    CHECK(none == NULL && message_has("/itself") && message_has("reentrant"));
    EXPECT(WOULD_DEADLOCK, zkcoord_multi_mutex_acquire(multi, -1, &none, &err));
    OK(zkcoord_mutex_try_acquire(plain, &none, &err));
    CHECK(none == NULL);
    OK(zkcoord_multi_mutex_try_acquire(multi, &none, &err));
    CHECK(none == NULL && zkcoord_guard_is_held(held));
    zkcoord_guard_free(held);
    held = acquire(plain); /* a mutex has no owner, so the thread waits */
    EXPECT(TIMEOUT, zkcoord_reentrant_mutex_acquire(reentrant, 200, &none, &err));
    EXPECT(TIMEOUT, zkcoord_mutex_acquire(plain, 200, &none, &err));
    zkcoord_guard_free(held);
    zkcoord_multi_mutex_free(multi);
    zkcoord_mutex_free(plain);
    zkcoord_reentrant_mutex_free(reentrant);
}

static zkcoord_mutex *side(zkcoord_status (*of)(const zkcoord_rw_lock *, zkcoord_mutex **, zkcoord_error **),
                           zkcoord_rw_lock *lock) {
    zkcoord_mutex *mutex = NULL;
    OK(of(lock, &mutex, &err));
    return mutex;
}

static void a_writer_can_downgrade_to_reading(void) {
    zkcoord_rw_lock *mine = NULL, *theirs = NULL;
    OK(zkcoord_rw_lock_new(one, "/over", &mine, &err));
    OK(zkcoord_rw_lock_new(two, "/over", &theirs, &err));
    zkcoord_mutex *read = side(zkcoord_rw_lock_read, mine), *write = side(zkcoord_rw_lock_write, mine);
    zkcoord_mutex *their_read = side(zkcoord_rw_lock_read, theirs), *their_write = side(zkcoord_rw_lock_write, theirs);
    zkcoord_guard *writing = acquire(write), *again = acquire(write), *reading = NULL, *none = writing;
    CHECK(zkcoord_guard_token(again) == zkcoord_guard_token(writing));
    zkcoord_guard_free(again);
    OK(zkcoord_mutex_acquire(read, 0, &reading, &err));
    CHECK(zkcoord_guard_token(reading) == zkcoord_guard_token(writing));
    OK(zkcoord_guard_release(writing, 5000, &err));
    CHECK(zkcoord_guard_is_held(reading));
    EXPECT(WOULD_DEADLOCK, zkcoord_mutex_acquire(write, -1, &none, &err)); /* there is no way back */
    CHECK(none == NULL && message_has("/over"));
    OK(zkcoord_mutex_try_acquire(their_write, &none, &err));
    CHECK(none == NULL);
    zkcoord_guard *reading_too = acquire(their_read);
    zkcoord_guard_free(reading_too);
    zkcoord_guard_free(reading);
    zkcoord_guard_free(writing);
    writing = acquire(their_write);
    zkcoord_guard_free(writing);
    zkcoord_mutex_free(read);
    zkcoord_mutex_free(write);
    zkcoord_mutex_free(their_read);
    zkcoord_mutex_free(their_write);
    zkcoord_rw_lock_free(theirs);
    zkcoord_rw_lock_free(mine);
}

enum { ROUNDS = 100 };

/* A thread that acquires the lock repeatedly, and its tokens. */
typedef struct {
    zkcoord_mutex *mutex;
    uint64_t tokens[ROUNDS];
} worker;

static void *acquire_repeatedly(void *data) {
    worker *self = data;
    for (int i = 0; i < ROUNDS; i++) {
        zkcoord_guard *guard = NULL;
        zkcoord_mutex_acquire(self->mutex, 30000, &guard, NULL);
        self->tokens[i] = zkcoord_guard_token(guard);
        zkcoord_guard_free(guard);
    }
    return NULL;
}

/* Returns how often two threads of one client got the same token. */
static int shared_tokens(int64_t handoff) {
    static worker workers[2];
    zkcoord_mutex_options *options = zkcoord_mutex_options_new();
    zkcoord_mutex *mutex = NULL;
    pthread_t thread;
    OK(zkcoord_mutex_options_set_handoff(options, handoff, &err));
    OK(zkcoord_mutex_new_with_options(one, "/handed", options, &mutex, &err));
    zkcoord_mutex_options_free(options);
    workers[0].mutex = workers[1].mutex = mutex;
    CHECK(pthread_create(&thread, NULL, acquire_repeatedly, &workers[0]) == 0);
    acquire_repeatedly(&workers[1]);
    pthread_join(thread, NULL);
    zkcoord_mutex_free(mutex);
    int shared = 0;
    for (int i = 0; i < ROUNDS; i++) {
        CHECK(workers[0].tokens[i] > 0 && workers[1].tokens[i] > 0);
        for (int j = 0; j < ROUNDS; j++) shared += workers[0].tokens[i] == workers[1].tokens[j];
    }
    return shared;
}

static void a_mutex_is_handed_over_only_if_allowed(void) {
    CHECK(shared_tokens(0) == 0);
    CHECK(shared_tokens(10) > 0);
}

int main(void) {
    set_up("owners");
    one = new_client();
    two = new_client();
    RUN(an_owner_acquires_again_at_once);
    RUN(a_reentrant_mutex_writes_kazoos_names);
    RUN(a_reentrant_mutex_is_inspected);
    RUN(a_thread_that_would_wait_for_itself_is_refused);
    RUN(a_writer_can_downgrade_to_reading);
    RUN(a_mutex_is_handed_over_only_if_allowed);
    zkcoord_client_free(two);
    zkcoord_client_free(one);
    return finish();
}
