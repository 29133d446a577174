"""`fab setup`, `deploy`, `rollback`, `releases`, `settings`: the operator's side, host after host
(docs/operator-every-day.md#what-a-deploy-does)."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ops.deploy import source
from ops.deploy.comparing import compare
from ops.deploy.deployment import Deployment, push
from ops.deploy.host import ANSWER_LIMIT, WORK_LIMIT, Host
from ops.deploy.listing import listing
from ops.deploy.openssh import Route, operator, route
from shepherd.errors import PARTLY, SettingsError, worst
from shepherd.limits import StoppedError
from shepherd.running.output import say
from shepherd.running.tasking import ROOT
from shepherd.running.upgrade import reason_to_try_again
from shepherd.settings import Settings
from shepherd.settings.one_text import one_text
from shepherd.urls import host_and_port
from shepherd.values import Duration, clean


def hosts(context: Any, settings: Settings) -> list[Host]:
    """The hosts of `-H`, else those of the settings.

    Raises:
        SettingsError: none is named, it is not an ssh connection, or OpenSSH knows nothing of it.
    """
    from fabric import Connection
    from invoke.context import Context

    deploy = settings.deploy
    secrets = dict(_secrets(context))
    identities = secrets.pop("key_filename", [])
    known = settings.file.parent / deploy.known_hosts if deploy.known_hosts else None

    def route_to(host: str, user: str, port: int) -> Route:
        return route(
            host, user=user, port=port, config=_config_file(), identities=identities, known_hosts=known
        )

    routes = []
    if isinstance(context, Connection):
        named, port = _named(context)
        # Fabric leaves `[::1]:2222` to us
        host, own_port = host_and_port(context.original_host)
        port = own_port or port
        routes = [route_to(host, named, port)]
        if not named and not deploy.sudo and routes[0].user == operator().pw_name:
            # nobody is named, in ssh_config neither: the shepherd's user, not the operator
            routes = [route_to(host, deploy.user, port)]
    elif type(context) is Context:
        for each in deploy.hosts:
            user, _, place = each.rpartition("@")
            host, port = host_and_port(place)
            # with sudo one logs in as oneself, or as ssh_config says
            routes.append(route_to(host, user or ("" if deploy.sudo else deploy.user), port))
    else:
        raise SettingsError(f"{type(context).__name__} is not an ssh connection: nothing was done")
    if not routes:
        raise SettingsError(
            'no host: name one with fab -H HOST, or in shepherd.toml with [deploy] hosts = ["HOST"];'
            " this machine is never deployed to by mistake"
        )
    return [Host(each, deploy, secrets, settings.state_dir) for each in routes]


def _secrets(context: Any) -> dict[str, Any]:
    """What `fab -i` and its prompts put down for paramiko."""
    if hasattr(context, "connect_kwargs"):
        return context.connect_kwargs or {}
    return getattr(context, "config", {}).get("connect_kwargs") or {}


def _named(connection: Any) -> tuple[str, int]:
    """User and port of `-H USER@HOST:PORT`; what stands there by default was not named (fabric.yaml)."""
    config = connection.config
    user = connection.user if connection.user != config.user else ""
    return user, connection.port if connection.port != config.port else 0


def _config_file() -> str:
    """The file of `fab -S`; empty: OpenSSH's own."""
    from fabric.main import program

    try:
        return program.args["ssh-config"].value or ""
    except AttributeError:
        # not called by `fab`
        return ""


def setup(context: Any, settings: Settings, who: str, *, dry: bool = False) -> int:
    """`fab setup`: folders, settings if there are none (those that `fab` read); twice changes nothing."""
    for host in hosts(context, settings):
        with _opened(host):
            answer = host.ask(
                "setup",
                say=lambda line: say(f"  {line}"),
                settings=one_text(settings.file),
                who=f"{who} on {socket.gethostname()}",
                wait=WORK_LIMIT,
                limit=WORK_LIMIT + ANSWER_LIMIT,
                dry=dry,
            )
            for each in answer["made"]:
                say(f"  {'would make' if dry else 'made'} {each}")
            root = settings.deploy.directory
            if not answer["made"]:
                say(f"  {root} is set up already: nothing to do")
            elif not dry:
                say(f"  next: look at {root}/shared/shepherd.toml there, then: fab deploy")
    return 0


