/* on_lost and on_revoke: when they are called, on which thread, and when their user data is destroyed. */
#include <stdatomic.h>

#include "support.h"

/* What a callback has seen. */
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

/* Deletes the guard's node behind its back. */
static void lose(zkcoord_guard *guard) {
    CHECK(observe("delete", zkcoord_guard_node(guard), "") == 0);
    EVENTUALLY(!zkcoord_guard_is_held(guard));
}

static void a_loss_is_told_once(void) {
    record first = {0}, second = {0};
    zkcoord_guard *guard = acquired(mutex);
    OK(zkcoord_guard_on_lost(guard, on_event, &first, destroy, &err));
    OK(zkcoord_guard_on_lost(guard, on_event, &second, NULL, &err));
    lose(guard);
    EVENTUALLY(first.destroyed == 1 && second.called == 1);
    CHECK(first.called == 1);
    CHECK(!pthread_equal(first.thread, pthread_self()));
    EXPECT(LOCK_LOST, zkcoord_guard_check(guard, &err));
    CHECK(said("deleted"));
    OK(zkcoord_guard_release(guard, 5000, &err));
    zkcoord_guard_free(guard);
    pause_ms(100);
    CHECK(first.called == 1 && first.destroyed == 1 && !first.called_after_destroy);
    CHECK(second.called == 1 && second.destroyed == 0);
}

/* Asks for the guard's lock. */
static void ask_for(zkcoord_guard *guard) {
    bool asked = false;
    OK(zkcoord_client_request_revoke(client, zkcoord_guard_node(guard), 5000, &asked, &err));
    CHECK(asked);
    EVENTUALLY(zkcoord_guard_is_revoke_requested(guard));
}

static void a_revocation_is_told_once(void) {
    record early = {0}, late = {0}, loss = {0};
    zkcoord_guard *guard = acquired(mutex);
    CHECK(!zkcoord_guard_is_revoke_requested(guard));
    OK(zkcoord_guard_on_revoke(guard, on_event, &early, destroy, &err));
    OK(zkcoord_guard_on_lost(guard, on_event, &loss, destroy, &err));
    ask_for(guard);
    EVENTUALLY(early.destroyed == 1);
    OK(zkcoord_guard_on_revoke(guard, on_event, &late, destroy, &err));
    EVENTUALLY(late.destroyed == 1);
    OK(zkcoord_guard_check(guard, &err)); /* the holder decides */
    ask_for(guard);
    pause_ms(100);
    CHECK(early.called == 1 && late.called == 1 && !pthread_equal(early.thread, pthread_self()));
    OK(zkcoord_guard_release(guard, 5000, &err));
    EVENTUALLY(loss.destroyed == 1);
    CHECK(loss.called == 0 && early.destroyed == 1 && late.destroyed == 1);
    bool asked = true;
    OK(zkcoord_client_request_revoke(client, zkcoord_guard_node(guard), 5000, &asked, &err));
    CHECK(!asked);
    zkcoord_guard_free(guard);
}

static void what_was_not_revoked_is_destroyed(void) {
    record released = {0}, freed = {0}, no_guard = {0}, no_function = {0};
    zkcoord_guard *guard = acquired(mutex);
    OK(zkcoord_guard_on_revoke(guard, on_event, &released, destroy, &err));
    EXPECT(INVALID_ARGUMENT, zkcoord_guard_on_revoke(NULL, on_event, &no_guard, destroy, &err));
    EXPECT(INVALID_ARGUMENT, zkcoord_guard_on_revoke(guard, NULL, &no_function, destroy, &err));
    EVENTUALLY(no_guard.destroyed == 1 && no_function.destroyed == 1);
    CHECK(released.destroyed == 0);
    OK(zkcoord_guard_release(guard, 5000, &err));
    EVENTUALLY(released.destroyed == 1);
    zkcoord_guard_free(guard);
    guard = acquired(mutex);
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
    zkcoord_guard *guard = acquired(mutex);
    OK(zkcoord_guard_on_lost(guard, on_event, &seen, destroy, &err));
    lose(guard);
    EVENTUALLY(seen.destroyed == 1);
    CHECK(seen.waiting_call == ZKCOORD_STATUS_WOULD_DEADLOCK);
    zkcoord_guard_free(guard);
    zkcoord_counter_free(seen.counter);
}

static void a_late_registration_is_told_too(void) {
    record seen = {0};
    zkcoord_guard *guard = acquired(mutex);
    lose(guard);
    OK(zkcoord_guard_on_lost(guard, on_event, &seen, destroy, &err));
    EVENTUALLY(seen.destroyed == 1);
    CHECK(seen.called == 1);
    zkcoord_guard_free(guard);
}

static void a_release_destroys_without_a_call(void) {
    record before = {0}, after = {0};
    zkcoord_guard *guard = acquired(mutex);
    OK(zkcoord_guard_on_lost(guard, on_event, &before, destroy, &err));
    OK(zkcoord_guard_release(guard, 5000, &err));
    OK(zkcoord_guard_on_lost(guard, on_event, &after, destroy, &err));
    EVENTUALLY(before.destroyed == 1 && after.destroyed == 1);
    zkcoord_guard_free(guard);
    pause_ms(100);
    CHECK(before.called == 0 && before.destroyed == 1);
    CHECK(after.called == 0 && after.destroyed == 1);
}

static void a_free_destroys_without_a_call(void) {
    enum { MANY = 100 };
    static record seen[MANY];
    int destroyed = 0, called = 0;
    zkcoord_guard *guard = acquired(mutex);
    for (int i = 0; i < MANY; i++) OK(zkcoord_guard_on_lost(guard, on_event, &seen[i], destroy, &err));
    zkcoord_guard_free(guard);
    EVENTUALLY(seen[MANY - 1].destroyed == 1);
    pause_ms(100);
    for (int i = 0; i < MANY; i++) destroyed += seen[i].destroyed, called += seen[i].called;
    CHECK(destroyed == MANY && called == 0);
}

static void a_failed_registration_destroys(void) {
    record no_guard = {0}, no_function = {0};
    zkcoord_guard *guard = acquired(mutex);
    EXPECT(INVALID_ARGUMENT, zkcoord_guard_on_lost(NULL, on_event, &no_guard, destroy, &err));
    EXPECT(INVALID_ARGUMENT, zkcoord_guard_on_lost(guard, NULL, &no_function, destroy, &err));
    EVENTUALLY(no_guard.destroyed == 1 && no_function.destroyed == 1);
    zkcoord_guard_free(guard);
    pause_ms(100);
    CHECK(no_guard.called == 0 && no_guard.destroyed == 1);
    CHECK(no_function.called == 0 && no_function.destroyed == 1);
}

static void a_closed_client_tells_its_guards(void) {
    record seen = {0};
    zkcoord_client *closing = new_client();
    zkcoord_mutex *own = new_mutex(closing, "/closing");
    zkcoord_guard *guard = acquired(own);
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
    RUN(a_loss_is_told_once);
    RUN(a_waiting_call_in_a_callback_is_refused);
    RUN(a_late_registration_is_told_too);
    RUN(a_release_destroys_without_a_call);
    RUN(a_free_destroys_without_a_call);
    RUN(a_failed_registration_destroys);
    RUN(a_closed_client_tells_its_guards);
    RUN(a_revocation_is_told_once);
    RUN(what_was_not_revoked_is_destroyed);
    zkcoord_mutex_free(mutex);
    zkcoord_client_free(client);
    return finish();
}
