/* Increments a counter that all processes share. With libzkcoord installed (docs/c.md):
 *   cc examples/counter.c $(pkg-config --cflags --libs zkcoord) -o counter && ./counter */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <zkcoord.h>

int main(void) {
    const char *hosts = getenv("ZKCOORD_HOSTS");
    zkcoord_client *client = NULL;
    zkcoord_counter *hits = NULL;
    zkcoord_error *err = NULL;
    int64_t n = 0;

    if (zkcoord_client_connect(hosts ? hosts : "localhost:2181", NULL, &client, &err)) goto done;
    if (zkcoord_counter_new(client, "/examples/hits", &hits, &err)) goto done;
    if (zkcoord_counter_increment(hits, 10000, &n, &err)) goto done;
    printf("hit number %" PRId64 "\n", n);

done:
    if (err) fprintf(stderr, "%s: %s\n", zkcoord_status_name(zkcoord_error_status(err)), zkcoord_error_message(err));
    int failed = err != NULL;
    zkcoord_error_free(err);
    zkcoord_counter_free(hits);
    zkcoord_client_free(client);
    return failed;
}
