"""Who may know whom: each part of wixproxy with the parts and libraries that it may import."""

from __future__ import annotations

from collections.abc import Mapping

DECIDERS = {"errors", "sansio"}
REQUEST = {
    *("browser_session", "client_stream", "downstream", "exchange", "front", "pages"),
    *("request_frame", "service"),
}
SHARED = {
    *("credential_throttle", "credential_calls", "elevation", "extensions", "injection"),
    *("login_attempts", "member_login", "member_logout", "usable_session", "wix_calls"),
}
"""What several handlers need: it stands below them, because they never import one another."""
UPPER = (
    DECIDERS
    | REQUEST
    | SHARED
    | {
        *("backend", "draining", "first_contact", "frontend", "handlers", "listening"),
        *("descriptors", "parser_limits", "protocol", "serve", "stores", "turned_away", "wire"),
        "wix",
    }
)
BUILDERS = {
    *("", "assembly", "config", "delivery_assembly", "emulated_site", "emulator"),
    *("extension_assembly", "frontend_assembly", "frontend_command", "online_check", "orders"),
    *("ready_lines", "running", "server", "session_assembly", "workers"),
}

OURS: Mapping[str, set[str]] = {
    "": set(),
    "errors": set(),
    "sansio": {"errors"},
    "config": DECIDERS,
    "wire": DECIDERS,
    "stores": DECIDERS,
    "wix": DECIDERS | {"stores"},
    "client_stream": DECIDERS,
    "file_request": set(),
    "received_request": DECIDERS,
    "status_lines": set(),
    "downstream": DECIDERS | {"client_stream", "file_request", "received_request", "status_lines"},
    "parser_limits": DECIDERS,
    "client_output": DECIDERS,
    "client_connection": DECIDERS
    | {"client_output", "client_stream", "downstream", "listening", "parser_limits"},
    "protocol": DECIDERS
    | {"client_connection", "downstream", "parser_limits", "turned_away", "wire"},
    "turned_away": {"errors"},
    "draining": {"listening", "protocol"},
    "ports": set(),
    "frontend": DECIDERS | {"ports", "wire"},
    "first_contact": DECIDERS,
    "front": DECIDERS | {"stores", "wix"},
    "browser_session": DECIDERS | {"front"},
    "exchange": DECIDERS | {"browser_session", "front"},
    "pages": DECIDERS,
    "service": DECIDERS | {"downstream", "exchange", "front"},
    "elevation": DECIDERS | {"stores", "wix"},
    "injection": DECIDERS,
    "usable_session": DECIDERS | {"exchange"},
    "member_login": DECIDERS | {"exchange", "wix"},
    "member_logout": DECIDERS | {"exchange", "wix"},
    "login_attempts": DECIDERS | {"exchange", "member_login", "wix"},
    "credential_throttle": DECIDERS | {"exchange", "stores"},
    "credential_calls": DECIDERS
    | {"credential_throttle", "exchange", "member_login", "pages", "usable_session", "wix"},
    "wix_calls": DECIDERS | {"exchange", "wire"},
    "extensions": DECIDERS | {"stores", "wire"},
    "handlers": DECIDERS
    | SHARED
    | {"client_stream", "downstream", "exchange", "pages", "wire", "wix"},
    "request_frame": DECIDERS | {"downstream", "service"},
    "serve": DECIDERS | REQUEST,
    "backend": DECIDERS | REQUEST | {"serve"},
    "listening": set(),
    "descriptors": set(),
    "extension_assembly": UPPER | {"config", "delivery_assembly"},
    "delivery_assembly": UPPER | {"config", "extension_assembly"},
    "frontend_assembly": UPPER | {"config"},
    "frontend_command": {"config", "frontend", "listening", "sansio"},
    "emulated_site": {"config", "emulator", "errors", "sansio"},
    "session_assembly": UPPER | {"config"},
    "assembly": UPPER | {"config", "extension_assembly", "frontend_assembly", "session_assembly"},
    "online_check": DECIDERS | {"config", "wix"},
    "server": UPPER | {"assembly", "config", "frontend_assembly", "online_check"},
    "orders": {"server"},
    "ready_lines": {"config", "emulator"},
    "workers": set(),
    "running": UPPER | BUILDERS,
    "commands": UPPER | BUILDERS | {"ports"},
    "flags": set(),
    "cli": {"", "commands", "flags"},
    "__main__": {"cli"},
    "emulator": set(),
}
"""What each part may know of us, itself aside. `""` is the package's own `__version__`."""

BY_TYPE: Mapping[str, set[str]] = {
    "client_output": {"protocol"},
    "client_connection": {"protocol"},
    "client_stream": {"client_connection"},
    "downstream": {"client_connection"},
    "exchange": {"downstream"},
    "file_request": {"client_connection", "downstream"},
}
"""What a part may name in a type, and not load."""

OTHERS: Mapping[str, set[str]] = {
    "sansio": {"cryptography", "jwt", "multidict", "yarl"},
    "config": {"platformdirs", "pydantic", "pydantic_core"},
    "wire": {"aiohappyeyeballs", "httptools"},
    "stores": {"redis"},
    "wix": {"aiohttp", "yarl"},
    "client_output": {"aiohttp"},
    "client_connection": {"aiohttp"},
    "downstream": {"aiohttp"},
    "file_request": {"aiohttp"},
    "parser_limits": {"aiohttp"},
    "received_request": {"aiohttp"},
    "protocol": {"aiohttp"},
    "handlers.files": {"aiohttp"},
    "pages": {"jinja2"},
    "running": {"uvloop"},
    "commands": {"click"},
    "flags": {"click"},
    "cli": {"click"},
    "emulator": {"aiohttp", "cryptography", "jinja2", "jwt", "multidict", "pydantic", "yarl"},
}
"""The libraries that each part, or one module of it, may use."""
