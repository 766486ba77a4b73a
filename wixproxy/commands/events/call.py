"""Call a service plugin of the frontend through the proxy of this machine, as Wix would."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from pathlib import Path

import click

from ...config import Config
from ...config.site import ServicePluginEntry
from ...emulator.clock import Clock
from ...emulator.envelopes import identity, plugin_claims, plugin_metadata, signed
from ...emulator.plugin_methods import component_type
from ...emulator.project import Project
from ...errors import ConfigError, quoted
from ..complaints import EXIT_MACHINE, refuse_configuration
from .data import Unusable, json_object
from .options import NO_PLUGIN, beside_a_proxy, emulated_data
from .posting import NotReached, post
from .send import refusal_of_key


def call(
    plugin: str,
    method: str,
    data: str | None,
    component: str | None,
    *,
    flags: Mapping[str, object],
    config_file: Path | None,
) -> int:
    """Print the answer that Wix would get; return 0 for a result, else 1."""
    try:
        config = beside_a_proxy(flags, config_file)
        entry = _entry(config, plugin)
        path = f"/{method.lstrip('/')}"
        text = _text(config, path, data, component)
        answer = post(config.server, entry.route + path, text)
    except ConfigError as error:
        return refuse_configuration(error.problems)
    except (Unusable, NotReached) as refusal:
        click.echo(str(refusal), err=True)
        return EXIT_MACHINE
    if answer.status == 200:
        click.echo(json.dumps(answer.values, indent=2, ensure_ascii=False))
        return 0
    if isinstance(answer.values, dict) and "applicationError" in answer.values:
        click.echo(f"The plugin refused, and Wix gets {answer.status}:", err=True)
        click.echo(json.dumps(answer.values, indent=2, ensure_ascii=False))
    else:
        project = Project.of_seed(config.emulator.seed)
        click.echo(refusal_of_key(answer, project) or answer.message, err=True)
    return EXIT_MACHINE


def _entry(config: Config, plugin: str) -> ServicePluginEntry:
    plugins = config.site.extensions.service_plugins
    if not plugins:
        raise Unusable(NO_PLUGIN)
    for entry in plugins:
        if entry.id == plugin:
            return entry
    ids = ", ".join(entry.id for entry in plugins)
    raise Unusable(f"There is no service plugin {quoted(plugin)}; configured: {ids}.")


def _text(config: Config, path: str, data: str | None, component: str | None) -> str:
    """Return the request as the emulated Wix signs it."""
    component = component or component_type(path)
    if component is None:
        raise Unusable(
            f"Nothing is known of the method {quoted(path)}. Say with --type which plugin it "
            "belongs to, such as ECOM_SHIPPING_RATES."
        )
    project, site = Project.of_seed(config.emulator.seed), emulated_data(config).site
    metadata = plugin_metadata(
        component,
        str(uuid.uuid4()),
        project.instance_id,
        identity("visitor", str(uuid.uuid4())),
        currency=site.currency,
        language=site.language,
    )
    request = {} if data is None else json_object(data)
    claims = plugin_claims(request, metadata, project.client_id, Clock().now())
    return signed(claims, project.private_key)
