"""Decide what a project's first wixproxy.toml says, by what its other files say.

1. The value of a secret is never copied: the file refers to the variable.
2. The client id is no secret and is written, so that the file can go where the
   others do not. The rest of `.env.local` is read from there, and not repeated.
3. Where no file says anything, a line behind a "#" shows what could stand there.

Nothing is read here. Source: Wix: `wix.config.json` holds the client id as
`appId`, and its CLI registers the callback of its own integration for such a
project; `wix env pull` writes the four WIX_CLIENT_ names.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from . import values
from .sources import ENV_FILE, WIX_FILE

CLIENT_ID, SECRET = "WIX_CLIENT_ID", "WIX_CLIENT_SECRET"
READ_FROM_ENV_FILE = ("WIX_CLIENT_INSTANCE_ID", "WIX_CLIENT_PUBLIC_KEY")
# What frameworks put before the name of a variable that goes to browsers.
PUBLIC_PREFIXES = (
    *("PUBLIC_", "NEXT_PUBLIC_", "VITE_", "NUXT_PUBLIC_", "REACT_APP_", "GATSBY_"),
    "EXPO_PUBLIC_",
)
MANAGED_CALLBACK = "/api/auth/callback"
# A script that starts the proxy, or Wix's own in its place, cannot be started by the proxy.
NOT_A_FRONTEND = ("wixproxy", "wix dev")

HEAD = """\
# Made by "wixproxy init". "wixproxy check" tells what it comes to, and
# "wixproxy check --schema" describes every option.
"""
IN_PRODUCTION = """\
# In production browsers see another address, and all instances share a key:
# [server]
# public_url = ["https://shop.example"]
# [session]
# keys = [{ env = "WIXPROXY_SESSION_KEY" }]
"""


@dataclass(frozen=True, slots=True)
class Project:
    """What the files of a project say: JSON documents, and variables by file."""

    wix_config: Mapping[str, object] | None = None
    variables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    package: Mapping[str, object] | None = None
    package_manager: str = "npm"


@dataclass(slots=True)
class Starter:
    """The file for a project: what it is made from, by option, and what is wrong with that."""

    project: Project
    found: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Write the file."""
        site, upstream = "\n".join(self._site()), "\n".join(self._upstream())
        return f"{HEAD}\n{site}\n\n{upstream}\n\n{IN_PRODUCTION}"

    def _site(self) -> Iterator[str]:
        yield "[site]"
        client_id = self._client_id()
        if client_id is None:
            yield '# client_id = "12345678-90ab-cdef-1234-567890abcdef"'
        else:
            yield f"client_id = {_quoted(client_id)}"
        comment = "" if self._finds_secret() else "# "
        yield f'{comment}client_secret = {{ env = "{SECRET}" }}'
        if self.project.wix_config is not None:
            self.found["site.login.callback_path"] = f"{MANAGED_CALLBACK}, as Wix's CLI registers"
            yield ""
            yield "[site.login]"
            yield f"callback_path = {_quoted(MANAGED_CALLBACK)}"

    def _client_id(self) -> str | None:
        """Return the client id of the strongest place that has a sound one."""
        chosen: tuple[str, str] | None = None
        for place, text in self._client_ids():
            try:
                client_id = values.guid(text)
            except ValueError as error:
                self.warnings.append(f"{place}: {error}.")
                continue
            if chosen is None:
                chosen = place, client_id
            elif client_id != chosen[1]:
                self.warnings.append(
                    f"{place} names another client id than {chosen[0]}, which was taken."
                )
        if chosen is None:
            return None
        self.found["site.client_id"] = f"from {chosen[0]}"
        return chosen[1]

    def _client_ids(self) -> Iterator[tuple[str, str]]:
        for file, variables in self.project.variables.items():
            for name, text in variables.items():
                if _without_prefix(name) == CLIENT_ID:
                    yield f"{file} ({name})", text
        app_id = (self.project.wix_config or {}).get("appId")
        if app_id is not None:
            yield f"{WIX_FILE} (appId)", str(app_id)

    def _finds_secret(self) -> bool:
        """Tell whether the secret is where wixproxy reads it; warn of one that is elsewhere."""
        variables = self.project.variables
        self.warnings += [
            f"{name} in {file} goes to browsers, by its name. Make a new secret in the Wix "
            f"dashboard, and call it {SECRET}."
            for file, known in variables.items()
            for name in known
            if name != SECRET and _without_prefix(name) == SECRET
        ]
        read = variables.get(ENV_FILE, {})
        for name in READ_FROM_ENV_FILE:
            if name in read:
                self.found[name] = f"is read from {ENV_FILE}"
        if SECRET in read:
            self.found["site.client_secret"] = f"refers to {SECRET}, which {ENV_FILE} has"
            return True
        self.warnings += [
            f"{SECRET} is in {file}, which wixproxy does not read. Move it to {ENV_FILE}, or set "
            "the variable, if calls shall run as the app."
            for file, known in variables.items()
            if SECRET in known
        ]
        return False

    def _upstream(self) -> Iterator[str]:
        yield "[upstream]"
        folder = self._output_folder()
        if self._has_dev_script():
            command = (self.project.package_manager, "run", "dev")
            self.found["upstream.command"] = f"{' '.join(command)}, from package.json"
            yield f"command = [{', '.join(map(_quoted, command))}]"
        elif folder is not None:
            self.found["upstream.root"] = f"from {WIX_FILE} (site.outputDirectory)"
            yield f"root = {_quoted(folder)}"
        else:
            yield '# url = "http://localhost:5173"'

    def _has_dev_script(self) -> bool:
        scripts = (self.project.package or {}).get("scripts")
        script = scripts.get("dev") if isinstance(scripts, Mapping) else None
        if not isinstance(script, str):
            return False
        other = next((word for word in NOT_A_FRONTEND if word in script), None)
        if other is not None:
            self.warnings.append(
                f'The script "dev" of package.json runs {other}, which is no frontend alone. Set '
                "upstream.command to the frontend's own command."
            )
        return other is None

    def _output_folder(self) -> str | None:
        site = (self.project.wix_config or {}).get("site")
        folder = site.get("outputDirectory") if isinstance(site, Mapping) else None
        if isinstance(folder, Mapping):
            folder = folder.get("client")
        return folder if isinstance(folder, str) and folder.strip() else None


def _without_prefix(name: str) -> str:
    return next((name.removeprefix(p) for p in PUBLIC_PREFIXES if name.startswith(p)), name)


def _quoted(text: str) -> str:
    """Write a text as TOML does: with the escapes of JSON, and DEL as one of them."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
