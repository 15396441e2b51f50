"""From answers of the database to HTML. Pure but for nothing: no request, no clock of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from terminal.office.page.logins import Visitor
from terminal.office.page.markup import Child, Html, table, tag, together
from terminal.office.page.queries import (
    MOST,
    SILENT_S,
    AlarmLine,
    CounterLine,
    Health,
    Hour,
    LogLine,
    SaleLine,
    Search,
    ShopDay,
)
from terminal.office.page.words import LANGUAGES, WORDS, Words
from terminal.sale.money import format_kr

BAR_HEIGHT = 120
BAR_WIDTH = 36
HOURS = range(24)
AMOUNTS = frozenset({4})


class Frame(NamedTuple):
    """What stands around every page."""

    words: Words
    visitor: Visitor | None = None

    @property
    def form_token(self) -> Html:
        return tag("input", type="hidden", name="form_token", value=self.visitor.form_token if self.visitor else "")


def document(frame: Frame, heading: str, *content: Child, here: str = "") -> str:
    """A whole page."""
    words, visitor = frame
    places = {
        "/": words.today,
        "/counters": words.counters,
        "/cases": words.cases,
        "/payouts": words.payouts,
        "/search": words.search,
        "/alarms": words.alarms,
        "/settings": words.settings,
        "/releases": words.releases,
        "/log": words.log,
    }
    links = [tag("a", text, href=path, aria_current=_if(path == here)) for path, text in places.items()]
    language = tag("a", words.other_language, href=f"{here or '/login'}?lang={words.other_code}", lang=words.other_code)
    leave = None
    if visitor is not None:
        leave = tag(
            "form",
            frame.form_token,
            tag("button", words.log_out),
            tag("span", visitor.name),
            method="post",
            action="/logout",
        )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{heading} – {words.title}"),
        tag("link", rel="stylesheet", href="/static/office.css"),
    )
    top = tag("header", tag("strong", words.title), tag("nav", *links if visitor else ()), tag("div", language, leave))
    body = tag("body", top, tag("main", tag("h1", heading), *content))
    return "<!doctype html>" + tag("html", head, body, lang=language_of(words))


def login(words: Words, problem: str) -> str:
    """Nobody is known yet."""
    form = tag(
        "form",
        tag("p", problem, class_="problem", role="alert") if problem else None,
        field(words.name, "name", autocomplete="username", autofocus=True, required=True),
        field(words.password, "password", type="password", autocomplete="current-password", required=True),
        tag("button", words.log_in),
        method="post",
        action="/login",
        class_="login",
    )
    return document(Frame(words), words.log_in, form)


def message(frame: Frame, text: str) -> str:
    return document(frame, frame.words.title, tag("p", text), here="/")


# --- today ------------------------------------------------------------------------------------------------------------


class Day(NamedTuple):
    """A day's turnover."""

    day: datetime
    hours: Sequence[Hour]
    shops: Sequence[ShopDay]


def today(frame: Frame, shown: Day, health: Health, now: datetime) -> str:
    """Any day; ``health`` is that of this moment."""
    words = frame.words
    day, hours, shops = shown
    is_over = day.date() < now.date()
    sales, sum_kr = sum(hour.sales for hour in hours), sum(hour.sum_kr for hour in hours)
    tiles = tag(
        "ul",
        _tile(words.turnover, format_kr(sum_kr)),
        _tile(words.paid_sales, number(sales)),
        _tile(words.counters, number(health.counters), "/counters"),
        _tile(words.ill, number(health.ill), "/counters?show=ill", bad=health.ill > 0),
        _tile(words.silent, number(health.silent), "/counters?show=silent", bad=health.silent > 0),
        _tile(words.cases, number(health.cases), "/cases", bad=health.cases > 0),
        _tile(words.alarms, number(health.alarms), "/alarms", bad=health.alarms > 0),
        class_="tiles",
    )
    days = tag(
        "p",
        tag("a", f"← {words.previous}", href=f"/?day={day - timedelta(days=1):%Y-%m-%d}"),
        tag("time", f"{day:%d.%m.%Y}", datetime=f"{day:%Y-%m-%d}"),
        tag("a", f"{words.next} →", href=f"/?day={day + timedelta(days=1):%Y-%m-%d}") if is_over else None,
        class_="days",
    )
    rows = [
        [one.shop or words.no_shop, number(one.counters), number(one.sales), format_kr(one.sum_kr)] for one in shops
    ]
    by_shop = table((words.shop, words.counters, words.paid_sales, words.turnover), rows, frozenset({1, 2, 3}))
    return document(
        frame,
        words.today if day.date() == now.date() else f"{day:%d.%m.%Y}",
        days,
        tiles,
        tag("h2", words.by_hour),
        _bars(words, hours),
        tag("h2", words.by_shop),
        by_shop if rows else tag("p", words.nothing),
        tag("p", words.first_only, class_="quiet") if len(shops) == MOST else None,
        here="/",
    )


