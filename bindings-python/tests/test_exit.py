"""How a program ends: what it holds is free at once, and nobody complains."""

import time

import pytest
from conftest import PATIENCE, Corner, eventually
from zkcoord import Client

HOLDS = """
guard = zkcoord.connect(hosts, session_timeout=30).mutex("/lock").acquire()
"""
AWAITS = """
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


@pytest.mark.parametrize("program", [HOLDS, AWAITS], ids=["plain", "asyncio"])
@pytest.mark.parametrize("end", END)
def test_what_a_program_holds_is_free_when_it_ends(
    corner: Corner, client: Client, program: str, end: str
) -> None:
    last, status, complaint = END[end]
    running = corner.run_python(program + last)
    out, err = running.communicate(timeout=PATIENCE)
    assert (running.returncode, out) == (status, "")
    assert complaint in err if complaint else err == ""
    # At once, not in 30 seconds; the servers may be a moment behind.
    with client.mutex("/lock").acquire(timeout=5):
        pass


def test_what_was_added_is_written_when_the_program_ends(corner: Corner, client: Client) -> None:
    program = corner.run_python("""
        zkcoord.connect(hosts).striped_counter("/n", flush_interval=3600).add(5)
        client = zkcoord.connect(hosts)
        client.striped_counter("/n", flush_interval=3600).add(7)
    """)
    _, err = program.communicate(timeout=PATIENCE)
    # The first client is forgotten before the end.
    assert "ResourceWarning: never closed" in err
    assert eventually(lambda: client.striped_counter("/n").sum() == 12)


def test_threads_and_tasks_that_wait_do_not_hold_up_the_end_and_do_not_complain(
    corner: Corner, client: Client
) -> None:
    with client.mutex("/lock"):
        program = corner.run_python("""
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
        corner.await_children("/lock", 6)
        ended = time.monotonic()
        out, err = program.communicate("\n", timeout=PATIENCE)
        assert time.monotonic() - ended < 3
        assert (program.returncode, out, err) == (0, "", "")
        corner.await_children("/lock", 1)


def test_what_comes_after_the_close_at_the_end_is_told_so(corner: Corner) -> None:
    program = corner.run_python("""
        import atexit
        def late():
            try:
                guard.release()
                client.counter("/n").get()
            except zkcoord.ClosedError as error:
                print(error.code)
        atexit._clear()
        atexit.register(late)
        zkcoord._exit.install()
        client = zkcoord.connect(hosts, session_timeout=30)
        guard = client.mutex("/lock").acquire()
    """)
    out, err = program.communicate(timeout=PATIENCE)
    assert (program.returncode, out, err) == (0, "CLOSED\n", "")


def test_a_silent_server_does_not_hold_up_the_end(frail: Corner) -> None:
    program = frail.run_python("""
        clients = [zkcoord.connect(hosts, session_timeout=30) for _ in range(5)]
        guards = [client.mutex(f"/lock/{number}").acquire() for number, client in enumerate(clients)]
        clients[0].striped_counter("/n", flush_interval=3600).add(1)
        print("ready", flush=True)
        sys.stdin.readline()
    """)
    assert program.stdout is not None
    assert program.stdout.readline() == "ready\n"
    frail.zookeeper.pause(0)
    started = time.monotonic()
    assert program.communicate("\n", timeout=PATIENCE) == ("", "")
    assert time.monotonic() - started < 5
    frail.zookeeper.resume(0)


def test_the_end_of_a_child_does_not_touch_its_parents_session(corner: Corner, client: Client) -> None:
    program = corner.run_python("""
        client = zkcoord.connect(hosts, session_timeout=2)
        guard = client.mutex("/lock").acquire()
        if os.fork() == 0:
            with zkcoord.connect(hosts) as own:
                own.counter("/n").increment()
            sys.exit()  # by way of all that is done at the end
        assert os.wait()[1] == 0
        print("child ended", flush=True)
        sys.stdin.readline()
        guard.check()
        print(client.counter("/n").increment(), flush=True)
    """)
    assert program.stdout is not None
    assert program.stdout.readline() == "child ended\n"
    assert client.mutex("/lock").try_acquire() is None
    out, err = program.communicate("\n", timeout=PATIENCE)
    assert (program.returncode, out, err) == (0, "2\n", "")
    with client.mutex("/lock").acquire(timeout=5):
        pass
