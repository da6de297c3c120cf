/* The parent's objects in a child of fork(): calls are refused at once, frees do not affect the parent, and new objects work.
 * The alarm of in_child() ends a call that waits nevertheless. */
#include <stdatomic.h>

#include "support.h"

static zkcoord_client *client;
static zkcoord_mutex *mutex;
static zkcoord_guard *guard;
static zkcoord_counter *counter;
static zkcoord_counter_watch *watch;
static zkcoord_reentrant_mutex *reentrant;
static zkcoord_guard *reentrant_guard;
static zkcoord_striped_counter *striped;
static zkcoord_window_counter *window;
static zkcoord_rate_limiter *limiter;
static zkcoord_miss_guard *misses;
static zkcoord_load_turn *turn, *other_turn;
static zkcoord_rw_lock *rw_lock;
static zkcoord_multi_mutex *multi;
static zkcoord_semaphore *semaphore;

static atomic_int destroyed;

static void nothing(void *user_data) { (void)user_data; }
static void destroy(void *user_data) { (void)user_data, destroyed++; }

static void check_parent_is_unaffected(void) {
    pause_ms(300); /* time for a message that the child must not have sent */
    zkcoord_client *other = new_client();
    zkcoord_mutex *theirs = new_mutex(other, "/fork");
    zkcoord_guard *none = guard;
    OK(zkcoord_guard_check(guard, &err));
    CHECK(zkcoord_load_turn_is_held(turn));
    OK(zkcoord_mutex_try_acquire(theirs, &none, &err));
    CHECK(none == NULL);
    int64_t value = 0;
    OK(zkcoord_counter_increment(counter, 5000, &value, &err));
    OK(zkcoord_striped_counter_add(striped, 1, &err));
    OK(zkcoord_striped_counter_flush(striped, 5000, &err));
    zkcoord_mutex_free(theirs);
    zkcoord_client_free(other);
}

