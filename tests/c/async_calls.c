/* Makes every asynchronous call once, and checks that its result is that of the waiting call. */
#include "async.h"

static zkcoord_client *client, *other;

/* Returns the guard of a call that has succeeded, and clears the record. */
static zkcoord_guard *guard_of(record *seen) {
    zkcoord_guard *guard = seen->object;
    CHECK(guard != NULL && zkcoord_guard_is_held(guard) && zkcoord_guard_token(guard) > 0);
    *seen = (record){0};
    return guard;
}

/* Checks that the call has returned no object, and clears the record. */
static void check_no_object(record *seen) {
    CHECK(seen->object == NULL);
    *seen = (record){0};
}

static void a_client_connects_and_closes(void) {
    record seen = {0};
    zkcoord_options *options = zkcoord_options_new();
    OK(zkcoord_options_set_connect_timeout(options, 100, &err));
    OK(zkcoord_client_connect_async(hosts, NULL, CALLBACK(on_client, seen)));
    COMPLETED(OK, seen);
    zkcoord_client *connected = seen.object;
    zkcoord_state state;
    OK(zkcoord_client_state(connected, &state, &err));
    CHECK(state == ZKCOORD_STATE_CONNECTED);
    seen = (record){0};
    COMPLETES(OK, zkcoord_client_close_async(connected, -1, CALLBACK(on_done, seen)), seen);
    OK(zkcoord_client_state(connected, &state, &err));
    CHECK(state == ZKCOORD_STATE_CLOSED);
    zkcoord_client_free(connected);
    seen = (record){0};
    OK(zkcoord_client_connect_async("127.0.0.1:1", options, CALLBACK(on_client, seen)));
    zkcoord_options_free(options);
    COMPLETED(CONNECTION_LOST, seen);
    CHECK(seen.object == NULL);
}

static void calls_of_a_mutex(void) {
    zkcoord_mutex *mutex = new_mutex(client, "/mutex"), *theirs = new_mutex(other, "/mutex");
    record seen = {0};
    COMPLETES(OK, zkcoord_mutex_acquire_async(mutex, -1, CALLBACK(on_guard, seen)), seen);
    zkcoord_guard *guard = guard_of(&seen);
    COMPLETES(OK, zkcoord_mutex_try_acquire_async(theirs, CALLBACK(on_guard, seen)), seen);
    check_no_object(&seen);
    COMPLETES(OK, zkcoord_mutex_inspect_async(theirs, 5000, CALLBACK(on_queue, seen)), seen);
    CHECK(zkcoord_queue_count(seen.object) == 1 && zkcoord_queue_is_holder(seen.object, 0));
    zkcoord_queue_free(seen.object);
    seen = (record){0};
    COMPLETES(OK, zkcoord_client_request_revoke_async(other, zkcoord_guard_node(guard), 5000, CALLBACK(on_bool, seen)),
              seen);
    CHECK(seen.flag);
    seen = (record){0};
    COMPLETES(OK, zkcoord_guard_release_async(guard, 5000, CALLBACK(on_done, seen)), seen);
    zkcoord_guard_free(guard);
    seen = (record){0};
    COMPLETES(OK, zkcoord_mutex_try_acquire_async(theirs, CALLBACK(on_guard, seen)), seen);
    zkcoord_guard_free(guard_of(&seen));
    zkcoord_mutex_free(mutex);
    zkcoord_mutex_free(theirs);
}

static void calls_of_a_reentrant_mutex(void) {
    zkcoord_reentrant_mutex *mutex = NULL, *theirs = NULL;
    record seen = {0};
    OK(zkcoord_reentrant_mutex_new(client, "/reentrant", &mutex, &err));
    OK(zkcoord_reentrant_mutex_new(other, "/reentrant", &theirs, &err));
    COMPLETES(OK, zkcoord_reentrant_mutex_acquire_async(mutex, -1, CALLBACK(on_guard, seen)), seen);
    zkcoord_guard *outer = guard_of(&seen);
    COMPLETES(OK, zkcoord_reentrant_mutex_try_acquire_async(mutex, CALLBACK(on_guard, seen)), seen);
    zkcoord_guard *inner = guard_of(&seen);
    CHECK(zkcoord_guard_token(outer) == zkcoord_guard_token(inner));
    COMPLETES(OK, zkcoord_reentrant_mutex_try_acquire_async(theirs, CALLBACK(on_guard, seen)), seen);
    check_no_object(&seen);
    COMPLETES(OK, zkcoord_reentrant_mutex_inspect_async(mutex, 5000, CALLBACK(on_queue, seen)), seen);
    CHECK(zkcoord_queue_count(seen.object) == 1);
    zkcoord_queue_free(seen.object);
    zkcoord_guard_free(outer);
    zkcoord_guard_free(inner);
    zkcoord_reentrant_mutex_free(mutex);
    zkcoord_reentrant_mutex_free(theirs);
}

