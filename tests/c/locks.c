/* Schemes, read/write locks, multi mutexes and semaphores. */
#include "support.h"

static zkcoord_client *one, *two;

static zkcoord_rw_lock *new_rw_lock(zkcoord_client *client, const char *path) {
    zkcoord_rw_lock *lock = NULL;
    OK(zkcoord_rw_lock_new(client, path, &lock, &err));
    return lock;
}

static zkcoord_mutex *side(zkcoord_status (*of)(const zkcoord_rw_lock *, zkcoord_mutex **, zkcoord_error **),
                           zkcoord_rw_lock *lock) {
    zkcoord_mutex *mutex = NULL;
    OK(of(lock, &mutex, &err));
    return mutex;
}

static zkcoord_multi_mutex *new_multi(zkcoord_client *client, const char *const *paths, size_t count) {
    zkcoord_multi_mutex *multi = NULL;
    OK(zkcoord_multi_mutex_new(client, paths, count, &multi, &err));
    return multi;
}

static bool is_free(zkcoord_mutex *mutex) {
    zkcoord_guard *guard = NULL;
    OK(zkcoord_mutex_try_acquire(mutex, &guard, &err));
    bool was_free = guard != NULL;
    if (was_free) OK(zkcoord_guard_release(guard, 5000, &err));
    zkcoord_guard_free(guard);
    return was_free;
}

static void a_scheme_determines_the_node_names(void) {
    zkcoord_mutex *kazoo = new_mutex_of(one, "/scheme", "kazoo"), *curator = new_mutex_of(two, "/scheme", "curator");
    zkcoord_guard *guard = acquire(kazoo);
    CHECK(strstr(zkcoord_guard_node(guard), "__lock__") != NULL);
    CHECK(!is_free(curator)); /* zkcoord reads both */
    zkcoord_guard_free(guard);
    guard = acquire(curator);
    CHECK(strstr(zkcoord_guard_node(guard), "-lock-") != NULL);
    zkcoord_guard_free(guard);
    zkcoord_mutex_free(curator);
    zkcoord_mutex_free(kazoo);
}

static void readers_share_and_a_writer_does_not(void) {
    zkcoord_rw_lock *mine = new_rw_lock(one, "/rw"), *theirs = new_rw_lock(two, "/rw");
    zkcoord_mutex *my_read = side(zkcoord_rw_lock_read, mine), *their_read = side(zkcoord_rw_lock_read, theirs);
    zkcoord_mutex *my_write = side(zkcoord_rw_lock_write, mine), *their_write = side(zkcoord_rw_lock_write, theirs);
    zkcoord_rw_lock_free(mine); /* its sides live on */
    zkcoord_rw_lock_free(theirs);
    zkcoord_guard *reading = acquire(my_read), *reading_too = acquire(their_read), *none = reading;
    CHECK(strstr(zkcoord_guard_node(reading), "__READ__") != NULL);
    CHECK(!is_free(their_write) && !is_free(my_write));
    EXPECT(WOULD_DEADLOCK, zkcoord_mutex_acquire(my_write, -1, &none, &err)); /* this thread holds the read side */
    CHECK(none == NULL && message_has("/rw"));
    uint64_t before = zkcoord_guard_token(reading_too);
    OK(zkcoord_guard_release(reading, 5000, &err));
    EXPECT(TIMEOUT, zkcoord_mutex_acquire(my_write, 300, &none, &err));
    OK(zkcoord_guard_release(reading_too, 5000, &err));
    zkcoord_guard *writing = acquire(my_write);
    CHECK(zkcoord_guard_token(writing) > before);
    CHECK(!is_free(their_read) && !is_free(their_write));
    zkcoord_guard_free(writing);
    zkcoord_guard_free(reading_too);
    zkcoord_guard_free(reading);
    zkcoord_mutex_free(my_read);
    zkcoord_mutex_free(my_write);
    zkcoord_mutex_free(their_read);
    zkcoord_mutex_free(their_write);
}

