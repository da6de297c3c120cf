/* The miss guard: the turns in which callers load a key, and the effects of their verdicts. */
#include "support.h"

static zkcoord_client *one, *two;

static zkcoord_miss_guard *new_guard(zkcoord_client *client, const char *path, int64_t threshold, int64_t hold_ms) {
    zkcoord_miss_guard_options *options = zkcoord_miss_guard_options_new();
    zkcoord_miss_guard *guard = NULL;
    OK(zkcoord_miss_guard_options_set_threshold(options, threshold, &err));
    OK(zkcoord_miss_guard_options_set_window(options, 60000, &err));
    OK(zkcoord_miss_guard_options_set_hold(options, hold_ms, &err));
    OK(zkcoord_miss_guard_new_with_options(client, path, options, &guard, &err));
    zkcoord_miss_guard_options_free(options); /* borrowed for the call only */
    return guard;
}

static zkcoord_load_turn *begin_turn(zkcoord_miss_guard *guard, const char *key) {
    zkcoord_load_turn *turn = NULL;
    OK(zkcoord_miss_guard_begin(guard, (const uint8_t *)key, strlen(key), 10000, &turn, &err));
    return turn;
}

/* Reports a miss if the key is to be loaded, and returns whether it was. */
static bool miss(zkcoord_miss_guard *guard, const char *key) {
    zkcoord_load_turn *turn = begin_turn(guard, key);
    bool loaded = turn != NULL;
    if (loaded) OK(zkcoord_load_turn_missed(turn, 5000, &err));
    zkcoord_load_turn_free(turn);
    return loaded;
}

static void misses_make_a_key_absent_for_all(void) {
    zkcoord_miss_guard *mine = new_guard(one, "/misses", 2, 60000), *theirs = new_guard(two, "/misses", 2, 60000);
    CHECK(miss(mine, "key"));
    CHECK(miss(theirs, "key"));
    CHECK(!miss(mine, "key") && !miss(theirs, "key"));
    CHECK(miss(mine, "another key"));
    OK(zkcoord_miss_guard_forget(theirs, (const uint8_t *)"key", 3, 5000, &err));
    CHECK(miss(mine, "key"));
    zkcoord_miss_guard_free(theirs);
    zkcoord_miss_guard_free(mine);
}

static void a_hold_ends(void) {
    zkcoord_miss_guard *guard = new_guard(one, "/short", 1, 300);
    CHECK(miss(guard, "key"));
    bool again = false;
    EVENTUALLY(again = again || miss(guard, "key"));
    zkcoord_miss_guard_free(guard);
}

static void the_defaults_need_three_misses(void) {
    zkcoord_miss_guard *guard = NULL;
    OK(zkcoord_miss_guard_new(one, "/defaults", &guard, &err));
    for (int i = 0; i < 3; i++) CHECK(miss(guard, "key"));
    CHECK(!miss(guard, "key"));
    zkcoord_miss_guard_free(guard);
}

static void a_key_that_is_found_is_loaded_again(void) {
    zkcoord_miss_guard *guard = new_guard(one, "/found", 2, 60000);
    CHECK(miss(guard, "key"));
    for (int i = 0; i < 3; i++) {
        zkcoord_load_turn *turn = begin_turn(guard, "key");
        OK(zkcoord_load_turn_found(turn, 5000, &err));
        zkcoord_load_turn_free(turn);
    }
    CHECK(miss(guard, "key")); /* the load that found the key has cleared the miss before */
    CHECK(miss(guard, "key"));
    CHECK(!miss(guard, "key"));
    zkcoord_miss_guard_free(guard);
}

static void one_caller_loads_at_a_time(void) {
    zkcoord_miss_guard *mine = new_guard(one, "/turns", 3, 60000), *theirs = new_guard(two, "/turns", 3, 60000);
    zkcoord_load_turn *turn = begin_turn(mine, "key"), *none = turn;
    CHECK(zkcoord_load_turn_is_held(turn));
    EXPECT(TIMEOUT, zkcoord_miss_guard_begin(theirs, (const uint8_t *)"key", 3, 300, &none, &err));
    CHECK(none == NULL);
    EXPECT(TIMEOUT, zkcoord_miss_guard_begin(theirs, (const uint8_t *)"key", 3, 0, &none, &err));
    zkcoord_load_turn_free(turn); /* without a verdict */
    for (int i = 0; i < 3; i++) CHECK(miss(theirs, "key"));
    CHECK(!miss(theirs, "key"));
    zkcoord_miss_guard_free(theirs);
    zkcoord_miss_guard_free(mine);
}