def _tile(name: str, value: str, href: str = "", *, bad: bool = False) -> Html:
    content = together(tag("span", name), tag("b", value))
    return tag("li", tag("a", content, href=href) if href else content, class_="bad" if bad else None)


def _bars(words: Words, hours: Sequence[Hour]) -> Html:
    """A picture of the day; the numbers are its titles."""
    by_hour = {hour.hour.astimezone(UTC).hour: hour for hour in hours}
    most = max((hour.sum_kr for hour in hours), default=0) or 1
    parts = []
    for place in HOURS:
        left = place * BAR_WIDTH
        hour = by_hour.get(place)
        if hour is not None and hour.sum_kr > 0:
            height = max(1, round(hour.sum_kr / most * BAR_HEIGHT))
            title = f"{place:02}–{place + 1:02}: {format_kr(hour.sum_kr)}, {hour.sales}"
            bar = tag("rect", x=left + 4, y=BAR_HEIGHT - height, width=BAR_WIDTH - 8, height=height)
            parts.append(tag("g", tag("title", title), bar))
        parts.append(tag("text", f"{place:02}", x=left + BAR_WIDTH // 2, y=BAR_HEIGHT + 18))
    size = f"0 0 {BAR_WIDTH * len(HOURS)} {BAR_HEIGHT + 24}"
    name = f"{words.turnover}, {words.by_hour}"
    return tag("div", tag("svg", *parts, viewBox=size, role="img", aria_label=name, class_="bars"), class_="wide")


# --- counters ---------------------------------------------------------------------------------------------------------


def counters(frame: Frame, show: str, find: str, lines: Sequence[CounterLine], now: datetime) -> str:
    words = frame.words
    choices = {"all": words.all, "ill": words.ill, "silent": words.silent}
    links = [
        tag(
            "a",
            text,
            href="/counters?" + urlencode({"show": key, "find": find}),
            aria_current="true" if key == show else None,
        )
        for key, text in choices.items()
    ]
    form = tag(
        "form",
        field(f"{words.counter} / {words.shop}", "find", value=find),
        tag("input", type="hidden", name="show", value=show),
        tag("button", words.search),
        class_="search",
    )
    rows = [[one.terminal, one.shop, _heard(words, one), _state(words, one, now)] for one in lines]
    found = (
        table((words.counter, words.shop, words.last_heard, words.trouble), rows) if rows else tag("p", words.nothing)
    )
    return document(
        frame,
        words.counters,
        tag("p", *links, class_="choices"),
        form,
        found,
        tag("p", words.first_only, class_="quiet") if len(lines) == MOST else None,
        here="/counters",
    )


def _heard(words: Words, one: CounterLine) -> Child:
    return time_of(one.received) if one.received else words.never_heard


def _state(words: Words, one: CounterLine, now: datetime) -> Child:
    if one.received is None or (now - one.received).total_seconds() > SILENT_S:
        return tag("b", words.silent, class_="bad")
    if one.troubles:
        return tag("b", ", ".join(words.troubles.get(name, name) for name in one.troubles), class_="bad")
    return words.well


# --- sales ------------------------------------------------------------------------------------------------------------


def cases(frame: Frame, lines: Sequence[SaleLine]) -> str:
    words = frame.words
    return document(
        frame,
        words.cases,
        tag("p", words.open_cases_help, class_="quiet"),
        _sales(words, lines),
        here="/cases",
    )


def search(frame: Frame, wanted: Search, given: dict[str, str], lines: Sequence[SaleLine] | None) -> str:
    """``given`` is what was typed, also if it could not be understood; then ``lines`` is None."""
    words = frame.words
    options = [
        tag("option", text, value=value, selected=given.get("outcome") == value)
        for value, text in ({"": words.all} | {key: text for key, text in words.outcomes.items() if key}).items()
    ]
    form = tag(
        "form",
        field(words.reference, "reference", value=given.get("reference")),
        field(words.amount, "amount", value=given.get("amount"), inputmode="numeric"),
        field(words.counter, "terminal", value=given.get("terminal")),
        field(words.from_, "since", value=given.get("since"), type="datetime-local"),
        field(words.to, "until", value=given.get("until"), type="datetime-local"),
        tag(
            "label",
            words.outcome,
            tag("select", *sorted(options, key=lambda one: 'value=""' not in one), name="outcome"),
        ),
        tag("button", words.search),
        class_="search",
    )
    found: list[Child] = []
    if lines is None:
        found = [tag("p", words.not_understood, class_="problem", role="alert")]
    elif not wanted.is_empty:
        export = "/export.csv?" + urlencode({key: value for key, value in given.items() if value})
        found = [
            _sales(words, lines),
            tag("p", words.first_only, class_="quiet") if len(lines) == MOST else None,
            tag("p", tag("a", words.export, href=export)) if lines else None,
        ]
    return document(frame, words.search, form, *found, here="/search")


def _sales(words: Words, lines: Sequence[SaleLine]) -> Html:
    heads = (words.time, words.shop, words.counter, words.reference, words.amount, words.outcome, words.register_number)
    rows = [
        [
            time_of(one.created),
            one.shop,
            one.terminal,
            one.reference,
            format_kr(one.amount_kr),
            tag("b", outcome, class_="bad") if one.outcome in ("unknown", "refund_due") else outcome,
            one.register_id,
        ]
        for one in lines
        if (outcome := words.outcomes.get(one.outcome, one.outcome)) is not None
    ]
    return table(heads, rows, AMOUNTS) if rows else tag("p", words.nothing)


# --- alarms, log ------------------------------------------------------------------------------------------------------


def alarms(frame: Frame, lines: Sequence[AlarmLine]) -> str:
    words = frame.words
    kinds = {"conflict": words.conflict, "chain": words.chain}
    rows = [
        [
            time_of(one.first_seen),
            one.shop,
            one.terminal,
            number(one.seq),
            kinds.get(one.kind, one.kind),
            number(one.times),
            _seen(frame, one),
        ]
        for one in lines
    ]
    heads = (words.time, words.shop, words.counter, words.row, words.what, words.times, words.seen)
    found = table(heads, rows, frozenset({3, 5})) if rows else tag("p", words.nothing)
    explained = tag("p", words.alarms_help, class_="quiet") if rows else None
    return document(frame, words.alarms, explained, found, here="/alarms")


def _seen(frame: Frame, one: AlarmLine) -> Child:
    if one.seen_at is not None:
        return together(f"{one.seen_by}, ", time_of(one.seen_at))
    if frame.visitor is None or not frame.visitor.operates:
        return None
    fields: dict[str, str | int] = {
        "terminal": one.terminal,
        "epoch": one.epoch,
        "seq": one.seq,
        "kind": one.kind,
        "found": one.found,
    }
    hidden = [tag("input", type="hidden", name=name, value=value) for name, value in fields.items()]
    button = tag("button", frame.words.mark_seen)
    return tag("form", frame.form_token, *hidden, button, method="post", action="/alarms/seen")


def log(frame: Frame, lines: Sequence[LogLine]) -> str:
    words = frame.words
    rows = [[time_of(one.at), one.name, words.deeds.get(one.did, one.did), one.what] for one in lines]
    found = table((words.time, words.who, words.did, words.what), rows) if rows else tag("p", words.nothing)
    return document(frame, words.log, found, here="/log")


# --- parts ------------------------------------------------------------------------------------------------------------


def number(value: int) -> str:
    return f"{value:,}".replace(",", ".")


def language_of(words: Words) -> str:
    return next(language for language in LANGUAGES if WORDS[language] is words)


def time_of(at: datetime) -> Html:
    """Iceland keeps UTC all year."""
    at = at.astimezone(UTC)
    return tag("time", f"{at:%d.%m.%Y %H:%M:%S}", datetime=at.isoformat())


def _if(here: bool) -> str | None:
    return "page" if here else None


def field(label: str, name: str, **attributes: str | bool | None) -> Html:
    return tag("label", label, tag("input", name=name, **attributes))
