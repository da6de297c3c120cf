/* Every asynchronous call once: it gives what its waiting twin gives. */
#include "async.h"

static zkcoord_client *client, *other;

/* Takes the guard of a call that has ended well. */
static zkcoord_guard *guard_of(record *seen) {
    zkcoord_guard *guard = seen->object;
    CHECK(guard != NULL && zkcoord_guard_is_held(guard) && zkcoord_guard_token(guard) > 0);
    *seen = (record){0};
    return guard;
}

/* Nothing was to be had. */
static void none(record *seen) {
    CHECK(seen->object == NULL);
    *seen = (record){0};
}

static void a_client_connects_and_closes(void) {
    record seen = {0};
    zkcoord_options *options = zkcoord_options_new();
    OK(zkcoord_options_set_connect_timeout(options, 100, &err));
    OK(zkcoord_client_connect_async(hosts, NULL, TELL(on_client, seen)));
    CAME(OK, seen);
    zkcoord_client *connected = seen.object;
    zkcoord_state state;
    OK(zkcoord_client_state(connected, &state, &err));
    CHECK(state == ZKCOORD_STATE_CONNECTED);
    seen = (record){0};
    COMES(OK, zkcoord_client_close_async(connected, -1, TELL(on_done, seen)), seen);
    OK(zkcoord_client_state(connected, &state, &err));
    CHECK(state == ZKCOORD_STATE_CLOSED);
    zkcoord_client_free(connected);
    seen = (record){0};
    OK(zkcoord_client_connect_async("127.0.0.1:1", options, TELL(on_client, seen)));
    zkcoord_options_free(options);
    CAME(CONNECTION_LOST, seen);
    CHECK(seen.object == NULL);
}

static void a_mutex(void) {
    zkcoord_mutex *mutex = new_mutex(client, "/mutex"), *theirs = new_mutex(other, "/mutex");
    record seen = {0};
    COMES(OK, zkcoord_mutex_acquire_async(mutex, -1, TELL(on_guard, seen)), seen);
    zkcoord_guard *guard = guard_of(&seen);
    COMES(OK, zkcoord_mutex_try_acquire_async(theirs, TELL(on_guard, seen)), seen);
    none(&seen);
    COMES(OK, zkcoord_mutex_inspect_async(theirs, 5000, TELL(on_queue, seen)), seen);
    CHECK(zkcoord_queue_count(seen.object) == 1 && zkcoord_queue_is_holder(seen.object, 0));
    zkcoord_queue_free(seen.object);
    seen = (record){0};
    COMES(OK, zkcoord_client_request_revoke_async(other, zkcoord_guard_node(guard), 5000, TELL(on_bool, seen)), seen);
    CHECK(seen.flag);
    seen = (record){0};
    COMES(OK, zkcoord_guard_release_async(guard, 5000, TELL(on_done, seen)), seen);
    zkcoord_guard_free(guard);
    seen = (record){0};
    COMES(OK, zkcoord_mutex_try_acquire_async(theirs, TELL(on_guard, seen)), seen);
    zkcoord_guard_free(guard_of(&seen));
    zkcoord_mutex_free(mutex);
    zkcoord_mutex_free(theirs);
}

static void a_reentrant_mutex(void) {
    zkcoord_reentrant_mutex *mutex = NULL, *theirs = NULL;
    record seen = {0};
    OK(zkcoord_reentrant_mutex_new(client, "/reentrant", &mutex, &err));
    OK(zkcoord_reentrant_mutex_new(other, "/reentrant", &theirs, &err));
    COMES(OK, zkcoord_reentrant_mutex_acquire_async(mutex, -1, TELL(on_guard, seen)), seen);
    zkcoord_guard *outer = guard_of(&seen);
    COMES(OK, zkcoord_reentrant_mutex_try_acquire_async(mutex, TELL(on_guard, seen)), seen);
    zkcoord_guard *inner = guard_of(&seen);
    CHECK(zkcoord_guard_token(outer) == zkcoord_guard_token(inner));
    COMES(OK, zkcoord_reentrant_mutex_try_acquire_async(theirs, TELL(on_guard, seen)), seen);
    none(&seen);
    COMES(OK, zkcoord_reentrant_mutex_inspect_async(mutex, 5000, TELL(on_queue, seen)), seen);
    CHECK(zkcoord_queue_count(seen.object) == 1);
    zkcoord_queue_free(seen.object);
    zkcoord_guard_free(outer);
    zkcoord_guard_free(inner);
    zkcoord_reentrant_mutex_free(mutex);
    zkcoord_reentrant_mutex_free(theirs);
}

