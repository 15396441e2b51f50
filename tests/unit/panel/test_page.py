"""The page's files, read as text: what a browser may load, and that every word is there in both languages."""

from __future__ import annotations

import asyncio
import re
from html.parser import HTMLParser
from pathlib import Path

import httpx

from terminal.panel import server
from tests.each import each
from tests.panel_fake import FakeCounter

STATIC = Path(server.__file__).with_name("static")
MOST_BYTES = 200_000
SCRIPTS = sorted(STATIC.glob("*.js"))
WORDS = {
    match["key"]: (match["icelandic"], match["english"])
    for match in re.finditer(
        r'^ {2}"?(?P<key>[\w*#]+)"?: \[\s*"(?P<icelandic>[^"]+)",\s*"(?P<english>[^"]+)",?\s*\],$',
        (STATIC / "i18n.js").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
}


class Page(HTMLParser):
    """The index page's tags, each a name with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed((STATIC / "index.html").read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def values(self, attribute: str) -> list[str]:
        return [value for _, attrs in self.tags if (value := attrs.get(attribute)) is not None]


def get(*paths: str) -> list[httpx.Response]:
    async def scenario() -> list[httpx.Response]:
        transport = httpx.ASGITransport(FakeCounter().app())
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return [await client.get(path) for path in paths]

    return asyncio.run(scenario())


def test_page_may_load_from_its_own_server_only():
    (page,) = get("/")
    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_page_has_nothing_that_its_policy_would_refuse():
    page = Page()
    assert not page.values("style")
    assert not [tag for tag, attrs in page.tags if tag == "style" or (tag == "script" and "src" not in attrs)]
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
    assert [source for source in page.values("src") + page.values("href") if not source.startswith("/")] == []


def test_everything_the_page_names_is_served_with_its_type_and_asked_for_again():
    imports = {f"/static/{name}" for script in SCRIPTS for name in re.findall(r'from "\./(.+?)"', script.read_text())}
    answers = get(*imports, *Page().values("src"), *Page().values("href"))
    assert {answer.status_code for answer in answers} == {200}
    types = {answer.headers["content-type"].partition(";")[0] for answer in answers}
    assert types == {"text/javascript", "text/css", "image/svg+xml", "image/png"}
    assert {answer.headers["cache-control"] for answer in answers} == {"no-cache", "no-store"}


def test_page_names_no_other_server():
    for file in STATIC.iterdir():
        addresses = re.findall(r"https?://[^\s\"')]+", file.read_text(encoding="utf-8"))
        assert set(addresses) <= {"http://www.w3.org/2000/svg"}, file.name


def test_page_is_light():
    assert sum(file.stat().st_size for file in STATIC.iterdir()) < MOST_BYTES


def test_every_word_of_the_page_is_there():
    assert set(Page().values("data-t") + Page().values("data-t-label")) <= WORDS.keys()


def test_every_word_of_the_scripts_is_there():
    asked_for = {key for script in SCRIPTS for key in re.findall(r'\bt\("(\w+)"\)', script.read_text(encoding="utf-8"))}
    assert len(asked_for) > 10
    assert asked_for <= WORDS.keys()


def test_both_languages_have_the_same_gaps_to_fill():
    with each() as case:
        for key, languages in WORDS.items():
            with case(key):
                icelandic, english = (sorted(re.findall(r"\{\w+\}", words)) for words in languages)
                assert icelandic == english


def test_all_words_were_read():
    lines = (STATIC / "i18n.js").read_text(encoding="utf-8").split("const LANGUAGES")[0]
    assert len(WORDS) == len(re.findall(r'^ {2}"?[\w*#]+"?: \[', lines, re.MULTILINE)) > 80


def test_every_element_that_scripts_look_up_is_on_the_page():
    looked_up = {name for script in SCRIPTS for name in re.findall(r'byId\("([\w-]+)"\)', script.read_text())}
    ids = Page().values("id")
    assert looked_up <= set(ids)
    assert len(ids) == len(set(ids))
