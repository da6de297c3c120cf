"""The samples in examples/article_*.py keep the functions of the articles, and do what the articles promise."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import util
from pathlib import Path
from types import ModuleType

import pytest
import zkcoord
from conftest import TIMEOUT, Background, Sandbox
from zkcoord import Client

EXAMPLES = Path(__file__).parents[2] / "examples"


def _load(name: str) -> ModuleType:
    spec = util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_second_caller_waits_for_the_lock(sandbox: Sandbox, client: Client) -> None:
    article, other = _load("article_lock"), sandbox.client()
    article.acquire_lock(client, "/lock")
    waiting = Background(lambda: article.acquire_lock(other, "/lock"))
    sandbox.await_children("/lock", 2)
    article.release_lock(client, "/lock")
    waiting.finish()
    with pytest.raises(RuntimeError, match="/lock: not acquired by acquire_lock"):
        article.release_lock(client, "/lock")
    assert len(sandbox.children("/lock")) == 1
    article.release_lock(other, "/lock")
    assert sandbox.children("/lock") == []


def test_releasing_after_a_loss_does_not_release_the_next_lock(sandbox: Sandbox, client: Client) -> None:
    article = _load("article_lock")
    lost = article.acquire_lock(client, "/lock")
    sandbox.observer.delete(sandbox.root + lost.node)
    assert lost.lost.wait(TIMEOUT)
    held = article.acquire_lock(client, "/lock")
    article.release_lock(client, "/lock")
    held.check()
    article.release_lock(client, "/lock")
    assert not held.is_held


def test_no_increment_is_lost(sandbox: Sandbox) -> None:
    article = _load("article_counter")
    clients = [sandbox.client() for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        values = list(pool.map(lambda n: article.increment_counter(clients[n % 4], "/n"), range(200)))
    assert sorted(values) == list(range(1, 201))


@pytest.mark.parametrize(
    ("name", "printed"),
    [("article_lock", "released the lock"), ("article_counter", "the counter stands at 3")],
)
def test_the_examples_run(sandbox: Sandbox, name: str, printed: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / f"{name}.py"],
        env={**os.environ, "ZKCOORD_HOSTS": sandbox.hosts},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.splitlines()[-1] == printed
    assert _load(name).main.__doc__


def test_the_default_server_is_localhost(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def refuse(hosts: str) -> None:
        asked.append(hosts)
        raise zkcoord.ConnectionLost(hosts)

    monkeypatch.delenv("ZKCOORD_HOSTS", raising=False)
    monkeypatch.setattr(zkcoord, "connect", refuse)
    for name in ("article_lock", "article_counter"):
        with pytest.raises(zkcoord.ConnectionLost):
            _load(name).main()
    assert asked == ["localhost:2181"] * 2
