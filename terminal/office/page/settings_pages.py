"""The page on which a group's settings are seen and set."""

from __future__ import annotations

from starlette.responses import Response

from terminal.errors import ConfigError, TerminalError
from terminal.office.page.asked import Visit, form_of, html, redirect
from terminal.office.page.render_settings import settings_page
from terminal.office.server import settings


async def overview(asked: Visit) -> Response:
    return await _shown(asked, asked.given("group"))


async def set_document(asked: Visit) -> Response:
    form = await form_of(asked.request)
    group, text = form.get("group", "").strip(), form.get("document", "")
    try:
        await settings.set_document(asked.connection, group, text, asked.name)
    except (ConfigError, TerminalError) as error:
        return await _shown(asked, group, text, problems_in(error), 400)
    return redirect("/settings")


async def move(asked: Visit) -> Response:
    form = await form_of(asked.request)
    terminal, group = form.get("terminal", "").strip(), form.get("group", "").strip()
    try:
        await settings.move(asked.connection, terminal, group, asked.name)
    except TerminalError as error:
        return await _shown(asked, group, None, [str(error)], 400)
    return redirect("/settings")


async def _shown(
    asked: Visit, group: str, text: str | None = None, problems: list[str] | None = None, status: int = 200
) -> Response:
    groups = await settings.groups(asked.connection)
    refusals = await settings.refusals(asked.connection)
    if text is None:
        text = next((one.text for one in groups if one.name == group), "")
    return html(settings_page(asked.frame, groups, refusals, group=group, text=text, problems=problems or []), status)


def problems_in(error: ConfigError | TerminalError) -> list[str]:
    return list(error.problems) if isinstance(error, ConfigError) else [str(error)]
