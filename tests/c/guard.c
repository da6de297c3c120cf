/* Writes that take effect only while the lock is held. */
#include "support.h"

static const uint8_t first[] = {'f', 'i', 'r', 's', 't'}, second[] = {'s', 'e', 'c', 'o', 'n', 'd'};

static zkcoord_client *client;
static zkcoord_mutex *mutex;

static void a_guard_writes_while_it_is_held(void) {
    zkcoord_guard *guard = acquire(mutex);
    OK(zkcoord_guard_create(guard, "/data", first, sizeof first, 5000, &err));
    CHECK(observe("holds", "/data", "first") == 0);
    OK(zkcoord_guard_set_data(guard, "/data", second, sizeof second, -1, 5000, &err));
    CHECK(observe("holds", "/data", "second") == 0);
    OK(zkcoord_guard_set_data(guard, "/data", first, sizeof first, 1, 5000, &err));
    CHECK(observe("holds", "/data", "first") == 0);
    OK(zkcoord_guard_set_data(guard, "/data", NULL, 0, 2, 0,
                              &err)); /* a timeout of 0 suffices for a connected client */
    CHECK(observe("holds", "/data", "") == 0);
    OK(zkcoord_guard_delete(guard, "/data", 3, 5000, &err));
    CHECK(observe("holds", "/data", "") != 0);
    OK(zkcoord_guard_create(guard, "/data", NULL, 0, -1, &err));
    OK(zkcoord_guard_delete(guard, "/data", -1, -1, &err));
    zkcoord_guard_free(guard);
}

static void a_lost_guard_writes_nothing(void) {
    zkcoord_guard *guard = acquire(mutex);
    OK(zkcoord_guard_create(guard, "/kept", first, sizeof first, 5000, &err));
    CHECK(observe("delete", zkcoord_guard_node(guard), "") == 0);
    EXPECT(LOCK_LOST, zkcoord_guard_set_data(guard, "/kept", second, sizeof second, -1, 5000, &err));
    CHECK(message_has(zkcoord_guard_node(guard)));
    EXPECT(LOCK_LOST, zkcoord_guard_create(guard, "/not-made", NULL, 0, 5000, &err));
    EXPECT(LOCK_LOST, zkcoord_guard_delete(guard, "/kept", -1, 5000, &err));
    CHECK(observe("holds", "/kept", "first") == 0);
    CHECK(observe("holds", "/not-made", "") != 0);
    zkcoord_guard_free(guard);
    guard = acquire(mutex);
    OK(zkcoord_guard_release(guard, 5000, &err));
    EXPECT(LOCK_LOST, zkcoord_guard_set_data(guard, "/kept", second, sizeof second, -1, 5000, &err));
    zkcoord_guard_free(guard);
}

static void invalid_writes_are_refused(void) {
    zkcoord_guard *guard = acquire(mutex);
    EXPECT(INVALID_ARGUMENT, zkcoord_guard_set_data(guard, "/missing", first, 1, -1, 5000, &err));
    CHECK(message_has("path \"/missing\""));
    EXPECT(INVALID_ARGUMENT, zkcoord_guard_delete(guard, "/missing", -1, 5000, &err));
    EXPECT(INVALID_ARGUMENT, zkcoord_guard_create(guard, "/missing/child", first, 1, 5000, &err));
    OK(zkcoord_guard_create(guard, "/there", first, 1, 5000, &err));
    EXPECT(INVALID_ARGUMENT, zkcoord_guard_create(guard, "/there", first, 1, 5000, &err));
    const int32_t versions[] = {7, INT32_MAX, -2, INT32_MIN};
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        EXPECT(INVALID_ARGUMENT, zkcoord_guard_set_data(guard, "/there", second, 1, versions[i], 5000, &err));
        CHECK(message_has("version"));
        EXPECT(INVALID_ARGUMENT, zkcoord_guard_delete(guard, "/there", versions[i], 5000, &err));
    }
    OK(zkcoord_guard_create(guard, "/there/child", NULL, 0, 5000, &err));
    EXPECT(INVALID_ARGUMENT, zkcoord_guard_delete(guard, "/there", -1, 5000, &err));
    CHECK(message_has("children"));
    OK(zkcoord_guard_check(guard, &err));
    zkcoord_guard_free(guard);
}

static void a_multi_mutex_guard_requires_all_its_locks(void) {
    static const char *const paths[] = {"/guard-1", "/guard-2"};
    zkcoord_multi_mutex *multi = NULL;
    zkcoord_mutex *alone = new_mutex(client, paths[1]);
    zkcoord_queue *queue = NULL;
    zkcoord_guard *guard = NULL;
    OK(zkcoord_multi_mutex_new(client, paths, 2, &multi, &err));
    OK(zkcoord_multi_mutex_acquire(multi, 5000, &guard, &err));
    OK(zkcoord_guard_create(guard, "/together", first, sizeof first, 5000, &err));
    OK(zkcoord_mutex_inspect(alone, 5000, &queue, &err));
    CHECK(zkcoord_queue_count(queue) == 1);
    CHECK(observe("delete", zkcoord_queue_node(queue, 0), "") == 0);
    EXPECT(LOCK_LOST, zkcoord_guard_set_data(guard, "/together", second, sizeof second, -1, 5000, &err));
    CHECK(message_has(zkcoord_queue_node(queue, 0)));
    zkcoord_queue_free(queue);
    zkcoord_guard_free(guard);
    zkcoord_mutex_free(alone);
    zkcoord_multi_mutex_free(multi);
}

int main(void) {
    set_up("guard");
    client = new_client();
    mutex = new_mutex(client, "/guard");
    RUN(a_guard_writes_while_it_is_held);
    RUN(a_lost_guard_writes_nothing);
    RUN(invalid_writes_are_refused);
    RUN(a_multi_mutex_guard_requires_all_its_locks);
    zkcoord_mutex_free(mutex);
    zkcoord_client_free(client);
    return finish();
}
