import inspect
import signal
import subprocess
import time
from pathlib import Path

import pytest
from conftest import TIMEOUT, Sandbox, eventually
from zkcoord import Client, aio

WAITER = """
    with zkcoord.connect(hosts, session_timeout=2) as client:
        try:
            client.mutex("/lock").acquire({timeout})
        except KeyboardInterrupt:
            print("interrupted", flush=True)
            sys.exit(7)
"""


def _interrupt(program: "subprocess.Popen[str]") -> tuple[int, str, str]:
    program.send_signal(signal.SIGINT)
    sent = time.monotonic()
    out, err = program.communicate(timeout=TIMEOUT)
    assert time.monotonic() - sent < 1
    return program.returncode, out, err


@pytest.mark.parametrize("timeout", ["", "timeout=60"])
def test_ctrl_c_ends_a_wait_and_leaves_the_queue(sandbox: Sandbox, client: Client, timeout: str) -> None:
    with client.mutex("/lock"):
        program = sandbox.run_python(WAITER.format(timeout=timeout))
        sandbox.await_children("/lock", 2)
        assert _interrupt(program) == (7, "interrupted\n", "")
        sandbox.await_children("/lock", 1)


def test_an_interrupted_wait_leaves_the_queue_while_the_program_continues(
    sandbox: Sandbox, client: Client
) -> None:
    with client.mutex("/lock") as guard:
        program = sandbox.run_python("""
            client = zkcoord.connect(hosts, session_timeout=30)
            try:
                client.mutex("/lock").acquire()
            except KeyboardInterrupt:
                print("interrupted", flush=True)
            time.sleep(60)
        """)
        sandbox.await_children("/lock", 2)
        program.send_signal(signal.SIGINT)
        assert program.stdout is not None
        assert program.stdout.readline() == "interrupted\n"
        sandbox.await_children("/lock", 1)
        guard.check()
    program.kill()
    program.communicate()


# Every blocking call, by class and method, of objects made before the server stops answering.
PREPARED = """
misses, striped = client.miss_guard("/misses"), client.striped_counter("/striped", flush_interval=3600)
counter, window, limiter = client.counter("/n"), client.window_counter("/window"), client.rate_limiter("/limit")
mutex, both, semaphore = client.mutex("/lock"), client.multi_mutex(["/a", "/b"]), client.semaphore("/s", 3)
values, reentrant = counter.watch(), client.reentrant_mutex("/reentrant")
striped.add(1)
"""
CALLS = """{
    "Client.request_revoke": lambda: client.request_revoke(guard.node),
    "Counter.add": counter.add,
    "Counter.compare_and_set": lambda: counter.compare_and_set(0, 1),
    "Counter.decrement": counter.decrement,
    "Counter.get": counter.get,
    "Counter.get_and_set": lambda: counter.get_and_set(1),
    "Counter.increment": counter.increment,
    "Counter.reserve": lambda: counter.reserve(3),
    "Counter.set": lambda: counter.set(3),
    "Counter.versioned": counter.versioned,
    "CounterWatch.next": values.next,
    "Guard.create": lambda: guard.create("/new", b""),
    "Guard.delete": lambda: guard.delete("/new"),
    "Guard.set_data": lambda: guard.set_data("/lock", b""),
    "Lost.wait": other.lost.wait,
    "MissGuard.forget": lambda: misses.forget("key"),
    "MissGuard.load": lambda: misses.load("key", len),
    "MultiMutex.acquire": both.acquire,
    "MultiMutex.try_acquire": both.try_acquire,
    "Mutex.acquire": mutex.acquire,
    "Mutex.inspect": mutex.inspect,
    "Mutex.try_acquire": mutex.try_acquire,
    "RateLimiter.acquire": limiter.acquire,
    "RateLimiter.try_acquire": limiter.try_acquire,
    "ReentrantMutex.acquire": reentrant.acquire,
    "ReentrantMutex.inspect": reentrant.inspect,
    "ReentrantMutex.try_acquire": reentrant.try_acquire,
    "Semaphore.acquire": semaphore.acquire,
    "Semaphore.try_acquire": semaphore.try_acquire,
    "StripedCounter.flush": striped.flush,
    "StripedCounter.sum": striped.sum,
    "WindowCounter.add": window.add,
    "WindowCounter.count": window.count,
    "connect": lambda: zkcoord.connect(hosts, connect_timeout=60),
    "Guard.release": guard.release,
    "Client.close": client.close,
}"""
BLOCKING = """
client = zkcoord.connect(hosts, session_timeout=30)
guard, other = client.mutex("/held").acquire(), client.mutex("/other").acquire()
{prepared}
calls = {calls}
print("ready", flush=True)
sys.stdin.readline()
for name, call in calls.items():
    try:
        print(name, flush=True)
        print(call(), flush=True)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
os._exit(0)
"""
ASYNCIO = """
import asyncio
from zkcoord import aio
async def prepare():
    client = await aio.connect(hosts, session_timeout=30)
    return client, await client.mutex("/held").acquire(), await client.mutex("/other").acquire()
client, guard, other = asyncio.run(prepare())
{prepared}
async def iterate():
    async for value in values:
        print(value, flush=True)
async def wait(call):
    await call()
calls = {calls}
calls = {{"iterate": iterate, "Guard.wait_lost": other.wait_lost, **calls}}
print("ready", flush=True)
sys.stdin.readline()
for name, call in calls.items():
    try:
        print(name, flush=True)
        print(asyncio.run(wait(call)), flush=True)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
os._exit(0)
"""