static void an_rw_lock_knows_who_has_started_it(void) {
    zkcoord_rw_lock *lock = NULL;
    zkcoord_mutex *reading = NULL, *writing = NULL;
    record seen = {0};
    OK(zkcoord_rw_lock_new(client, "/rw", &lock, &err));
    OK(zkcoord_rw_lock_read(lock, &reading, &err));
    OK(zkcoord_rw_lock_write(lock, &writing, &err));
    COMES(OK, zkcoord_mutex_acquire_async(reading, -1, TELL(on_guard, seen)), seen);
    zkcoord_guard *guard = guard_of(&seen);
    COMES(WOULD_DEADLOCK, zkcoord_mutex_acquire_async(writing, -1, TELL(on_guard, seen)), seen);
    zkcoord_guard_free(guard);
    zkcoord_mutex_free(reading);
    zkcoord_mutex_free(writing);
    zkcoord_rw_lock_free(lock);
}

static void several_and_permits(void) {
    zkcoord_multi_mutex *both = NULL;
    zkcoord_semaphore *semaphore = new_semaphore(client, "/permits", 3);
    record seen = {0};
    OK(zkcoord_multi_mutex_new(client, (const char *const[]){"/one", "/two"}, 2, &both, &err));
    COMES(OK, zkcoord_multi_mutex_acquire_async(both, -1, TELL(on_guard, seen)), seen);
    zkcoord_guard *guard = guard_of(&seen);
    CHECK(zkcoord_guard_token_count(guard) == 2);
    COMES(OK, zkcoord_multi_mutex_try_acquire_async(both, TELL(on_guard, seen)), seen);
    none(&seen);
    zkcoord_guard_free(guard);
    COMES(OK, zkcoord_semaphore_acquire_async(semaphore, 2, -1, TELL(on_guard, seen)), seen);
    guard = guard_of(&seen);
    COMES(OK, zkcoord_semaphore_try_acquire_async(semaphore, 2, TELL(on_guard, seen)), seen);
    none(&seen);
    zkcoord_guard_free(guard);
    zkcoord_semaphore_free(semaphore);
    zkcoord_multi_mutex_free(both);
}

static void writes_while_it_holds(void) {
    zkcoord_mutex *mutex = new_mutex(client, "/fenced");
    zkcoord_guard *guard = acquired(mutex);
    uint8_t data[] = {'a'};
    record seen = {0};
    OK(zkcoord_guard_create_async(guard, "/fenced-data", data, 1, -1, TELL(on_done, seen)));
    data[0] = 'x'; /* copied before */
    CAME(OK, seen);
    CHECK(observe("holds", "/fenced-data", "a") == 0);
    seen = (record){0};
    COMES(OK, zkcoord_guard_set_data_async(guard, "/fenced-data", data, 1, 0, -1, TELL(on_done, seen)), seen);
    CHECK(observe("holds", "/fenced-data", "x") == 0);
    seen = (record){0};
    COMES(INVALID_ARGUMENT, zkcoord_guard_delete_async(guard, "/fenced-data", 0, -1, TELL(on_done, seen)), seen);
    seen = (record){0};
    COMES(OK, zkcoord_guard_delete_async(guard, "/fenced-data", -1, -1, TELL(on_done, seen)), seen);
    zkcoord_guard_free(guard);
    zkcoord_mutex_free(mutex);
}

