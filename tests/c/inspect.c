/* The queue of a lock, and the statistics of its waits. */
#include <math.h>

#include "support.h"

static zkcoord_client *one, *two;

static zkcoord_queue *inspect(zkcoord_mutex *mutex) {
    zkcoord_queue *queue = NULL;
    OK(zkcoord_mutex_inspect(mutex, 5000, &queue, &err));
    return queue;
}

static size_t queue_length(zkcoord_mutex *mutex) {
    zkcoord_queue *queue = inspect(mutex);
    size_t count = zkcoord_queue_count(queue);
    zkcoord_queue_free(queue);
    return count;
}

static zkcoord_stats *stats_of(zkcoord_mutex *mutex) {
    zkcoord_stats *stats = NULL;
    OK(zkcoord_mutex_stats(mutex, &stats, &err));
    return stats;
}

static int64_t session_of(zkcoord_client *client) {
    int64_t id = 0;
    OK(zkcoord_client_session_id(client, &id, &err));
    return id;
}

static void *acquire_in_thread(void *mutex) {
    zkcoord_guard *guard = NULL;
    zkcoord_mutex_acquire(mutex, 30000, &guard, NULL);
    return guard;
}

static bool is_equal(const char *expected, const char *text) { return text != NULL && strcmp(expected, text) == 0; }

static void a_queue_lists_holders_and_waiters(void) {
    zkcoord_mutex *mine = new_mutex(one, "/queue"), *theirs = new_mutex(two, "/queue");
    CHECK(queue_length(mine) == 0); /* no such node yet */
    zkcoord_guard *guard = acquire(mine);
    pthread_t waiter;
    void *other = NULL;
    CHECK(pthread_create(&waiter, NULL, acquire_in_thread, theirs) == 0);
    EVENTUALLY(queue_length(mine) == 2);
    zkcoord_queue *queue = inspect(theirs);
    CHECK(is_equal(zkcoord_guard_node(guard), zkcoord_queue_node(queue, 0)));
    CHECK(zkcoord_queue_is_holder(queue, 0) && !zkcoord_queue_is_holder(queue, 1));
    CHECK(!zkcoord_queue_is_reader(queue, 0) && !zkcoord_queue_is_reader(queue, 1));
    CHECK(is_equal("the first", zkcoord_queue_identity(queue, 0)));
    CHECK(is_equal("the s\xc3\xa9"
                   "cond",
                   zkcoord_queue_identity(queue, 1)));
    CHECK(zkcoord_queue_session_id(queue, 0) == session_of(one));
    CHECK(zkcoord_queue_session_id(queue, 1) == session_of(two));
    CHECK(is_equal("zkcoord", zkcoord_queue_library(queue, 0)) && is_equal("zkcoord", zkcoord_queue_library(queue, 1)));
    int64_t now = (int64_t)time(NULL) * 1000;
    CHECK(llabs(now - zkcoord_queue_waiting_since(queue, 0)) < 60000);
    CHECK(zkcoord_queue_waiting_since(queue, 1) >= zkcoord_queue_waiting_since(queue, 0));
    CHECK(zkcoord_queue_warning_count(queue) == 0 && zkcoord_queue_warning(queue, 0) == NULL);
    zkcoord_guard_free(guard);
    pthread_join(waiter, &other);
    CHECK(zkcoord_guard_is_held(other) && zkcoord_queue_count(queue) == 2); /* a queue is a snapshot */
    zkcoord_queue_free(queue);
    zkcoord_guard_free(other);
    zkcoord_mutex_free(theirs);
    zkcoord_mutex_free(mine);
}

