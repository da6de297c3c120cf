/* Asynchronous calls complete once, also if they are cancelled, freed or closed at any moment, or started by callbacks. */
#include "async.h"

static zkcoord_client *client, *other;

/* Returns how often to repeat a step: a tenth under valgrind, where each takes long. */
static int repetitions(int count) { return getenv("ZKCOORD_FEWER") ? count / 10 : count; }

static void ten_thousand_adds_complete_once(void) {
    static record seen[10000];
    static bool returned[10001];
    const int count = repetitions(10000);
    zkcoord_counter *counter = new_counter(client, "/adds");
    for (int i = 0; i < count; i++) OK(zkcoord_counter_add_async(counter, 1, 60000, CALLBACK(on_int64, seen[i])));
    for (int i = 0; i < count; i++) {
        OK(zkcoord_op_wait(seen[i].op, 30000, &err));
        zkcoord_op_free(seen[i].op);
    }
    int failures = 0;
    for (int i = 0; i < count; i++) {
        bool completed = seen[i].status == ZKCOORD_STATUS_OK && seen[i].done == 1 && seen[i].destroyed == 1 &&
                         !seen[i].done_after_destroy;
        bool unique = seen[i].value >= 1 && seen[i].value <= count && !returned[seen[i].value];
        if (unique) returned[seen[i].value] = true;
        failures += !completed || !unique;
    }
    CHECK(failures == 0);
    int64_t value = 0;
    OK(zkcoord_counter_get(counter, 5000, &value, &err));
    CHECK(value == count);
    zkcoord_counter_free(counter);
}

/* Returns how many contenders hold the lock or wait for it. */
static size_t queue_length(zkcoord_mutex *mutex) {
    zkcoord_queue *queue = NULL;
    OK(zkcoord_mutex_inspect(mutex, 5000, &queue, &err));
    size_t count = zkcoord_queue_count(queue);
    zkcoord_queue_free(queue);
    return count;
}

/* Checks that the lock is free and no contender is left. */
static void check_queue_is_empty(const char *path) {
    zkcoord_mutex *mutex = new_mutex(other, path);
    zkcoord_guard_free(acquire(mutex));
    EVENTUALLY(queue_length(mutex) == 0);
    zkcoord_mutex_free(mutex);
}

static void a_cancel_before_the_grant_leaves_no_node(void) {
    zkcoord_mutex *mine = new_mutex(client, "/before"), *theirs = new_mutex(other, "/before");
    zkcoord_guard *guard = acquire(theirs);
    record seen = {0};
    OK(zkcoord_mutex_acquire_async(mine, -1, CALLBACK(on_guard, seen)));
    EVENTUALLY(queue_length(theirs) == 2);
    EXPECT(TIMEOUT, zkcoord_op_wait(seen.op, 10, &err));
    CHECK(seen.done == 0);
    zkcoord_op_cancel(seen.op);
    zkcoord_op_cancel(seen.op);
    COMPLETED(CANCELLED, seen);
    CHECK(seen.object == NULL);
    EVENTUALLY(queue_length(theirs) == 1);
    OK(zkcoord_guard_check(guard, &err));
    zkcoord_guard_free(guard);
    zkcoord_mutex_free(mine);
    zkcoord_mutex_free(theirs);
    check_queue_is_empty("/before");
}

static void *cancel_in_thread(void *op) {
    zkcoord_op_cancel(op);
    return NULL;
}

static void a_cancel_during_the_grant_leaves_no_node(void) {
    zkcoord_mutex *mine = new_mutex(client, "/at"), *theirs = new_mutex(other, "/at");
    int granted = 0, cancelled = 0;
    for (int i = 0; i < repetitions(100); i++) {
        zkcoord_guard *guard = acquire(theirs);
        record seen = {0};
        pthread_t canceller;
        OK(zkcoord_mutex_acquire_async(mine, -1, CALLBACK(on_guard, seen)));
        zkcoord_guard_free(guard);
        pause_ms(i % 5); /* so that the lock is granted before the cancel in some rounds only */
        CHECK(pthread_create(&canceller, NULL, cancel_in_thread, seen.op) == 0);
        pthread_join(canceller, NULL);
        OK(zkcoord_op_wait(seen.op, 10000, &err));
        zkcoord_op_free(seen.op);
        CHECK(seen.done == 1 && seen.destroyed == 1);
        CHECK(seen.object ? seen.status == ZKCOORD_STATUS_OK : seen.status == ZKCOORD_STATUS_CANCELLED);
        *(seen.object ? &granted : &cancelled) += 1;
        zkcoord_guard_free(seen.object);
    }
    fprintf(stderr, "cancelled at the grant: %d granted, %d cancelled\n", granted, cancelled);
    zkcoord_mutex_free(mine);
    zkcoord_mutex_free(theirs);
    check_queue_is_empty("/at");
}