/* A counter's call comes with this value. */
#define GIVES(number, function, ...)                                                      \
    do {                                                                                  \
        record seen_ = {0};                                                               \
        COMES(OK, function(counter, __VA_ARGS__, TELL(on_int64, seen_)), seen_);          \
        CHECK(seen_.value == (number));                                                   \
    } while (0)

static void a_counter(void) {
    zkcoord_counter *counter = new_counter(client, "/counter");
    record seen = {0};
    GIVES(5, zkcoord_counter_add_async, 5, -1);
    GIVES(6, zkcoord_counter_increment_async, 5000);
    GIVES(5, zkcoord_counter_decrement_async, -1);
    GIVES(5, zkcoord_counter_get_async, -1);
    GIVES(5, zkcoord_counter_get_stale_async, -1);
    COMES(OK, zkcoord_counter_versioned_async(counter, -1, TELL(on_versioned, seen)), seen);
    CHECK(seen.value == 5 && seen.version == 2);
    seen = (record){0};
    COMES(OK, zkcoord_counter_set_async(counter, 40, -1, TELL(on_done, seen)), seen);
    GIVES(40, zkcoord_counter_get_and_set_async, 41, -1);
    seen = (record){0};
    COMES(OK, zkcoord_counter_compare_and_set_async(counter, 41, 42, -1, TELL(on_bool, seen)), seen);
    CHECK(seen.flag);
    seen = (record){.flag = true};
    COMES(OK, zkcoord_counter_compare_and_set_async(counter, 41, 42, -1, TELL(on_bool, seen)), seen);
    CHECK(!seen.flag);
    GIVES(43, zkcoord_counter_reserve_async, 10, -1);
    OK(zkcoord_counter_set(counter, INT64_MAX, 5000, &err));
    seen = (record){.value = 1};
    COMES(OVERFLOW, zkcoord_counter_increment_async(counter, -1, TELL(on_int64, seen)), seen);
    CHECK(seen.value == 0);
    seen = (record){.version = 1};
    CHECK(observe("create", "/counter-bad", "x") == 0);
    zkcoord_counter *bad = new_counter(client, "/counter-bad");
    COMES(BAD_DATA, zkcoord_counter_versioned_async(bad, -1, TELL(on_versioned, seen)), seen);
    CHECK(seen.version == 0);
    zkcoord_counter_free(bad);
    zkcoord_counter_free(counter);
}

static void other_counters(void) {
    zkcoord_counter *followed = new_counter(client, "/watched");
    zkcoord_counter_watch *watch = NULL;
    zkcoord_striped_counter *striped = NULL;
    zkcoord_window_counter *counter = NULL;
    record seen = {0};
    OK(zkcoord_counter_watch_new(followed, &watch, &err));
    COMES(OK, zkcoord_counter_watch_next_async(watch, -1, TELL(on_int64, seen)), seen);
    CHECK(seen.value == 0);
    seen = (record){0};
    OK(zkcoord_counter_watch_next_async(watch, -1, TELL(on_int64, seen)));
    OK(zkcoord_counter_set(followed, 7, 5000, &err));
    CAME(OK, seen);
    CHECK(seen.value == 7);
    zkcoord_counter_watch_free(watch);
    zkcoord_counter_free(followed);

    OK(zkcoord_striped_counter_new(client, "/striped", &striped, &err));
    OK(zkcoord_striped_counter_add(striped, 7, &err));
    seen = (record){0};
    COMES(OK, zkcoord_striped_counter_flush_async(striped, -1, TELL(on_done, seen)), seen);
    seen = (record){0};
    COMES(OK, zkcoord_striped_counter_sum_async(striped, -1, TELL(on_int64, seen)), seen);
    CHECK(seen.value == 7);
    zkcoord_striped_counter_free(striped);

    OK(zkcoord_window_counter_new(client, "/window", 60000, 60, &counter, &err));
    GIVES(3, zkcoord_window_counter_add_async, 3, -1);
    seen = (record){0};
    COMES(OK, zkcoord_window_counter_count_async(counter, -1, TELL(on_int64, seen)), seen);
    CHECK(seen.value == 3);
    zkcoord_window_counter_free(counter);
}

