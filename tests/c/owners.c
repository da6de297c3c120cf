/* Whose a lock is: what a thread gets again that holds it already, and where it would wait for itself. */
#include "support.h"

static zkcoord_client *one, *two;

static zkcoord_reentrant_mutex *new_reentrant(zkcoord_client *client, const char *path) {
    zkcoord_reentrant_mutex *mutex = NULL;
    OK(zkcoord_reentrant_mutex_new(client, path, &mutex, &err));
    return mutex;
}

static zkcoord_guard *entered(zkcoord_reentrant_mutex *mutex) {
    zkcoord_guard *guard = NULL;
    OK(zkcoord_reentrant_mutex_acquire(mutex, 10000, &guard, &err));
    return guard;
}

/* What another thread gets of the lock. */
static void *try_it(void *mutex) {
    zkcoord_guard *guard = NULL;
    zkcoord_reentrant_mutex_try_acquire(mutex, &guard, NULL);
    return guard;
}

static void *free_it(void *guard) {
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

static void its_owner_gets_it_again(void) {
    zkcoord_reentrant_mutex *mine = new_reentrant(one, "/again"), *also_mine = new_reentrant(one, "/again");
    zkcoord_reentrant_mutex *theirs = new_reentrant(two, "/again");
    zkcoord_guard *outer = entered(mine), *inner = NULL, *other = NULL;
    OK(zkcoord_reentrant_mutex_acquire(also_mine, 0, &inner, &err));
    CHECK(zkcoord_guard_token(inner) == zkcoord_guard_token(outer));
    CHECK(strcmp(zkcoord_guard_node(inner), zkcoord_guard_node(outer)) == 0);
    CHECK(observe("count", "/again", "") == 1);
    OK(zkcoord_reentrant_mutex_try_acquire(theirs, &other, &err)); /* this thread, but another client */
    CHECK(other == NULL);
    CHECK(on_another_thread(try_it, mine) == NULL);
    OK(zkcoord_guard_release(outer, 5000, &err));
    CHECK(!zkcoord_guard_is_held(outer) && zkcoord_guard_is_held(inner));
    CHECK(on_another_thread(try_it, mine) == NULL);
    on_another_thread(free_it, inner); /* the last one gives it back, wherever that is done */
    zkcoord_guard_free(outer);
    outer = entered(theirs);
    zkcoord_guard_free(outer);
    zkcoord_reentrant_mutex_free(theirs);
    zkcoord_reentrant_mutex_free(also_mine);
    zkcoord_reentrant_mutex_free(mine);
}

static void a_reentrant_mutex_may_be_kazoos(void) {
    zkcoord_mutex_options *options = zkcoord_mutex_options_new();
    zkcoord_reentrant_mutex *mutex = NULL;
    OK(zkcoord_mutex_options_set_scheme(options, "kazoo", &err));
    OK(zkcoord_reentrant_mutex_new_with_options(one, "/again-kazoo", options, &mutex, &err));
    zkcoord_mutex_options_free(options);
    zkcoord_guard *guard = entered(mutex);
    CHECK(strstr(zkcoord_guard_node(guard), "__lock__") != NULL);
    zkcoord_guard_free(guard);
    zkcoord_reentrant_mutex_free(mutex);
}

static void a_reentrant_mutex_can_be_looked_at(void) {
    zkcoord_reentrant_mutex *mutex = new_reentrant(one, "/looked-at");
    zkcoord_guard *outer = entered(mutex), *inner = entered(mutex);
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

static void who_would_wait_for_himself_is_told(void) {
    zkcoord_reentrant_mutex *reentrant = new_reentrant(one, "/himself");
    zkcoord_mutex *plain = new_mutex(one, "/himself");
    zkcoord_multi_mutex *multi = NULL;
    OK(zkcoord_multi_mutex_new(one, (const char *const[]){"/himself", "/himself-too"}, 2, &multi, &err));
    zkcoord_guard *held = entered(reentrant), *none = held;
    EXPECT(WOULD_DEADLOCK, zkcoord_mutex_acquire(plain, -1, &none, &err));
    CHECK(none == NULL && said("/himself") && said("reentrant"));
    EXPECT(WOULD_DEADLOCK, zkcoord_multi_mutex_acquire(multi, -1, &none, &err));
    OK(zkcoord_mutex_try_acquire(plain, &none, &err));
    CHECK(none == NULL);
    OK(zkcoord_multi_mutex_try_acquire(multi, &none, &err));
    CHECK(none == NULL && zkcoord_guard_is_held(held));
    zkcoord_guard_free(held);
    held = acquired(plain); /* nobody's: it is waited for */
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

static void who_writes_may_go_over_to_reading(void) {
    zkcoord_rw_lock *mine = NULL, *theirs = NULL;
    OK(zkcoord_rw_lock_new(one, "/over", &mine, &err));
    OK(zkcoord_rw_lock_new(two, "/over", &theirs, &err));
    zkcoord_mutex *read = side(zkcoord_rw_lock_read, mine), *write = side(zkcoord_rw_lock_write, mine);
    zkcoord_mutex *their_read = side(zkcoord_rw_lock_read, theirs), *their_write = side(zkcoord_rw_lock_write, theirs);
    zkcoord_guard *writing = acquired(write), *again = acquired(write), *reading = NULL, *none = writing;
    CHECK(zkcoord_guard_token(again) == zkcoord_guard_token(writing));
    zkcoord_guard_free(again);
    OK(zkcoord_mutex_acquire(read, 0, &reading, &err));
    CHECK(zkcoord_guard_token(reading) == zkcoord_guard_token(writing));
    OK(zkcoord_guard_release(writing, 5000, &err));
    CHECK(zkcoord_guard_is_held(reading));
    EXPECT(WOULD_DEADLOCK, zkcoord_mutex_acquire(write, -1, &none, &err)); /* there is no way back */
    CHECK(none == NULL && said("/over"));
    OK(zkcoord_mutex_try_acquire(their_write, &none, &err));
    CHECK(none == NULL);
    zkcoord_guard *reading_too = acquired(their_read);
    zkcoord_guard_free(reading_too);
    zkcoord_guard_free(reading);
    zkcoord_guard_free(writing);
    writing = acquired(their_write);
    zkcoord_guard_free(writing);
    zkcoord_mutex_free(read);
    zkcoord_mutex_free(write);
    zkcoord_mutex_free(their_read);
    zkcoord_mutex_free(their_write);
    zkcoord_rw_lock_free(theirs);
    zkcoord_rw_lock_free(mine);
}

enum { ROUNDS = 100 };

/* The tokens of one who takes the lock again and again. */
typedef struct {
    zkcoord_mutex *mutex;
    uint64_t tokens[ROUNDS];
} taker;

static void *take_again_and_again(void *data) {
    taker *self = data;
    for (int i = 0; i < ROUNDS; i++) {
        zkcoord_guard *guard = NULL;
        zkcoord_mutex_acquire(self->mutex, 30000, &guard, NULL);
        self->tokens[i] = zkcoord_guard_token(guard);
        zkcoord_guard_free(guard);
    }
    return NULL;
}

/* How often two takers of one client have had the same token. */
static int shared_tokens(int64_t handoff) {
    static taker takers[2];
    zkcoord_mutex_options *options = zkcoord_mutex_options_new();
    zkcoord_mutex *mutex = NULL;
    pthread_t thread;
    OK(zkcoord_mutex_options_set_handoff(options, handoff, &err));
    OK(zkcoord_mutex_new_with_options(one, "/handed", options, &mutex, &err));
    zkcoord_mutex_options_free(options);
    takers[0].mutex = takers[1].mutex = mutex;
    CHECK(pthread_create(&thread, NULL, take_again_and_again, &takers[0]) == 0);
    take_again_and_again(&takers[1]);
    pthread_join(thread, NULL);
    zkcoord_mutex_free(mutex);
    int shared = 0;
    for (int i = 0; i < ROUNDS; i++) {
        CHECK(takers[0].tokens[i] > 0 && takers[1].tokens[i] > 0);
        for (int j = 0; j < ROUNDS; j++) shared += takers[0].tokens[i] == takers[1].tokens[j];
    }
    return shared;
}

static void a_mutex_is_handed_over_where_that_is_allowed(void) {
    CHECK(shared_tokens(0) == 0);
    CHECK(shared_tokens(10) > 0);
}

int main(void) {
    set_up("owners");
    one = new_client();
    two = new_client();
    RUN(its_owner_gets_it_again);
    RUN(a_reentrant_mutex_may_be_kazoos);
    RUN(a_reentrant_mutex_can_be_looked_at);
    RUN(who_would_wait_for_himself_is_told);
    RUN(who_writes_may_go_over_to_reading);
    RUN(a_mutex_is_handed_over_where_that_is_allowed);
    zkcoord_client_free(two);
    zkcoord_client_free(one);
    return finish();
}
