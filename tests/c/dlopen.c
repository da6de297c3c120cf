/* The library comes and goes: 50 times it is loaded, used and unloaded. Linked without it. */
#include <dlfcn.h>

#include "support.h"

/* The function of that name and type, out of the library. */
#define GET(name) name##_type name##_ = (name##_type)function(library, #name)

typedef zkcoord_status (*zkcoord_client_connect_type)(const char *, const zkcoord_options *, zkcoord_client **, zkcoord_error **);
typedef zkcoord_status (*zkcoord_mutex_new_type)(const zkcoord_client *, const char *, zkcoord_mutex **, zkcoord_error **);
typedef zkcoord_status (*zkcoord_mutex_acquire_type)(const zkcoord_mutex *, int64_t, zkcoord_guard **, zkcoord_error **);
typedef zkcoord_status (*zkcoord_guard_on_lost_type)(const zkcoord_guard *, void (*)(void *), void *, void (*)(void *), zkcoord_error **);
typedef zkcoord_status (*zkcoord_guard_release_type)(zkcoord_guard *, int64_t, zkcoord_error **);
typedef zkcoord_status (*zkcoord_client_close_type)(zkcoord_client *, int64_t, zkcoord_error **);
typedef void (*zkcoord_guard_free_type)(zkcoord_guard *);
typedef void (*zkcoord_mutex_free_type)(zkcoord_mutex *);
typedef void (*zkcoord_client_free_type)(zkcoord_client *);

typedef void (*any_function)(void);

static any_function function(void *library, const char *name) {
    /* ISO C has no conversion from an object's pointer to a function's; POSIX has dlsym() for this all the same. */
    union {
        void *object;
        any_function function;
    } found = {dlsym(library, name)};
    CHECK(found.object != NULL);
    return found.function;
}

static void nothing(void *user_data) { (void)user_data; }

/* Uses the library: with callbacks, and with `tidy` or without waiting for anything's end. */
static void use(void *library, bool tidy) {
    GET(zkcoord_client_connect);
    GET(zkcoord_mutex_new);
    GET(zkcoord_mutex_acquire);
    GET(zkcoord_guard_on_lost);
    GET(zkcoord_guard_release);
    GET(zkcoord_client_close);
    GET(zkcoord_guard_free);
    GET(zkcoord_mutex_free);
    GET(zkcoord_client_free);
    zkcoord_client *client = NULL;
    zkcoord_mutex *mutex = NULL;
    zkcoord_guard *guard = NULL;
    CHECK(zkcoord_client_connect_(hosts, NULL, &client, NULL) == ZKCOORD_STATUS_OK);
    CHECK(zkcoord_mutex_new_(client, "/loaded", &mutex, NULL) == ZKCOORD_STATUS_OK);
    CHECK(zkcoord_mutex_acquire_(mutex, 10000, &guard, NULL) == ZKCOORD_STATUS_OK);
    CHECK(zkcoord_guard_on_lost_(guard, nothing, NULL, nothing, NULL) == ZKCOORD_STATUS_OK);
    if (tidy) {
        CHECK(zkcoord_guard_release_(guard, 10000, NULL) == ZKCOORD_STATUS_OK);
        CHECK(zkcoord_client_close_(client, 10000, NULL) == ZKCOORD_STATUS_OK);
    }
    zkcoord_guard_free_(guard);
    zkcoord_mutex_free_(mutex);
    zkcoord_client_free_(client);
}

static void *use_in_a_thread(void *library) {
    use(library, true);
    return NULL;
}

static void fifty_times(void) {
    const char *path = getenv("ZKCOORD_LIBRARY");
    for (int i = 0; i < 50; i++) {
        void *library = dlopen(path ? path : "libzkcoord.so.0", RTLD_NOW | RTLD_LOCAL);
        CHECK(library != NULL);
        if (library == NULL) return;
        if (i % 10 == 9) { /* a thread that has used the library ends when that is gone */
            pthread_t thread;
            CHECK(pthread_create(&thread, NULL, use_in_a_thread, library) == 0);
            pthread_join(thread, NULL);
        } else {
            use(library, i % 2);
        }
        CHECK(dlclose(library) == 0);
    }
}

int main(void) {
    set_up("dlopen");
    RUN(fifty_times);
    return finish();
}
