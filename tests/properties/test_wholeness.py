"""A body arrives exactly once and whole, or not at all as far as anybody can tell."""

from __future__ import annotations

from tests.properties.wholeness import cut_answers, cut_uploads
from tests.vectors.scene import Scene

COUNT = 1_000
SEED = 41


async def test_a_request_that_is_cut_at_any_byte_is_never_delivered_as_a_whole_one(
    proxied: Scene,
) -> None:
    assert await cut_uploads(proxied, COUNT, SEED) == []


async def test_an_answer_that_is_cut_at_any_byte_never_looks_whole_to_the_client(
    proxied: Scene,
) -> None:
    assert await cut_answers(proxied, COUNT, SEED) == []
