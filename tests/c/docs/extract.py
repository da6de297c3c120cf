"""Writes every C and C++ block of documents as a program into a folder, to be compiled: extract.py FOLDER DOCUMENT...

A block with an #include is a whole program; any other one becomes the body of a function. context.h and context.hpp
declare the names that blocks use without showing them.
"""

import re
import sys
from pathlib import Path

BLOCK = re.compile(r"^```(c|cpp)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CONTEXT = {"c": "context.h", "cpp": "context.hpp"}
# The label is for the blocks with a `goto done` that do not show the label itself.
FUNCTION = {
    "c": "void example(void);\nvoid example(void) {{\n{}goto done;\ndone: return;\n}}\n",
    "cpp": "void example() {{\n{}}}\n",
}


def program(document: Path, line: int, language: str, block: str) -> str:
    """Returns the block as a program. The compiler reports its errors with the lines of the document."""
    text = f'#line {line} "{document}"\n{block}'
    if "#include" not in block:
        text = FUNCTION[language].format(text)
    return f'#include "{CONTEXT[language]}"\n{text}'


def main(folder: Path, documents: list[Path]) -> None:
    for document in documents:
        text = document.read_text()
        for found in BLOCK.finditer(text):
            language, block = found.groups()
            line = text.count("\n", 0, found.start()) + 2
            name = f"{document.stem}-{line}.{language}"
            (folder / name).write_text(program(document, line, language, block))


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
