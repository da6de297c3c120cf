/* The mutex and its guard. */
#include "support.h"

static void a_guard_holds_until_released(void) {
    zkcoord_client *client = new_client();
    zkcoord_mutex *mutex = new_mutex(client, "/hold");
    zkcoord_guard *guard = acquire(mutex);
    CHECK(zkcoord_guard_token(guard) > 0);
    CHECK(strncmp(zkcoord_guard_node(guard), "/hold/", 6) == 0);
    CHECK(zkcoord_guard_token_count(guard) == 1 && zkcoord_guard_token_at(guard, 0) == zkcoord_guard_token(guard));
    CHECK(zkcoord_guard_is_held(guard));
    int64_t timeout = 0, lease = zkcoord_guard_lease_remaining(guard);
    OK(zkcoord_client_session_timeout(client, &timeout, &err));
    CHECK(lease > 0 && lease <= timeout);
    OK(zkcoord_guard_check(guard, &err));
    OK(zkcoord_guard_release(guard, 5000, &err));
    CHECK(!zkcoord_guard_is_held(guard) && zkcoord_guard_lease_remaining(guard) == 0);
    EXPECT(LOCK_LOST, zkcoord_guard_check(guard, &err));
    CHECK(message_has("released"));
    OK(zkcoord_guard_release(guard, 5000, &err));
    zkcoord_guard_free(guard);
    zkcoord_mutex_free(mutex);
    zkcoord_client_free(client);
}

static void tokens_grow(void) {
    zkcoord_client *client = new_client();
    zkcoord_mutex *mutex = new_mutex(client, "/tokens");
    uint64_t before = 0;
    for (int i = 0; i < 20; i++) {
        zkcoord_guard *guard = acquire(mutex);
        CHECK(zkcoord_guard_token(guard) > before);
        before = zkcoord_guard_token(guard);
        zkcoord_guard_free(guard);
    }
    zkcoord_mutex_free(mutex);
    zkcoord_client_free(client);
}

static void clients_exclude_each_other(void) {
    zkcoord_client *one = new_client(), *two = new_client();
    zkcoord_mutex *mine = new_mutex(one, "/exclude"), *theirs = new_mutex(two, "/exclude");
    zkcoord_mutex *elsewhere = new_mutex(two, "/exclude-not");
    zkcoord_guard *guard = acquire(mine), *other = guard;
    OK(zkcoord_mutex_try_acquire(theirs, &other, &err));
    CHECK(other == NULL);
    OK(zkcoord_mutex_try_acquire(mine, &other, &err)); /* not reentrant */
    CHECK(other == NULL);
    OK(zkcoord_mutex_try_acquire(elsewhere, &other, &err));
    CHECK(other != NULL);
    zkcoord_guard_free(other);

    OK(zkcoord_guard_release(guard, 5000, &err));
    OK(zkcoord_mutex_try_acquire(theirs, &other, &err));
    CHECK(other != NULL && zkcoord_guard_token(other) > zkcoord_guard_token(guard));
    zkcoord_guard_free(guard);
    zkcoord_guard_free(other);
    zkcoord_mutex_free(elsewhere);
    zkcoord_mutex_free(theirs);
    zkcoord_mutex_free(mine);
    zkcoord_client_free(two);
    zkcoord_client_free(one);
}

static void a_timeout_is_respected_and_leaves_no_node(void) {
    zkcoord_client *one = new_client(), *two = new_client();
    zkcoord_mutex *mine = new_mutex(one, "/late"), *theirs = new_mutex(two, "/late");
    zkcoord_guard *guard = acquire(mine), *other = guard;
    int64_t start = now_ms();
    EXPECT(TIMEOUT, zkcoord_mutex_acquire(theirs, 300, &other, &err));
    CHECK(now_ms() - start >= 300);
    CHECK(other == NULL);
    CHECK(message_has("/late"));
    CHECK(observe("count", "/late", "") == 1);
    EXPECT(TIMEOUT, zkcoord_mutex_acquire(theirs, 0, &other, &err));
    zkcoord_guard_free(guard);
    zkcoord_mutex_free(theirs);
    zkcoord_mutex_free(mine);
    zkcoord_client_free(two);
    zkcoord_client_free(one);
}

static void *acquire_in_thread(void *mutex) {
    zkcoord_guard *guard = NULL;
    zkcoord_mutex_acquire(mutex, -1, &guard, NULL);
    return guard;
}

static void a_waiter_acquires_when_the_holder_frees_its_guard(void) {
    zkcoord_client *one = new_client(), *two = new_client();
    zkcoord_mutex *mine = new_mutex(one, "/wait"), *theirs = new_mutex(two, "/wait");
    zkcoord_guard *guard = acquire(mine);
    uint64_t token = zkcoord_guard_token(guard);
    pthread_t waiter;
    CHECK(pthread_create(&waiter, NULL, acquire_in_thread, theirs) == 0);
    pause_ms(300);
    zkcoord_guard_free(guard);
    void *other = NULL;
    pthread_join(waiter, &other);
    CHECK(zkcoord_guard_token(other) > token);
    zkcoord_guard_free(other);
    zkcoord_mutex_free(theirs);
    zkcoord_mutex_free(mine);
    zkcoord_client_free(two);
    zkcoord_client_free(one);
}

static void extreme_timeouts_are_accepted(void) {
    const int64_t timeouts[] = {INT64_MAX, INT64_MAX / 1000, INT64_MIN, -1, 0};
    zkcoord_client *client = new_client();
    zkcoord_mutex *mutex = new_mutex(client, "/extreme");
    for (size_t i = 0; i < sizeof timeouts / sizeof *timeouts; i++) {
        zkcoord_guard *guard = NULL;
        OK(zkcoord_mutex_acquire(mutex, timeouts[i], &guard, &err));
        OK(zkcoord_guard_release(guard, timeouts[i], &err));
        zkcoord_guard_free(guard);
    }
    zkcoord_mutex_free(mutex);
    zkcoord_client_free(client);
}

int main(void) {
    set_up("mutex");
    RUN(a_guard_holds_until_released);
    RUN(tokens_grow);
    RUN(clients_exclude_each_other);
    RUN(a_timeout_is_respected_and_leaves_no_node);
    RUN(a_waiter_acquires_when_the_holder_frees_its_guard);
    RUN(extreme_timeouts_are_accepted);
    return finish();
}