static void a_turn_has_one_verdict(void) {
    zkcoord_miss_guard *guard = new_guard(one, "/verdicts", 1, 60000);
    zkcoord_load_turn *turn = begin_turn(guard, "key");
    zkcoord_miss_guard_free(guard); /* the turn lives on */
    CHECK(zkcoord_load_turn_is_held(turn));
    OK(zkcoord_load_turn_found(turn, -1, &err));
    CHECK(!zkcoord_load_turn_is_held(turn));
    EXPECT(INVALID_ARGUMENT, zkcoord_load_turn_found(turn, -1, &err));
    CHECK(message_has("turn"));
    EXPECT(INVALID_ARGUMENT, zkcoord_load_turn_missed(turn, -1, &err));
    zkcoord_load_turn_free(turn);
}

static void keys_are_any_bytes(void) {
    static uint8_t huge[100000];
    const uint8_t binary[] = {0, 0xff, '/', 0}, other[] = {0, 0xff, '/', 1};
    const struct {
        const uint8_t *key;
        size_t len;
    } keys[] = {
        {NULL, 0}, {binary, sizeof binary}, {other, sizeof other}, {binary, 1}, {huge, sizeof huge},
    };
    zkcoord_miss_guard *guard = new_guard(one, "/bytes", 1, 60000);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        for (int again = 0; again < 2; again++) {
            zkcoord_load_turn *turn = NULL;
            OK(zkcoord_miss_guard_begin(guard, keys[i].key, keys[i].len, 5000, &turn, &err));
            CHECK((turn == NULL) == (again == 1));
            if (turn) OK(zkcoord_load_turn_missed(turn, 5000, &err));
            zkcoord_load_turn_free(turn);
        }
    }
    CHECK(observe("count", "/bytes", "") == 5);
    zkcoord_miss_guard_free(guard);
}

/* The statuses of calls in a callback. */
typedef struct {
    zkcoord_miss_guard *guard;
    zkcoord_load_turn *turn;
    zkcoord_status begin, found;
} call_results;

static void call_in_callback(void *data) {
    call_results *seen = data;
    zkcoord_load_turn *none = NULL;
    seen->begin = zkcoord_miss_guard_begin(seen->guard, NULL, 0, -1, &none, NULL);
    seen->found = zkcoord_load_turn_found(seen->turn, -1, NULL);
}

static void destroy(void *data) { ((call_results *)data)->guard = NULL; }

static void waiting_calls_in_a_callback_are_refused(void) {
    zkcoord_miss_guard *guard = new_guard(one, "/callback", 1, 60000);
    zkcoord_mutex *mutex = new_mutex(one, "/callback-lock");
    zkcoord_guard *held = acquire(mutex);
    static call_results seen;
    seen = (call_results){guard, begin_turn(guard, "key"), ZKCOORD_STATUS_OK, ZKCOORD_STATUS_OK};
    OK(zkcoord_guard_on_lost(held, call_in_callback, &seen, destroy, &err));
    CHECK(observe("delete", zkcoord_guard_node(held), "") == 0);
    EVENTUALLY(((volatile call_results *)&seen)->guard == NULL);
    CHECK(seen.begin == ZKCOORD_STATUS_WOULD_DEADLOCK && seen.found == ZKCOORD_STATUS_WOULD_DEADLOCK);
    CHECK(zkcoord_load_turn_is_held(seen.turn)); /* the turn still takes a verdict of another thread */
    OK(zkcoord_load_turn_found(seen.turn, 5000, &err));
    CHECK(!zkcoord_load_turn_is_held(seen.turn));
    zkcoord_load_turn_free(seen.turn);
    CHECK(miss(guard, "key"));
    zkcoord_guard_free(held);
    zkcoord_mutex_free(mutex);
    zkcoord_miss_guard_free(guard);
}

int main(void) {
    set_up("miss_guard");
    one = new_client();
    two = new_client();
    RUN(misses_make_a_key_absent_for_all);
    RUN(a_hold_ends);
    RUN(the_defaults_need_three_misses);
    RUN(a_key_that_is_found_is_loaded_again);
    RUN(one_caller_loads_at_a_time);
    RUN(a_turn_has_one_verdict);
    RUN(keys_are_any_bytes);
    RUN(waiting_calls_in_a_callback_are_refused);
    zkcoord_client_free(two);
    zkcoord_client_free(one);
    return finish();
}