static void an_immediate_cancel_on_a_free_lock_leaves_no_node(void) {
    zkcoord_mutex *mutex = new_mutex(client, "/at-once");
    for (int i = 0; i < repetitions(50); i++) {
        record seen = {0};
        OK(zkcoord_mutex_acquire_async(mutex, -1, CALLBACK(on_guard, seen)));
        zkcoord_op_cancel(seen.op);
        OK(zkcoord_op_wait(seen.op, 10000, &err));
        zkcoord_op_free(seen.op);
        CHECK((seen.object != NULL) == (seen.status == ZKCOORD_STATUS_OK));
        zkcoord_guard_free(seen.object);
    }
    zkcoord_mutex_free(mutex);
    check_queue_is_empty("/at-once");
}

static void a_cancel_after_the_grant_has_no_effect(void) {
    zkcoord_mutex *mutex = new_mutex(client, "/after");
    record seen = {0};
    OK(zkcoord_mutex_acquire_async(mutex, 5000, CALLBACK(on_guard, seen)));
    OK(zkcoord_op_wait(seen.op, 10000, &err));
    zkcoord_op_cancel(seen.op);
    COMPLETED(OK, seen);
    OK(zkcoord_guard_check(seen.object, &err));
    zkcoord_guard_free(seen.object);
    zkcoord_mutex_free(mutex);
    check_queue_is_empty("/after");
}

static void a_timeout_and_a_close_reach_the_callback(void) {
    zkcoord_client *closing = new_client();
    zkcoord_mutex *theirs = new_mutex(other, "/reported"), *mine = new_mutex(closing, "/reported");
    zkcoord_guard *guard = acquire(theirs);
    record timed_out = {0}, closed = {0}, after_close = {0};
    COMPLETES(TIMEOUT, zkcoord_mutex_acquire_async(mine, 50, CALLBACK(on_guard, timed_out)), timed_out);
    CHECK(timed_out.object == NULL && strstr(timed_out.message, "/reported") != NULL);
    OK(zkcoord_mutex_acquire_async(mine, -1, CALLBACK(on_guard, closed)));
    OK(zkcoord_client_close(closing, 5000, &err));
    COMPLETED(CLOSED, closed);
    COMPLETES(CLOSED, zkcoord_mutex_acquire_async(mine, -1, CALLBACK(on_guard, after_close)), after_close);
    zkcoord_guard_free(guard);
    zkcoord_mutex_free(mine);
    zkcoord_mutex_free(theirs);
    zkcoord_client_free(closing);
}

static void a_call_goes_on_without_its_op(void) {
    zkcoord_counter *counter = new_counter(client, "/goes-on");
    record no_op = {0}, freed = {0}, no_destroy = {0};
    OK(zkcoord_counter_add_async(counter, 1, -1, on_int64, &no_op, destroy, NULL, &err));
    OK(zkcoord_counter_add_async(counter, 1, -1, CALLBACK(on_int64, freed)));
    zkcoord_op_free(freed.op);
    OK(zkcoord_counter_add_async(counter, 1, -1, on_int64, &no_destroy, NULL, NULL, &err));
    EVENTUALLY(no_op.destroyed == 1 && freed.destroyed == 1 && no_destroy.done == 1);
    CHECK(no_op.done == 1 && freed.done == 1 && no_destroy.destroyed == 0);
    CHECK(no_op.value + freed.value + no_destroy.value == 6);
    zkcoord_counter_free(counter);
}

static void an_acquire_goes_on_when_its_client_and_mutex_are_freed(void) {
    zkcoord_client *own = new_client();
    zkcoord_mutex *theirs = new_mutex(other, "/freed"), *mine = new_mutex(own, "/freed");
    zkcoord_guard *guard = acquire(theirs);
    record seen = {0}, released = {0};
    OK(zkcoord_mutex_acquire_async(mine, -1, CALLBACK(on_guard, seen)));
    zkcoord_client_free(own);
    zkcoord_mutex_free(mine);
    EVENTUALLY(queue_length(theirs) == 2);
    OK(zkcoord_guard_release_async(guard, -1, CALLBACK(on_done, released)));
    zkcoord_guard_free(guard);
    COMPLETED(OK, released);
    COMPLETED(OK, seen);
    OK(zkcoord_guard_check(seen.object, &err));
    zkcoord_guard_free(seen.object);
    zkcoord_mutex_free(theirs);
    check_queue_is_empty("/freed");
}

static zkcoord_counter *chained;
static zkcoord_status get_status, wait_status;
static atomic_int remaining;

