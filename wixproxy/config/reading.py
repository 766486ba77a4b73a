"""Read the configuration: sources to one frozen value, and all problems at once.

Whatever is wrong is found in one reading. An option that has a problem takes
its default while the rest is judged, and a rule that follows from such an
option stays silent, so that one mistake is told once.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from ..errors import ConfigError
from ..sansio.public_url import PublicURL
from ..sansio.redaction import Secret
from . import files, rules, secret_option
from .development_key import state_folder
from .model import Config, Mode
from .options import OPTIONS, Option, nested
from .problems import DEFAULT, Problem, of_validation
from .sources import Gathered, Given, gather

# Where production has another default: a dev server compiles before its first
# byte, in production it is a machine that reads the log, and what is served
# there is changed only where someone said so.
IN_PRODUCTION = {
    "browser.inject": False,
    "log.format": "json",
    "server.drain_delay_seconds": 5.0,
    "upstream.first_byte_timeout_seconds": 60.0,
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read: a value whose every option is sound, and what had to be left out of it."""

    config: Config
    problems: tuple[Problem, ...]
    conflicts: tuple[Problem, ...] = ()
    """Those of the problems that options have with each other, or with the machine."""

    def checked(self, *tables: str) -> Config:
        """Return the configuration; raise `ConfigError` if these tables have a problem.

        Without `tables` everything counts. A file that cannot be read counts
        always, because nobody knows what it would have said.
        """
        lines = [
            problem.line(self.config.sources)
            for problem in self.problems
            if not tables or problem.option not in OPTIONS or _table(problem) in tables
        ]
        if lines:
            raise ConfigError(lines)
        return self.config

    def readable(self, *options: str) -> Config:
        """Return the configuration; raise `ConfigError` where one of these says nothing.

        An option is meant with all below it. Conflicts do not count: whoever
        asks beside a running proxy does not know the flags it was started with.
        """
        lines = [
            problem.line(self.config.sources)
            for problem in self.problems
            if problem not in self.conflicts and _is_about(problem, options)
        ]
        if lines:
            raise ConfigError(lines)
        return self.config


def load(
    flags: Mapping[str, object],
    env: Mapping[str, str],
    cwd: Path,
    config_file: Path | None = None,
) -> Config:
    """Return the configuration; raise `ConfigError` with every problem.

    `flags` are by dotted name; `cwd` is where the project's files lie.
    """
    return read(flags, env, cwd, config_file).checked()


def read(
    flags: Mapping[str, object],
    env: Mapping[str, str],
    cwd: Path,
    config_file: Path | None = None,
) -> Reading:
    """Read all sources; problems are told by what is returned, none is raised."""
    gathered = gather(flags, env, cwd, config_file)
    problems = list(gathered.problems)
    values = _prepared(gathered, env, problems)
    sources = dict.fromkeys(OPTIONS, DEFAULT)
    sources |= {name: given.source for name, given in gathered.values.items()}
    _derive(values, sources, env)
    config = _validated(values, problems).with_sources(sources)
    wrong = {problem.option for problem in problems}
    conflicts = [
        problem
        for problem in (*rules.conflicts(config), *files.unusable(config))
        if not wrong & {problem.option, *problem.because_of}
    ]
    return Reading(config, (*problems, *conflicts), tuple(conflicts))


def events_file() -> Path:
    """Return the file that events wait in where no other is named."""
    return state_folder() / "events.sqlite3"


def _is_about(problem: Problem, options: tuple[str, ...]) -> bool:
    """Tell whether a problem is one of these options', or the file's, which may name any."""
    name = problem.option
    return name not in OPTIONS or any(
        name == each or name.startswith(f"{each}.") for each in options
    )


def _table(problem: Problem) -> str:
    return problem.option.partition(".")[0]


def _prepared(
    gathered: Gathered, env: Mapping[str, str], problems: list[Problem]
) -> dict[str, object]:
    """Find the secrets, make paths absolute and lists tuples; leave out what fails."""
    wrong = {problem.option for problem in problems}
    values: dict[str, object] = {}
    for name, given in gathered.values.items():
        if name in wrong:
            continue
        option = OPTIONS.get(name)
        if option is not None and option.kind == "secret":
            values[name] = _secret(option, given, env, problems)
        elif name in files.PATHS and isinstance(given.value, str) and given.value:
            values[name] = str((given.folder / given.value).resolve())
        else:
            values[name] = tuple(given.value) if isinstance(given.value, list) else given.value
    return values


