/* Passes NULL for every pointer of every asynchronous call, and of every function that registers a callback. Each time the user
 * data is destroyed, and no callback is called. */
#include "async.h"

static zkcoord_client *client;
static zkcoord_mutex *mutex;
static zkcoord_guard *guard;
static zkcoord_reentrant_mutex *reentrant;
static zkcoord_multi_mutex *multi;
static zkcoord_semaphore *semaphore;
static zkcoord_counter *counter;
static zkcoord_counter_watch *watch;
static zkcoord_striped_counter *striped;
static zkcoord_window_counter *window;
static zkcoord_rate_limiter *limiter;
static zkcoord_miss_guard *misses;
static zkcoord_load_turn *turn;

static record seen;
static int refused;

/* Checks that the call is refused for the named argument, also without `destroy` and without places for the op and the error.
 * `...` are the arguments before the completion function. */
#define REFUSED(argument, function, done, ...)                                                          \
    do {                                                                                                \
        zkcoord_op *op_ = (zkcoord_op *)&seen;                                                          \
        EXPECT(INVALID_ARGUMENT, function(__VA_ARGS__, done, &seen, destroy, &op_, &err));              \
        CHECK(op_ == NULL && strcmp(last_message, argument ": must not be NULL") == 0);                 \
        CHECK(function(__VA_ARGS__, done, &seen, NULL, NULL, NULL) == ZKCOORD_STATUS_INVALID_ARGUMENT); \
        refused++;                                                                                      \
    } while (0)

/* Checks that the call is refused without the object, and without the completion function. */
#define OBJECT_AND_DONE(name, object, function, callback, ...) \
    do {                                                       \
        REFUSED(name, function, callback, NULL, __VA_ARGS__);  \
        REFUSED("done", function, NULL, object, __VA_ARGS__);  \
    } while (0)

/* Checks the same for a call that has no further arguments. */
#define OBJECT_AND_DONE_ONLY(name, object, function, callback) \
    do {                                                       \
        REFUSED(name, function, callback, NULL);               \
        REFUSED("done", function, NULL, object);               \
    } while (0)

static void null_for_a_client(void) {
    REFUSED("hosts", zkcoord_client_connect_async, on_client, NULL, NULL);
    REFUSED("done", zkcoord_client_connect_async, NULL, hosts, NULL);
    OBJECT_AND_DONE("client", client, zkcoord_client_request_revoke_async, on_bool, "/m/x", 1000);
    REFUSED("node", zkcoord_client_request_revoke_async, on_bool, client, NULL, 1000);
    OBJECT_AND_DONE("client", client, zkcoord_client_close_async, on_done, 1000);
}

static void null_for_locks(void) {
    OBJECT_AND_DONE("mutex", mutex, zkcoord_mutex_acquire_async, on_guard, 1000);
    OBJECT_AND_DONE_ONLY("mutex", mutex, zkcoord_mutex_try_acquire_async, on_guard);
    OBJECT_AND_DONE("mutex", mutex, zkcoord_mutex_inspect_async, on_queue, 1000);
    OBJECT_AND_DONE("mutex", reentrant, zkcoord_reentrant_mutex_acquire_async, on_guard, 1000);
    OBJECT_AND_DONE_ONLY("mutex", reentrant, zkcoord_reentrant_mutex_try_acquire_async, on_guard);
    OBJECT_AND_DONE("mutex", reentrant, zkcoord_reentrant_mutex_inspect_async, on_queue, 1000);
    OBJECT_AND_DONE("mutex", multi, zkcoord_multi_mutex_acquire_async, on_guard, 1000);
    OBJECT_AND_DONE_ONLY("mutex", multi, zkcoord_multi_mutex_try_acquire_async, on_guard);
    OBJECT_AND_DONE("semaphore", semaphore, zkcoord_semaphore_acquire_async, on_guard, 1, 1000);
    OBJECT_AND_DONE("semaphore", semaphore, zkcoord_semaphore_try_acquire_async, on_guard, 1);
}

