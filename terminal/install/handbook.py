"""Pages for people that are made from what the terminal really shows: the cashier's card and the table of faults.

``python -m terminal.install.handbook`` writes them anew; a test compares. What the screen says comes from
``terminal.texts.sentences``, so no page speaks of a screen that does not exist.
"""

from __future__ import annotations

import html
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from terminal.counter.menu import DIGIT_OF, MAIN_ITEMS, MORE_ITEMS, Item
from terminal.counter.trouble import Trouble
from terminal.counter.view import View
from terminal.sale.sale import Outcome, Reason, Sale, State
from terminal.screen.screens import screen_for
from terminal.texts.sentences import Words, words_in
from terminal.texts.words import Language

FOLDER = Path(__file__).parents[2] / "systemd"
TABLE_BEGIN, TABLE_END = "<!-- faults: made by python -m terminal.install.handbook -->", "<!-- /faults -->"


class CardWords(msgspec.Struct, frozen=True, kw_only=True):
    """What stands on the card and on no screen."""

    title: str
    steps: tuple[str, ...]
    keys_title: str
    keys: tuple[tuple[str, str], ...]
    menu_title: str
    menu_notes: Mapping[Item, str]
    """Each stands behind the item's name."""
    stop_title: str
    power: str
    screen: str
    do: str
    results_title: str
    troubles_title: str
    help_line: str


CARDS: Mapping[Language, CardWords] = {
    "is": CardWords(
        title="Netgíró: svona tekur þú við greiðslu",
        steps=(
            "Sláðu söluna inn á kassann og veldu Netgíró. Upphæðin birtist á posanum.",
            "Sláðu inn app-kóða, kennitölu eða símanúmer viðskiptavinar og ýttu á <b>#</b>.",
            "Viðskiptavinur samþykkir í Netgíró-appinu. Fái hann kóða í SMS, sláðu kóðann inn og ýttu á <b>#</b>.",
            "„{approved}“ á skjánum: salan er greidd og kvittunin prentast.",
        ),
        keys_title="Takkar",
        keys=(
            ("#", "staðfesta"),
            ("*", "hreinsa; ef ekkert er slegið inn: hætta við. Haldið niðri: hætta við allt"),
            ("A B C", "app-kóði, kennitala, símanúmer"),
            ("0", "á biðskjá, eða haldið niðri í sölu: enska fyrir viðskiptavin"),
        ),
        menu_title="Valmynd: D, eða # haldið niðri. Talan velur.",
        menu_notes={
            Item.END_OF_DAY: "lýkur deginum: # já, 1 prentar eldra uppgjör. X-yfirlit lýkur engu.",
            Item.REFUND: "kóði #, númer kvittunar #, upphæð # (ekkert = allt), # já.",
            Item.GAP: "aðeins þegar færslur vantar: kóði #. Berðu fyrst saman við lista Netgíró, þá # og # já.",
            Item.TRAINING: "# já, þá upphæð #, sími 822 3281 #. Ekkert er rukkað. Ljúktu henni í valmyndinni.",
        },
        stop_title="Stopp! Rukkaðu ekki aftur ef á skjánum stendur",
        power="Fari rafmagnið af: kveiktu aftur og bíddu. Posinn lýkur sjálfur því sem var opið.",
        screen="Á skjánum stendur",
        do="Gerðu þetta",
        results_title="Ef salan gengur ekki",
        troubles_title="Ef eitthvað er að tækinu",
        help_line="Þjónusta, sími:",
    ),
    "en": CardWords(
        title="Netgíró: how to take a payment",
        steps=(
            "Ring up the sale and choose Netgíró. The amount appears on the terminal.",
            "Type the customer's app code, kennitala or phone number and press <b>#</b>.",
            "The customer approves in the Netgíró app. If they get a code by SMS, type the code and press <b>#</b>.",
            "“{approved}” on the screen: the sale is paid and the receipt prints.",
        ),
        keys_title="Keys",
        keys=(
            ("#", "OK"),
            ("*", "clear; with nothing typed: cancel. Held down: cancel everything"),
            ("A B C", "app code, kennitala, phone number"),
            ("0", "on the waiting screen, or held down in a sale: Icelandic for the customer"),
        ),
        menu_title="Menu: D, or # held down. The digit chooses.",
        menu_notes={
            Item.END_OF_DAY: "ends the day: # yes, 1 prints an earlier one. An X report ends nothing.",
            Item.REFUND: "code #, receipt number #, amount # (nothing = all), # yes.",
            Item.GAP: "only while records are missing: code #. First compare with Netgíró's list, then # and # yes.",
            Item.TRAINING: "# yes, then an amount #, phone 822 3281 #. Nothing is charged. End it in the menu.",
        },
        stop_title="Stop! Do not charge again if the screen says",
        power="After a power cut: switch on and wait. The terminal finishes by itself what was open.",
        screen="The screen says",
        do="Do this",
        results_title="If the sale does not go through",
        troubles_title="If something is wrong with the terminal",
        help_line="Service, phone:",
    ),
}