def deploy(
    context: Any,
    settings: Settings,
    who: str,
    *,
    ref: str = "HEAD",
    deadline: str = "5m",
    reason: str | None = None,
    again: str | None = None,
    start_cron: bool = False,
    dry: bool = False,
) -> int:
    """`fab deploy`: a release of this repository, upgraded to. Stops at the first host that fails; where the
    release is live and only its crontab or timer is not right (7), it goes on."""
    Duration(deadline)
    why_again = reason_to_try_again(again)
    targets = hosts(context, settings)
    packed = source.pack(ROOT, ref)
    say(f"deploying {packed.commit[:12]} ({clean(ref, 60)})")
    codes = []
    for host in targets:
        with _opened(host):
            why = clean(reason or "", 300)
            deployment = Deployment(host, settings, packed, who, why, why_again)
            code = deployment.run(deadline, start_cron=start_cron, dry=dry)
        codes.append(code)
        if code not in (0, PARTLY):
            break
    return worst(codes)


def rollback(
    context: Any,
    settings: Settings,
    who: str,
    *,
    to: str | None = None,
    deadline: str = "5m",
    reason: str | None = None,
    dry: bool = False,
) -> int:
    """`fab rollback`: to the last good release, by the same road; the one that is left is marked bad."""
    Duration(deadline)
    codes = []
    for host in hosts(context, settings):
        with _opened(host):
            site = host.ask("back", to=to or "")
            holder = f"{who} on {socket.gethostname()}"
            if dry:
                code = push(host, site, who, deadline, reason or "", dry=True)
            else:
                with host.holding(lambda line: say(f"  {line}"), who=holder):
                    code = push(host, site, who, deadline, reason or "")
        codes.append(code)
        if code not in (0, PARTLY):
            break
    return worst(codes)


def releases(
    context: Any,
    settings: Settings,
    who: str,
    *,
    bad: str | None = None,
    good: str | None = None,
    reason: str | None = None,
    dry: bool = False,
) -> int:
    """`fab releases`: which there are; with `bad` or `good`: mark one, or take the mark away."""
    if bad and good:
        raise SettingsError("one of --bad and --good, not both")
    if bad and not (reason or "").strip():
        raise SettingsError("say why, for those who find it: --reason 'mails went twice'")
    for host in hosts(context, settings):
        with _opened(host):
            named = bad or good
            if named and dry:
                say(f"  would mark {clean(named, 60)} as {'bad' if bad else 'no longer bad'}")
            elif named:
                marked = host.ask("mark", release=named, bad=bool(bad), why=clean(reason or "", 300), who=who)
                say(f"  {marked['id']} is marked {'bad' if bad else 'no longer bad'}")
            for line in listing(host.ask("probe")):
                say(f"  {line}")
    return 0


def settings(
    context: Any,
    settings: Settings,
    who: str,
    *,
    check: bool = False,
    push: bool = False,
    reason: str | None = None,
    dry: bool = False,
) -> int:
    """`fab settings`: those of the operator next to the host's; with `push`, they are put in force there."""
    if check and push:
        raise SettingsError("one of --check and --push, not both")
    for host in hosts(context, settings):
        with _opened(host, "what is in force there: fab settings; what was live is live still"):
            compare(host, settings, who, reason or "", push=push, dry=dry)
    return 0


@contextmanager
def _opened(host: Host, instead: str = "") -> Iterator[None]:
    """Connected, and named. Args: instead: what Ctrl-C leaves; empty: as of a deploy."""
    say(f"{host.name}:")
    try:
        with host.opened():
            yield
    except KeyboardInterrupt:
        live = (
            "an upgrade was begun there; what is live: fab releases"
            if host.upgrading
            else "what was live there is live still. The host itself ends the step that it had begun (until"
            " then a deploy is refused with exit code 4); fab releases shows what is there, and the same"
            " command goes on"
        )
        raise StoppedError(f"{host.name}: stopped by the keyboard; {instead or live}") from None
