"""Sessions that share connections never see each other's token, page or answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.properties.interleaving import CALLS, interleaving

SESSIONS = 2_000
SEED = 5


@pytest.mark.parametrize("one_connection", [False, True], ids=["a pool", "a pool of one"])
async def test_interleaved_sessions_never_see_each_others_token(
    tmp_path: Path, one_connection: bool
) -> None:
    async with interleaving(tmp_path, one_connection=one_connection) as play:
        seen = await play(SESSIONS, SEED)
    assert seen.mixed_up() == []
    assert len(seen.tokens) == seen.minted == SESSIONS
    assert seen.calls == SESSIONS * CALLS
    assert (seen.connections == 1) == one_connection
    assert seen.sealed, "no page was asked for"
