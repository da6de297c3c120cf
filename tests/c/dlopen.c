/* A program that loads libzkcoord while it runs, as the host of a plugin does, and unloads it repeatedly. The library has
 * threads, so it must stay in memory nevertheless. Its flag NODELETE makes sure of that. */
#include <dlfcn.h>

#include "support.h"

#define LIBRARY "libzkcoord.so.0"
#define TURNS 50

/* The functions that this program looks up, because it is not linked with the library. */
#define FUNCTIONS(USE)  \
    USE(client_connect) \
    USE(client_close)   \
    USE(client_free)    \
    USE(mutex_new)      \
    USE(mutex_acquire)  \
    USE(mutex_free)     \
    USE(guard_token)    \
    USE(guard_is_held)  \
    USE(guard_on_lost)  \
    USE(guard_release)  \
    USE(guard_free)
#define DECLARE(name) __typeof__(zkcoord_##name) *name;
#define LOOK_UP(name)                                      \
    *(void **)&zk.name = dlsym(library, "zkcoord_" #name); \
    CHECK(zk.name != NULL);

static struct {
    FUNCTIONS(DECLARE)
} zk;

static void *load(void) {
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        exit(2);
    }
    FUNCTIONS(LOOK_UP)
    return library;
}

/* A client that holds a lock, with all kinds of threads that the library starts. */
typedef struct {
    zkcoord_client *client;
    zkcoord_mutex *mutex;
    zkcoord_guard *guard;
} holder;

static void nothing(void *user_data) { (void)user_data; }

static holder acquire_lock(const char *path) {
    holder held = {NULL, NULL, NULL};
    CHECK(zk.client_connect(hosts, NULL, &held.client, NULL) == ZKCOORD_STATUS_OK);
    CHECK(zk.mutex_new(held.client, path, &held.mutex, NULL) == ZKCOORD_STATUS_OK);
    CHECK(zk.mutex_acquire(held.mutex, 10000, &held.guard, NULL) == ZKCOORD_STATUS_OK);
    CHECK(zk.guard_token(held.guard) != 0);
    CHECK(zk.guard_on_lost(held.guard, nothing, NULL, nothing, NULL) == ZKCOORD_STATUS_OK);
    return held;
}

static void release(holder held, bool wait) {
    if (wait) CHECK(zk.guard_release(held.guard, 10000, NULL) == ZKCOORD_STATUS_OK);
    if (wait) CHECK(zk.client_close(held.client, 10000, NULL) == ZKCOORD_STATUS_OK);
    zk.guard_free(held.guard);
    zk.mutex_free(held.mutex);
    zk.client_free(held.client);
}

static void the_library_is_not_loaded_at_the_start(void) { CHECK(dlopen(LIBRARY, RTLD_NOW | RTLD_NOLOAD) == NULL); }

/* Must run before this process loads the library, so that the child is like a program of its own. */
static void a_program_may_exit_with_a_lock_after_dlclose(void) {
    pid_t child = fork();
    if (child == 0) {
        static holder never_released;
        void *library = load();
        never_released = acquire_lock("/never-released");
        CHECK(dlclose(library) == 0);
        CHECK(zk.guard_is_held(never_released.guard));
        exit(failed_checks);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void the_library_is_loaded_and_unloaded_repeatedly(void) {
    for (int turn = 0; turn < TURNS; turn++) {
        void *library = load();
        release(acquire_lock("/plugin"), turn % 2);
        CHECK(dlclose(library) == 0);
    }
}

static void *load_and_unload(void *unused) {
    void *library = load();
    release(acquire_lock("/plugin"), true);
    CHECK(dlclose(library) == 0);
    return unused;
}

/* At the end of a thread the library frees the data that it keeps for it. */
static void a_thread_may_end_after_dlclose(void) {
    for (int turn = 0; turn < 5; turn++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, load_and_unload, NULL) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
    }
}

static void objects_work_after_dlclose(void) {
    void *library = load();
    holder held = acquire_lock("/plugin");
    CHECK(dlclose(library) == 0);
    CHECK(zk.guard_is_held(held.guard));
    release(held, true);
}

int main(void) {
    set_up("dlopen");
    RUN(the_library_is_not_loaded_at_the_start);
    RUN(a_program_may_exit_with_a_lock_after_dlclose);
    RUN(the_library_is_loaded_and_unloaded_repeatedly);
    RUN(a_thread_may_end_after_dlclose);
    RUN(objects_work_after_dlclose);
    return finish();
}