static void the_thread_that_starts_an_acquire_owns_the_side(void) {
    zkcoord_rw_lock *lock = NULL;
    zkcoord_mutex *reading = NULL, *writing = NULL;
    record seen = {0};
    OK(zkcoord_rw_lock_new(client, "/rw", &lock, &err));
    OK(zkcoord_rw_lock_read(lock, &reading, &err));
    OK(zkcoord_rw_lock_write(lock, &writing, &err));
    COMPLETES(OK, zkcoord_mutex_acquire_async(reading, -1, CALLBACK(on_guard, seen)), seen);
    zkcoord_guard *guard = guard_of(&seen);
    COMPLETES(WOULD_DEADLOCK, zkcoord_mutex_acquire_async(writing, -1, CALLBACK(on_guard, seen)), seen);
    zkcoord_guard_free(guard);
    zkcoord_mutex_free(reading);
    zkcoord_mutex_free(writing);
    zkcoord_rw_lock_free(lock);
}

static void calls_of_a_multi_mutex_and_a_semaphore(void) {
    zkcoord_multi_mutex *both = NULL;
    zkcoord_semaphore *semaphore = new_semaphore(client, "/permits", 3);
    record seen = {0};
    OK(zkcoord_multi_mutex_new(client, (const char *const[]){"/one", "/two"}, 2, &both, &err));
    COMPLETES(OK, zkcoord_multi_mutex_acquire_async(both, -1, CALLBACK(on_guard, seen)), seen);
    zkcoord_guard *guard = guard_of(&seen);
    CHECK(zkcoord_guard_token_count(guard) == 2);
    COMPLETES(OK, zkcoord_multi_mutex_try_acquire_async(both, CALLBACK(on_guard, seen)), seen);
    check_no_object(&seen);
    zkcoord_guard_free(guard);
    COMPLETES(OK, zkcoord_semaphore_acquire_async(semaphore, 2, -1, CALLBACK(on_guard, seen)), seen);
    guard = guard_of(&seen);
    COMPLETES(OK, zkcoord_semaphore_try_acquire_async(semaphore, 2, CALLBACK(on_guard, seen)), seen);
    check_no_object(&seen);
    zkcoord_guard_free(guard);
    zkcoord_semaphore_free(semaphore);
    zkcoord_multi_mutex_free(both);
}

static void fenced_writes_of_a_guard(void) {
    zkcoord_mutex *mutex = new_mutex(client, "/fenced");
    zkcoord_guard *guard = acquire(mutex);
    uint8_t data[] = {'a'};
    record seen = {0};
    OK(zkcoord_guard_create_async(guard, "/fenced-data", data, 1, -1, CALLBACK(on_done, seen)));
    data[0] = 'x'; /* the call has copied it */
    COMPLETED(OK, seen);
    CHECK(observe("holds", "/fenced-data", "a") == 0);
    seen = (record){0};
    COMPLETES(OK, zkcoord_guard_set_data_async(guard, "/fenced-data", data, 1, 0, -1, CALLBACK(on_done, seen)), seen);
    CHECK(observe("holds", "/fenced-data", "x") == 0);
    seen = (record){0};
    COMPLETES(INVALID_ARGUMENT, zkcoord_guard_delete_async(guard, "/fenced-data", 0, -1, CALLBACK(on_done, seen)),
              seen);
    seen = (record){0};
    COMPLETES(OK, zkcoord_guard_delete_async(guard, "/fenced-data", -1, -1, CALLBACK(on_done, seen)), seen);
    zkcoord_guard_free(guard);
    zkcoord_mutex_free(mutex);
}