_STOP = (Reason.NOT_TRACEABLE, Reason.REFUND_DUE)
_RESULTS = (
    Reason.CUSTOMER_DECLINED,
    Reason.CUSTOMER_UNKNOWN,
    Reason.WRONG_CODE,
    Reason.TIMED_OUT,
    Reason.POWER_CUT,
    Reason.NO_CONNECTION,
    Reason.NO_ANSWER,
    Reason.CREDENTIALS,
)

INSTALLER_NOTES: Mapping[Trouble, str] = {
    Trouble.JOURNAL: "`netgiro-terminal doctor`; `df -h /var/lib/netgiro-terminal`; a read-only card is dying",
    Trouble.KEYPAD: "`doctor`; the group gpio or input; USB pad: compare `keypad.device` with `ls /dev/input/by-id`",
    Trouble.REGISTER: "`doctor`; compare `register.port` with `ls -l /dev/serial/by-id /dev/serial/by-path`",
    Trouble.JOURNAL_INCOMPLETE: "`journal verify` says what is missing: look it up at Netgíró, then"
    " `journal acknowledge` or menu D 0 7; no `journal restore`: a backup has less",
    Trouble.NETWORK: "`doctor` says which fails: name, route, certificate or clock; sales resume by themselves",
    Trouble.KEY_STUCK: "find what holds it down; if nothing does, pad or plug has a short: key D, keypad test",
    Trouble.REFUNDS_WAITING: "the terminal asks Netgíró until it knows; `netgiro-terminal status` names them",
    Trouble.SALES_WAITING: "`netgiro-terminal status` names them; look them up at Netgíró, then `settle` or menu D",
    Trouble.PAPER_OUT: "check the paper, then the sensor",
    Trouble.COVER_OPEN: "check the cover and its switch",
    Trouble.PRINTER_OFFLINE: "check power, cable, `printer.device`; nothing is lost, receipts wait in the journal;"
    ' if it prints and only its answers are useless: `printer.answers = "none"`',
    Trouble.RECEIPTS_PENDING: "prints by itself; `status` counts them",
    Trouble.JOURNAL_UNMIRRORED: "`doctor`; free disk; sales continue, but the journal's copy gets no new entries",
    Trouble.PAPER_LOW: "nothing; if the message remains with a new roll, check the near-end sensor",
    Trouble.JOURNAL_REPAIRED: "make a `journal backup`, and replace the card: it has lost data once",
}
"""What an installer looks at, beyond what the screen tells staff."""


def fault_table() -> str:
    """Markdown: each fault as both screens name it, what staff do, and what an installer looks at."""
    icelandic, english = words_in("is").troubles, words_in("en").troubles
    rows = ["| Screen (is) | Screen (en) | Staff | Installer |", "|---|---|---|---|"]
    for trouble in Trouble:
        is_, en = icelandic[trouble], english[trouble]
        rows.append(f"| {is_.what} | {en.what} | {en.next} | {INSTALLER_NOTES[trouble]} |")
    for reason in (*_STOP, *_RESULTS, Reason.REQUEST_NOT_VALID, Reason.MISMATCH):
        advice = words_in("en").results[reason].next
        shown = f"{_on_screen(reason, 'is')} | {_on_screen(reason, 'en')}"
        rows.append(f"| {shown} | {advice} | {_RESULT_NOTES.get(reason, '')} |")
    return "\n".join(rows)


_RESULT_NOTES: Mapping[Reason, str] = {
    Reason.NOT_TRACEABLE: "`journal show ID`, Netgíró's own records, then `netgiro-terminal settle`",
    Reason.REFUND_DUE: "refund in Netgíró's portal, then `netgiro-terminal settle ID refunded`",
    Reason.CREDENTIALS: "application ID and secret key: `doctor`, `secret set`; sandbox and production differ",
    Reason.NO_CONNECTION: "`doctor`",
    Reason.NO_ANSWER: "Netgíró's service or a slow network; `doctor`",
    Reason.REQUEST_NOT_VALID: "a fault of ours or a change at Netgíró: `support-bundle`",
    Reason.MISMATCH: "an answer about another sale: `support-bundle`",
}


