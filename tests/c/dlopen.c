/* A program that loads libzkcoord while it runs, as the host of a plugin does, and unloads it again and again. The
 * library has threads, so it must stay where it is nevertheless: that is what its flag NODELETE is for. */
#include <dlfcn.h>

#include "support.h"

#define LIBRARY "libzkcoord.so.0"
#define TURNS 50

/* What is used here, and looked up: this program is not linked with the library. */
#define FUNCTIONS(USE)                                                                                         \
    USE(client_connect) USE(client_close) USE(client_free) USE(mutex_new) USE(mutex_acquire) USE(mutex_free) \
    USE(guard_token) USE(guard_is_held) USE(guard_on_lost) USE(guard_release) USE(guard_free)
#define DECLARE(name) __typeof__(zkcoord_##name) *name;
#define LOOK_UP(name)                                             \
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

/* A client that holds a lock, and has threads of all kinds that the library makes. */
typedef struct {
    zkcoord_client *client;
    zkcoord_mutex *mutex;
    zkcoord_guard *guard;
} holder;

static void nothing(void *user_data) { (void)user_data; }

static holder hold(const char *path) {
    holder us = {NULL, NULL, NULL};
    CHECK(zk.client_connect(hosts, NULL, &us.client, NULL) == ZKCOORD_STATUS_OK);
    CHECK(zk.mutex_new(us.client, path, &us.mutex, NULL) == ZKCOORD_STATUS_OK);
    CHECK(zk.mutex_acquire(us.mutex, 10000, &us.guard, NULL) == ZKCOORD_STATUS_OK);
    CHECK(zk.guard_token(us.guard) != 0);
    CHECK(zk.guard_on_lost(us.guard, nothing, NULL, nothing, NULL) == ZKCOORD_STATUS_OK);
    return us;
}

static void let_go(holder us, bool wait) {
    if (wait) CHECK(zk.guard_release(us.guard, 10000, NULL) == ZKCOORD_STATUS_OK);
    if (wait) CHECK(zk.client_close(us.client, 10000, NULL) == ZKCOORD_STATUS_OK);
    zk.guard_free(us.guard);
    zk.mutex_free(us.mutex);
    zk.client_free(us.client);
}

static void it_is_not_loaded_from_the_start(void) { CHECK(dlopen(LIBRARY, RTLD_NOW | RTLD_NOLOAD) == NULL); }

/* Before this program has loaded it itself, so that the other one is like one of its own. */
static void a_program_may_end_with_a_lock_after_the_unloading(void) {
    pid_t child = fork();
    if (child == 0) {
        static holder never_let_go;
        void *library = load();
        never_let_go = hold("/never-let-go");
        CHECK(dlclose(library) == 0);
        CHECK(zk.guard_is_held(never_let_go.guard));
        exit(complaints);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void it_is_loaded_and_unloaded_again_and_again(void) {
    for (int turn = 0; turn < TURNS; turn++) {
        void *library = load();
        let_go(hold("/plugin"), turn % 2);
        CHECK(dlclose(library) == 0);
    }
}

static void *load_and_unload(void *unused) {
    void *library = load();
    let_go(hold("/plugin"), true);
    CHECK(dlclose(library) == 0);
    return unused;
}

/* What the library keeps for a thread is cleared up at the thread's end, by the library. */
static void a_thread_may_end_after_the_unloading(void) {
    for (int turn = 0; turn < 5; turn++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, load_and_unload, NULL) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
    }
}

static void what_is_in_use_outlives_the_unloading(void) {
    void *library = load();
    holder us = hold("/plugin");
    CHECK(dlclose(library) == 0);
    CHECK(zk.guard_is_held(us.guard));
    let_go(us, true);
}

int main(void) {
    set_up("dlopen");
    RUN(it_is_not_loaded_from_the_start);
    RUN(a_program_may_end_with_a_lock_after_the_unloading);
    RUN(it_is_loaded_and_unloaded_again_and_again);
    RUN(a_thread_may_end_after_the_unloading);
    RUN(what_is_in_use_outlives_the_unloading);
    return finish();
}
