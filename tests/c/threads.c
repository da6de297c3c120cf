/* 16 threads share one client. What the lock protects is plain memory, which ThreadSanitizer looks at. */
#include "support.h"

/* ThreadSanitizer sees no synchronisation in the library, whose code is not built with it. So it is told here what a lock
 * promises, and nothing more: what happened before a release happened before the next acquire. That two hold the lock at the
 * same time it would still see, as it would a race in anything else. */
#ifdef __SANITIZE_THREAD__
void __tsan_acquire(void *address);
void __tsan_release(void *address);
#define ACQUIRED(lock) __tsan_acquire(lock)
#define RELEASING(lock) __tsan_release(lock)
#else
#define ACQUIRED(lock) ((void)(lock))
#define RELEASING(lock) ((void)(lock))
#endif

enum { THREADS = 16, ROUNDS = 125 }; /* 2,000 in all */

static zkcoord_client *client;
static zkcoord_mutex *mutex;
static zkcoord_counter *counter;
static int protected_by_mutex;
static bool had[THREADS * ROUNDS + 1];
static uint64_t last_token;

/* What one thread has seen go wrong; its own, because CHECK counts in one place. */
static int wrong[THREADS];

static void *lock_and_add(void *own_wrong) {
    int *bad = own_wrong;
    for (int i = 0; i < ROUNDS; i++) {
        zkcoord_guard *guard = NULL;
        zkcoord_error *error = NULL;
        int64_t value = 0;
        if (zkcoord_mutex_acquire(mutex, 60000, &guard, &error)) *bad += 1;
        ACQUIRED(&protected_by_mutex);
        int before = protected_by_mutex;
        protected_by_mutex = before + 1;
        if (zkcoord_guard_token(guard) <= last_token) *bad += 1;
        last_token = zkcoord_guard_token(guard);
        RELEASING(&protected_by_mutex);
        if (i % 2 && zkcoord_guard_release(guard, 60000, &error)) *bad += 1;
        zkcoord_guard_free(guard);

        if (zkcoord_counter_add(counter, 1, 60000, &value, &error)) *bad += 1;
        if (value < 1 || value > THREADS * ROUNDS || had[value]) *bad += 1;
        else had[value] = true; /* each value is one thread's own */
        zkcoord_error_free(error);
    }
    return NULL;
}

static void sixteen_threads_share_a_client(void) {
    pthread_t threads[THREADS];
    client = new_client();
    mutex = new_mutex(client, "/threads");
    counter = new_counter(client, "/threads-counter");
    for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, lock_and_add, &wrong[i]) == 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        CHECK(wrong[i] == 0);
    }
    CHECK(protected_by_mutex == THREADS * ROUNDS);
    int64_t value = 0;
    OK(zkcoord_counter_get(counter, 5000, &value, &err));
    CHECK(value == THREADS * ROUNDS);
    zkcoord_counter_free(counter);
    zkcoord_mutex_free(mutex);
    zkcoord_client_free(client);
}

int main(void) {
    set_up("threads");
    RUN(sixteen_threads_share_a_client);
    return finish();
}
