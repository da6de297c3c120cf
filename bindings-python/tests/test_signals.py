import signal
import subprocess
import time

import pytest
from conftest import PATIENCE, Corner
from zkcoord import Client

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
    out, err = program.communicate(timeout=PATIENCE)
    assert time.monotonic() - sent < 1
    return program.returncode, out, err


@pytest.mark.parametrize("timeout", ["", "timeout=60"])
def test_ctrl_c_ends_a_wait_and_leaves_the_queue(corner: Corner, client: Client, timeout: str) -> None:
    with client.mutex("/lock"):
        program = corner.run_python(WAITER.format(timeout=timeout))
        corner.await_children("/lock", 2)
        assert _interrupt(program) == (7, "interrupted\n", "")
        corner.await_children("/lock", 1)


def test_an_interrupted_wait_leaves_the_queue_though_the_program_goes_on(
    corner: Corner, client: Client
) -> None:
    with client.mutex("/lock") as guard:
        program = corner.run_python("""
            client = zkcoord.connect(hosts, session_timeout=30)
            try:
                client.mutex("/lock").acquire()
            except KeyboardInterrupt:
                print("interrupted", flush=True)
            time.sleep(60)
        """)
        corner.await_children("/lock", 2)
        program.send_signal(signal.SIGINT)
        assert program.stdout is not None
        assert program.stdout.readline() == "interrupted\n"
        corner.await_children("/lock", 1)
        guard.check()
    program.kill()
    program.communicate()


def test_ctrl_c_ends_the_wait_for_a_value(corner: Corner) -> None:
    program = corner.run_python("""
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


def test_ctrl_c_in_the_block_releases_and_without_a_handler_it_kills(corner: Corner, client: Client) -> None:
    program = corner.run_python("""
        with zkcoord.connect(hosts, session_timeout=2) as client, client.mutex("/lock"):
            time.sleep(60)
    """)
    corner.await_children("/lock", 1)
    status, _, err = _interrupt(program)
    assert status == -signal.SIGINT
    assert err.rstrip().endswith("KeyboardInterrupt")
    with client.mutex("/lock").acquire(timeout=1):
        pass


def test_a_grant_in_the_moment_of_an_interrupt_is_given_back(corner: Corner) -> None:
    program = corner.run_python("""
        import warnings
        warnings.simplefilter("ignore", ResourceWarning)  # it may also be granted already, but not returned yet
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
    corner.await_children("/lock", 0)


def test_other_threads_wait_on(corner: Corner, client: Client) -> None:
    with client.mutex("/lock"):
        program = corner.run_python("""
            with zkcoord.connect(hosts, session_timeout=2) as client:
                def work():
                    with client.mutex("/lock").acquire(timeout=30):
                        print("had it", flush=True)
                thread = threading.Thread(target=work)
                thread.start()
                try:
                    time.sleep(60)
                except KeyboardInterrupt:
                    print("interrupted", flush=True)
                thread.join()
        """)
        corner.await_children("/lock", 2)
        program.send_signal(signal.SIGINT)
        assert program.stdout is not None
        assert program.stdout.readline() == "interrupted\n"
        assert len(corner.children("/lock")) == 2
    out, err = program.communicate(timeout=PATIENCE)
    assert (program.returncode, out, err) == (0, "had it\n", "")


@pytest.mark.parametrize("end", ["client.close()", "pass"])
def test_the_interpreter_ends_well_while_threads_wait_and_a_callback_runs(
    corner: Corner, client: Client, end: str
) -> None:
    with client.mutex("/held"):
        program = corner.run_python(f"""
            client = zkcoord.connect(hosts, session_timeout=2)
            def slow(state):
                print("told", state, flush=True)
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
        out, err = program.communicate(timeout=PATIENCE)
    assert (program.returncode, err) == (0, "")
    assert out in ("", "told closed\n")


def test_the_interpreter_waits_at_its_end_for_a_callback(corner: Corner) -> None:
    program = corner.run_python("""
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
    assert program.communicate(timeout=PATIENCE) == ("done\n", "")
    assert program.returncode == 0