/* Starts a call of `counter`, waits for its end and checks the number that it returns. */
#define RETURNS(number, function, ...)                                                   \
    do {                                                                                 \
        record seen_ = {0};                                                              \
        COMPLETES(OK, function(counter, __VA_ARGS__, CALLBACK(on_int64, seen_)), seen_); \
        CHECK(seen_.value == (number));                                                  \
    } while (0)

static void calls_of_a_counter(void) {
    zkcoord_counter *counter = new_counter(client, "/counter");
    record seen = {0};
    RETURNS(5, zkcoord_counter_add_async, 5, -1);
    RETURNS(6, zkcoord_counter_increment_async, 5000);
    RETURNS(5, zkcoord_counter_decrement_async, -1);
    RETURNS(5, zkcoord_counter_get_async, -1);
    RETURNS(5, zkcoord_counter_get_stale_async, -1);
    COMPLETES(OK, zkcoord_counter_versioned_async(counter, -1, CALLBACK(on_versioned, seen)), seen);
    CHECK(seen.value == 5 && seen.version == 2);
    seen = (record){0};
    COMPLETES(OK, zkcoord_counter_set_async(counter, 40, -1, CALLBACK(on_done, seen)), seen);
    RETURNS(40, zkcoord_counter_get_and_set_async, 41, -1);
    seen = (record){0};
    COMPLETES(OK, zkcoord_counter_compare_and_set_async(counter, 41, 42, -1, CALLBACK(on_bool, seen)), seen);
    CHECK(seen.flag);
    seen = (record){.flag = true};
    COMPLETES(OK, zkcoord_counter_compare_and_set_async(counter, 41, 42, -1, CALLBACK(on_bool, seen)), seen);
    CHECK(!seen.flag);
    RETURNS(43, zkcoord_counter_reserve_async, 10, -1);
    OK(zkcoord_counter_set(counter, INT64_MAX, 5000, &err));
    seen = (record){.value = 1};
    COMPLETES(OVERFLOW, zkcoord_counter_increment_async(counter, -1, CALLBACK(on_int64, seen)), seen);
    CHECK(seen.value == 0);
    seen = (record){.version = 1};
    CHECK(observe("create", "/counter-bad", "x") == 0);
    zkcoord_counter *bad = new_counter(client, "/counter-bad");
    COMPLETES(BAD_DATA, zkcoord_counter_versioned_async(bad, -1, CALLBACK(on_versioned, seen)), seen);
    CHECK(seen.version == 0);
    zkcoord_counter_free(bad);
    zkcoord_counter_free(counter);
}

static void calls_of_the_other_counters(void) {
    zkcoord_counter *followed = new_counter(client, "/watched");
    zkcoord_counter_watch *watch = NULL;
    zkcoord_striped_counter *striped = NULL;
    zkcoord_window_counter *counter = NULL;
    record seen = {0};
    OK(zkcoord_counter_watch_new(followed, &watch, &err));
    COMPLETES(OK, zkcoord_counter_watch_next_async(watch, -1, CALLBACK(on_int64, seen)), seen);
    CHECK(seen.value == 0);
    seen = (record){0};
    OK(zkcoord_counter_watch_next_async(watch, -1, CALLBACK(on_int64, seen)));
    OK(zkcoord_counter_set(followed, 7, 5000, &err));
    COMPLETED(OK, seen);
    CHECK(seen.value == 7);
    zkcoord_counter_watch_free(watch);
    zkcoord_counter_free(followed);

    OK(zkcoord_striped_counter_new(client, "/striped", &striped, &err));
    OK(zkcoord_striped_counter_add(striped, 7, &err));
    seen = (record){0};
    COMPLETES(OK, zkcoord_striped_counter_flush_async(striped, -1, CALLBACK(on_done, seen)), seen);
    seen = (record){0};
    COMPLETES(OK, zkcoord_striped_counter_sum_async(striped, -1, CALLBACK(on_int64, seen)), seen);
    CHECK(seen.value == 7);
    zkcoord_striped_counter_free(striped);

    OK(zkcoord_window_counter_new(client, "/window", 60000, 60, &counter, &err));
    RETURNS(3, zkcoord_window_counter_add_async, 3, -1);
    seen = (record){0};
    COMPLETES(OK, zkcoord_window_counter_count_async(counter, -1, CALLBACK(on_int64, seen)), seen);
    CHECK(seen.value == 3);
    zkcoord_window_counter_free(counter);
}

