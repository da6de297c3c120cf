"""Runs what docs/python.md shows: its programs each by itself, and the pieces in between with a client."""

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
from conftest import PATIENCE, Corner
from zkcoord import Client, aio

PAGE = Path(__file__).parents[2] / "docs/python.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
PROGRAMS = [block for block in BLOCKS if block.startswith("import ")]
PIECES = [block for block in BLOCKS if block not in PROGRAMS]


def _run(program: str, hosts: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", program],
        env={**os.environ, "ZKCOORD_HOSTS": hosts},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_programs_do_what_they_say(corner: Corner, client: Client) -> None:
    assert len(PROGRAMS) == 2
    for program in PROGRAMS:
        running = _run(program, corner.hosts)
        assert running.communicate(timeout=PATIENCE) == ("writing, with a fencing token\n", "")
    with client.mutex("/locks/report"):
        waiting = [_run(program, corner.hosts) for program in PROGRAMS]
        for running in waiting:
            assert running.communicate(timeout=PATIENCE) == ("somebody else was at it for five seconds\n", "")


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.strip().splitlines()[0])
def test_the_pieces_run(corner: Corner, client: Client, piece: str) -> None:
    code = compile(piece, PAGE.name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    names: dict[str, Any] = {"asyncio": asyncio, "write": lambda fence: fence, "query": lambda key: None}
    if not code.co_flags & inspect.CO_COROUTINE:
        exec(code, {**names, "client": client})
        return

    async def run(code: CodeType) -> None:
        async with aio.connect(corner.hosts) as client:
            await eval(code, {**names, "client": client})

    asyncio.run(run(code))
