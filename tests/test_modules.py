"""What `tests/modules.py` sees of a module's imports: the rules of the house are built on it."""

from __future__ import annotations

import pytest

from tests.modules import Module


@pytest.mark.parametrize(
    ("source", "name"),
    [
        pytest.param("import a.b", "a.b", id="a plain import"),
        pytest.param("import a.b as c", "a.b", id="under another name"),
        pytest.param("from a import b", "a.b", id="what from takes"),
        pytest.param("from . import keyring", "wixproxy.sansio.keyring", id="a neighbour"),
        pytest.param("from .keyring import Key", "wixproxy.sansio.keyring.Key", id="its value"),
        pytest.param("from ..errors import E", "wixproxy.errors.E", id="one floor up"),
        pytest.param("from .. import errors", "wixproxy.errors", id="a part by the package"),
        pytest.param("class A:\n  import os", "os", id="in a class"),
        pytest.param("async def f():\n  import os", "os", id="in a function"),
        pytest.param("try:\n  import os\nfinally:\n  pass", "os", id="in a try"),
    ],
)
def test_an_import_is_seen_wherever_it_stands(source: str, name: str) -> None:
    assert [one.name for one in Module("sansio.login", source).imports] == [name]


def test_a_packages_own_dot_is_the_package() -> None:
    package = Module("sansio", "from .exchange import Field", is_package=True)
    assert [one.name for one in package.imports] == ["wixproxy.sansio.exchange.Field"]


def test_an_import_for_types_is_told_from_one_that_loads() -> None:
    source = "if TYPE_CHECKING:\n  import a\nelse:\n  import b"
    assert [one.by_type for one in Module("front", source).imports] == [True, False]