static void wait_in_callback(record *seen) {
    int64_t value = 0;
    get_status = zkcoord_counter_get(chained, 1000, &value, NULL);
    wait_status = zkcoord_op_wait(seen->op, 1000, NULL);
    zkcoord_op_cancel(seen->op);
    zkcoord_op_free(seen->op); /* the op is set before the callback can run */
}

static void waiting_calls_in_a_callback_are_refused(void) {
    record seen = {.then = wait_in_callback};
    chained = new_counter(client, "/calls");
    OK(zkcoord_counter_add_async(chained, 1, -1, CALLBACK(on_int64, seen)));
    EVENTUALLY(seen.destroyed == 1);
    CHECK(seen.status == ZKCOORD_STATUS_OK && seen.value == 1);
    CHECK(get_status == ZKCOORD_STATUS_WOULD_DEADLOCK && wait_status == ZKCOORD_STATUS_WOULD_DEADLOCK);
    zkcoord_counter_free(chained);
}

static void add_again(record *seen) {
    if (--remaining > 0 && zkcoord_counter_add_async(chained, 1, -1, on_int64, seen, NULL, NULL, NULL))
        remaining = -1000;
}

static void a_callback_starts_the_next_call(void) {
    record seen = {.then = add_again};
    chained = new_counter(client, "/chain");
    remaining = 100;
    OK(zkcoord_counter_add_async(chained, 1, -1, on_int64, &seen, NULL, NULL, &err));
    EVENTUALLY(seen.done == 100);
    CHECK(remaining == 0 && seen.value == 100);
    zkcoord_counter_free(chained);
}

static void a_refused_call_destroys_its_user_data(void) {
    zkcoord_counter *counter = new_counter(client, "/refused");
    record no_counter = {0}, no_done = {0}, bad = {0}, no_hosts = {0};
    no_counter.op = no_done.op = bad.op = (zkcoord_op *)&bad;
    EXPECT(INVALID_ARGUMENT, zkcoord_counter_add_async(NULL, 1, -1, CALLBACK(on_int64, no_counter)));
    CHECK(message_has("counter"));
    EXPECT(INVALID_ARGUMENT, zkcoord_counter_add_async(counter, 1, -1, CALLBACK(NULL, no_done)));
    CHECK(message_has("done"));
    EXPECT(INVALID_ARGUMENT, zkcoord_counter_reserve_async(counter, 0, -1, CALLBACK(on_int64, bad)));
    CHECK(message_has("n \"0\""));
    EXPECT(INVALID_ARGUMENT, zkcoord_client_connect_async("a:b:c", NULL, CALLBACK(on_client, no_hosts)));
    EVENTUALLY(no_counter.destroyed == 1 && no_done.destroyed == 1 && bad.destroyed == 1 && no_hosts.destroyed == 1);
    CHECK(no_counter.op == NULL && no_done.op == NULL && bad.op == NULL && no_hosts.op == NULL);
    CHECK(no_counter.done == 0 && no_done.done == 0 && bad.done == 0 && no_hosts.done == 0);
    zkcoord_counter_free(counter);
}

static void the_thread_that_starts_an_acquire_owns_the_lock(void) {
    zkcoord_reentrant_mutex *mutex = NULL;
    OK(zkcoord_reentrant_mutex_new(client, "/owner", &mutex, &err));
    record seen = {0};
    zkcoord_guard *again = NULL;
    COMPLETES(OK, zkcoord_reentrant_mutex_acquire_async(mutex, 5000, CALLBACK(on_guard, seen)), seen);
    OK(zkcoord_reentrant_mutex_acquire(mutex, 0, &again, &err));
    CHECK(zkcoord_guard_token(again) == zkcoord_guard_token(seen.object));
    zkcoord_guard_free(again);
    zkcoord_guard_free(seen.object);
    zkcoord_reentrant_mutex_free(mutex);
}

int main(void) {
    set_up("async");
    client = new_client();
    other = new_client();
    RUN(ten_thousand_adds_complete_once);
    RUN(a_cancel_before_the_grant_leaves_no_node);
    RUN(a_cancel_during_the_grant_leaves_no_node);
    RUN(an_immediate_cancel_on_a_free_lock_leaves_no_node);
    RUN(a_cancel_after_the_grant_has_no_effect);
    RUN(a_timeout_and_a_close_reach_the_callback);
    RUN(a_call_goes_on_without_its_op);
    RUN(an_acquire_goes_on_when_its_client_and_mutex_are_freed);
    RUN(waiting_calls_in_a_callback_are_refused);
    RUN(a_callback_starts_the_next_call);
    RUN(a_refused_call_destroys_its_user_data);
    RUN(the_thread_that_starts_an_acquire_owns_the_lock);
    zkcoord_client_free(client);
    zkcoord_client_free(other);
    return finish();
}
