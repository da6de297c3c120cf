/* Callbacks that are called repeatedly: with a client's states, a counter's values, the log. */
#include <stdatomic.h>

#include "support.h"

static zkcoord_client *client;

/* The calls of one callback, and their latest arguments. */
typedef struct {
    atomic_int called, destroyed, level;
    int called_after_destroy;
    atomic_int status, state;
    atomic_llong value;
    char text[512];
    zkcoord_subscription *subscription; /* to be freed in the callback */
} record;

static void record_call(record *seen) {
    if (seen->destroyed) seen->called_after_destroy++;
    seen->called++;
}

static void on_state(zkcoord_state state, void *user_data) {
    record *seen = user_data;
    seen->state = (int)state;
    record_call(seen);
}

static void on_value(zkcoord_status status, int64_t value, const zkcoord_error *error, void *user_data) {
    record *seen = user_data;
    CHECK(zkcoord_error_status(error) == status);
    seen->status = (int)status;
    seen->value = value;
    zkcoord_subscription_free(seen->subscription);
    seen->subscription = NULL;
    record_call(seen);
}

static void on_line(zkcoord_log_level level, const char *message, void *user_data) {
    record *seen = user_data;
    if (strstr(message, "lock lost") == NULL) return; /* other tests and the server cause lines too */
    seen->level = (int)level;
    snprintf(seen->text, sizeof seen->text, "%s", message);
    record_call(seen);
}

static void destroy(void *user_data) {
    record *seen = user_data;
    seen->destroyed++;
}

static void a_clients_states_are_reported(void) {
    record closed = {0}, dropped = {0}, no_subscription = {0}, freed = {0};
    zkcoord_client *own = new_client(), *freed_client = new_client();
    zkcoord_subscription *subscription = NULL, *dropped_subscription = NULL, *freed_subscription = NULL;
    OK(zkcoord_client_on_state(own, on_state, &closed, destroy, &subscription, &err));
    OK(zkcoord_client_on_state(own, on_state, &dropped, destroy, &dropped_subscription, &err));
    OK(zkcoord_client_on_state(own, on_state, &no_subscription, destroy, NULL, &err));
    OK(zkcoord_client_on_state(freed_client, on_state, &freed, destroy, &freed_subscription, &err));
    CHECK(subscription != NULL && dropped_subscription != NULL);
    zkcoord_subscription_free(dropped_subscription);
    EVENTUALLY(dropped.destroyed == 1);
    OK(zkcoord_client_close(own, 5000, &err));
    EVENTUALLY(closed.destroyed == 1 && no_subscription.destroyed == 1); /* the last state ends the subscription */
    CHECK(closed.called == 1 && closed.state == ZKCOORD_STATE_CLOSED && no_subscription.called == 1);
    CHECK(dropped.called == 0 && !closed.called_after_destroy);
    zkcoord_subscription_free(subscription);
    zkcoord_client_free(own);
    zkcoord_client_free(freed_client); /* the subscription does not keep it open */
    EVENTUALLY(freed.destroyed == 1);
    CHECK(freed.called == 1 && freed.state == ZKCOORD_STATE_CLOSED);
    zkcoord_subscription_free(freed_subscription);
}

static void a_counters_values_are_reported(void) {
    record seen = {0};
    zkcoord_counter *counter = new_counter(client, "/followed");
    zkcoord_subscription *subscription = NULL;
    OK(zkcoord_counter_on_change(counter, on_value, &seen, destroy, &subscription, &err));
    EVENTUALLY(seen.called == 1);
    CHECK(seen.value == 0);
    OK(zkcoord_counter_set(counter, 7, 5000, &err));
    EVENTUALLY(seen.value == 7);
    CHECK(observe("set", "/followed", "x") == 0);
    EVENTUALLY(seen.status == ZKCOORD_STATUS_BAD_DATA);
    CHECK(seen.value == 0);
    CHECK(observe("set", "/followed", "eight by") == 0);
    EVENTUALLY(seen.status == ZKCOORD_STATUS_OK && seen.value == 0x6569676874206279);
    int called = seen.called;
    zkcoord_subscription_free(subscription);
    OK(zkcoord_counter_set(counter, 8, 5000, &err));
    EVENTUALLY(seen.destroyed == 1);
    CHECK(seen.called == called && !seen.called_after_destroy);
    zkcoord_counter_free(counter);
}

static void a_subscription_can_end_in_its_callback_or_with_the_client(void) {
    record ended = {0}, closed = {0};
    zkcoord_client *own = new_client();
    zkcoord_counter *counter = new_counter(own, "/ends");
    OK(zkcoord_counter_on_change(counter, on_value, &ended, destroy, &ended.subscription, &err));
    OK(zkcoord_counter_on_change(counter, on_value, &closed, destroy, NULL, &err));
    EVENTUALLY(ended.destroyed == 1 && closed.called == 1);
    CHECK(ended.called == 1);
    OK(zkcoord_client_close(own, 5000, &err));
    EVENTUALLY(closed.destroyed == 1);
    CHECK(closed.called == 2 && closed.status == ZKCOORD_STATUS_CLOSED);
    zkcoord_counter_free(counter);
    zkcoord_client_free(own);
}

/* Loses a lock, which logs a warning. */
static void lose_a_lock(void) {
    zkcoord_mutex *mutex = new_mutex(client, "/lost");
    zkcoord_guard *guard = acquire(mutex);
    CHECK(observe("delete", zkcoord_guard_node(guard), "") == 0);
    EVENTUALLY(!zkcoord_guard_is_held(guard));
    zkcoord_guard_free(guard);
    zkcoord_mutex_free(mutex);
}

static void the_log_is_filtered_by_level(void) {
    record errors = {0}, all = {0}, off = {0}, none = {0}, refused = {0};
    OK(zkcoord_set_log(ZKCOORD_LOG_LEVEL_ERROR, on_line, &errors, destroy, &err));
    lose_a_lock();
    OK(zkcoord_set_log(ZKCOORD_LOG_LEVEL_DEBUG, on_line, &all, destroy, &err));
    EVENTUALLY(errors.destroyed == 1);
    CHECK(errors.called == 0);
    lose_a_lock();
    EVENTUALLY(all.called == 1);
    CHECK(all.level == ZKCOORD_LOG_LEVEL_WARN && strstr(all.text, "/lost/") != NULL && strchr(all.text, '\n') == NULL);
    EXPECT(INVALID_ARGUMENT, zkcoord_set_log(5, on_line, &refused, destroy, &err));
    CHECK(message_has("level \"5\""));
    EXPECT(INVALID_ARGUMENT, zkcoord_set_log(-1, on_line, &refused, destroy, &err));
    OK(zkcoord_set_log(ZKCOORD_LOG_LEVEL_OFF, on_line, &off, destroy, &err));
    lose_a_lock();
    OK(zkcoord_set_log(ZKCOORD_LOG_LEVEL_DEBUG, NULL, &none, destroy, &err));
    EVENTUALLY(all.destroyed == 1 && off.destroyed == 1 && none.destroyed == 1 && refused.destroyed == 2);
    CHECK(all.called == 1 && off.called == 0 && refused.called == 0 && !all.called_after_destroy);
    OK(zkcoord_set_log(ZKCOORD_LOG_LEVEL_OFF, NULL, NULL, NULL, &err));
}

int main(void) {
    set_up("events");
    client = new_client();
    RUN(a_clients_states_are_reported);
    RUN(a_counters_values_are_reported);
    RUN(a_subscription_can_end_in_its_callback_or_with_the_client);
    RUN(the_log_is_filtered_by_level);
    zkcoord_client_free(client);
    return finish();
}
