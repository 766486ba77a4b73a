"""How many clients the open files of a process are enough for."""

from __future__ import annotations

import pytest

from wixproxy.descriptors import OWN_FILES, clients_for


@pytest.mark.parametrize(
    ("files", "clients"),
    [
        pytest.param(64, 16, id="fewer than we need ourselves"),
        pytest.param(256, 32, id="a small container's"),
        pytest.param(1_024, 416, id="a shell's"),
        pytest.param(1_048_576, 524_192, id="a container runtime's"),
    ],
)
def test_each_client_may_take_two_files_beside_our_own(files: int, clients: int) -> None:
    """P30."""
    assert clients_for(files) == clients
    if clients > 16:
        assert 2 * clients + OWN_FILES <= files
