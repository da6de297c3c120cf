"""Runs the code of docs/python.md: each program in a process of its own, and the snippets with a client."""

import ast
import asyncio
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from conftest import TIMEOUT, Sandbox
from zkcoord import Client, aio

PAGE = Path(__file__).parents[2] / "docs/python.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
PROGRAMS = [block for block in BLOCKS if block.startswith("import ")]
SNIPPETS = [block for block in BLOCKS if block not in PROGRAMS]


def _run(program: str, hosts: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", program],
        env={**os.environ, "ZKCOORD_HOSTS": hosts},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_programs_print_what_they_claim(sandbox: Sandbox, client: Client) -> None:
    assert len(PROGRAMS) == 2
    for program in PROGRAMS:
        running = _run(program, sandbox.hosts)
        assert running.communicate(timeout=TIMEOUT) == ("writing, with a fencing token\n", "")
    with client.mutex("/locks/report"):
        waiting = [_run(program, sandbox.hosts) for program in PROGRAMS]
        for running in waiting:
            assert running.communicate(timeout=TIMEOUT) == ("somebody else was at it for five seconds\n", "")


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: snippet.strip().splitlines()[0])
def test_the_snippets_run(sandbox: Sandbox, client: Client, snippet: str) -> None:
    code = compile(snippet, PAGE.name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    names: dict[str, Any] = {"asyncio": asyncio, "write": lambda fence: fence, "query": lambda key: None}
    if not code.co_flags & inspect.CO_COROUTINE:
        exec(code, {**names, "client": client})
        return

    async def run(code: CodeType) -> None:
        async with aio.connect(sandbox.hosts) as client:
            await eval(code, {**names, "client": client})

    asyncio.run(run(code))
