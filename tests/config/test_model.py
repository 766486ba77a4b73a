"""The configuration is one frozen value, and what stands in for Wix changes a copy of it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tests.config.conftest import CLIENT, KEY, PUBLIC_KEY, Project
from wixproxy.config.options import OPTIONS, value_of
from wixproxy.emulator.project import DEFAULT_SEED
from wixproxy.sansio.redaction import Secret

EMULATED = {
    "api_origin": "http://127.0.0.1:4331",
    "client_id": "87654321-ba09-fedc-4321-fedcba098765",
}


def test_the_emulators_seed_is_the_one_that_the_emulator_has_by_itself() -> None:
    assert OPTIONS["emulator.seed"].default == DEFAULT_SEED


def test_the_configuration_cannot_be_changed(project: Project) -> None:
    config = project.load()
    with pytest.raises(ValidationError, match="frozen"):
        config.server.port = 5000  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        config.mode = "production"  # type: ignore[misc]


def test_every_option_has_a_source(project: Project) -> None:
    assert project.load().sources.keys() == OPTIONS.keys()


def test_the_emulators_site_takes_the_place_of_wix_alone(project: Project) -> None:
    config = project.load({"session.keys": [KEY], "server.port": 5000})
    emulated = config.with_emulated_site(**EMULATED)
    changed = {
        name: value_of(emulated, name)
        for name in OPTIONS
        if value_of(emulated, name) != value_of(config, name)
    }
    assert changed == {f"site.{word}": value for word, value in EMULATED.items()}
    assert emulated.sources["site.client_id"] == "the emulator"
    assert emulated.sources["server.port"] == "flag --port"


def test_the_emulator_may_give_what_signs_and_elevates_as_well(project: Project) -> None:
    flags = {"site.client_secret": "of-wix", "site.instance_id": CLIENT}
    config = project.load(flags)
    assert config.with_emulated_site(**EMULATED).site.client_secret == Secret("of-wix")
    emulated = config.with_emulated_site(
        **EMULATED,
        client_secret=Secret("of-the-emulator"),
        instance_id=EMULATED["client_id"],
        public_keys=(PUBLIC_KEY,),
    )
    assert emulated.site.client_secret == Secret("of-the-emulator")
    assert emulated.site.instance_id == EMULATED["client_id"]
    assert emulated.site.public_keys == (PUBLIC_KEY,)
    names = ("site.client_secret", "site.instance_id", "site.public_keys")
    assert {emulated.sources[name] for name in names} == {"the emulator"}


def test_the_original_stays_when_a_copy_is_changed(project: Project) -> None:
    config = project.load()
    config.with_emulated_site(**EMULATED)
    config.with_key(Secret(KEY), "a file")
    assert config.site.client_id == CLIENT
    assert config.session.keys == ()
    assert config.sources["session.keys"] == "default"


def test_a_key_of_this_machine_is_taken_with_its_source(project: Project) -> None:
    config = project.load().with_key(Secret(KEY), "a file")
    assert config.session.keys == (Secret(KEY),)
    assert config.sources["session.keys"] == "a file"
