"""What the scripts of checks are told about the emulator."""

from __future__ import annotations

import pytest

from wixproxy.emulator import Emulator

REDIRECT_URI = "http://localhost:4321/_wix/callback"


@pytest.fixture
def scene(emulator: Emulator) -> dict[str, str]:
    return {
        "origin": emulator.origin,
        "clientId": emulator.client_id,
        "clientSecret": emulator.client_secret,
        "instanceId": emulator.instance_id,
        "apiKey": emulator.project.api_key,
        "redirectUri": REDIRECT_URI,
    }
