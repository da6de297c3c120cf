/* Callbacks of on_lost and on_revoke: the moment and the thread of their calls, and the end of their user data. */
#include <stdatomic.h>

#include "support.h"

/* The calls of one callback. */
typedef struct {
    atomic_int called, destroyed, called_after_destroy;
    pthread_t thread;
    zkcoord_counter *counter;
    zkcoord_status waiting_call;
} record;

static void on_event(void *user_data) {
    record *seen = user_data;
    int64_t value = 0;
    seen->thread = pthread_self();
    if (seen->counter) seen->waiting_call = zkcoord_counter_get(seen->counter, 1000, &value, NULL);
    if (seen->destroyed) seen->called_after_destroy++;
    seen->called++;
}

static void destroy(void *user_data) {
    record *seen = user_data;
    seen->destroyed++;
}

static zkcoord_client *client;
static zkcoord_mutex *mutex;

/* Deletes the guard's node without zkcoord, so that the lock is lost. */
static void lose(zkcoord_guard *guard) {
    CHECK(observe("delete", zkcoord_guard_node(guard), "") == 0);
    EVENTUALLY(!zkcoord_guard_is_held(guard));
}

static void a_loss_is_reported_once(void) {
    record first = {0}, second = {0};
    zkcoord_guard *guard = acquire(mutex);
    OK(zkcoord_guard_on_lost(guard, on_event, &first, destroy, &err));
    OK(zkcoord_guard_on_lost(guard, on_event, &second, NULL, &err));
    lose(guard);
    EVENTUALLY(first.destroyed == 1 && second.called == 1);
    CHECK(first.called == 1);
    CHECK(!pthread_equal(first.thread, pthread_self()));
    EXPECT(LOCK_LOST, zkcoord_guard_check(guard, &err));
    CHECK(message_has("deleted"));
    OK(zkcoord_guard_release(guard, 5000, &err));
    zkcoord_guard_free(guard);
    pause_ms(100);
    CHECK(first.called == 1 && first.destroyed == 1 && !first.called_after_destroy);
    CHECK(second.called == 1 && second.destroyed == 0);
}

/* Asks the guard's holder to release the lock. */
static void request_revoke(zkcoord_guard *guard) {
    bool requested = false;
    OK(zkcoord_client_request_revoke(client, zkcoord_guard_node(guard), 5000, &requested, &err));
    CHECK(requested);
    EVENTUALLY(zkcoord_guard_is_revoke_requested(guard));
}

static void a_revoke_request_is_reported_once(void) {
    record before = {0}, after = {0}, loss = {0};
    zkcoord_guard *guard = acquire(mutex);
    CHECK(!zkcoord_guard_is_revoke_requested(guard));
    OK(zkcoord_guard_on_revoke(guard, on_event, &before, destroy, &err));
    OK(zkcoord_guard_on_lost(guard, on_event, &loss, destroy, &err));
    request_revoke(guard);
    EVENTUALLY(before.destroyed == 1);
    OK(zkcoord_guard_on_revoke(guard, on_event, &after, destroy, &err));
    EVENTUALLY(after.destroyed == 1);
    OK(zkcoord_guard_check(guard, &err)); /* the lock stays held: the holder decides */
    request_revoke(guard);
    pause_ms(100);
    CHECK(before.called == 1 && after.called == 1 && !pthread_equal(before.thread, pthread_self()));
    OK(zkcoord_guard_release(guard, 5000, &err));
    EVENTUALLY(loss.destroyed == 1);
    CHECK(loss.called == 0 && before.destroyed == 1 && after.destroyed == 1);
    bool requested = true;
    OK(zkcoord_client_request_revoke(client, zkcoord_guard_node(guard), 5000, &requested, &err));
    CHECK(!requested);
    zkcoord_guard_free(guard);
}

static void the_user_data_of_unrevoked_guards_is_destroyed(void) {
    record released = {0}, freed = {0}, no_guard = {0}, no_function = {0};
    zkcoord_guard *guard = acquire(mutex);
    OK(zkcoord_guard_on_revoke(guard, on_event, &released, destroy, &err));
    EXPECT(INVALID_ARGUMENT, zkcoord_guard_on_revoke(NULL, on_event, &no_guard, destroy, &err));
    EXPECT(INVALID_ARGUMENT, zkcoord_guard_on_revoke(guard, NULL, &no_function, destroy, &err));
    EVENTUALLY(no_guard.destroyed == 1 && no_function.destroyed == 1);
    CHECK(released.destroyed == 0);
    OK(zkcoord_guard_release(guard, 5000, &err));
    EVENTUALLY(released.destroyed == 1);
    zkcoord_guard_free(guard);
    guard = acquire(mutex);
    OK(zkcoord_guard_on_revoke(guard, on_event, &freed, destroy, &err));
    lose(guard);
    zkcoord_guard_free(guard);
    EVENTUALLY(freed.destroyed == 1);
    pause_ms(100);
    CHECK(released.called + freed.called + no_guard.called + no_function.called == 0);
    CHECK(released.destroyed == 1 && freed.destroyed == 1 && no_guard.destroyed == 1 && no_function.destroyed == 1);
}

