/* Whose a lock is: what a thread gets again that holds it already, and where it would wait for itself. */
#include "support.h"

static zkcoord_client *one, *two;

static zkcoord_reentrant_mutex *new_reentrant(zkcoord_client *client, const char *path) {
    zkcoord_reentrant_mutex *mutex = NULL;
    OK(zkcoord_reentrant_mutex_new(client, path, &mutex, &err));
    return mutex;
}

static zkcoord_guard *entered(zkcoord_reentrant_mutex *mutex) {
    zkcoord_guard *guard = NULL;
    OK(zkcoord_reentrant_mutex_acquire(mutex, 10000, &guard, &err));
    return guard;
}

/* What another thread gets of the lock. */
static void *try_it(void *mutex) {
    zkcoord_guard *guard = NULL;
    zkcoord_reentrant_mutex_try_acquire(mutex, &guard, NULL);
    return guard;
}

static void *free_it(void *guard) {
    zkcoord_guard_free(guard);
    return NULL;
}

static void *on_another_thread(void *(*body)(void *), void *data) {
    pthread_t thread;
    void *result = NULL;
    CHECK(pthread_create(&thread, NULL, body, data) == 0);
    pthread_join(thread, &result);
    return result;
}

static void its_owner_gets_it_again(void) {
    zkcoord_reentrant_mutex *mine = new_reentrant(one, "/again"), *also_mine = new_reentrant(one, "/again");
    zkcoord_reentrant_mutex *theirs = new_reentrant(two, "/again");
    zkcoord_guard *outer = entered(mine), *inner = NULL, *other = NULL;
    OK(zkcoord_reentrant_mutex_acquire(also_mine, 0, &inner, &err));
    CHECK(zkcoord_guard_token(inner) == zkcoord_guard_token(outer));
    CHECK(strcmp(zkcoord_guard_node(inner), zkcoord_guard_node(outer)) == 0);
    CHECK(observe("count", "/again", "") == 1);
    OK(zkcoord_reentrant_mutex_try_acquire(theirs, &other, &err)); /* this thread, but another client */
    CHECK(other == NULL);
    CHECK(on_another_thread(try_it, mine) == NULL);
    OK(zkcoord_guard_release(outer, 5000, &err));
    CHECK(!zkcoord_guard_is_held(outer) && zkcoord_guard_is_held(inner));
    CHECK(on_another_thread(try_it, mine) == NULL);
    on_another_thread(free_it, inner); /* the last one gives it back, wherever that is done */
    zkcoord_guard_free(outer);
    outer = entered(theirs);
    zkcoord_guard_free(outer);
    zkcoord_reentrant_mutex_free(theirs);
    zkcoord_reentrant_mutex_free(also_mine);
    zkcoord_reentrant_mutex_free(mine);
}

static void a_reentrant_mutex_may_be_kazoos(void) {
    zkcoord_mutex_options *options = zkcoord_mutex_options_new();
    zkcoord_reentrant_mutex *mutex = NULL;
    OK(zkcoord_mutex_options_set_scheme(options, "kazoo", &err));
    OK(zkcoord_reentrant_mutex_new_with_options(one, "/again-kazoo", options, &mutex, &err));
    zkcoord_mutex_options_free(options);
    zkcoord_guard *guard = entered(mutex);
    CHECK(strstr(zkcoord_guard_node(guard), "__lock__") != NULL);
    zkcoord_guard_free(guard);
    zkcoord_reentrant_mutex_free(mutex);
}

static void a_reentrant_mutex_can_be_looked_at(void) {
    zkcoord_reentrant_mutex *mutex = new_reentrant(one, "/looked-at");
    zkcoord_guard *outer = entered(mutex), *inner = entered(mutex);
    zkcoord_queue *queue = NULL;
    zkcoord_stats *stats = NULL;
    OK(zkcoord_reentrant_mutex_inspect(mutex, 5000, &queue, &err));
    CHECK(zkcoord_queue_count(queue) == 1 && zkcoord_queue_is_holder(queue, 0));
    OK(zkcoord_reentrant_mutex_stats(mutex, &stats, &err));
    CHECK(zkcoord_stats_count(stats) == 2);
    zkcoord_stats_free(stats);
    zkcoord_queue_free(queue);
    zkcoord_guard_free(inner);
    zkcoord_guard_free(outer);
    zkcoord_reentrant_mutex_free(mutex);
}

static void who_would_wait_for_himself_is_told(void) {
    zkcoord_reentrant_mutex *reentrant = new_reentrant(one, "/himself");
    zkcoord_mutex *plain = new_mutex(one, "/himself");
    zkcoord_multi_mutex *multi = NULL;
    OK(zkcoord_multi_mutex_new(one, (const char *const[]){"/himself", "/himself-too"}, 2, &multi, &err));
    zkcoord_guard *held = entered(reentrant), *none = held;
    EXPECT(WOULD_DEADLOCK, zkcoord_mutex_acquire(plain, -1, &none, &err));
    CHECK(none == NULL && said("/himself") && said("reentrant"));
    EXPECT(WOULD_DEADLOCK, zkcoord_multi_mutex_acquire(multi, -1, &none, &err));
    OK(zkcoord_mutex_try_acquire(plain, &none, &err));
    CHECK(none == NULL);
    OK(zkcoord_multi_mutex_try_acquire(multi, &none, &err));
    CHECK(none == NULL && zkcoord_guard_is_held(held));
    zkcoord_guard_free(held);
    held = acquired(plain); /* nobody's: it is waited for */
    EXPECT(TIMEOUT, zkcoord_reentrant_mutex_acquire(reentrant, 200, &none, &err));
    EXPECT(TIMEOUT, zkcoord_mutex_acquire(plain, 200, &none, &err));
    zkcoord_guard_free(held);
    zkcoord_multi_mutex_free(multi);
    zkcoord_mutex_free(plain);
    zkcoord_reentrant_mutex_free(reentrant);
}

int main(void) {
    set_up("owners");
    one = new_client();
    two = new_client();
    RUN(its_owner_gets_it_again);
    RUN(a_reentrant_mutex_may_be_kazoos);
    RUN(a_reentrant_mutex_can_be_looked_at);
    RUN(who_would_wait_for_himself_is_told);
    zkcoord_client_free(two);
    zkcoord_client_free(one);
    return finish();
}
