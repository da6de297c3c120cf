/* Acquires a lock that all processes share. With libzkcoord installed (docs/c.md):
 *   cc examples/lock.c $(pkg-config --cflags --libs zkcoord) -o lock && ./lock */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <zkcoord.h>

int main(void) {
    const char *hosts = getenv("ZKCOORD_HOSTS");
    zkcoord_client *client = NULL;
    zkcoord_mutex *mutex = NULL;
    zkcoord_guard *guard = NULL;
    zkcoord_error *err = NULL;

    if (zkcoord_client_connect(hosts ? hosts : "localhost:2181", NULL, &client, &err)) goto done;
    if (zkcoord_mutex_new(client, "/examples/lock", &mutex, &err)) goto done;
    if (zkcoord_mutex_acquire(mutex, 10000, &guard, &err)) goto done; /* ZKCOORD_STATUS_TIMEOUT after 10 s */

    /* Send the token along with every write, so that the receiver can refuse a holder that is too late. */
    printf("locked with token %" PRIu64 "\n", zkcoord_guard_token(guard));

    if (zkcoord_guard_check(guard, &err)) goto done; /* ZKCOORD_STATUS_LOCK_LOST if the lock was lost meanwhile */
    if (zkcoord_guard_release(guard, 10000, &err)) goto done; /* or only free the guard */
    printf("released\n");

done:
    if (err) fprintf(stderr, "%s: %s\n", zkcoord_status_name(zkcoord_error_status(err)), zkcoord_error_message(err));
    int failed = err != NULL;
    zkcoord_error_free(err);
    zkcoord_guard_free(guard);
    zkcoord_mutex_free(mutex);
    zkcoord_client_free(client);
    return failed;
}