static void a_waiting_call_in_a_callback_is_refused(void) {
    record seen = {.counter = new_counter(client, "/from-callback")};
    zkcoord_guard *guard = acquire(mutex);
    OK(zkcoord_guard_on_lost(guard, on_event, &seen, destroy, &err));
    lose(guard);
    EVENTUALLY(seen.destroyed == 1);
    CHECK(seen.waiting_call == ZKCOORD_STATUS_WOULD_DEADLOCK);
    zkcoord_guard_free(guard);
    zkcoord_counter_free(seen.counter);
}

static void a_callback_that_is_added_after_the_loss_is_called(void) {
    record seen = {0};
    zkcoord_guard *guard = acquire(mutex);
    lose(guard);
    OK(zkcoord_guard_on_lost(guard, on_event, &seen, destroy, &err));
    EVENTUALLY(seen.destroyed == 1);
    CHECK(seen.called == 1);
    zkcoord_guard_free(guard);
}

static void a_release_destroys_user_data_without_a_call(void) {
    record before = {0}, after = {0};
    zkcoord_guard *guard = acquire(mutex);
    OK(zkcoord_guard_on_lost(guard, on_event, &before, destroy, &err));
    OK(zkcoord_guard_release(guard, 5000, &err));
    OK(zkcoord_guard_on_lost(guard, on_event, &after, destroy, &err));
    EVENTUALLY(before.destroyed == 1 && after.destroyed == 1);
    zkcoord_guard_free(guard);
    pause_ms(100);
    CHECK(before.called == 0 && before.destroyed == 1);
    CHECK(after.called == 0 && after.destroyed == 1);
}

static void a_free_destroys_user_data_without_a_call(void) {
    enum { CALLBACKS = 100 };
    static record seen[CALLBACKS];
    int destroyed = 0, called = 0;
    zkcoord_guard *guard = acquire(mutex);
    for (int i = 0; i < CALLBACKS; i++) OK(zkcoord_guard_on_lost(guard, on_event, &seen[i], destroy, &err));
    zkcoord_guard_free(guard);
    EVENTUALLY(seen[CALLBACKS - 1].destroyed == 1);
    pause_ms(100);
    for (int i = 0; i < CALLBACKS; i++) destroyed += seen[i].destroyed, called += seen[i].called;
    CHECK(destroyed == CALLBACKS && called == 0);
}

static void a_failed_registration_destroys_its_user_data(void) {
    record no_guard = {0}, no_function = {0};
    zkcoord_guard *guard = acquire(mutex);
    EXPECT(INVALID_ARGUMENT, zkcoord_guard_on_lost(NULL, on_event, &no_guard, destroy, &err));
    EXPECT(INVALID_ARGUMENT, zkcoord_guard_on_lost(guard, NULL, &no_function, destroy, &err));
    EVENTUALLY(no_guard.destroyed == 1 && no_function.destroyed == 1);
    zkcoord_guard_free(guard);
    pause_ms(100);
    CHECK(no_guard.called == 0 && no_guard.destroyed == 1);
    CHECK(no_function.called == 0 && no_function.destroyed == 1);
}

static void a_close_reports_the_loss_to_guards(void) {
    record seen = {0};
    zkcoord_client *closing = new_client();
    zkcoord_mutex *own = new_mutex(closing, "/closing");
    zkcoord_guard *guard = acquire(own);
    OK(zkcoord_guard_on_lost(guard, on_event, &seen, destroy, &err));
    OK(zkcoord_client_close(closing, 5000, &err));
    EVENTUALLY(seen.destroyed == 1);
    CHECK(seen.called == 1);
    zkcoord_guard_free(guard);
    zkcoord_mutex_free(own);
    zkcoord_client_free(closing);
}

int main(void) {
    set_up("callbacks");
    client = new_client();
    mutex = new_mutex(client, "/lost");
    RUN(a_loss_is_reported_once);
    RUN(a_waiting_call_in_a_callback_is_refused);
    RUN(a_callback_that_is_added_after_the_loss_is_called);
    RUN(a_release_destroys_user_data_without_a_call);
    RUN(a_free_destroys_user_data_without_a_call);
    RUN(a_failed_registration_destroys_its_user_data);
    RUN(a_close_reports_the_loss_to_guards);
    RUN(a_revoke_request_is_reported_once);
    RUN(the_user_data_of_unrevoked_guards_is_destroyed);
    zkcoord_mutex_free(mutex);
    zkcoord_client_free(client);
    return finish();
}
