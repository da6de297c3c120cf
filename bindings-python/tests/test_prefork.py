"""Servers that fork their workers, like gunicorn. The parent has imported zkcoord and has clients."""

from conftest import TIMEOUT, Sandbox
from zkcoord import Client

SERVER = """
import asyncio, traceback
from zkcoord import aio

WORKERS, ROUNDS = 4, 5

async def prepare():
    client = await aio.connect(hosts, session_timeout=2)
    return client, await client.mutex("/parent/async").acquire()

def refused(call):
    started = time.monotonic()
    try:
        call()
    except zkcoord.ForkedError:
        assert time.monotonic() - started < 0.5
    else:
        raise AssertionError("not refused")

async def refused_async(call):
    started = time.monotonic()
    try:
        await call()
    except zkcoord.ForkedError:
        assert time.monotonic() - started < 0.5
    else:
        raise AssertionError("not refused")

async def serve():
    for call in (
        async_counter.get, async_client.close, async_mutex.acquire, async_mutex.try_acquire, async_guard.release,
        async_guard.wait_lost, async_guard.cancel_on_loss().__aenter__, async_values.next, async_striped.flush,
        async_semaphore.acquire, lambda: async_misses.forget("key"), lambda: async_misses.load("key", len),
    ):
        await refused_async(call)
    refused(lambda: async_guard.on_lost(print))
    refused(lambda: async_client.on_state(print))
    async with aio.connect(hosts, session_timeout=2) as own:
        for _ in range(ROUNDS):
            async with own.mutex("/lock").acquire(timeout=20):
                await own.counter("/n").increment()

def work():
    refused(counter.get)
    refused(mutex.acquire)
    refused(guard.check)
    refused(client.close)
    with zkcoord.connect(hosts, session_timeout=2) as own:
        for _ in range(ROUNDS):
            with own.mutex("/lock").acquire(timeout=20):
                own.counter("/n").increment()
    asyncio.run(serve())

client = zkcoord.connect(hosts, session_timeout=2)
guard, counter, mutex = client.mutex("/parent/plain").acquire(), client.counter("/n"), client.mutex("/lock")
async_client, async_guard = asyncio.run(prepare())
async_counter, async_mutex = async_client.counter("/n"), async_client.mutex("/lock")
async_values, async_striped = async_counter.watch(), async_client.striped_counter("/striped")
async_semaphore, async_misses = async_client.semaphore("/s", 3), async_client.miss_guard("/misses")
stop = threading.Event()

def busy():
    while not stop.is_set():
        client.counter("/busy").increment()

threads = [threading.Thread(target=busy, daemon=True) for _ in range(4)]
for thread in threads:
    thread.start()
for _ in range(WORKERS):
    if os.fork() == 0:
        try:
            work()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        sys.exit(0)
assert [os.wait()[1] for _ in range(WORKERS)] == [0] * WORKERS
stop.set()
for thread in threads:
    thread.join()
guard.check()
async_guard.check()
print(counter.get() - 2 * WORKERS * ROUNDS)
"""


def test_workers_connect_again_and_cannot_use_objects_of_their_parent(
    sandbox: Sandbox, client: Client
) -> None:
    program = sandbox.run_python(SERVER)
    out, err = program.communicate(timeout=2 * TIMEOUT)
    assert (program.returncode, out, err) == (0, "0\n", "")
    for path in ("/parent/plain", "/parent/async", "/lock"):
        sandbox.await_children(path, 0)
    assert client.counter("/n").get() == 40