static void an_index_out_of_range_returns_null(void) {
    zkcoord_mutex *mutex = new_mutex(one, "/range");
    zkcoord_guard *guard = acquire(mutex);
    zkcoord_queue *queue = inspect(mutex);
    const size_t beyond[] = {1, 2, SIZE_MAX, SIZE_MAX / 2};
    CHECK(zkcoord_queue_count(queue) == 1);
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
        CHECK(zkcoord_queue_node(queue, beyond[i]) == NULL && zkcoord_queue_identity(queue, beyond[i]) == NULL);
        CHECK(zkcoord_queue_library(queue, beyond[i]) == NULL && zkcoord_queue_warning(queue, beyond[i]) == NULL);
        CHECK(zkcoord_queue_session_id(queue, beyond[i]) == 0 && zkcoord_queue_waiting_since(queue, beyond[i]) == 0);
        CHECK(!zkcoord_queue_is_holder(queue, beyond[i]) && !zkcoord_queue_is_reader(queue, beyond[i]));
    }
    zkcoord_queue_free(queue);
    zkcoord_guard_free(guard);
    zkcoord_mutex_free(mutex);
}

static void readers_are_marked_as_readers(void) {
    zkcoord_rw_lock *lock = NULL, *theirs = NULL;
    zkcoord_mutex *read = NULL, *write = NULL, *their_read = NULL;
    OK(zkcoord_rw_lock_new(one, "/readers", &lock, &err));
    OK(zkcoord_rw_lock_new(two, "/readers", &theirs, &err));
    OK(zkcoord_rw_lock_read(lock, &read, &err));
    OK(zkcoord_rw_lock_write(lock, &write, &err));
    OK(zkcoord_rw_lock_read(theirs, &their_read, &err));
    zkcoord_guard *first = acquire(read), *second = acquire(their_read);
    zkcoord_queue *queue = inspect(write);
    CHECK(zkcoord_queue_count(queue) == 2);
    for (size_t i = 0; i < 2; i++) CHECK(zkcoord_queue_is_reader(queue, i) && zkcoord_queue_is_holder(queue, i));
    zkcoord_queue_free(queue);
    zkcoord_guard_free(first);
    zkcoord_guard_free(second);
    zkcoord_mutex_free(read);
    zkcoord_mutex_free(write);
    zkcoord_mutex_free(their_read);
    zkcoord_rw_lock_free(theirs);
    zkcoord_rw_lock_free(lock);
}

static void a_warning_names_libraries_that_ignore_each_other(void) {
    zkcoord_mutex *mutex = new_mutex(one, "/mixed");
    zkcoord_guard *guard = acquire(mutex);
    CHECK(observe("create", "/mixed/0123456789ab4def0123456789abcdef__lock__0000000007", "a client") == 0);
    zkcoord_queue *queue = inspect(mutex);
    CHECK(zkcoord_queue_count(queue) == 2 && is_equal("kazoo", zkcoord_queue_library(queue, 1)));
    CHECK(is_equal("a client", zkcoord_queue_identity(queue, 1)) && zkcoord_queue_session_id(queue, 1) == 0);
    CHECK(zkcoord_queue_warning_count(queue) == 1);
    CHECK(zkcoord_queue_warning(queue, 0) != NULL && strstr(zkcoord_queue_warning(queue, 0), "kazoo") != NULL);
    zkcoord_queue_free(queue);
    zkcoord_guard_free(guard);
    zkcoord_mutex_free(mutex);
}