static void calls_of_a_rate_limiter(void) {
    zkcoord_rate_limiter *limiter = NULL;
    record seen = {0};
    OK(zkcoord_rate_limiter_new(client, "/limit", 3, 3600000, &limiter, &err));
    COMPLETES(OK, zkcoord_rate_limiter_acquire_async(limiter, 2, -1, CALLBACK(on_done, seen)), seen);
    seen = (record){0};
    COMPLETES(OK, zkcoord_rate_limiter_try_acquire_async(limiter, 1, CALLBACK(on_bool, seen)), seen);
    CHECK(seen.flag);
    seen = (record){0};
    COMPLETES(OK, zkcoord_rate_limiter_try_acquire_async(limiter, 1, CALLBACK(on_bool, seen)), seen);
    CHECK(!seen.flag);
    zkcoord_rate_limiter_free(limiter);
}

static const uint8_t key[] = "key";
static zkcoord_miss_guard *misses;
static zkcoord_status waiting_status, async_status;
static record reported;

/* Reports in the callback that the key was not found. */
static void report_miss(record *seen) {
    waiting_status = zkcoord_load_turn_missed(seen->object, 1000, NULL);
    CHECK(zkcoord_load_turn_is_held(seen->object)); /* the refused call has not ended the turn */
    async_status = zkcoord_load_turn_missed_async(seen->object, -1, CALLBACK(on_done, reported));
    zkcoord_load_turn_free(seen->object);
}

static void calls_of_a_miss_guard(void) {
    zkcoord_miss_guard_options *options = zkcoord_miss_guard_options_new();
    OK(zkcoord_miss_guard_options_set_threshold(options, 1, &err));
    OK(zkcoord_miss_guard_new_with_options(client, "/misses", options, &misses, &err));
    zkcoord_miss_guard_options_free(options);
    record found = {0}, missed = {.then = report_miss}, absent = {.object = misses}, forgotten = {0};
    COMPLETES(OK, zkcoord_miss_guard_begin_async(misses, key, 3, -1, CALLBACK(on_turn, found)), found);
    zkcoord_load_turn *turn = found.object;
    CHECK(zkcoord_load_turn_is_held(turn));
    found = (record){0};
    COMPLETES(OK, zkcoord_load_turn_found_async(turn, -1, CALLBACK(on_done, found)), found);
    EXPECT(INVALID_ARGUMENT, zkcoord_load_turn_found_async(turn, -1, on_done, NULL, NULL, NULL, &err));
    CHECK(message_has("verdict"));
    zkcoord_load_turn_free(turn);

    COMPLETES(OK, zkcoord_miss_guard_begin_async(misses, key, 3, -1, CALLBACK(on_turn, missed)), missed);
    CHECK(waiting_status == ZKCOORD_STATUS_WOULD_DEADLOCK && async_status == ZKCOORD_STATUS_OK);
    COMPLETED(OK, reported);
    COMPLETES(OK, zkcoord_miss_guard_begin_async(misses, key, 3, -1, CALLBACK(on_turn, absent)), absent);
    CHECK(absent.object == NULL);
    COMPLETES(OK, zkcoord_miss_guard_forget_async(misses, key, 3, -1, CALLBACK(on_done, forgotten)), forgotten);
    zkcoord_miss_guard_free(misses);
}

int main(void) {
    set_up("async-calls");
    client = new_client();
    other = new_client();
    RUN(a_client_connects_and_closes);
    RUN(calls_of_a_mutex);
    RUN(calls_of_a_reentrant_mutex);
    RUN(the_thread_that_starts_an_acquire_owns_the_side);
    RUN(calls_of_a_multi_mutex_and_a_semaphore);
    RUN(fenced_writes_of_a_guard);
    RUN(calls_of_a_counter);
    RUN(calls_of_the_other_counters);
    RUN(calls_of_a_rate_limiter);
    RUN(calls_of_a_miss_guard);
    zkcoord_client_free(client);
    zkcoord_client_free(other);
    return finish();
}
