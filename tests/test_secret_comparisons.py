"""Secrets are compared in constant time, wherever the package compares them (R22)."""

from __future__ import annotations

import ast
from pathlib import Path

import wixproxy

PACKAGE = Path(wixproxy.__file__).parent
SECRETS = frozenset({"state", "verifier", "secret", "signature", "_text", "reveal", "code"})
OPERATORS = (ast.Eq, ast.NotEq)


def _name(node: ast.expr) -> str:
    """Return the last name of `attempt.state`, `key.reveal()` or `secret.encode()`."""
    while isinstance(node, ast.Call):
        node = node.func
    if isinstance(node, ast.Attribute):
        return _name(node.value) if node.attr in ("encode", "strip") else node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _compared_plainly(source: str) -> list[int]:
    """Return the lines that compare something called like a secret with `==` or `!=`."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Compare)
        and any(isinstance(operator, OPERATORS) for operator in node.ops)
        and not any(map(_is_constant, (node.left, *node.comparators)))
        and SECRETS & set(map(_name, (node.left, *node.comparators)))
    ]


def _is_constant(side: ast.expr) -> bool:
    return isinstance(side, ast.Constant) or _name(side).isupper()


def test_no_secret_is_compared_by_an_operator_that_stops_at_the_first_difference() -> None:
    """R22. The emulator plays Wix's side and has nothing to hide."""
    found = {
        str(path.relative_to(PACKAGE)): lines
        for path in PACKAGE.rglob("*.py")
        if "emulator" not in path.relative_to(PACKAGE).parts
        and (lines := _compared_plainly(path.read_text()))
    }
    assert found == {}


def test_the_search_finds_what_it_looks_for() -> None:
    assert _compared_plainly("if callback.state != attempt.state: pass") == [1]
    assert _compared_plainly("x = given.encode() == secret.reveal().encode()") == [1]
    assert _compared_plainly("x = hmac.compare_digest(a.state, b.state)") == []