@pytest.mark.parametrize("api", ["blocking", "asyncio"])
def test_ctrl_c_ends_every_blocking_call(own_server: Sandbox, api: str) -> None:
    template = BLOCKING if api == "blocking" else ASYNCIO.replace("zkcoord.connect", "aio.connect")
    calls = CALLS if api == "blocking" else CALLS.replace("zkcoord.connect", "aio.connect")
    program = own_server.run_python(template.format(prepared=PREPARED, calls=calls))
    assert program.stdin is not None
    assert program.stdout is not None
    assert program.stdout.readline() == "ready\n"
    own_server.zookeeper.pause(0)
    program.stdin.write("\n")
    program.stdin.flush()
    interrupted = []
    while name := program.stdout.readline().rstrip():
        assert eventually(lambda: _is_asleep(program)), name
        program.send_signal(signal.SIGINT)
        sent = time.monotonic()
        assert program.stdout.readline() == "interrupted\n", name
        assert time.monotonic() - sent < 1, name
        interrupted.append(name)
    _, err = program.communicate(timeout=TIMEOUT)
    own_server.zookeeper.resume(0)
    assert (program.returncode, err) == (0, "")
    assert _awaitable_methods() - {"Guard.wait_lost"} <= set(interrupted)


def _is_asleep(program: "subprocess.Popen[str]") -> bool:
    """Returns whether the main thread waits."""
    return Path(f"/proc/{program.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "S"


def _awaitable_methods() -> set[str]:
    """Returns the awaitable methods of the asyncio API. test_parity.py compares them with the blocking API."""
    classes = {name: getattr(aio, name) for name in aio.__all__ if inspect.isclass(getattr(aio, name))}
    return {
        f"{name}.{method}"
        for name, of in classes.items()
        if name not in ("Awaiting", "CancelOnLoss")
        for method, function in inspect.getmembers(of, inspect.isfunction)
        if method[0] != "_"
        and (inspect.iscoroutinefunction(function) or "Awaiting" in str(function.__annotations__["return"]))
    }


def test_ctrl_c_ends_the_wait_for_a_value(sandbox: Sandbox) -> None:
    program = sandbox.run_python("""
        with zkcoord.connect(hosts, session_timeout=2) as client, client.counter("/n").watch() as values:
            try:
                for value in values:
                    print(value, flush=True)
            except KeyboardInterrupt:
                sys.exit(7)
    """)
    assert program.stdout is not None
    assert program.stdout.readline() == "0\n"
    assert _interrupt(program) == (7, "", "")


def test_ctrl_c_in_a_block_releases_the_lock_and_ends_the_program(sandbox: Sandbox, client: Client) -> None:
    program = sandbox.run_python("""
        with zkcoord.connect(hosts, session_timeout=2) as client, client.mutex("/lock"):
            time.sleep(60)
    """)
    sandbox.await_children("/lock", 1)
    status, _, err = _interrupt(program)
    assert status == -signal.SIGINT
    assert err.rstrip().endswith("KeyboardInterrupt")
    with client.mutex("/lock").acquire(timeout=1):
        pass


def test_a_lock_granted_at_the_moment_of_an_interrupt_is_released(sandbox: Sandbox) -> None:
    program = sandbox.run_python("""
        import warnings
        warnings.simplefilter("ignore", ResourceWarning)  # the lock may already be granted, but not yet returned
        class Interrupted(Exception): pass
        def interrupt(*_): raise Interrupted
        signal.signal(signal.SIGALRM, interrupt)
        granted = 0
        with zkcoord.connect(hosts, session_timeout=30) as client:
            mutex = client.mutex("/lock")
            for number in range(300):
                guard = None
                try:
                    signal.setitimer(signal.ITIMER_REAL, 0.0001 + number % 30 * 0.0001)
                    guard = mutex.acquire()
                    granted += 1
                    time.sleep(1)
                except Interrupted:
                    pass
            guard = None
            with mutex.acquire(timeout=5):
                print("some" if 0 < granted < 300 else granted)
    """)
    out, err = program.communicate(timeout=50)
    assert (program.returncode, out, err) == (0, "some\n", "")
    sandbox.await_children("/lock", 0)


def test_ctrl_c_does_not_end_the_waits_of_other_threads(sandbox: Sandbox, client: Client) -> None:
    with client.mutex("/lock"):
        program = sandbox.run_python("""
            with zkcoord.connect(hosts, session_timeout=2) as client:
                def work():
                    with client.mutex("/lock").acquire(timeout=30):
                        print("acquired", flush=True)
                thread = threading.Thread(target=work)
                thread.start()
                try:
                    time.sleep(60)
                except KeyboardInterrupt:
                    print("interrupted", flush=True)
                thread.join()
        """)
        sandbox.await_children("/lock", 2)
        program.send_signal(signal.SIGINT)
        assert program.stdout is not None
        assert program.stdout.readline() == "interrupted\n"
        assert len(sandbox.children("/lock")) == 2
    out, err = program.communicate(timeout=TIMEOUT)
    assert (program.returncode, out, err) == (0, "acquired\n", "")


@pytest.mark.parametrize("end", ["client.close()", "pass"])
def test_the_interpreter_exits_cleanly_while_threads_wait_and_a_callback_runs(
    sandbox: Sandbox, client: Client, end: str
) -> None:
    with client.mutex("/held"):
        program = sandbox.run_python(f"""
            client = zkcoord.connect(hosts, session_timeout=2)
            def slow(state):
                print("state", state, flush=True)
                time.sleep(0.5)
            client.on_state(slow)
            def work():
                while True:
                    try:
                        client.counter("/n").increment()
                        client.mutex("/held").acquire(timeout=0.01)
                    except zkcoord.AcquireTimeout:
                        pass
                    except zkcoord.ClosedError:
                        break
            for _ in range(4):
                threading.Thread(target=work, daemon=True).start()
            time.sleep(0.2)
            {end}
        """)
        out, err = program.communicate(timeout=TIMEOUT)
    assert (program.returncode, err) == (0, "")
    assert out in ("", "state closed\n")


def test_the_interpreter_waits_for_a_running_callback(sandbox: Sandbox) -> None:
    program = sandbox.run_python("""
        client = zkcoord.connect(hosts, session_timeout=2)
        started = threading.Event()
        def slow(state):
            started.set()
            time.sleep(1)
            print("done", flush=True)
        client.on_state(slow)
        threading.Thread(target=client.close, daemon=True).start()
        started.wait()
    """)
    assert program.communicate(timeout=TIMEOUT) == ("done\n", "")
    assert program.returncode == 0