static void use_everything(void) {
    int64_t number = 1;
    bool flag = true;
    zkcoord_state state;
    zkcoord_guard *none = guard;
    zkcoord_mutex *made = NULL;
    EXPECT(FORKED, zkcoord_client_state(client, &state, &err));
    EXPECT(FORKED, zkcoord_client_session_id(client, &number, &err));
    EXPECT(FORKED, zkcoord_client_session_timeout(client, &number, &err));
    EXPECT(FORKED, zkcoord_mutex_acquire(mutex, -1, &none, &err));
    CHECK(none == NULL);
    EXPECT(FORKED, zkcoord_mutex_try_acquire(mutex, &none, &err));
    EXPECT(FORKED, zkcoord_counter_add(counter, 1, -1, &number, &err));
    EXPECT(FORKED, zkcoord_counter_increment(counter, -1, &number, &err));
    EXPECT(FORKED, zkcoord_counter_decrement(counter, 0, &number, &err));
    EXPECT(FORKED, zkcoord_counter_get(counter, -1, &number, &err));
    EXPECT(FORKED, zkcoord_counter_set(counter, 1, 1000, &err));
    EXPECT(FORKED, zkcoord_counter_get_and_set(counter, 1, 1000, &number, &err));
    EXPECT(FORKED, zkcoord_counter_compare_and_set(counter, 1, 2, 1000, &flag, &err));
    int32_t version = 1;
    zkcoord_counter *no_counter = NULL;
    zkcoord_counter_watch *no_watch = NULL;
    EXPECT(FORKED, zkcoord_counter_get_stale(counter, -1, &number, &err));
    EXPECT(FORKED, zkcoord_counter_versioned(counter, -1, &number, &version, &err));
    EXPECT(FORKED, zkcoord_counter_reserve(counter, 1, -1, &number, &err));
    EXPECT(FORKED, zkcoord_counter_new(client, "/new", &no_counter, &err));
    EXPECT(FORKED, zkcoord_counter_watch_new(counter, &no_watch, &err));
    EXPECT(FORKED, zkcoord_counter_watch_next(watch, -1, &number, &err));
    EXPECT(FORKED, zkcoord_reentrant_mutex_acquire(reentrant, -1, &none, &err));
    EXPECT(FORKED, zkcoord_reentrant_mutex_try_acquire(reentrant, &none, &err));
    zkcoord_striped_counter *no_striped = NULL;
    zkcoord_window_counter *no_window = NULL;
    zkcoord_rate_limiter *no_limiter = NULL;
    EXPECT(FORKED, zkcoord_striped_counter_new(client, "/new", &no_striped, &err));
    EXPECT(FORKED, zkcoord_striped_counter_add(striped, 1, &err));
    EXPECT(FORKED, zkcoord_striped_counter_flush(striped, -1, &err));
    EXPECT(FORKED, zkcoord_striped_counter_sum(striped, -1, &number, &err));
    EXPECT(FORKED, zkcoord_window_counter_new(client, "/new", 1000, 10, &no_window, &err));
    EXPECT(FORKED, zkcoord_window_counter_add(window, 1, -1, &number, &err));
    EXPECT(FORKED, zkcoord_window_counter_count(window, -1, &number, &err));
    EXPECT(FORKED, zkcoord_rate_limiter_new(client, "/new", 3, 1000, &no_limiter, &err));
    EXPECT(FORKED, zkcoord_rate_limiter_acquire(limiter, 1, -1, &err));
    EXPECT(FORKED, zkcoord_rate_limiter_try_acquire(limiter, 1, &flag, &err));
    zkcoord_miss_guard *no_miss_guard = NULL;
    zkcoord_load_turn *no_turn = NULL;
    EXPECT(FORKED, zkcoord_miss_guard_new(client, "/new", &no_miss_guard, &err));
    EXPECT(FORKED, zkcoord_miss_guard_begin(misses, NULL, 0, -1, &no_turn, &err));
    EXPECT(FORKED, zkcoord_miss_guard_forget(misses, NULL, 0, -1, &err));
    CHECK(!zkcoord_load_turn_is_held(turn));
    EXPECT(FORKED, zkcoord_load_turn_found(turn, -1, &err));
    EXPECT(FORKED, zkcoord_load_turn_missed(other_turn, -1, &err));
    EXPECT(FORKED, zkcoord_rw_lock_read(rw_lock, &made, &err));
    EXPECT(FORKED, zkcoord_rw_lock_write(rw_lock, &made, &err));
    EXPECT(FORKED, zkcoord_multi_mutex_acquire(multi, -1, &none, &err));
    EXPECT(FORKED, zkcoord_multi_mutex_try_acquire(multi, &none, &err));
    EXPECT(FORKED, zkcoord_semaphore_acquire(semaphore, 1, -1, &none, &err));
    EXPECT(FORKED, zkcoord_semaphore_try_acquire(semaphore, 1, &none, &err));
    zkcoord_queue *queue = NULL;
    zkcoord_stats *stats = NULL;
    EXPECT(FORKED, zkcoord_mutex_inspect(mutex, -1, &queue, &err));
    EXPECT(FORKED, zkcoord_mutex_stats(mutex, &stats, &err));
    EXPECT(FORKED, zkcoord_multi_mutex_stats(multi, &stats, &err));
    EXPECT(FORKED, zkcoord_semaphore_stats(semaphore, &stats, &err));
    EXPECT(FORKED, zkcoord_reentrant_mutex_inspect(reentrant, -1, &queue, &err));
    EXPECT(FORKED, zkcoord_reentrant_mutex_stats(reentrant, &stats, &err));
    EXPECT(FORKED, zkcoord_counter_stats(counter, &stats, &err));
    EXPECT(FORKED, zkcoord_rate_limiter_stats(limiter, &stats, &err));
    EXPECT(FORKED, zkcoord_client_request_revoke(client, zkcoord_guard_node(guard), -1, &flag, &err));
    EXPECT(FORKED, zkcoord_guard_set_data(guard, "/fork", NULL, 0, -1, -1, &err));
    EXPECT(FORKED, zkcoord_guard_create(guard, "/fork-data", NULL, 0, -1, &err));
    EXPECT(FORKED, zkcoord_guard_delete(guard, "/fork", -1, -1, &err));
    CHECK(!zkcoord_guard_is_revoke_requested(guard));
    EXPECT(FORKED, zkcoord_guard_check(guard, &err));
    EXPECT(FORKED, zkcoord_guard_release(guard, -1, &err));
    EXPECT(FORKED, zkcoord_client_close(client, -1, &err));
    CHECK(!zkcoord_guard_is_held(guard) && zkcoord_guard_lease_remaining(guard) == 0);
    CHECK(zkcoord_guard_token(guard) > 0 && zkcoord_guard_node(guard) != NULL);
    CHECK(zkcoord_guard_token_count(guard) == 1 && zkcoord_guard_token_at(guard, 0) == zkcoord_guard_token(guard));
    EXPECT(FORKED, zkcoord_mutex_new(client, "/new", &made, &err));
    CHECK(made == NULL);
    EXPECT(FORKED, zkcoord_guard_on_lost(guard, nothing, NULL, destroy, &err));
    EXPECT(FORKED, zkcoord_guard_on_revoke(guard, nothing, NULL, destroy, &err));
    EVENTUALLY(destroyed == 2);
}

