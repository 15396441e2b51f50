"""The page on which a release is seen to go out in waves, held and let go on."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from terminal.errors import TerminalError
from terminal.office.page.asked import Visit, form_of, html, redirect
from terminal.office.page.markup import Child, Html, table, tag
from terminal.office.page.render import Frame, document, message, number, time_of
from terminal.office.server import releases
from terminal.office.server.releases import MemberLine, Rollout

STATES = ("waiting", "proving", "well", "failed")
TURNS = {"running": ("paused", "stopped"), "paused": ("running", "stopped"), "stopped": ("running",)}
"""What may follow; a release that is everywhere stays so."""


async def overview(asked: Visit) -> Response:
    rollouts = await releases.rollouts(asked.connection)
    lines = await releases.lines(asked.connection, rollouts[0].version) if rollouts else []
    return html(releases_page(asked.frame, rollouts, lines))


async def turn(asked: Visit) -> Response:
    form = await form_of(asked.request)
    version, state = form.get("version", ""), form.get("state", "")
    if not any(state in turns for turns in TURNS.values()):
        return html(message(asked.frame, asked.frame.words.form_old), 400)
    try:
        await releases.turn(asked.connection, version, state, asked.name)
    except TerminalError as error:
        return html(message(asked.frame, str(error)), 400)
    return redirect("/releases")


def releases_page(frame: Frame, rollouts: Sequence[Rollout], lines: Sequence[MemberLine]) -> str:
    """``lines`` are of the newest."""
    words = frame.words
    names = words.release_states
    rows = [
        [
            one.version,
            f"{names[one.state]}. {one.why}" if one.why else names[one.state],
            number(one.wave or 0),
            *(number(one.counts.get(state, 0)) for state in STATES),
            time_of(one.began),
            _turns(frame, one),
        ]
        for one in rollouts
    ]
    heads = (words.release, words.what, words.wave, *(names[state] for state in STATES), words.time, "")
    parts: list[Child] = [tag("p", words.releases_help, class_="quiet")]
    parts.append(table(heads, rows, frozenset({2, 3, 4, 5, 6})) if rows else tag("p", words.nothing))
    if lines:
        told = [[one.shop, one.terminal, number(one.wave), names[one.state], one.why] for one in lines]
        parts.append(table((words.shop, words.counter, words.wave, words.what, words.why), told, frozenset({2})))
    return document(frame, words.releases, *parts, here="/releases")


def _turns(frame: Frame, one: Rollout) -> list[Html]:
    if frame.visitor is None or not frame.visitor.operates:
        return []
    return [
        tag(
            "form",
            frame.form_token,
            tag("input", type="hidden", name="version", value=one.version),
            tag("input", type="hidden", name="state", value=state),
            tag("button", frame.words.release_turns[state]),
            method="post",
            action="/releases/turn",
        )
        for state in TURNS.get(one.state, ())
    ]
