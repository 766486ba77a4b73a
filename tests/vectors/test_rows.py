"""Every row of the table of correctness vectors is shown by at least one case."""

from __future__ import annotations

import ast
import re

import pytest

from tests.vectors.tables import FOLDER, read, rows, table, written

ROWS = {f"V{number}" for number in range(1, 101)} | {"V70b"}


def rows_of_tables() -> set[str]:
    return {
        row for path in FOLDER.glob("*.txt") for case in table(path.name) for row in rows(case.name)
    }


def rows_of_tests(source: str) -> set[str]:
    """Return the rows that the docstrings of the tests in a module name."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = (
        ast.get_docstring(node) or ""
        for node in ast.walk(ast.parse(source))
        if isinstance(node, functions) and node.name.startswith("test_")
    )
    return {row for text in docstrings for row in re.findall(r"\bV\d+b?\b", text)}


def test_every_row_has_a_case() -> None:
    named = rows_of_tables()
    for path in FOLDER.glob("test_*.py"):
        named |= rows_of_tests(path.read_text())
    assert named - ROWS == set()
    assert ROWS - named == set()


def test_only_the_docstrings_of_tests_name_rows() -> None:
    source = '''
# V1
def test_one() -> None:
    """V2, V70b: three."""
def helper() -> None:
    """V4."""
'''
    assert rows_of_tests(source) == {"V2", "V70b"}


def test_a_table_is_read_as_it_is_explained() -> None:
    assert written(r"{GET}A: {b*3}\xe9\\⏎⏎") == (
        b"GET / HTTP/1.1\r\nHost: shop.test\r\nA: bbb\xe9\\\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("block", "complaint"),
    [
        ("V1. A\n    > {GET}⏎\n    client 200 open\n", "what the upstream sees"),
        ("V1. A\n    > {GET}⏎\n    upstream nothing\n", "what the client sees"),
        ("V1. A\n    > {GET}⏎\n    client 200 ajar\n", "expected one of"),
        ("V1. A\n    > {GET}⏎\n    client 200 open\n    upstream naught\n", "unknown expectation"),
        ("V1. A\n    > {GET}⏎\n    clint 200 open\n", "unknown expectation"),
    ],
)
def test_a_block_that_would_check_nothing_is_refused(block: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        read(block)
