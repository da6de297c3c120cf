"""The end of a program: its locks are released at once, and nothing is printed."""

import time

import pytest
from conftest import TIMEOUT, Sandbox, eventually
from zkcoord import Client

BLOCKING = """
guard = zkcoord.connect(hosts, session_timeout=30).mutex("/lock").acquire()
"""
ASYNCIO = """
import asyncio
from zkcoord import aio
async def hold():
    client = await aio.connect(hosts, session_timeout=30)
    return await client.mutex("/lock").acquire()
guard = asyncio.run(hold())
"""
END = {
    "ends": ("", 0, ""),
    "exits": ("sys.exit(3)", 3, ""),
    "fails": ("1 / 0", 1, "ZeroDivisionError"),
}


@pytest.mark.parametrize("program", [BLOCKING, ASYNCIO], ids=["blocking", "asyncio"])
@pytest.mark.parametrize("end", END)
def test_locks_are_released_when_the_program_exits(
    sandbox: Sandbox, client: Client, program: str, end: str
) -> None:
    last, status, message = END[end]
    running = sandbox.run_python(program + last)
    out, err = running.communicate(timeout=TIMEOUT)
    assert (running.returncode, out) == (status, "")
    assert message in err if message else err == ""
    # At once and not after 30 seconds; the servers may lag a little.
    with client.mutex("/lock").acquire(timeout=5):
        pass


def test_pending_additions_are_written_when_the_program_exits(sandbox: Sandbox, client: Client) -> None:
    program = sandbox.run_python("""
        zkcoord.connect(hosts).striped_counter("/n", flush_interval=3600).add(5)
        client = zkcoord.connect(hosts)
        client.striped_counter("/n", flush_interval=3600).add(7)
    """)
    _, err = program.communicate(timeout=TIMEOUT)
    # The first client becomes unreachable before the exit.
    assert "ResourceWarning: never closed" in err
    assert eventually(lambda: client.striped_counter("/n").sum() == 12)


def test_waiting_threads_and_tasks_neither_delay_the_exit_nor_print(sandbox: Sandbox, client: Client) -> None:
    with client.mutex("/lock"):
        program = sandbox.run_python("""
            import asyncio
            from zkcoord import aio
            client = zkcoord.connect(hosts, session_timeout=30)
            for _ in range(4):
                threading.Thread(target=client.mutex("/lock").acquire, daemon=True).start()
                threading.Thread(target=client.counter("/n").watch().next, daemon=True).start()
            async def wait():
                async with aio.connect(hosts, session_timeout=30) as client, client.mutex("/lock"):
                    pass
            threading.Thread(target=lambda: asyncio.run(wait()), daemon=True).start()
            sys.stdin.readline()
        """)
        sandbox.await_children("/lock", 6)
        ended = time.monotonic()
        out, err = program.communicate("\n", timeout=TIMEOUT)
        assert time.monotonic() - ended < 3
        assert (program.returncode, out, err) == (0, "", "")
        sandbox.await_children("/lock", 1)


def test_calls_after_the_exit_handler_raise_closed_error(sandbox: Sandbox) -> None:
    program = sandbox.run_python("""
        import atexit
        def at_exit():
            try:
                guard.release()
                client.counter("/n").get()
            except zkcoord.ClosedError as error:
                print(error.code)
        atexit._clear()
        atexit.register(at_exit)
        zkcoord._exit.install()
        client = zkcoord.connect(hosts, session_timeout=30)
        guard = client.mutex("/lock").acquire()
    """)
    out, err = program.communicate(timeout=TIMEOUT)
    assert (program.returncode, out, err) == (0, "CLOSED\n", "")


def test_a_paused_server_does_not_delay_the_exit(own_server: Sandbox) -> None:
    program = own_server.run_python("""
        clients = [zkcoord.connect(hosts, session_timeout=30) for _ in range(5)]
        guards = [client.mutex(f"/lock/{number}").acquire() for number, client in enumerate(clients)]
        clients[0].striped_counter("/n", flush_interval=3600).add(1)
        print("ready", flush=True)
        sys.stdin.readline()
    """)
    assert program.stdout is not None
    assert program.stdout.readline() == "ready\n"
    own_server.zookeeper.pause(0)
    started = time.monotonic()
    assert program.communicate("\n", timeout=TIMEOUT) == ("", "")
    assert time.monotonic() - started < 5
    own_server.zookeeper.resume(0)


def test_the_exit_of_a_child_does_not_touch_the_session_of_its_parent(
    sandbox: Sandbox, client: Client
) -> None:
    program = sandbox.run_python("""
        client = zkcoord.connect(hosts, session_timeout=2)
        guard = client.mutex("/lock").acquire()
        if os.fork() == 0:
            with zkcoord.connect(hosts) as own:
                own.counter("/n").increment()
            sys.exit()  # runs all exit handlers
        assert os.wait()[1] == 0
        print("child ended", flush=True)
        sys.stdin.readline()
        guard.check()
        print(client.counter("/n").increment(), flush=True)
    """)
    assert program.stdout is not None
    assert program.stdout.readline() == "child ended\n"
    assert client.mutex("/lock").try_acquire() is None
    out, err = program.communicate("\n", timeout=TIMEOUT)
    assert (program.returncode, out, err) == (0, "2\n", "")
    with client.mutex("/lock").acquire(timeout=5):
        pass
