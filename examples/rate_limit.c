/* Acquires permits of a rate limiter that all processes share. With libzkcoord installed (docs/c.md):
 *   cc examples/rate_limit.c $(pkg-config --cflags --libs zkcoord) -o rate_limit && ./rate_limit */
#include <stdio.h>
#include <stdlib.h>
#include <zkcoord.h>

int main(void) {
    const char *hosts = getenv("ZKCOORD_HOSTS");
    zkcoord_client *client = NULL;
    zkcoord_rate_limiter *limiter = NULL;
    zkcoord_error *err = NULL;
    bool more = false;

    if (zkcoord_client_connect(hosts ? hosts : "localhost:2181", NULL, &client, &err)) goto done;
    /* At most 10 in any second, by all processes together. */
    if (zkcoord_rate_limiter_new(client, "/examples/limit", 10, 1000, &limiter, &err)) goto done;

    if (zkcoord_rate_limiter_acquire(limiter, 1, 10000, &err)) goto done; /* ZKCOORD_STATUS_TIMEOUT after 10 s */
    printf("this one may go\n");

    if (zkcoord_rate_limiter_try_acquire(limiter, 1, &more, &err)) goto done;
    printf("another one %s\n", more ? "too" : "later");

done:
    if (err) fprintf(stderr, "%s: %s\n", zkcoord_status_name(zkcoord_error_status(err)), zkcoord_error_message(err));
    int failed = err != NULL;
    zkcoord_error_free(err);
    zkcoord_rate_limiter_free(limiter);
    zkcoord_client_free(client);
    return failed;
}