static void waits_are_counted_in_the_statistics(void) {
    zkcoord_mutex *mutex = new_mutex(one, "/waits");
    zkcoord_stats *none = stats_of(mutex);
    CHECK(zkcoord_stats_count(none) == 0 && zkcoord_stats_mean(none) == 0 && zkcoord_stats_p99(none) == 0);
    CHECK(isnan(zkcoord_stats_success_probability(none, 1000)));
    for (int i = 0; i < 5; i++) {
        zkcoord_guard *guard = acquire(mutex), *none_yet = guard;
        if (i == 0) {
            zkcoord_stats *once = stats_of(mutex);
            CHECK(zkcoord_stats_count(once) == 1 && zkcoord_stats_mean(once) > 0 && zkcoord_stats_stddev(once) == 0);
            CHECK(isnan(zkcoord_stats_success_probability(once, -1)));
            zkcoord_stats_free(once);
        }
        if (i == 4) EXPECT(TIMEOUT, zkcoord_mutex_acquire(mutex, 50, &none_yet, &err));
        OK(zkcoord_guard_release(guard, 5000, &err));
        zkcoord_guard_free(guard);
    }
    zkcoord_stats *stats = stats_of(mutex);
    CHECK(zkcoord_stats_count(stats) == 5 && zkcoord_stats_timeouts(stats) == 1);
    CHECK(zkcoord_stats_mean(stats) > 0 && zkcoord_stats_mean(stats) < 10 && zkcoord_stats_stddev(stats) > 0);
    CHECK(zkcoord_stats_p50(stats) > 0 && zkcoord_stats_p50(stats) <= zkcoord_stats_p99(stats));
    const int64_t unlimited[] = {-1, INT64_MIN, INT64_MAX};
    for (size_t i = 0; i < sizeof unlimited / sizeof *unlimited; i++)
        CHECK(zkcoord_stats_success_probability(stats, unlimited[i]) == 1);
    CHECK(zkcoord_stats_success_probability(stats, 60000) > 0.99);
    CHECK(zkcoord_stats_success_probability(stats, 0) < zkcoord_stats_success_probability(stats, 60000));
    CHECK(zkcoord_stats_count(none) == 0); /* statistics are a snapshot */
    CHECK(zkcoord_stats_hold_count(none) == 0 && zkcoord_stats_hold_count(stats) == 5);
    CHECK(zkcoord_stats_hold_mean(stats) > 0.01 && zkcoord_stats_hold_mean(stats) < 10); /* the last hold took 50 ms */
    CHECK(zkcoord_stats_hold_stddev(stats) > 0 && zkcoord_stats_hold_p99(stats) > 0.05);
    CHECK(zkcoord_stats_hold_p50(stats) <= zkcoord_stats_hold_p99(stats));
    zkcoord_stats_free(stats);
    zkcoord_stats_free(none);
    zkcoord_mutex_free(mutex);
}

static void mutexes_of_one_side_share_their_statistics(void) {
    zkcoord_rw_lock *lock = NULL;
    zkcoord_mutex *read = NULL, *again = NULL, *write = NULL;
    OK(zkcoord_rw_lock_new(one, "/shared-figures", &lock, &err));
    OK(zkcoord_rw_lock_read(lock, &read, &err));
    OK(zkcoord_rw_lock_read(lock, &again, &err));
    OK(zkcoord_rw_lock_write(lock, &write, &err));
    zkcoord_guard_free(acquire(read));
    zkcoord_stats *reads = stats_of(again), *writes = stats_of(write);
    CHECK(zkcoord_stats_count(reads) == 1 && zkcoord_stats_count(writes) == 0);
    zkcoord_stats_free(reads);
    zkcoord_stats_free(writes);
    zkcoord_mutex_free(read);
    zkcoord_mutex_free(again);
    zkcoord_mutex_free(write);
    zkcoord_rw_lock_free(lock);
}

static zkcoord_client *client_with_identity(const char *identity) {
    zkcoord_options *options = zkcoord_options_new();
    zkcoord_client *client = NULL;
    OK(zkcoord_options_set_identity(options, identity, &err));
    OK(zkcoord_client_connect(hosts, options, &client, &err));
    zkcoord_options_free(options);
    return client;
}

int main(void) {
    set_up("inspect");
    one = client_with_identity("the first");
    two = client_with_identity("the s\xc3\xa9"
                               "cond");
    RUN(a_queue_lists_holders_and_waiters);
    RUN(an_index_out_of_range_returns_null);
    RUN(readers_are_marked_as_readers);
    RUN(a_warning_names_libraries_that_ignore_each_other);
    RUN(waits_are_counted_in_the_statistics);
    RUN(mutexes_of_one_side_share_their_statistics);
    zkcoord_client_free(two);
    zkcoord_client_free(one);
    return finish();
}
