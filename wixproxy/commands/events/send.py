"""Send an event to the proxy of this machine, signed as the emulated Wix signs.

What is sent goes the whole way of an event of Wix: the proxy verifies it, keeps
it and gives it to the frontend's handler. Nothing else has to run but the
proxy; it trusts the emulator's key with --emulator.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from ...config import Config
from ...config.site import WebhookEntry
from ...emulator.clock import Clock
from ...emulator.envelopes import Event, Installation, event_claims, signed
from ...emulator.project import Project
from ...errors import ConfigError, WebhookMalformed, quoted
from ...sansio import webhook
from ...sansio.signed_claims import public_key
from ..complaints import EXIT_MACHINE, refuse_configuration
from .data import Unusable
from .making import Wish, made
from .options import NO_WEBHOOK, beside_a_proxy, emulated_data, file_of_events
from .outcome import Outcomes
from .posting import Answer, NotReached, post


def send(
    wish: Wish, flags: Mapping[str, object], config_file: Path | None, *, is_rehearsal: bool
) -> int:
    """Send an event, or show what the handler would get; return the exit code."""
    try:
        config = beside_a_proxy(flags, config_file)
        webhooks = _chosen(config, wish)
        event = made(wish, Project.of_seed(config.emulator.seed), emulated_data(config))
        letter = _Letter.of(event, config, wish.instance_id)
    except ConfigError as error:
        return refuse_configuration(error.problems)
    except Unusable as refusal:
        click.echo(str(refusal), err=True)
        return EXIT_MACHINE
    if is_rehearsal:
        for entry in webhooks:
            click.echo(letter.shown(entry))
        return 0
    try:
        taken = [_is_sent(letter, entry, config) for entry in webhooks]
    except NotReached as reason:
        click.echo(str(reason), err=True)
        return EXIT_MACHINE
    return 0 if all(taken) else EXIT_MACHINE


def _chosen(config: Config, wish: Wish) -> Sequence[WebhookEntry]:
    """Return the webhooks that the event goes to."""
    configured = config.site.extensions.webhooks
    if not configured:
        raise Unusable(NO_WEBHOOK)
    ids = ", ".join(entry.id for entry in configured)
    if wish.webhook is not None:
        chosen = [entry for entry in configured if entry.id == wish.webhook]
        if not chosen:
            raise Unusable(f"There is no webhook {quoted(wish.webhook)}; configured: {ids}.")
        return chosen
    chosen = [entry for entry in configured if entry.wants(wish.event_type)]
    if not chosen:
        raise Unusable(
            f"No webhook takes {wish.event_type}: the events of each are listed. Add the type to "
            f"one of them, or choose one with --webhook: {ids}."
        )
    return chosen


@dataclass(frozen=True)
class _Letter:
    """An event as it is sent, and as the proxy reads it."""

    text: str = field(repr=False)
    event: webhook.Event

    @classmethod
    def of(cls, event: Event, config: Config, instance_id: str | None) -> _Letter:
        """Sign an event as the emulated Wix does; raise `Unusable` for what is no event."""
        project, now = Project.of_seed(config.emulator.seed), Clock().now()
        origin = Installation(
            instance_id or project.instance_id, project.site_id, project.account_id
        )
        text = signed(event_claims(event, origin, now), project.private_key)
        verifier = webhook.Verifier([public_key(project.public_key_pem)], project.client_id)
        try:
            return cls(text, verifier.verify(text.encode(), now).event())
        except WebhookMalformed as error:
            raise Unusable(
                f"The proxy would not understand this event: {error.message}."
            ) from error

    def shown(self, entry: WebhookEntry) -> str:
        """Return the request that the handler would get, made as the proxy makes it."""
        fields, body = webhook.delivery(self.event)
        lines = [f"POST {entry.path}"]
        lines += [f"{name.decode()}: {value.decode()}" for name, value in fields]
        text = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
        return "\n".join([*lines, "X-Wix-Event-Attempt: 1", "", text])


def _is_sent(letter: _Letter, entry: WebhookEntry, config: Config) -> bool:
    """Send an event to one webhook, say what came of it, and tell whether it was taken."""
    event, outcomes = letter.event, Outcomes(file_of_events(config))
    before = outcomes.standing(entry.id, event.id)
    answer = post(config.server, entry.route, letter.text)
    if not answer.is_taken:
        click.echo(_refusal(answer, entry, config), err=True)
        return False
    click.echo(f"Sent {event.type} to the webhook {entry.id}.")
    click.echo(f"  id        {event.id}")
    if event.entity_id:
        click.echo(f"  entity    {event.entity_id}, number {event.sequence}")
    click.echo(f"  instance  {event.instance_id}")
    if config.site.extensions.webhooks_mode == "through":
        click.echo(f"The handler at {entry.path} took it.")
    elif before is not None:
        click.echo(f"It was there already ({before}), so the proxy dropped it as a duplicate.")
    else:
        click.echo(outcomes.after(entry, event.id))
    return True


def _refusal(answer: Answer, entry: WebhookEntry, config: Config) -> str:
    if answer.code == "no_such_route":
        return (
            f"The proxy that runs has no webhook {entry.id}. Was it started with this "
            "configuration? It reads it when it starts."
        )
    return refusal_of_key(answer, Project.of_seed(config.emulator.seed)) or answer.message


def refusal_of_key(answer: Answer, project: Project) -> str | None:
    """Explain that the proxy does not trust the emulator's key, if that is what it says."""
    if answer.code != "webhook_unverified":
        return None
    return (
        "The proxy does not trust the key of the emulated Wix. Start it with --emulator and the "
        "same emulator.seed; or, where it runs beside a `wixproxy emulator`, with\n\n"
        f"  WIX_CLIENT_ID={project.client_id}\n"
        f"  WIX_CLIENT_PUBLIC_KEY={project.public_key_base64}\n\n"
        "Never in production: everybody can sign with this key."
    )