static void a_rate_limiter(void) {
    zkcoord_rate_limiter *limiter = NULL;
    record seen = {0};
    OK(zkcoord_rate_limiter_new(client, "/limit", 3, 3600000, &limiter, &err));
    COMES(OK, zkcoord_rate_limiter_acquire_async(limiter, 2, -1, TELL(on_done, seen)), seen);
    seen = (record){0};
    COMES(OK, zkcoord_rate_limiter_try_acquire_async(limiter, 1, TELL(on_bool, seen)), seen);
    CHECK(seen.flag);
    seen = (record){0};
    COMES(OK, zkcoord_rate_limiter_try_acquire_async(limiter, 1, TELL(on_bool, seen)), seen);
    CHECK(!seen.flag);
    zkcoord_rate_limiter_free(limiter);
}

static const uint8_t key[] = "key";
static zkcoord_miss_guard *misses;
static zkcoord_status waiting_verdict, verdict;
static record concluded;

/* Says in the callback that the key was not found. */
static void miss(record *seen) {
    waiting_verdict = zkcoord_load_turn_missed(seen->object, 1000, NULL);
    CHECK(zkcoord_load_turn_is_held(seen->object)); /* the refusal has not used it up */
    verdict = zkcoord_load_turn_missed_async(seen->object, -1, TELL(on_done, concluded));
    zkcoord_load_turn_free(seen->object);
}

static void a_miss_guard(void) {
    zkcoord_miss_guard_options *options = zkcoord_miss_guard_options_new();
    OK(zkcoord_miss_guard_options_set_threshold(options, 1, &err));
    OK(zkcoord_miss_guard_new_with_options(client, "/misses", options, &misses, &err));
    zkcoord_miss_guard_options_free(options);
    record found = {0}, missed = {.then = miss}, absent = {.object = misses}, forgotten = {0};
    COMES(OK, zkcoord_miss_guard_begin_async(misses, key, 3, -1, TELL(on_turn, found)), found);
    zkcoord_load_turn *turn = found.object;
    CHECK(zkcoord_load_turn_is_held(turn));
    found = (record){0};
    COMES(OK, zkcoord_load_turn_found_async(turn, -1, TELL(on_done, found)), found);
    EXPECT(INVALID_ARGUMENT, zkcoord_load_turn_found_async(turn, -1, on_done, NULL, NULL, NULL, &err));
    CHECK(said("verdict"));
    zkcoord_load_turn_free(turn);

    COMES(OK, zkcoord_miss_guard_begin_async(misses, key, 3, -1, TELL(on_turn, missed)), missed);
    CHECK(waiting_verdict == ZKCOORD_STATUS_WOULD_DEADLOCK && verdict == ZKCOORD_STATUS_OK);
    CAME(OK, concluded);
    COMES(OK, zkcoord_miss_guard_begin_async(misses, key, 3, -1, TELL(on_turn, absent)), absent);
    CHECK(absent.object == NULL);
    COMES(OK, zkcoord_miss_guard_forget_async(misses, key, 3, -1, TELL(on_done, forgotten)), forgotten);
    zkcoord_miss_guard_free(misses);
}

int main(void) {
    set_up("async-calls");
    client = new_client();
    other = new_client();
    RUN(a_client_connects_and_closes);
    RUN(a_mutex);
    RUN(a_reentrant_mutex);
    RUN(an_rw_lock_knows_who_has_started_it);
    RUN(several_and_permits);
    RUN(writes_while_it_holds);
    RUN(a_counter);
    RUN(other_counters);
    RUN(a_rate_limiter);
    RUN(a_miss_guard);
    zkcoord_client_free(client);
    zkcoord_client_free(other);
    return finish();
}
