"""The page of settings: which group runs what, who refused it, and the forms of who may operate. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from terminal.office.page.markup import Child, Html, table, tag, together
from terminal.office.page.render import Frame, document, field, number, time_of
from terminal.office.server.settings import Group, RefusalLine


def settings_page(
    frame: Frame,
    groups: Sequence[Group],
    refusals: Sequence[RefusalLine],
    *,
    group: str,
    text: str,
    problems: Sequence[str],
) -> str:
    """``group`` and ``text`` stand in the form."""
    words = frame.words
    parts: list[Child] = [tag("p", words.settings_help, class_="quiet")]
    parts += [tag("p", problem, class_="problem", role="alert") for problem in problems]
    heads = (
        words.group,
        words.revision,
        words.document,
        words.counters,
        words.running,
        words.waiting,
        words.refused,
        words.set_by,
    )
    rows = [
        [
            tag("a", one.name, href=f"/settings?{urlencode({'group': one.name})}"),
            str(one.revision),
            tag("code", one.sha256[:12]),
            number(one.counters),
            number(one.running),
            number(one.counters - one.running - one.refused),
            number(one.refused),
            together(f"{one.set_by}, ", time_of(one.set_at)),
        ]
        for one in groups
    ]
    parts.append(table(heads, rows, frozenset({3, 4, 5, 6})) if rows else tag("p", words.nothing))
    if refusals:
        lines = [[one.shop, one.terminal, one.group, str(one.revision), one.why] for one in refusals]
        parts.append(tag("h2", words.refused))
        parts.append(table((words.shop, words.counter, words.group, words.revision, words.why), lines))
    shown = [tag("h2", words.document), tag("pre", text)] if text else []
    parts += _forms(frame, group, text) if frame.visitor is not None and frame.visitor.operates else shown
    return document(frame, words.settings, *parts, here="/settings")


def _forms(frame: Frame, group: str, text: str) -> list[Html]:
    words = frame.words
    area = tag("textarea", text, name="document", rows=14, cols=80, spellcheck="false")
    setting = tag(
        "form",
        frame.form_token,
        field(words.group, "group", value=group, required=True),
        tag("label", words.document, area),
        tag("button", words.set_document),
        method="post",
        action="/settings/set",
    )
    moving = tag(
        "form",
        frame.form_token,
        field(words.counter, "terminal", required=True),
        field(words.group, "group", value=group),
        tag("button", words.move_counter),
        method="post",
        action="/settings/move",
    )
    return [tag("h2", words.set_document), setting, tag("h2", words.move_counter), moving]