static void free_everything(void) {
    zkcoord_client_free(client);
    zkcoord_guard_free(guard);
    zkcoord_striped_counter_free(striped);
    zkcoord_window_counter_free(window);
    zkcoord_rate_limiter_free(limiter);
    zkcoord_load_turn_free(turn);
    zkcoord_load_turn_free(other_turn);
    zkcoord_miss_guard_free(misses);
    zkcoord_guard_free(reentrant_guard);
    zkcoord_counter_watch_free(watch);
    zkcoord_counter_free(counter);
    zkcoord_semaphore_free(semaphore);
    zkcoord_reentrant_mutex_free(reentrant);
    zkcoord_multi_mutex_free(multi);
    zkcoord_rw_lock_free(rw_lock);
    zkcoord_mutex_free(mutex);
}

static void connect_again(void) {
    zkcoord_client *own = new_client();
    zkcoord_mutex *same = new_mutex(own, "/fork"), *other = new_mutex(own, "/fork-child");
    zkcoord_counter *numbers = new_counter(own, "/fork-child-counter");
    zkcoord_guard *taken = guard;
    OK(zkcoord_mutex_try_acquire(same, &taken, &err));
    CHECK(taken == NULL); /* the parent holds it */
    zkcoord_guard *held = acquire(other);
    int64_t value = 0;
    OK(zkcoord_counter_increment(numbers, 5000, &value, &err));
    OK(zkcoord_guard_release(held, 5000, &err));
    OK(zkcoord_client_close(own, 5000, &err));
    zkcoord_guard_free(held);
    zkcoord_counter_free(numbers);
    zkcoord_mutex_free(other);
    zkcoord_mutex_free(same);
    zkcoord_client_free(own);
}

static void connect_again_and_free_everything(void) {
    connect_again();
    free_everything();
    connect_again();
}

static void call_exit(void) {
#ifndef __SANITIZE_ADDRESS__ /* it would report the parent's objects, which the child must abandon, as leaks */
    exit(failed_checks);
#endif
}

static void in_grandchild(void) { in_child(connect_again_and_free_everything); }

static void calls_in_a_child_are_refused(void) { in_child(use_everything), check_parent_is_unaffected(); }
static void frees_in_a_child_do_not_affect_the_parent(void) { in_child(free_everything), check_parent_is_unaffected(); }
static void a_child_can_connect(void) { in_child(connect_again), check_parent_is_unaffected(); }
static void a_child_can_connect_and_free(void) {
    in_child(connect_again_and_free_everything), check_parent_is_unaffected();
}
static void a_child_may_exit(void) { in_child(call_exit), check_parent_is_unaffected(); }
static void a_grandchild_can_connect_and_free(void) { in_child(in_grandchild), check_parent_is_unaffected(); }

int main(void) {
    set_up("fork");
    client = new_client();
    mutex = new_mutex(client, "/fork");
    guard = acquire(mutex);
    counter = new_counter(client, "/fork-counter");
    semaphore = new_semaphore(client, "/fork-permits", 3);
    int64_t value = 0;
    OK(zkcoord_counter_watch_new(counter, &watch, &err));
    OK(zkcoord_counter_watch_next(watch, 5000, &value, &err)); /* from now on the server has a watch */
    OK(zkcoord_reentrant_mutex_new(client, "/fork-again", &reentrant, &err));
    OK(zkcoord_reentrant_mutex_acquire(reentrant, 5000, &reentrant_guard, &err));
    OK(zkcoord_striped_counter_new(client, "/fork-striped", &striped, &err));
    OK(zkcoord_striped_counter_add(striped, 1, &err));
    OK(zkcoord_window_counter_new(client, "/fork-window", 60000, 60, &window, &err));
    OK(zkcoord_window_counter_add(window, 1, 5000, &value, &err));
    OK(zkcoord_rate_limiter_new(client, "/fork-limit", 3, 1000, &limiter, &err));
    OK(zkcoord_rate_limiter_acquire(limiter, 1, 5000, &err));
    OK(zkcoord_miss_guard_new(client, "/fork-misses", &misses, &err));
    OK(zkcoord_miss_guard_begin(misses, NULL, 0, 5000, &turn, &err));
    OK(zkcoord_miss_guard_begin(misses, (const uint8_t *)"key", 3, 5000, &other_turn, &err));
    OK(zkcoord_rw_lock_new(client, "/fork-rw", &rw_lock, &err));
    OK(zkcoord_multi_mutex_new(client, (const char *const[]){"/fork-1", "/fork-2"}, 2, &multi, &err));
    OK(zkcoord_guard_on_lost(guard, nothing, NULL, NULL, &err));
    OK(zkcoord_guard_on_revoke(guard, nothing, NULL, NULL, &err));
    RUN(calls_in_a_child_are_refused);
    RUN(frees_in_a_child_do_not_affect_the_parent);
    RUN(a_child_can_connect);
    RUN(a_child_can_connect_and_free);
    RUN(a_child_may_exit);
    RUN(a_grandchild_can_connect_and_free);
    OK(zkcoord_guard_release(guard, 5000, &err));
    free_everything();
    return finish();
}
