"""Checks that the documents name only what exists.

1. Relative links of all Markdown files lead to a file, and to a heading where they name one.
2. Paths in some documents exist: those in inline code, and those at the beginning of the lines of a folder tree. A path
   may be shortened from the left: `session/link.rs` is core/src/session/link.rs.
3. Tests that docs/guarantees.md names exist.

Prints a line for each finding, and exits with 1 if there is one.
"""

import re
import subprocess
import sys
from itertools import takewhile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WITH_PATHS = ("ARCHITECTURE.md", "CONTRIBUTING.md", "README.md", "docs/guarantees.md")
WITH_TESTS = "docs/guarantees.md"
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^\s*(```|~~~)(\w*)")
CODE = re.compile(r"`([^`]+)`")
# A folder with its slash, or a file with an extension of ours.
PATH = re.compile(
    r"\.?[\w-][\w./-]*(?:/|\.(?:rs|py|pyi|ts|mjs|cjs|sh|h|hpp|c|cpp|java|md|toml|in|abi|txt|yml))"
)


def tracked() -> list[str]:
    """Returns the files of the work tree that git does not ignore, relative to the root."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [name for name in output.split("\0") if name and (ROOT / name).exists()]


def lines(file: Path) -> list[tuple[int, str, str | None]]:
    """Returns each line with its number and the language of the code block that it is in, `None` outside of any."""
    result: list[tuple[int, str, str | None]] = []
    block: str | None = None
    for number, line in enumerate(file.read_text().splitlines(), 1):
        fence = FENCE.match(line)
        if fence:
            block = fence.group(2) if block is None else None
        else:
            result.append((number, line, block))
    return result


def anchors(file: Path) -> set[str]:
    """Returns the anchors of the headings, as GitHub makes them."""
    found: set[str] = set()
    for _, line, block in lines(file):
        if block is None and line.startswith("#"):
            text = line.lstrip("#").strip().lower()
            slug = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
            number = 1
            anchor = slug
            while anchor in found:
                anchor = f"{slug}-{number}"
                number += 1
            found.add(anchor)
    return found


def broken_links(name: str) -> list[str]:
    """Returns a message for each relative link of the Markdown file that leads nowhere."""
    file = ROOT / name
    found = []
    for number, line, block in lines(file):
        for target in LINK.findall(line) if block is None else ():
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            leads_to = (file.parent / path).resolve() if path else file
            if not leads_to.exists():
                found.append(f"{name}:{number}: the link {target} leads to no file")
            elif anchor and leads_to.suffix == ".md" and anchor not in anchors(leads_to):
                found.append(f"{name}:{number}: the link {target} leads to no heading")
    return found


def missing_paths(name: str, existing: set[str]) -> list[str]:
    """Returns a message for each path that the document names and that does not exist."""
    found = []
    for number, line, block in lines(ROOT / name):
        if block is None:
            candidates = CODE.findall(line)
        elif block == "":
            words = (word.rstrip(",") for word in line.split())
            candidates = list(takewhile(PATH.fullmatch, words))
        else:
            continue
        for path in candidates:
            if PATH.fullmatch(path) and "/" + path.rstrip("/") not in existing:
                found.append(f"{name}:{number}: there is no {path}")
    return found


def missing_tests(name: str, files: list[str]) -> list[str]:
    """Returns a message for each test that the document names and that does not exist.

    Names of at least three words are taken for tests.
    """
    sources = (ROOT / file for file in files if "/tests/" in file and file.endswith((".rs", ".py")))
    tests = {test for source in sources for test in re.findall(r"\b(?:fn|def) (\w+)", source.read_text())}
    return [
        f"{name}:{number}: there is no test {test}"
        for number, line, _ in lines(ROOT / name)
        for test in re.findall(r"`([a-z0-9]+(?:_[a-z0-9]+){2,})`", line)
        if test not in tests
    ]


def endings(files: list[str]) -> set[str]:
    """Returns all files and their folders, each in full and shortened from the left, with a slash before it."""
    result: set[str] = set()
    for name in files:
        parts = name.split("/")
        for end in range(1, len(parts) + 1):
            for start in range(end):
                result.add("/" + "/".join(parts[start:end]))
    return result


def main() -> int:
    """Checks all documents and prints the findings."""
    files = tracked()
    found = []
    for name in files:
        if name.endswith(".md"):
            found += broken_links(name)
    for name in WITH_PATHS:
        found += missing_paths(name, endings(files))
    found += missing_tests(WITH_TESTS, files)
    for message in found:
        print(message)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
