/* The demo's contender in C. tests/demo/README.md describes it. */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "zkcoord.h"

static int64_t now_micros(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

/* Reads, changes and writes a file that only the lock protects. */
static int critical_section(const char *folder, uint64_t token) {
    char path[4096];
    unsigned long count = 0;
    snprintf(path, sizeof path, "%s/tally", folder);
    FILE *tally = fopen(path, "r+");
    if (!tally || fscanf(tally, "%lu", &count) != 1) return 1;
    snprintf(path, sizeof path, "%s/journal", folder);
    FILE *journal = fopen(path, "a");
    if (!journal) return 1;
    fprintf(journal, "c %" PRIu64 "\n", token);
    fclose(journal);
    rewind(tally);
    fprintf(tally, "%lu", count + 1);
    return fclose(tally);
}

int main(void) {
    const char *hosts = getenv("ZKCOORD_HOSTS"), *folder = getenv("DEMO_FOLDER"), *rounds = getenv("DEMO_ROUNDS");
    zkcoord_client *client = NULL;
    zkcoord_mutex *mutex = NULL;
    zkcoord_counter *hits = NULL;
    zkcoord_guard *guard = NULL;
    zkcoord_error *error = NULL;
    int64_t value = 0;
    int outcome = 1;

    if (!hosts || !folder || !rounds) return 2;
    if (zkcoord_client_connect(hosts, NULL, &client, &error)) goto done;
    if (zkcoord_mutex_new(client, "/demo/lock", &mutex, &error)) goto done;
    if (zkcoord_counter_new(client, "/demo/hits", &hits, &error)) goto done;
    puts("ready");
    fflush(stdout);
    while (getchar() != '\n');
    for (long round = strtol(rounds, NULL, 10); round > 0; round--) {
        int64_t start = now_micros();
        if (zkcoord_mutex_acquire(mutex, 60000, &guard, &error)) goto done;
        int64_t waited = now_micros() - start;
        if (critical_section(folder, zkcoord_guard_token(guard))) goto done;
        if (zkcoord_guard_release(guard, -1, &error)) goto done;
        zkcoord_guard_free(guard);
        guard = NULL;
        if (zkcoord_counter_add(hits, 1, -1, &value, &error)) goto done;
        printf("waited %" PRId64 "\n", waited);
        fflush(stdout);
    }
    outcome = 0;
done:
    if (error) fprintf(stderr, "%s\n", zkcoord_error_message(error));
    zkcoord_error_free(error);
    zkcoord_guard_free(guard);
    zkcoord_counter_free(hits);
    zkcoord_mutex_free(mutex);
    zkcoord_client_free(client);
    return outcome;
}