static void null_for_a_guard(void) {
    const uint8_t data[] = {1};
    OBJECT_AND_DONE("guard", guard, zkcoord_guard_set_data_async, on_done, "/d", data, 1, -1, 1000);
    REFUSED("path", zkcoord_guard_set_data_async, on_done, guard, NULL, data, 1, -1, 1000);
    REFUSED("data", zkcoord_guard_set_data_async, on_done, guard, "/d", NULL, 1, -1, 1000);
    OBJECT_AND_DONE("guard", guard, zkcoord_guard_create_async, on_done, "/d", data, 1, 1000);
    REFUSED("path", zkcoord_guard_create_async, on_done, guard, NULL, data, 1, 1000);
    REFUSED("data", zkcoord_guard_create_async, on_done, guard, "/d", NULL, 1, 1000);
    OBJECT_AND_DONE("guard", guard, zkcoord_guard_delete_async, on_done, "/d", -1, 1000);
    REFUSED("path", zkcoord_guard_delete_async, on_done, guard, NULL, -1, 1000);
    OBJECT_AND_DONE("guard", guard, zkcoord_guard_release_async, on_done, 1000);
    CHECK(zkcoord_guard_is_held(guard));
}

static void null_for_counters(void) {
    OBJECT_AND_DONE("counter", counter, zkcoord_counter_add_async, on_int64, 1, 1000);
    OBJECT_AND_DONE("counter", counter, zkcoord_counter_increment_async, on_int64, 1000);
    OBJECT_AND_DONE("counter", counter, zkcoord_counter_decrement_async, on_int64, 1000);
    OBJECT_AND_DONE("counter", counter, zkcoord_counter_get_async, on_int64, 1000);
    OBJECT_AND_DONE("counter", counter, zkcoord_counter_get_stale_async, on_int64, 1000);
    OBJECT_AND_DONE("counter", counter, zkcoord_counter_versioned_async, on_versioned, 1000);
    OBJECT_AND_DONE("counter", counter, zkcoord_counter_set_async, on_done, 1, 1000);
    OBJECT_AND_DONE("counter", counter, zkcoord_counter_get_and_set_async, on_int64, 1, 1000);
    OBJECT_AND_DONE("counter", counter, zkcoord_counter_compare_and_set_async, on_bool, 0, 1, 1000);
    OBJECT_AND_DONE("counter", counter, zkcoord_counter_reserve_async, on_int64, 1, 1000);
    OBJECT_AND_DONE("watch", watch, zkcoord_counter_watch_next_async, on_int64, 1000);
    OBJECT_AND_DONE("counter", striped, zkcoord_striped_counter_flush_async, on_done, 1000);
    OBJECT_AND_DONE("counter", striped, zkcoord_striped_counter_sum_async, on_int64, 1000);
    OBJECT_AND_DONE("counter", window, zkcoord_window_counter_add_async, on_int64, 1, 1000);
    OBJECT_AND_DONE("counter", window, zkcoord_window_counter_count_async, on_int64, 1000);
    int64_t value = 1;
    OK(zkcoord_counter_get(counter, 5000, &value, &err));
    CHECK(value == 0);
}

static void null_for_limits(void) {
    const uint8_t key[] = {1};
    OBJECT_AND_DONE("limiter", limiter, zkcoord_rate_limiter_acquire_async, on_done, 1, 1000);
    OBJECT_AND_DONE("limiter", limiter, zkcoord_rate_limiter_try_acquire_async, on_bool, 1);
    OBJECT_AND_DONE("guard", misses, zkcoord_miss_guard_begin_async, on_turn, key, 1, 1000);
    REFUSED("key", zkcoord_miss_guard_begin_async, on_turn, misses, NULL, 1, 1000);
    OBJECT_AND_DONE("guard", misses, zkcoord_miss_guard_forget_async, on_done, key, 1, 1000);
    REFUSED("key", zkcoord_miss_guard_forget_async, on_done, misses, NULL, 1, 1000);
    OBJECT_AND_DONE("turn", turn, zkcoord_load_turn_found_async, on_done, 1000);
    OBJECT_AND_DONE("turn", turn, zkcoord_load_turn_missed_async, on_done, 1000);
    CHECK(zkcoord_load_turn_is_held(turn));
}

static void null_for_an_op_and_a_subscription(void) {
    zkcoord_op_cancel(NULL);
    zkcoord_op_free(NULL);
    EXPECT(INVALID_ARGUMENT, zkcoord_op_wait(NULL, -1, &err));
    CHECK(message_has("op: must not be NULL"));
    CHECK(zkcoord_op_wait(NULL, -1, NULL) == ZKCOORD_STATUS_INVALID_ARGUMENT);
    zkcoord_subscription_free(NULL);
}

static void on_state(zkcoord_state state, void *user_data) { (void)state, (void)user_data; }