static void an_rw_lock_writes_kazoos_names(void) {
    zkcoord_mutex_options *options = zkcoord_mutex_options_new();
    zkcoord_rw_lock *lock = NULL;
    OK(zkcoord_mutex_options_set_scheme(options, "kazoo", &err));
    OK(zkcoord_rw_lock_new_with_options(one, "/rw-kazoo", options, &lock, &err));
    zkcoord_mutex_options_free(options);
    zkcoord_mutex *read = side(zkcoord_rw_lock_read, lock);
    zkcoord_guard *guard = acquire(read);
    CHECK(strstr(zkcoord_guard_node(guard), "__rlock__") != NULL);
    zkcoord_guard_free(guard);
    zkcoord_mutex_free(read);
    zkcoord_rw_lock_free(lock);
}

static void a_multi_mutex_acquires_all_or_none(void) {
    static const char *const forth[] = {"/multi-1", "/multi-2"}, *const back[] = {"/multi-2", "/multi-1", "/multi-2"};
    zkcoord_multi_mutex *mine = new_multi(one, forth, 2), *theirs = new_multi(two, back, 3);
    zkcoord_mutex *first = new_mutex(two, forth[0]), *second = new_mutex(two, forth[1]);
    zkcoord_guard *both = NULL, *none = NULL;
    OK(zkcoord_multi_mutex_acquire(mine, 10000, &both, &err));
    CHECK(zkcoord_guard_is_held(both) && zkcoord_guard_token(both) > 0);
    CHECK(zkcoord_guard_token_count(both) == 2);
    CHECK(zkcoord_guard_node_at(both, 0) == zkcoord_guard_node(both));
    CHECK(zkcoord_guard_token_at(both, 0) == zkcoord_guard_token(both));
    CHECK(strncmp(zkcoord_guard_node_at(both, 1), "/multi-2/", 9) == 0);
    CHECK(zkcoord_guard_token_at(both, 1) > zkcoord_guard_token_at(both, 0));
    CHECK(zkcoord_guard_token_at(both, 2) == 0 && zkcoord_guard_node_at(both, 2) == NULL);
    CHECK(!is_free(first) && !is_free(second));
    none = both;
    OK(zkcoord_multi_mutex_try_acquire(theirs, &none, &err));
    CHECK(none == NULL);
    OK(zkcoord_guard_release(both, 5000, &err));
    zkcoord_guard_free(both);

    zkcoord_guard *only_second = acquire(second);
    EXPECT(TIMEOUT, zkcoord_multi_mutex_acquire(theirs, 500, &none, &err));
    CHECK(none == NULL && message_has("/multi-1, /multi-2"));
    CHECK(is_free(first)); /* released again */
    zkcoord_guard_free(only_second);
    OK(zkcoord_multi_mutex_acquire(theirs, 10000, &both, &err));
    CHECK(observe("delete", zkcoord_guard_node(both), "") == 0);
    EVENTUALLY(!zkcoord_guard_is_held(both)); /* lost when one of its locks is */
    zkcoord_guard_free(both);
    EVENTUALLY(is_free(second));
    zkcoord_stats *stats = NULL;
    OK(zkcoord_multi_mutex_stats(theirs, &stats, &err));
    CHECK(zkcoord_stats_count(stats) == 1 && zkcoord_stats_timeouts(stats) == 1);
    zkcoord_stats_free(stats);
    zkcoord_mutex_free(first);
    zkcoord_mutex_free(second);
    zkcoord_multi_mutex_free(theirs);
    zkcoord_multi_mutex_free(mine);
}