def _secret(
    option: Option, given: Given, env: Mapping[str, str], problems: list[Problem]
) -> object:
    """Return the secret, or the tuple of secrets; None stands for each that has a problem."""

    def resolved(entry: object, name: str) -> Secret | None:
        try:
            return secret_option.resolve(entry, given.folder, env)
        except ValueError as error:
            problems.append(Problem(name, str(error)))
            return None

    if not option.is_list:
        return resolved(given.value, option.name)
    if not isinstance(given.value, list | tuple):
        return given.value
    return tuple(
        resolved(entry, f"{option.name}[{place}]") for place, entry in enumerate(given.value)
    )


def _derive(values: dict[str, object], sources: dict[str, str], env: Mapping[str, str]) -> None:
    """Add the defaults that follow from other options."""
    port = values.get("server.port")
    if "server.public_url" not in values and type(port) is int and 0 < port < 65_536:
        values["server.public_url"] = (f"http://localhost:{port}",)
    mode, why = _default_mode(values, env)
    if "mode" not in values:
        values["mode"] = mode
        sources["mode"] = f"{DEFAULT}: {why}"
    if values["mode"] == "production":
        for name, value in IN_PRODUCTION.items():
            if name not in values:
                values[name] = value
                sources[name] = f"{DEFAULT} in production"
    # Where nothing waits, nobody asks for the folder.
    if values.get("site.extensions.webhooks") and "site.extensions.state_file" not in values:
        values["site.extensions.state_file"] = str(events_file())
        sources["site.extensions.state_file"] = f"{DEFAULT} in the folder for state"


def _default_mode(values: Mapping[str, object], env: Mapping[str, str]) -> tuple[Mode, str]:
    urls = values.get("server.public_url")
    for url in urls if isinstance(urls, tuple) else ():
        if isinstance(url, str) and _is_public(url):
            return "production", "the public URL is https"
    if any(variable.startswith("KUBERNETES_") for variable in env):
        return "production", "this is Kubernetes"
    if env.get("WIXPROXY_IMAGE") == "1" and values.get("emulator.enabled") is not True:
        return "production", "this is wixproxy's image"
    return "dev", "nothing here says production"


def _is_public(text: str) -> bool:
    try:
        url = PublicURL.parse(text)
    except ValueError:
        return False
    return url.is_secure and not url.is_loopback


def _validated(values: dict[str, object], problems: list[Problem]) -> Config:
    """Return the model of all values that are sound; the others become problems."""
    told = {problem.name for problem in problems}
    try:
        return Config.model_validate(nested(values))
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False, include_input=False)
        slips = {_meant(error["loc"]) for error in errors if error["type"] == "extra_forbidden"}
        for error in errors:
            # A key with a slip is told; that the right one is missing is its echo.
            if error["type"] == "missing" and error["loc"] in slips:
                continue
            option, place = _located(error["loc"])
            found = _at(values[option.name], place)
            problem = of_validation(error, found, option)
            # pydantic counts a list without its wrong entries, and a secret that
            # could not be found has had its sentence already.
            is_recount = error["type"] == "too_short" and bool(found)
            if not is_recount and problem.name not in told:
                problems.append(problem)
    wrong = {problem.option for problem in problems}
    return Config.model_validate(
        nested({name: value for name, value in values.items() if name not in wrong})
    )


def _located(location: tuple[int | str, ...]) -> tuple[Option, tuple[int | str, ...]]:
    """Return the option that a location is in, and the place within its value."""
    words = tuple(itertools.takewhile(lambda part: isinstance(part, str), location))
    return OPTIONS[".".join(map(str, words))], location[len(words) :]


def _meant(location: tuple[int | str, ...]) -> tuple[int | str | None, ...]:
    """Return the location that was meant by a key which no entry has."""
    option, _ = _located(location)
    return (*location[:-1], option.meant_key(str(location[-1])))


def _at(value: object, place: tuple[int | str, ...]) -> object:
    """Return what stands at a place in a value; None where nothing does."""
    for part in place:
        if isinstance(part, int) and isinstance(value, list | tuple):
            value = value[part]
        elif isinstance(part, str) and isinstance(value, Mapping):
            value = value.get(part)
    return value
