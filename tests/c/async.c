/* Asynchronous calls: each completes once; cancelled, freed, closed and called back from at every moment. */
#include "async.h"

static zkcoord_client *client, *other;

/* How often: fewer times where each takes long, as under valgrind. */
static int times(int many) { return getenv("ZKCOORD_FEWER") ? many / 10 : many; }

static void ten_thousand_adds_complete_once(void) {
    static record seen[10000];
    static bool had[10001];
    const int many = times(10000);
    zkcoord_counter *counter = new_counter(client, "/adds");
    for (int i = 0; i < many; i++) OK(zkcoord_counter_add_async(counter, 1, 60000, TELL(on_int64, seen[i])));
    for (int i = 0; i < many; i++) {
        OK(zkcoord_op_wait(seen[i].op, 30000, &err));
        zkcoord_op_free(seen[i].op);
    }
    int wrong = 0;
    for (int i = 0; i < many; i++) {
        bool good = seen[i].status == ZKCOORD_STATUS_OK && seen[i].done == 1 && seen[i].destroyed == 1 && !seen[i].done_after_destroy;
        bool fresh = seen[i].value >= 1 && seen[i].value <= many && !had[seen[i].value];
        if (fresh) had[seen[i].value] = true;
        wrong += !good || !fresh;
    }
    CHECK(wrong == 0);
    int64_t value = 0;
    OK(zkcoord_counter_get(counter, 5000, &value, &err));
    CHECK(value == many);
    zkcoord_counter_free(counter);
}

/* How many hold the lock or wait for it. */
static size_t in_queue(zkcoord_mutex *mutex) {
    zkcoord_queue *queue = NULL;
    OK(zkcoord_mutex_inspect(mutex, 5000, &queue, &err));
    size_t count = zkcoord_queue_count(queue);
    zkcoord_queue_free(queue);
    return count;
}

/* That nobody holds the lock nor waits for it. */
static void nobody_is_left(const char *path) {
    zkcoord_mutex *mutex = new_mutex(other, path);
    zkcoord_guard_free(acquired(mutex));
    EVENTUALLY(in_queue(mutex) == 0);
    zkcoord_mutex_free(mutex);
}

static void cancelled_before_the_grant(void) {
    zkcoord_mutex *mine = new_mutex(client, "/before"), *theirs = new_mutex(other, "/before");
    zkcoord_guard *guard = acquired(theirs);
    record seen = {0};
    OK(zkcoord_mutex_acquire_async(mine, -1, TELL(on_guard, seen)));
    EVENTUALLY(in_queue(theirs) == 2);
    EXPECT(TIMEOUT, zkcoord_op_wait(seen.op, 10, &err));
    CHECK(seen.done == 0);
    zkcoord_op_cancel(seen.op);
    zkcoord_op_cancel(seen.op);
    CAME(CANCELLED, seen);
    CHECK(seen.object == NULL);
    EVENTUALLY(in_queue(theirs) == 1);
    OK(zkcoord_guard_check(guard, &err));
    zkcoord_guard_free(guard);
    zkcoord_mutex_free(mine);
    zkcoord_mutex_free(theirs);
    nobody_is_left("/before");
}

static void *cancel_it(void *op) {
    zkcoord_op_cancel(op);
    return NULL;
}

