/* Asynchronous calls, subscriptions and running operations in a child of fork(); fork.c has the rest. */
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
static zkcoord_load_turn *turn, *other_turn;
static zkcoord_subscription *states, *values;

/* An acquire that waits for the guard. */
static record waiting;
/* The calls of a subscription to the counter's value. */
static record followed;

static record seen;
static int refused;

#define REFUSED(function, done, ...)                                                 \
    do {                                                                             \
        EXPECT(FORKED, function(__VA_ARGS__, done, &seen, destroy, &seen.op, &err)); \
        CHECK(seen.op == NULL);                                                      \
        refused++;                                                                   \
    } while (0)

static void on_state(zkcoord_state state, void *user_data) { (void)state, (void)user_data; }

static void start_everything(void) {
    REFUSED(zkcoord_client_request_revoke_async, on_bool, client, "/fork/lock-0000000001", -1);
    REFUSED(zkcoord_client_close_async, on_done, client, -1);
    REFUSED(zkcoord_mutex_acquire_async, on_guard, mutex, -1);
    REFUSED(zkcoord_mutex_try_acquire_async, on_guard, mutex);
    REFUSED(zkcoord_mutex_inspect_async, on_queue, mutex, -1);
    REFUSED(zkcoord_reentrant_mutex_acquire_async, on_guard, reentrant, -1);
    REFUSED(zkcoord_reentrant_mutex_try_acquire_async, on_guard, reentrant);
    REFUSED(zkcoord_reentrant_mutex_inspect_async, on_queue, reentrant, -1);
    REFUSED(zkcoord_multi_mutex_acquire_async, on_guard, multi, -1);
    REFUSED(zkcoord_multi_mutex_try_acquire_async, on_guard, multi);
    REFUSED(zkcoord_semaphore_acquire_async, on_guard, semaphore, 1, -1);
    REFUSED(zkcoord_semaphore_try_acquire_async, on_guard, semaphore, 1);
    REFUSED(zkcoord_guard_set_data_async, on_done, guard, "/fork", NULL, 0, -1, -1);
    REFUSED(zkcoord_guard_create_async, on_done, guard, "/fork", NULL, 0, -1);
    REFUSED(zkcoord_guard_delete_async, on_done, guard, "/fork", -1, -1);
    REFUSED(zkcoord_guard_release_async, on_done, guard, -1);
    REFUSED(zkcoord_counter_add_async, on_int64, counter, 1, -1);
    REFUSED(zkcoord_counter_increment_async, on_int64, counter, -1);
    REFUSED(zkcoord_counter_decrement_async, on_int64, counter, -1);
    REFUSED(zkcoord_counter_get_async, on_int64, counter, -1);
    REFUSED(zkcoord_counter_get_stale_async, on_int64, counter, -1);
    REFUSED(zkcoord_counter_versioned_async, on_versioned, counter, -1);
    REFUSED(zkcoord_counter_set_async, on_done, counter, 1, -1);
    REFUSED(zkcoord_counter_get_and_set_async, on_int64, counter, 1, -1);
    REFUSED(zkcoord_counter_compare_and_set_async, on_bool, counter, 1, 2, -1);
    REFUSED(zkcoord_counter_reserve_async, on_int64, counter, 1, -1);
    REFUSED(zkcoord_counter_watch_next_async, on_int64, watch, -1);
    REFUSED(zkcoord_striped_counter_flush_async, on_done, striped, -1);
    REFUSED(zkcoord_striped_counter_sum_async, on_int64, striped, -1);
    REFUSED(zkcoord_window_counter_add_async, on_int64, window, 1, -1);
    REFUSED(zkcoord_window_counter_count_async, on_int64, window, -1);
    REFUSED(zkcoord_rate_limiter_acquire_async, on_done, limiter, 1, -1);
    REFUSED(zkcoord_rate_limiter_try_acquire_async, on_bool, limiter, 1);
    REFUSED(zkcoord_miss_guard_begin_async, on_turn, misses, NULL, 0, -1);
    REFUSED(zkcoord_miss_guard_forget_async, on_done, misses, NULL, 0, -1);
    REFUSED(zkcoord_load_turn_found_async, on_done, turn, -1);
    REFUSED(zkcoord_load_turn_missed_async, on_done, other_turn, -1);
    EXPECT(FORKED, zkcoord_client_on_state(client, on_state, &seen, destroy, NULL, &err));
    EXPECT(FORKED, zkcoord_counter_on_change(counter, on_int64, &seen, destroy, NULL, &err));
    EXPECT(FORKED, zkcoord_op_wait(waiting.op, -1, &err));
    zkcoord_op_cancel(waiting.op);
    EVENTUALLY(seen.destroyed == refused + 2);
    CHECK(seen.done == 0 && waiting.done == 0 && waiting.destroyed == 0);
}

static void free_everything(void) {
    zkcoord_op_free(waiting.op);
    zkcoord_subscription_free(states);
    zkcoord_subscription_free(values);
    zkcoord_load_turn_free(turn);
    zkcoord_load_turn_free(other_turn);
    zkcoord_miss_guard_free(misses);
    zkcoord_rate_limiter_free(limiter);
    zkcoord_window_counter_free(window);
    zkcoord_striped_counter_free(striped);
    zkcoord_counter_watch_free(watch);
    zkcoord_counter_free(counter);
    zkcoord_semaphore_free(semaphore);
    zkcoord_multi_mutex_free(multi);
    zkcoord_reentrant_mutex_free(reentrant);
    zkcoord_guard_free(guard);
    zkcoord_mutex_free(mutex);
    zkcoord_client_free(client);
}

