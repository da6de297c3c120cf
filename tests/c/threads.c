/* 16 threads share one client. The lock protects plain memory, which ThreadSanitizer checks. */
#include "support.h"

/* ThreadSanitizer sees no synchronisation in the library, whose code is not built with it. These calls tell it the guarantee of
 * a lock and nothing more: a release happens before the next acquire. It still detects two threads that hold the lock at the same
 * time, and races in anything else. */
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
static bool returned[THREADS * ROUNDS + 1];
static uint64_t last_token;

/* The failures of each thread, because CHECK may only be used by one. */
static int failures[THREADS];

static void *lock_and_add(void *own_failures) {
    int *failed = own_failures;
    for (int i = 0; i < ROUNDS; i++) {
        zkcoord_guard *guard = NULL;
        zkcoord_error *error = NULL;
        int64_t value = 0;
        if (zkcoord_mutex_acquire(mutex, 60000, &guard, &error)) *failed += 1;
        ACQUIRED(&protected_by_mutex);
        int before = protected_by_mutex;
        protected_by_mutex = before + 1;
        if (zkcoord_guard_token(guard) <= last_token) *failed += 1;
        last_token = zkcoord_guard_token(guard);
        RELEASING(&protected_by_mutex);
        if (i % 2 && zkcoord_guard_release(guard, 60000, &error)) *failed += 1;
        zkcoord_guard_free(guard);

        if (zkcoord_counter_add(counter, 1, 60000, &value, &error)) *failed += 1;
        if (value < 1 || value > THREADS * ROUNDS || returned[value]) *failed += 1;
        else returned[value] = true; /* each value is one thread's own */
        zkcoord_error_free(error);
    }
    return NULL;
}

static void sixteen_threads_share_a_client(void) {
    pthread_t threads[THREADS];
    client = new_client();
    mutex = new_mutex(client, "/threads");
    counter = new_counter(client, "/threads-counter");
    for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, lock_and_add, &failures[i]) == 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        CHECK(failures[i] == 0);
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