static void null_for_a_subscriber(void) {
    zkcoord_subscription *subscription = (zkcoord_subscription *)&seen;
    EXPECT(INVALID_ARGUMENT, zkcoord_client_on_state(NULL, on_state, &seen, destroy, &subscription, &err));
    CHECK(subscription == NULL && message_has("client: must not be NULL"));
    EXPECT(INVALID_ARGUMENT, zkcoord_client_on_state(client, NULL, &seen, destroy, NULL, &err));
    CHECK(message_has("fn: must not be NULL"));
    CHECK(zkcoord_client_on_state(NULL, NULL, NULL, NULL, NULL, NULL) == ZKCOORD_STATUS_INVALID_ARGUMENT);
    subscription = (zkcoord_subscription *)&seen;
    EXPECT(INVALID_ARGUMENT, zkcoord_counter_on_change(NULL, on_int64, &seen, destroy, &subscription, &err));
    CHECK(subscription == NULL && message_has("counter: must not be NULL"));
    EXPECT(INVALID_ARGUMENT, zkcoord_counter_on_change(counter, NULL, &seen, destroy, NULL, &err));
    CHECK(message_has("fn: must not be NULL"));
    CHECK(zkcoord_counter_on_change(NULL, NULL, NULL, NULL, NULL, NULL) == ZKCOORD_STATUS_INVALID_ARGUMENT);
    refused += 4;
}

static void bad_text_is_refused_at_once(void) {
    EXPECT(INVALID_ARGUMENT, zkcoord_client_connect_async("\xff", NULL, on_client, &seen, destroy, NULL, &err));
    CHECK(message_has("hosts") && message_has("UTF-8"));
    EXPECT(INVALID_ARGUMENT,
           zkcoord_client_request_revoke_async(client, "\xff", -1, on_bool, &seen, destroy, NULL, &err));
    CHECK(message_has("node"));
    EXPECT(INVALID_ARGUMENT,
           zkcoord_guard_set_data_async(guard, "\xff", NULL, 0, -1, -1, on_done, &seen, destroy, NULL, &err));
    EXPECT(INVALID_ARGUMENT,
           zkcoord_guard_create_async(guard, "\xff", NULL, 0, -1, on_done, &seen, destroy, NULL, &err));
    EXPECT(INVALID_ARGUMENT, zkcoord_guard_delete_async(guard, "\xff", -1, -1, on_done, &seen, destroy, NULL, &err));
    CHECK(message_has("path"));
    refused += 5;
}

static void all_user_data_is_destroyed_and_no_callback_called(void) {
    EVENTUALLY(seen.destroyed == refused);
    CHECK(seen.done == 0);
}

int main(void) {
    set_up("nulls-async");
    client = new_client();
    mutex = new_mutex(client, "/mutex");
    guard = acquire(mutex);
    counter = new_counter(client, "/counter");
    semaphore = new_semaphore(client, "/permits", 3);
    OK(zkcoord_reentrant_mutex_new(client, "/reentrant", &reentrant, &err));
    OK(zkcoord_multi_mutex_new(client, (const char *const[]){"/one", "/two"}, 2, &multi, &err));
    OK(zkcoord_counter_watch_new(counter, &watch, &err));
    OK(zkcoord_striped_counter_new(client, "/striped", &striped, &err));
    OK(zkcoord_window_counter_new(client, "/window", 60000, 60, &window, &err));
    OK(zkcoord_rate_limiter_new(client, "/limit", 3, 1000, &limiter, &err));
    OK(zkcoord_miss_guard_new(client, "/misses", &misses, &err));
    OK(zkcoord_miss_guard_begin(misses, NULL, 0, 5000, &turn, &err));
    RUN(null_for_a_client);
    RUN(null_for_locks);
    RUN(null_for_a_guard);
    RUN(null_for_counters);
    RUN(null_for_limits);
    RUN(null_for_an_op_and_a_subscription);
    RUN(null_for_a_subscriber);
    RUN(bad_text_is_refused_at_once);
    RUN(all_user_data_is_destroyed_and_no_callback_called);
    zkcoord_load_turn_free(turn);
    zkcoord_miss_guard_free(misses);
    zkcoord_rate_limiter_free(limiter);
    zkcoord_window_counter_free(window);
    zkcoord_striped_counter_free(striped);
    zkcoord_counter_watch_free(watch);
    zkcoord_multi_mutex_free(multi);
    zkcoord_reentrant_mutex_free(reentrant);
    zkcoord_semaphore_free(semaphore);
    zkcoord_counter_free(counter);
    zkcoord_guard_free(guard);
    zkcoord_mutex_free(mutex);
    zkcoord_client_free(client);
    return finish();
}
