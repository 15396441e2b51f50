"""What the page says, one table a language: a word that one of them lacks does not type-check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

import msgspec

Language = Literal["is", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


class Words(msgspec.Struct, frozen=True, kw_only=True):
    title: str
    today: str
    counters: str
    cases: str
    search: str
    alarms: str
    log: str
    log_in: str
    log_out: str
    name: str
    password: str
    wrong: str
    wait: str
    turnover: str
    paid_sales: str
    by_hour: str
    by_shop: str
    shop: str
    no_shop: str
    counter: str
    ill: str
    silent: str
    well: str
    never_heard: str
    last_heard: str
    trouble: str
    all: str
    open_cases_help: str
    amount: str
    time: str
    from_: str
    to: str
    reference: str
    register_number: str
    outcome: str
    export: str
    nothing: str
    first_only: str
    what: str
    row: str
    times: str
    seen: str
    mark_seen: str
    conflict: str
    chain: str
    alarms_help: str
    settings: str
    settings_help: str
    group: str
    revision: str
    document: str
    running: str
    waiting: str
    refused: str
    why: str
    set_by: str
    set_document: str
    move_counter: str
    payouts: str
    payouts_help: str
    agree: str
    differ: str
    not_asked: str
    never_reconciled: str
    day_only: str
    to_look_at: str
    settlements: str
    settlement: str
    paid_out_on: str
    fee: str
    net: str
    not_known: str
    fee_not_known: str
    releases: str
    releases_help: str
    release: str
    wave: str
    who: str
    did: str
    other_language: str
    other_code: Language
    may_not: str
    form_old: str
    not_understood: str
    previous: str
    next: str
    outcomes: Mapping[str, str]
    troubles: Mapping[str, str]
    deeds: Mapping[str, str]
    release_states: Mapping[str, str]
    release_turns: Mapping[str, str]


ENGLISH = Words(
    title="Head office",
    today="Today",
    counters="Counters",
    cases="Open cases",
    search="Search",
    alarms="Alarms",
    log="Log",
    log_in="Log in",
    log_out="Log out",
    name="Name",
    password="Password",
    wrong="Name or password is wrong.",
    wait="Wait a little, then try again.",
    turnover="Turnover",
    paid_sales="Paid sales",
    by_hour="By hour",
    by_shop="By shop",
    shop="Shop",
    no_shop="(no shop named)",
    counter="Counter",
    ill="In trouble",
    silent="Silent",
    well="Well",
    never_heard="never",
    last_heard="Last heard",
    trouble="Trouble",
    all="All",
    open_cases_help="Unknown: money may have moved. Look the reference up at Netgíró, then settle the sale at its "
    "counter.",
    amount="Amount",
    time="Time",
    from_="From",
    to="To",
    reference="Reference",
    register_number="Register's number",
    outcome="Outcome",
    export="Export as CSV",
    nothing="Nothing.",
    first_only="Only the first are shown: narrow the search.",
    what="What",
    row="Row",
    times="Times",
    seen="Seen",
    mark_seen="I have looked into it",
    conflict="Another content under a row that is known",
    chain="A row that does not follow from the one before it",
    alarms_help="A journal is not as its counter first sent it. Both versions are kept. Find out who had that card "
    "in hand.",
    settings="Settings",
    settings_help="As in config.toml, but only what may travel: SECURITY.md lists it. A counter takes it when it is "
    "quiet, checks it, and goes back by itself if it is not well afterwards.",
    group="Group",
    revision="Revision",
    document="Document",
    running="Run it",
    waiting="Not yet",
    refused="Refused",
    why="Why",
    set_by="Set",
    set_document="Set for the group",
    move_counter="Move the counter",
    payouts="Payouts",
    payouts_help="What each counter found when it last asked Netgíró about its own sales. A shop shows what "
    "differs, and what was paid to its account.",
    agree="Agree",
    differ="Differ",
    not_asked="Could not ask",
    never_reconciled="Never reconciled",
    day_only="Paid out, day only",
    to_look_at="To look at",
    settlements="Paid to the account",
    settlement="Settlement",
    paid_out_on="Date",
    fee="Fee",
    net="Net",
    not_known="not known",
    fee_not_known="fee and net not known",
    releases="Releases",
    releases_help="A wave is over when each of its counters runs the release, is well and was paid for one sale "
    "with it, or has failed. Who waits is to be upgraded now.",
    release="Release",
    wave="Wave",
    who="Who",
    did="Did",
    other_language="Íslenska",
    other_code="is",
    may_not="Your login may look, not operate.",
    form_old="This form is too old: go back, load the page again and repeat it.",
    not_understood="This cannot be searched for: check amount and times.",
    previous="Day before",
    next="Day after",
    outcomes={
        "": "open",
        "approved": "paid",
        "declined": "declined",
        "cancelled": "cancelled",
        "failed": "failed",
        "unknown": "unknown",
        "refund_due": "refund due",
        "refunded": "refunded",
        "unread": "of a newer version",
    },
    troubles={
        "network": "Netgíró not reached",
        "register": "register",
        "keypad": "keypad",
        "journal": "journal",
        "printer": "printer",
        "attention": "a sale waits for staff",
    },
    deeds={
        "login": "logged in",
        "logout": "logged out",
        "export": "exported",
        "alarm_seen": "marked an alarm as seen",
        "wrong_password": "gave a wrong password",
        "settings": "set a group's settings",
        "settings_group": "moved a counter to a group",
        "release_add": "added a release's archive",
        "release_start": "began a release",
        "release_paused": "paused a release",
        "release_running": "let a release go on",
        "release_stopped": "stopped a release",
        "release_forgive": "counted a failed counter as well",
    },
    release_states={
        "running": "goes out",
        "paused": "paused",
        "stopped": "stopped",
        "done": "everywhere",
        "waiting": "to upgrade",
        "proving": "proving itself",
        "well": "well",
        "failed": "failed",
    },
    release_turns={"paused": "Pause", "running": "Let it go on", "stopped": "Stop"},
)

ICELANDIC = Words(
    title="Höfuðstöðvar",
    today="Í dag",
    counters="Afgreiðslur",
    cases="Opin mál",
    search="Leit",
    alarms="Viðvaranir",
    log="Atburðaskrá",
    log_in="Innskrá",
    log_out="Útskrá",
    name="Nafn",
    password="Lykilorð",
    wrong="Nafn eða lykilorð er rangt.",
    wait="Bíddu augnablik og reyndu svo aftur.",
    turnover="Velta",
    paid_sales="Greiddar sölur",
    by_hour="Eftir klukkustundum",
    by_shop="Eftir verslunum",
    shop="Verslun",
    no_shop="(engin verslun skráð)",
    counter="Afgreiðsla",
    ill="Í vanda",
    silent="Ekkert heyrist",
    well="Í lagi",
    never_heard="aldrei",
    last_heard="Heyrðist síðast",
    trouble="Vandi",
    all="Allar",
    open_cases_help="Óvíst: greiðsla kann að hafa farið fram. Flettu tilvísuninni upp hjá Netgíró og gerðu söluna "
    "svo upp á afgreiðslunni.",
    amount="Upphæð",
    time="Tími",
    from_="Frá",
    to="Til",
    reference="Tilvísun",
    register_number="Númer í kassa",
    outcome="Niðurstaða",
    export="Sækja sem CSV",
    nothing="Ekkert.",
    first_only="Aðeins þær fyrstu eru sýndar: þrengdu leitina.",
    what="Hvað",
    row="Færsla",
    times="Skipti",
    seen="Skoðað",
    mark_seen="Ég hef kannað þetta",
    conflict="Annað innihald í færslu sem er þekkt",
    chain="Færsla sem leiðir ekki af þeirri á undan",
    alarms_help="Dagbók er ekki eins og afgreiðslan sendi hana fyrst. Báðar útgáfur eru geymdar. Komstu að því hver "
    "hafði kortið undir höndum.",
    settings="Stillingar",
    settings_help="Eins og í config.toml, en aðeins það sem má senda: SECURITY.md telur það upp. Afgreiðsla tekur við "
    "því þegar hún er laus, prófar það og fer sjálf til baka ef henni líður ekki vel á eftir.",
    group="Hópur",
    revision="Útgáfa",
    document="Skjal",
    running="Keyra það",
    waiting="Ekki enn",
    refused="Hafnað",
    why="Hvers vegna",
    set_by="Sett",
    set_document="Setja fyrir hópinn",
    move_counter="Færa afgreiðsluna",
    payouts="Uppgjör",
    payouts_help="Hvað hver afgreiðsla komst að þegar hún spurði Netgíró síðast um sínar sölur. Undir "
    "hverri verslun sést hverju munar og hvað var greitt inn á reikning hennar.",
    agree="Stemmir",
    differ="Munar",
    not_asked="Ekki hægt að spyrja",
    never_reconciled="Aldrei borið saman",
    day_only="Greitt út, aðeins dagur",
    to_look_at="Þarf að skoða",
    settlements="Greitt inn á reikning",
    settlement="Uppgjör nr.",
    paid_out_on="Dagur",
    fee="Þóknun",
    net="Nettó",
    not_known="ekki vitað",
    fee_not_known="þóknun og nettó ekki vitað",
    releases="Uppfærslur",
    releases_help="Hópi er lokið þegar hver afgreiðsla hans keyrir uppfærsluna, er í lagi og hefur fengið eina "
    "sölu greidda með henni, eða henni hefur mistekist. Þær sem bíða á að uppfæra núna.",
    release="Uppfærsla",
    wave="Hópur",
    who="Hver",
    did="Gerði",
    other_language="English",
    other_code="en",
    may_not="Innskráning þín leyfir skoðun, ekki aðgerðir.",
    form_old="Þetta eyðublað er of gamalt: farðu til baka, endurhladdu síðuna og reyndu aftur.",
    not_understood="Ekki er hægt að leita að þessu: athugaðu upphæð og tíma.",
    previous="Dagurinn áður",
    next="Dagurinn eftir",
    outcomes={
        "": "opin",
        "approved": "greidd",
        "declined": "hafnað",
        "cancelled": "hætt við",
        "failed": "mistókst",
        "unknown": "óvíst",
        "refund_due": "á að endurgreiða",
        "refunded": "endurgreidd",
        "unread": "úr nýrri útgáfu",
    },
    troubles={
        "network": "næst ekki í Netgíró",
        "register": "kassi",
        "keypad": "takkaborð",
        "journal": "dagbók",
        "printer": "prentari",
        "attention": "sala bíður starfsfólks",
    },
    deeds={
        "login": "skráði sig inn",
        "logout": "skráði sig út",
        "export": "sótti útskrift",
        "alarm_seen": "merkti viðvörun sem skoðaða",
        "wrong_password": "gaf upp rangt lykilorð",
        "settings": "setti stillingar hóps",
        "settings_group": "færði afgreiðslu í hóp",
        "release_add": "bætti við skrá uppfærslu",
        "release_start": "hóf uppfærslu",
        "release_paused": "gerði hlé á uppfærslu",
        "release_running": "lét uppfærslu halda áfram",
        "release_stopped": "stöðvaði uppfærslu",
        "release_forgive": "taldi afgreiðslu í lagi eftir bilun",
    },
    release_states={
        "running": "í gangi",
        "paused": "í bið",
        "stopped": "stöðvuð",
        "done": "alls staðar",
        "waiting": "á að uppfæra",
        "proving": "í reynslu",
        "well": "í lagi",
        "failed": "mistókst",
    },
    release_turns={"paused": "Gera hlé", "running": "Halda áfram", "stopped": "Stöðva"},
)

WORDS: Mapping[str, Words] = {"is": ICELANDIC, "en": ENGLISH}
