/* Keeps lookups of missing keys away from a database. With libzkcoord installed (docs/c.md):
 *   cc examples/absent_keys.c $(pkg-config --cflags --libs zkcoord) -o absent_keys && ./absent_keys */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zkcoord.h>

/* A database with one user. */
static const char *query(const char *key) {
    printf("the database is asked for %s\n", key);
    return strcmp(key, "user-1") == 0 ? "Ada" : NULL;
}

/* Looks up a user and stores it in *user: NULL if there is no such user. */
static zkcoord_status find(const zkcoord_miss_guard *users, const char *key, const char **user, zkcoord_error **err) {
    zkcoord_load_turn *turn = NULL;
    *user = NULL;
    zkcoord_status status = zkcoord_miss_guard_begin(users, (const uint8_t *)key, strlen(key), 10000, &turn, err);
    if (status == ZKCOORD_STATUS_OK && turn != NULL) { /* otherwise the key is known to be absent */
        *user = query(key);
        status = *user ? zkcoord_load_turn_found(turn, 10000, err) : zkcoord_load_turn_missed(turn, 10000, err);
    }
    zkcoord_load_turn_free(turn);
    return status;
}

int main(void) {
    const char *hosts = getenv("ZKCOORD_HOSTS"), *user = NULL;
    zkcoord_client *client = NULL;
    zkcoord_miss_guard *users = NULL;
    zkcoord_error *err = NULL;

    if (zkcoord_client_connect(hosts ? hosts : "localhost:2181", NULL, &client, &err)) goto done;
    /* After 3 misses within 60 s a key counts as absent for 30 s, and the database is not asked. */
    if (zkcoord_miss_guard_new(client, "/examples/misses", &users, &err)) goto done;

    if (find(users, "user-1", &user, &err)) goto done;
    printf("user-1 is %s\n", user ? user : "nobody");
    for (int i = 0; i < 5; i++) {
        if (find(users, "user-2", &user, &err)) goto done;
    }
    printf("user-2 is %s\n", user ? user : "nobody");

done:
    if (err) fprintf(stderr, "%s: %s\n", zkcoord_status_name(zkcoord_error_status(err)), zkcoord_error_message(err));
    int failed = err != NULL;
    zkcoord_error_free(err);
    zkcoord_miss_guard_free(users);
    zkcoord_client_free(client);
    return failed;
}