static void a_multi_mutex_writes_kazoos_names(void) {
    static const char *const paths[] = {"/multi-kazoo"};
    zkcoord_mutex_options *options = zkcoord_mutex_options_new();
    zkcoord_multi_mutex *multi = NULL;
    zkcoord_guard *guard = NULL;
    OK(zkcoord_mutex_options_set_scheme(options, "kazoo", &err));
    OK(zkcoord_multi_mutex_new_with_options(one, paths, 1, options, &multi, &err));
    zkcoord_mutex_options_free(options);
    OK(zkcoord_multi_mutex_try_acquire(multi, &guard, &err));
    CHECK(guard != NULL && strstr(zkcoord_guard_node(guard), "__lock__") != NULL);
    zkcoord_guard_free(guard);
    zkcoord_multi_mutex_free(multi);
}

typedef struct {
    zkcoord_multi_mutex *multi;
    int done;
} worker;

static void *acquire_repeatedly(void *data) {
    worker *self = data;
    for (int i = 0; i < 10; i++) {
        zkcoord_guard *guard = NULL;
        if (zkcoord_multi_mutex_acquire(self->multi, 30000, &guard, NULL) == ZKCOORD_STATUS_OK) self->done++;
        zkcoord_guard_free(guard);
    }
    return NULL;
}

static void multi_mutexes_do_not_deadlock(void) {
    static const char *const forth[] = {"/circle-1", "/circle-2"}, *const back[] = {"/circle-2", "/circle-1"};
    worker workers[] = {{new_multi(one, forth, 2), 0}, {new_multi(two, back, 2), 0}};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) CHECK(pthread_create(&threads[i], NULL, acquire_repeatedly, &workers[i]) == 0);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    for (int i = 0; i < 2; i++) {
        CHECK(workers[i].done == 10);
        zkcoord_multi_mutex_free(workers[i].multi);
    }
}

static void permits_are_counted(void) {
    zkcoord_semaphore *mine = new_semaphore(one, "/permits", 3), *theirs = new_semaphore(two, "/permits", 3);
    zkcoord_guard *two_of_them = NULL, *last = NULL, *none = NULL;
    OK(zkcoord_semaphore_acquire(mine, 2, 10000, &two_of_them, &err));
    OK(zkcoord_semaphore_try_acquire(theirs, 2, &none, &err));
    CHECK(none == NULL);
    EXPECT(TIMEOUT, zkcoord_semaphore_acquire(theirs, 2, 500, &none, &err));
    CHECK(none == NULL && message_has("2 of 3 permits of /permits"));
    OK(zkcoord_semaphore_acquire(theirs, 1, 10000, &last, &err));
    CHECK(zkcoord_guard_token(last) > zkcoord_guard_token(two_of_them));
    CHECK(observe("count", "/permits/leases", "") == 3);
    OK(zkcoord_guard_release(two_of_them, 5000, &err));
    CHECK(observe("count", "/permits/leases", "") == 1 && zkcoord_guard_is_held(last));
    zkcoord_guard_free(two_of_them);
    OK(zkcoord_semaphore_acquire(mine, 2, 10000, &two_of_them, &err));
    zkcoord_guard_free(two_of_them);
    zkcoord_guard_free(last);
    zkcoord_stats *stats = NULL;
    OK(zkcoord_semaphore_stats(theirs, &stats, &err));
    CHECK(zkcoord_stats_count(stats) == 1 && zkcoord_stats_timeouts(stats) == 1);
    zkcoord_stats_free(stats);
    zkcoord_semaphore_free(theirs);
    zkcoord_semaphore_free(mine);
}

int main(void) {
    set_up("locks");
    one = new_client();
    two = new_client();
    RUN(a_scheme_determines_the_node_names);
    RUN(readers_share_and_a_writer_does_not);
    RUN(an_rw_lock_writes_kazoos_names);
    RUN(a_multi_mutex_acquires_all_or_none);
    RUN(a_multi_mutex_writes_kazoos_names);
    RUN(multi_mutexes_do_not_deadlock);
    RUN(permits_are_counted);
    zkcoord_client_free(two);
    zkcoord_client_free(one);
    return finish();
}