static void cancelled_at_the_grant(void) {
    zkcoord_mutex *mine = new_mutex(client, "/at"), *theirs = new_mutex(other, "/at");
    int granted = 0, cancelled = 0;
    for (int i = 0; i < times(100); i++) {
        zkcoord_guard *guard = acquired(theirs);
        record seen = {0};
        pthread_t canceller;
        OK(zkcoord_mutex_acquire_async(mine, -1, TELL(on_guard, seen)));
        zkcoord_guard_free(guard);
        pause_ms(i % 5); /* so that it is granted meanwhile in some rounds, and not in others */
        CHECK(pthread_create(&canceller, NULL, cancel_it, seen.op) == 0);
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
    nobody_is_left("/at");
}

static void cancelled_at_once_on_a_free_lock(void) {
    zkcoord_mutex *mutex = new_mutex(client, "/at-once");
    for (int i = 0; i < times(50); i++) {
        record seen = {0};
        OK(zkcoord_mutex_acquire_async(mutex, -1, TELL(on_guard, seen)));
        zkcoord_op_cancel(seen.op);
        OK(zkcoord_op_wait(seen.op, 10000, &err));
        zkcoord_op_free(seen.op);
        CHECK((seen.object != NULL) == (seen.status == ZKCOORD_STATUS_OK));
        zkcoord_guard_free(seen.object);
    }
    zkcoord_mutex_free(mutex);
    nobody_is_left("/at-once");
}

static void cancelled_after_the_grant(void) {
    zkcoord_mutex *mutex = new_mutex(client, "/after");
    record seen = {0};
    OK(zkcoord_mutex_acquire_async(mutex, 5000, TELL(on_guard, seen)));
    OK(zkcoord_op_wait(seen.op, 10000, &err));
    zkcoord_op_cancel(seen.op);
    CAME(OK, seen);
    OK(zkcoord_guard_check(seen.object, &err));
    zkcoord_guard_free(seen.object);
    zkcoord_mutex_free(mutex);
    nobody_is_left("/after");
}

static void a_timeout_and_a_close_are_told(void) {
    zkcoord_client *closing = new_client();
    zkcoord_mutex *theirs = new_mutex(other, "/told"), *mine = new_mutex(closing, "/told");
    zkcoord_guard *guard = acquired(theirs);
    record late = {0}, closed = {0}, over = {0};
    COMES(TIMEOUT, zkcoord_mutex_acquire_async(mine, 50, TELL(on_guard, late)), late);
    CHECK(late.object == NULL && strstr(late.message, "/told") != NULL);
    OK(zkcoord_mutex_acquire_async(mine, -1, TELL(on_guard, closed)));
    OK(zkcoord_client_close(closing, 5000, &err));
    CAME(CLOSED, closed);
    COMES(CLOSED, zkcoord_mutex_acquire_async(mine, -1, TELL(on_guard, over)), over);
    zkcoord_guard_free(guard);
    zkcoord_mutex_free(mine);
    zkcoord_mutex_free(theirs);
    zkcoord_client_free(closing);
}

static void without_an_op_or_with_a_freed_one_it_goes_on(void) {
    zkcoord_counter *counter = new_counter(client, "/goes-on");
    record no_op = {0}, freed = {0}, nothing = {0};
    OK(zkcoord_counter_add_async(counter, 1, -1, on_int64, &no_op, destroy, NULL, &err));
    OK(zkcoord_counter_add_async(counter, 1, -1, TELL(on_int64, freed)));
    zkcoord_op_free(freed.op);
    OK(zkcoord_counter_add_async(counter, 1, -1, on_int64, &nothing, NULL, NULL, &err));
    EVENTUALLY(no_op.destroyed == 1 && freed.destroyed == 1 && nothing.done == 1);
    CHECK(no_op.done == 1 && freed.done == 1 && nothing.destroyed == 0);
    CHECK(no_op.value + freed.value + nothing.value == 6);
    zkcoord_counter_free(counter);
}

static void all_is_freed_while_it_waits(void) {
    zkcoord_client *own = new_client();
    zkcoord_mutex *theirs = new_mutex(other, "/freed"), *mine = new_mutex(own, "/freed");
    zkcoord_guard *guard = acquired(theirs);
    record seen = {0}, released = {0};
    OK(zkcoord_mutex_acquire_async(mine, -1, TELL(on_guard, seen)));
    zkcoord_client_free(own);
    zkcoord_mutex_free(mine);
    EVENTUALLY(in_queue(theirs) == 2);
    OK(zkcoord_guard_release_async(guard, -1, TELL(on_done, released)));
    zkcoord_guard_free(guard);
    CAME(OK, released);
    CAME(OK, seen);
    OK(zkcoord_guard_check(seen.object, &err));
    zkcoord_guard_free(seen.object);
    zkcoord_mutex_free(theirs);
    nobody_is_left("/freed");
}

static zkcoord_counter *calls;
static zkcoord_status waiting_call, waiting_for_itself;
static atomic_int to_go;

static void wait_in_callback(record *seen) {
    int64_t value = 0;
    waiting_call = zkcoord_counter_get(calls, 1000, &value, NULL);
    waiting_for_itself = zkcoord_op_wait(seen->op, 1000, NULL);
    zkcoord_op_cancel(seen->op);
    zkcoord_op_free(seen->op); /* it is there, however fast this was */
}

static void a_callback_must_not_wait(void) {
    record seen = {.then = wait_in_callback};
    calls = new_counter(client, "/calls");
    OK(zkcoord_counter_add_async(calls, 1, -1, TELL(on_int64, seen)));
    EVENTUALLY(seen.destroyed == 1);
    CHECK(seen.status == ZKCOORD_STATUS_OK && seen.value == 1);
    CHECK(waiting_call == ZKCOORD_STATUS_WOULD_DEADLOCK && waiting_for_itself == ZKCOORD_STATUS_WOULD_DEADLOCK);
    zkcoord_counter_free(calls);
}

static void add_again(record *seen) {
    if (--to_go > 0 && zkcoord_counter_add_async(calls, 1, -1, on_int64, seen, NULL, NULL, NULL)) to_go = -1000;
}

static void a_callback_starts_the_next_call(void) {
    record seen = {.then = add_again};
    calls = new_counter(client, "/chain");
    to_go = 100;
    OK(zkcoord_counter_add_async(calls, 1, -1, on_int64, &seen, NULL, NULL, &err));
    EVENTUALLY(seen.done == 100);
    CHECK(to_go == 0 && seen.value == 100);
    zkcoord_counter_free(calls);
}

static void what_cannot_start_destroys(void) {
    zkcoord_counter *counter = new_counter(client, "/refused");
    record no_counter = {0}, no_done = {0}, bad = {0}, no_hosts = {0};
    no_counter.op = no_done.op = bad.op = (zkcoord_op *)&bad;
    EXPECT(INVALID_ARGUMENT, zkcoord_counter_add_async(NULL, 1, -1, TELL(on_int64, no_counter)));
    CHECK(said("counter"));
    EXPECT(INVALID_ARGUMENT, zkcoord_counter_add_async(counter, 1, -1, TELL(NULL, no_done)));
    CHECK(said("done"));
    EXPECT(INVALID_ARGUMENT, zkcoord_counter_reserve_async(counter, 0, -1, TELL(on_int64, bad)));
    CHECK(said("n \"0\""));
    EXPECT(INVALID_ARGUMENT, zkcoord_client_connect_async("a:b:c", NULL, TELL(on_client, no_hosts)));
    EVENTUALLY(no_counter.destroyed == 1 && no_done.destroyed == 1 && bad.destroyed == 1 && no_hosts.destroyed == 1);
    CHECK(no_counter.op == NULL && no_done.op == NULL && bad.op == NULL && no_hosts.op == NULL);
    CHECK(no_counter.done == 0 && no_done.done == 0 && bad.done == 0 && no_hosts.done == 0);
    zkcoord_counter_free(counter);
}

static void an_owner_is_who_has_started_it(void) {
    zkcoord_reentrant_mutex *mutex = NULL;
    OK(zkcoord_reentrant_mutex_new(client, "/owner", &mutex, &err));
    record seen = {0};
    zkcoord_guard *again = NULL;
    COMES(OK, zkcoord_reentrant_mutex_acquire_async(mutex, 5000, TELL(on_guard, seen)), seen);
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
    RUN(cancelled_before_the_grant);
    RUN(cancelled_at_the_grant);
    RUN(cancelled_at_once_on_a_free_lock);
    RUN(cancelled_after_the_grant);
    RUN(a_timeout_and_a_close_are_told);
    RUN(without_an_op_or_with_a_freed_one_it_goes_on);
    RUN(all_is_freed_while_it_waits);
    RUN(a_callback_must_not_wait);
    RUN(a_callback_starts_the_next_call);
    RUN(what_cannot_start_destroys);
    RUN(an_owner_is_who_has_started_it);
    zkcoord_client_free(client);
    zkcoord_client_free(other);
    return finish();
}
