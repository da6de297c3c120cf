/* The declarations that the C blocks of the documents use without showing them. */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <zkcoord.h>

extern zkcoord_client *client;
extern zkcoord_mutex *mutex;
extern zkcoord_guard *guard;
extern zkcoord_error *err;

struct job;
extern int pages;

void work(void);
void call_api(void);
void hand_over(struct job *job, zkcoord_guard *guard);
void write_page(int page, uint64_t token);
void write_report(uint64_t token);