def card(language: Language) -> str:
    """The cashier's card: HTML for one A4 page."""
    words, own = words_in(language), CARDS[language]
    approved = words.outcomes[Outcome.APPROVED]
    steps = "".join(f"<li>{step.format(approved=_text(approved))}</li>" for step in own.steps)
    keys = "".join(f"<span><kbd>{key}</kbd> {_text(use)}</span>" for key, use in own.keys)
    menu = "".join(f"<span><kbd>{key}</kbd> {_text(item)}</span>" for key, item in _menu(words))
    notes = "<br>".join(_text(f"{words.menu.items[item]}: {note}") for item, note in own.menu_notes.items())
    stop = [(words.checking_payment, f"{words.checking_stay} {words.checking_call}")]
    stop += [(_on_screen(reason, language), words.results[reason].next) for reason in _STOP]
    results = [(_on_screen(reason, language), words.results[reason].next) for reason in _RESULTS]
    troubles = [(words.troubles[trouble].what, words.troubles[trouble].next) for trouble in Trouble]
    return f"""<!doctype html>
<html lang="{language}">
<meta charset="utf-8">
<title>{_text(own.title)}</title>
<style>{_STYLE}</style>
<h1>{_text(own.title)}</h1>
<ol>{steps}</ol>
<h2>{_text(own.keys_title)}</h2>
<p class="keys">{keys}</p>
<h2>{_text(own.menu_title)}</h2>
<p class="menu">{menu}</p>
<p class="notes">{notes}</p>
<section class="stop"><h2>{_text(own.stop_title)}</h2>{_table(own, stop)}</section>
<div class="columns">
<section><h2>{_text(own.results_title)}</h2>{_table(own, results)}</section>
<section><h2>{_text(own.troubles_title)}</h2>{_table(own, troubles)}</section>
</div>
<p>{_text(own.power)}</p>
<p class="help">{_text(own.help_line)}<span></span></p>
</html>
"""


def _menu(words: Words) -> Iterator[tuple[str, str]]:
    """Each item with the keys that choose it."""
    for item in (*MAIN_ITEMS, *MORE_ITEMS):
        if item is not Item.MORE:
            beside = DIGIT_OF[Item.MORE] + " " if item in MORE_ITEMS else ""
            yield beside + DIGIT_OF[item], words.menu.items[item]


def _on_screen(reason: Reason, language: Language) -> str:
    """What tells this result from others on the screen: why it came about, or what it is where that says more."""
    sale = Sale(number=1, reference="", register_id="", amount_kr=1, created="", state=State.CLOSED, reason=reason)
    screen = screen_for(View(result=sale), language)
    why = words_in(language).results[reason].what
    return why if why in screen.lines else screen.banner


def _text(text: str) -> str:
    return html.escape(text, quote=False)


def _table(own: CardWords, rows: list[tuple[str, str]]) -> str:
    body = "".join(f"<tr><th>{_text(what)}</th><td>{_text(do)}</td></tr>" for what, do in rows)
    return f"<table><thead><tr><td>{own.screen}</td><td>{own.do}</td></tr></thead>{body}</table>"


_STYLE = """
@page { size: A4; margin: 10mm }
body { font: 9.5pt/1.3 "DejaVu Sans", Roboto, Arial, sans-serif; color: #111; max-width: 190mm; margin: auto }
h1 { font-size: 16pt; margin: 0 0 2mm }
h2 { font-size: 11pt; margin: 2mm 0 1mm }
ol { font-size: 11pt; margin: 0; padding-left: 7mm } li { margin-bottom: 1mm }
.keys { display: grid; grid-template-columns: 1fr 1fr; gap: 1.5mm; margin: 0 }
kbd { font: bold 10pt monospace; border: 0.3mm solid #111; border-radius: 1mm; padding: 0 1.5mm }
.menu { display: grid; grid-template-columns: 1fr 1fr 1fr; gap: 1mm; margin: 0; font-size: 9pt }
.menu kbd { font-size: 9pt } .notes { font-size: 9pt; margin-top: 1mm }
table { border-collapse: collapse; width: 100%; font-size: 8.5pt }
thead td { font-size: 8pt; color: #444 }
th { text-align: left; width: 46%; padding-right: 2mm } th, td { vertical-align: top; border-bottom: 0.2mm solid #999 }
.stop { border: 0.8mm solid #111; padding: 1mm 3mm 1.5mm; margin-top: 2mm } .stop h2 { margin-top: 1mm }
.stop table { font-size: 10pt }
.columns { display: grid; grid-template-columns: 1fr 1fr; gap: 6mm }
p { margin: 2mm 0 0 }
.help { font-size: 12pt; font-weight: bold; display: flex; gap: 3mm }
.help span { flex: 1; border-bottom: 0.3mm solid #111 }
"""


def pages() -> dict[Path, str]:
    """Every page and what should stand in it."""
    readme = FOLDER / "README.md"
    text = readme.read_text("utf-8")
    before, after = text[: text.index(TABLE_BEGIN)], text[text.index(TABLE_END) :]
    return {
        **{FOLDER / f"cashier-card.{language}.html": card(language) for language in CARDS},
        readme: f"{before}{TABLE_BEGIN}\n{fault_table()}\n{after}",
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, "utf-8")
        print(path, file=sys.stderr)