/* Runs in the child: its own calls work, and the parent's callbacks are not called. */
static void connect_and_start_new_calls(void) {
    record own = {0}, added = {0};
    int calls = followed.done;
    free_everything();
    COMPLETES(OK, zkcoord_client_connect_async(hosts, NULL, CALLBACK(on_client, own)), own);
    zkcoord_counter *numbers = new_counter(own.object, "/fork-followed");
    COMPLETES(OK, zkcoord_counter_add_async(numbers, 1, -1, CALLBACK(on_int64, added)), added);
    CHECK(waiting.destroyed == 0 && followed.done == calls && followed.destroyed == 0);
    zkcoord_counter_free(numbers);
    zkcoord_client_free(own.object);
}

static atomic_int parents_lines, childs_lines;

static void on_line(zkcoord_log_level level, const char *message, void *lines) {
    (void)level;
    if (strstr(message, "lock lost")) ++*(atomic_int *)lines;
}

/* Loses a lock of a new client, which logs a warning. */
static void lose_a_lock(void) {
    zkcoord_client *own = new_client();
    zkcoord_mutex *lost = new_mutex(own, "/lost");
    zkcoord_guard *held = acquire(lost);
    CHECK(observe("delete", zkcoord_guard_node(held), "") == 0);
    EVENTUALLY(!zkcoord_guard_is_held(held));
    zkcoord_guard_free(held);
    zkcoord_mutex_free(lost);
    zkcoord_client_free(own);
}

static void set_own_log(void) {
    lose_a_lock();
    OK(zkcoord_set_log(ZKCOORD_LOG_LEVEL_WARN, on_line, &childs_lines, NULL, &err));
    lose_a_lock();
    EVENTUALLY(childs_lines == 1);
    CHECK(parents_lines == 0);
}

static void check_parent_is_unaffected(void) {
    CHECK(waiting.done == 0 && followed.destroyed == 0);
    OK(zkcoord_guard_check(guard, &err));
    CHECK(zkcoord_load_turn_is_held(turn) && zkcoord_load_turn_is_held(other_turn));
    int64_t value = 0;
    OK(zkcoord_counter_increment(counter, 5000, &value, &err));
    EVENTUALLY(followed.value == value);
}

static void calls_in_a_child_are_refused(void) { in_child(start_everything), check_parent_is_unaffected(); }
static void frees_in_a_child_do_not_affect_the_parent(void) { in_child(free_everything), check_parent_is_unaffected(); }
static void a_child_can_connect_and_start_calls(void) {
    in_child(connect_and_start_new_calls), check_parent_is_unaffected();
}

static void a_childs_log_is_its_own(void) {
    OK(zkcoord_set_log(ZKCOORD_LOG_LEVEL_WARN, on_line, &parents_lines, NULL, &err));
    in_child(set_own_log);
    lose_a_lock();
    EVENTUALLY(parents_lines == 1);
    OK(zkcoord_set_log(ZKCOORD_LOG_LEVEL_OFF, NULL, NULL, NULL, &err));
}

static void a_running_call_of_the_parent_goes_on(void) {
    OK(zkcoord_guard_release(guard, 5000, &err));
    COMPLETED(OK, waiting);
    zkcoord_guard_free(waiting.object);
}

int main(void) {
    set_up("fork-async");
    client = new_client();
    mutex = new_mutex(client, "/fork");
    guard = acquire(mutex);
    semaphore = new_semaphore(client, "/fork-permits", 3);
    counter = new_counter(client, "/fork-followed");
    OK(zkcoord_reentrant_mutex_new(client, "/fork-again", &reentrant, &err));
    OK(zkcoord_multi_mutex_new(client, (const char *const[]){"/fork-1", "/fork-2"}, 2, &multi, &err));
    OK(zkcoord_counter_watch_new(counter, &watch, &err));
    OK(zkcoord_striped_counter_new(client, "/fork-striped", &striped, &err));
    OK(zkcoord_window_counter_new(client, "/fork-window", 60000, 60, &window, &err));
    OK(zkcoord_rate_limiter_new(client, "/fork-limit", 3, 1000, &limiter, &err));
    OK(zkcoord_miss_guard_new(client, "/fork-misses", &misses, &err));
    OK(zkcoord_miss_guard_begin(misses, NULL, 0, 5000, &turn, &err));
    OK(zkcoord_miss_guard_begin(misses, (const uint8_t *)"key", 3, 5000, &other_turn, &err));
    OK(zkcoord_client_on_state(client, on_state, NULL, NULL, &states, &err));
    OK(zkcoord_counter_on_change(counter, on_int64, &followed, destroy, &values, &err));
    OK(zkcoord_mutex_acquire_async(mutex, -1, CALLBACK(on_guard, waiting)));
    EVENTUALLY(followed.done == 1);
    RUN(calls_in_a_child_are_refused);
    RUN(frees_in_a_child_do_not_affect_the_parent);
    RUN(a_child_can_connect_and_start_calls);
    RUN(a_childs_log_is_its_own);
    RUN(a_running_call_of_the_parent_goes_on);
    free_everything();
    EVENTUALLY(followed.destroyed == 1);
    return finish();
}
