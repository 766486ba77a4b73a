"""The options of Redis: an address that is never repeated, and what belongs together."""

from __future__ import annotations

import pytest

from tests.config.conftest import Project

GOOD = "redis://user:the-password@127.0.0.1:6379/0"


@pytest.mark.parametrize(
    "address",
    [
        GOOD,
        "rediss://redis.example",
        "redis://[::1]:6379/3",
        "unix:///run/redis.sock",
    ],
)
def test_an_address_of_redis_is_accepted(project: Project, address: str) -> None:
    config = project.load({"session.store": "redis", "session.redis.url": address})
    assert config.session.redis.url is not None
    assert config.session.redis.url.reveal() == address


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        pytest.param("http://the-password@h", "begins with redis://", id="another scheme"),
        pytest.param("the-password", "begins with redis://", id="no scheme"),
        pytest.param("redis://", "found no host", id="no host"),
        pytest.param("redis://the-password@h:port", "a port that is a number", id="no port"),
        pytest.param("redis://h:0", "found no host or port", id="port 0"),
        pytest.param("redis://h/the-password", "number of a database", id="no database"),
        pytest.param("redis://h/0?password=the-password", "no query", id="options in a query"),
        pytest.param("unix://", "found no path", id="no path"),
    ],
)
def test_what_is_wrong_with_an_address_is_told_and_the_address_is_not(
    project: Project, address: str, sentence: str
) -> None:
    (line,) = project.problems({"session.store": "redis", "session.redis.url": address})
    assert line.startswith("session.redis.url")
    assert sentence in line
    assert "the-password" not in line


@pytest.mark.parametrize(
    ("flags", "option"),
    [
        pytest.param({}, "session.redis.url", id="no address"),
        pytest.param(
            {"session.redis.url": GOOD, "session.redis.sentinels": ["127.0.0.1:26379"]},
            "session.redis.sentinel_service",
            id="sentinels without a service",
        ),
        pytest.param(
            {"session.redis.url": GOOD, "session.redis.sentinel_service": "mymaster"},
            "session.redis.sentinel_service",
            id="a service without sentinels",
        ),
        pytest.param(
            {
                "session.redis.url": GOOD,
                "session.redis.sentinels": ["127.0.0.1:26379"],
                "session.redis.sentinel_service": "mymaster",
                "session.redis.cluster": True,
            },
            "session.redis.cluster",
            id="a cluster and sentinels",
        ),
    ],
)
def test_what_belongs_together_is_asked_for_together(
    project: Project, flags: dict[str, object], option: str
) -> None:
    (line,) = project.problems({"session.store": "redis", **flags})
    assert line.startswith(option)
    assert "the-password" not in line


def test_the_address_comes_from_a_variable(project: Project) -> None:
    config = project.load({}, {"WIXPROXY__SESSION__REDIS__URL": GOOD})
    assert "the-password" not in repr(config)
    assert config.session.redis.url is not None
