"""What ``netgiro-terminal setup`` says and asks, in the installer's language."""

from __future__ import annotations

import re

import msgspec

from terminal.texts.words import Language

ASK_LANGUAGE = "Tungumál / language"


class SetupWords(msgspec.Struct, frozen=True, kw_only=True):
    """Braces are filled in by whoever asks."""

    intro: str
    """With ``{path}``."""
    mend: str
    """With ``{problem}``."""
    go_on: str
    kept: str
    not_kept: str
    which: str
    no_choice: str
    looks_like_key: str
    no_number: str
    too_many: str
    """With ``{key}``."""
    problems: dict[str, str]
    """By the configuration's key, instead of the check's own English sentence, for whoever chose another language."""
    problem_elsewhere: str
    """The same for a key that setup does not ask about; empty: the check's own sentence will do."""
    again: str

    protocol: str
    protocols: dict[str, str]
    """By the configuration's word, and "?" for who does not know."""
    port: str
    port_hint: str
    line: str
    line_form: str
    flow: str
    emulation: str
    passthrough: str
    http_listen: str
    decimals: str
    listen_now: str
    listen_ended: str
    listen_taken: str
    """With ``{settings}``."""
    listen_nothing: str

    api: str
    base_url: str
    where_keys_are: str
    application_id: str
    secret: str
    secret_v2: str
    secret_in_file: str
    secret_kept: str
    """With ``{where}``."""
    secret_unseen: str
    secret_is_id: str
    secret_odd: str
    secret_word: str

    receipts: str
    terminal_id: str
    shop_name: str
    kennitala: str
    service_phone: str
    staff_code: str
    staff_code_kept: str
    staff_code_none: str

    printer: str
    usb_printer: str
    printer_port: str
    printer_device: str
    printer_host: str
    usb_vendor: str
    usb_product: str
    columns: str

    keypad: str
    pad: str
    scanner: str
    scanner_device: str
    display: str
    display_size: str
    """With ``{driver}``."""
    display_interface: str
    display_rotate: str
    two_colours: str

    written: str
    """With ``{path}``."""
    encrypted: str
    root_only: str
    try_printer: str
    try_keypad: str
    try_sale: str
    before_it_runs: str
    """With ``{missing}``."""
    start: str
    start_by_hand: str
    ring_up: str
    sale_open: str
    """With ``{amount}`` and ``{state}``."""
    sale_ended: str
    """With ``{number}``."""
    no_sale: str

    def said(self, problem: str) -> str:
        """What a check has found, in the installer's language; ``section.key: ...`` as the check says it."""
        key = problem.partition(":")[0]
        names_a_key = re.fullmatch(r"[a-z_]+\.[a-z0-9_]+", key) is not None
        said = self.problems.get(key, self.problem_elsewhere if names_a_key else "")
        return f"{key}: {said}" if said else problem


ICELANDIC = SetupWords(
    intro="Stillingar fara í {path}. Enter heldur því sem stendur í [hornklofum]; Ctrl-C breytir engu.",
    mend="þarf að laga: {problem}",
    go_on="Svör frá síðast eru geymd. Halda áfram með þau? [j]",
    kept="Stillingum er ekki breytt. Svörin eru geymd fyrir næsta skipti: {path}",
    not_kept="Stillingum er ekki breytt.",
    which="  hvað",
    no_choice="sláðu inn eina af tölunum, eða slóð",
    looks_like_key="þetta líkist leynilyklinum; spurt er um hann síðar, og þá sést hann ekki",
    no_number="sláðu inn tölu",
    too_many="{key}: ekkert nothæft svar",
    problems={
        "terminal.id": "1 til 16 stafir úr a-z, tölum, - og _",
        "terminal.staff_code": "4 til 8 tölustafir, eða ekkert",
        "shop.kennitala": "tíu tölustafir, með eða án bandstriks á eftir þeim sjötta",
        "shop.service_phone": "símanúmer, mest 9 stafir, t.d. 555 1234",
        "netgiro.base_url": "vistfang eins og https://api.netgiro.is/v1",
        "netgiro.application_id": "Application ID vantar eða form þess er rangt; það stendur á þjónustuvef Netgíró",
        "netgiro.secret_key": "leynilykilinn vantar; hann stendur á þjónustuvef Netgíró",
        "netgiro.app_code_prefix": "þarf að vera þegar skanni er; annars þekkist enginn kóði frá strikamerkjum á vörum",
        "register.port": "tengi kassans vantar eða form þess er rangt: /dev/... eða tcp://HEIMILISFANG:TENGI",
        "register.passthrough_port": "á ekki að vera tengi kassans sjálfs; tækið á bak við posann þarf sitt eigið",
        "register.baudrate": "hraði línu á milli 300 og 921600",
        "register.emulation": "þær skipanir passa ekki: plain er aðeins fyrir kvittanir, og skjáir hafa sínar eigin",
        "register.amount_decimals": "þarf að vera 0 með HTTP, þar eru aðeins heilar krónur",
        "register.total_labels": "tómt; nefndu það sem stendur á undan upphæðinni, t.d. SAMTALS",
        "register.allow": "aðeins fyrir kassa á neti (tcp://): heimilisföng, eða net eins og 192.168.1.0/24",
        "register.min_amount": "má ekki vera hærri en register.max_amount",
        "http.allowed_origins": "uppruni eins og https://pos.example.is, án slóðar",
        "http.listen": "vistfang og tengi, t.d. 192.168.1.20:8026",
        "keypad.device": "tæki takkaborðsins vantar, t.d. /dev/input/by-id/...-event-kbd",
        "keypad.row_pins": "pinni er nefndur tvisvar, í notkun annars staðar eða ekki til: GPIO 2 til 27",
        "keypad.column_pins": "pinni er nefndur tvisvar, í notkun annars staðar eða ekki til: GPIO 2 til 27",
        "keypad.layout": "strengur á hverja röð, takki á hvern dálk; 0 til 9, * og # þurfa að vera með, enginn tvisvar",
        "keypad.debounce_ms": "1 til 200 millisekúndur",
        "scanner.accepts": "þarf að nefna app_code; ef enginn skanni er, veldu none",
        "scanner.baudrate": "hraði línu á milli 300 og 921600",
        "scanner.device": "tæki skannans vantar, eða annað tæki notar það",
        "printer.device": "tæki prentarans vantar, eða það er líka tengi kassans",
        "printer.host": "nafn eða heimilisfang prentarans vantar",
        "printer.columns": "24 til 64 stafir",
        "printer.usb_vendor_id": "báðar tölurnar þarf, eins og lsusb sýnir þær, t.d. 04b8 og 0e28",
        "printer.usb_product_id": "báðar tölurnar þarf, eins og lsusb sýnir þær, t.d. 04b8 og 0e28",
        "printer.baudrate": "hraði línu á milli 300 og 921600",
        "printer.port": "1 til 65535, oftast 9100",
        "display.i2c_address": "0x03 til 0x77; sjá: i2cdetect -y 1",
        "display.i2c_port": "númer brautarinnar: 1 er /dev/i2c-1",
        "display.reset_pin": "pinninn er í notkun annars staðar eða ekki til: GPIO 2 til 27, eða 0",
        "display.two_colours": "aðeins fyrir skjái með 64 línur og fleiri, og snúning 0 eða 2",
        "signals.lamp_pin": "pinninn er í notkun annars staðar eða ekki til: GPIO 2 til 27, eða 0",
        "signals.buzzer_pin": "pinninn er í notkun annars staðar eða ekki til: GPIO 2 til 27, eða 0",
        "display.width": "skjárinn er of lítill eða stærðin er ekki til: 128 dílar á breidd þarf",
        "display.rotate": "skjárinn er of mjór; leggðu hann á hliðina: 1 eða 3",
    },
    problem_elsewhere="þetta gengur ekki; í config.toml er útskýrt hvað má standa þar",
    again="Þetta þarf að laga; spurt er aftur um það eitt:",
    protocol="Hvað talar kassinn?",
    protocols={
        "line": "línur frá kassakerfi sem er skrifað fyrir þennan posa",
        "zvt": "ZVT",
        "concert": "Concert / Ingenico Caisse",
        "display": "þekkir engan posa: upphæðin er lesin af viðskiptavinaskjánum",
        "receipt": "þekkir engan posa: upphæðin er lesin af kvittuninni",
        "http": "HTTP á netinu",
        "?": "veit ekki: hlusta á kassann",
    },
    port="Tengi við kassa",
    port_hint="  eða tcp://HEIMILISFANG:TENGI, ef kassinn er á netinu",
    line="Hraði og form línu, eins og í handbók kassans",
    line_form="skrifaðu það eins og 9600 8N1: hraði, bitar, parity (N, E, O), stoppbitar",
    flow="Flæðistýring",
    emulation="Hvaða skipanir notar kassinn?",
    http_listen="Vistfang þar sem kassakerfi ná í posann (127.0.0.1: aðeins þessi vél), t.d. 192.168.1.20:8026",
    passthrough="Tengi við alvöru skjáinn eða prentarann á bak við posann, ef einhver er",
    decimals="Hvernig skrifar kassinn 1.990 kr.: 0 er 1990, 2 er 199000",
    listen_now="Gerðu sölu á kassanum núna, til enda. Enter lýkur hlustun.",
    listen_ended="Hlustun lokið.",
    listen_taken="notað: {settings}",
    listen_nothing="Ekkert fannst sem hægt er að nota. Hlusta aftur með öðrum stillingum? [j]",
    api="API Netgíró, eins og í samningnum",
    base_url="Netgíró: prófun án alvöru peninga (api.test), eða raun",
    where_keys_are=(
        'Lyklarnir eru á þjónustuvef Netgíró undir Stillingar, Grunnupplýsingar, "Listi yfir öll vörumerki";'
        " prófunin hefur eigin vef: https://partner.test.netgiro.is/Account/Register"
    ),
    application_id="Application ID frá Netgíró",
    secret="Leynilykill",
    secret_v2="Application ID, eini lykill V2",
    secret_in_file="netgiro.application_id stendur í config.toml og gildir; tæmdu það til að geyma það sem leynilykil",
    secret_kept="geymdur: {where}",
    secret_unseen="enginn sést héðan",
    secret_is_id="þetta er Application ID, ekki leynilykillinn",
    secret_odd="leynilyklar Netgíró eru lengri, úr A-Z a-z 0-9 + / =; sláðu hann inn aftur til að nota hann samt",
    secret_word="leynilykill er eitt orð, eins og Netgíró gaf hann upp",
    receipts="Tungumál kvittana",
    terminal_id="Auðkenni posans, sitt eigið í búðinni",
    shop_name="Nafn búðar á kvittunum",
    kennitala="Kennitala búðar",
    service_phone="Símanúmer sem starfsfólk hringir í þegar eitthvað bilar",
    staff_code="Starfsmannakóði fyrir valmyndina, 4 til 8 tölustafir, sést ekki",
    staff_code_kept="geymdur",
    staff_code_none="enginn: enginn getur gert upp á takkaborðinu",
    printer="Prentari",
    usb_printer="USB-prentari er tengdur: file, /dev/usb/lp0",
    printer_port="Tengi við prentara",
    printer_device="Tæki prentarans",
    printer_host="Nafn eða heimilisfang prentarans",
    usb_vendor="Vendor id, fyrri talan í lsusb",
    usb_product="Product id, sú seinni",
    columns="Stafir í línu, 32 á 58 mm pappír",
    keypad="Takkaborð: á pinnum (matrix) eða USB (evdev)",
    pad="USB-takkaborðið",
    scanner="Skanni: eins og takkaborð (evdev), á raðtengi (serial) eða enginn (none)",
    scanner_device="Tæki skannans",
    display="Stýring skjásins",
    display_size="Stærð skjásins ({driver}), dálkar x línur",
    display_interface="Tenging skjásins",
    display_rotate="Snúningur: 1 eða 3 ef skjárinn liggur á hliðinni",
    two_colours="Eru efstu 16 línur skjásins í öðrum lit?",
    written="skrifað: {path}",
    encrypted="dulkóðað",
    root_only="aðeins root les",
    try_printer="Prenta prufumiða",
    try_keypad="Prófa takkaborðið",
    try_sale="Prófa sölu sem er hætt við, með prófunarviðskiptavini",
    before_it_runs="áður en posinn getur farið í gang: {missing}",
    start="Setja posann í gang",
    start_by_hand="settu hann í gang: sudo systemctl restart netgiro-terminal   og svo: netgiro-terminal status",
    ring_up="Gerðu nú sölu á kassanum. Enter hættir að bíða.",
    sale_open="  sala {amount}: {state}",
    sale_ended="Sölu {number} er lokið: netgiro-terminal journal show {number}",
    no_sale="Engin sala kom. Hlustaðu á kassann: netgiro-terminal listen",
)

ENGLISH = SetupWords(
    intro="Settings go to {path}. Enter keeps what stands in [brackets]; Ctrl-C changes nothing.",
    mend="to be mended: {problem}",
    go_on="Answers of last time are kept. Go on with them? [y]",
    kept="The settings are not changed. The answers are kept for the next time: {path}",
    not_kept="The settings are not changed.",
    which="  which",
    no_choice="type one of the numbers, or a path",
    looks_like_key="that looks like the secret key; it is asked for later, and not shown then",
    no_number="type a number",
    too_many="{key}: no usable answer",
    problems={},
    problem_elsewhere="",
    again="This is to be mended; only that is asked again:",
    protocol="What does the register speak?",
    protocols={
        "line": "lines, by a register program written for this terminal",
        "zvt": "ZVT",
        "concert": "Concert / Ingenico Caisse",
        "display": "knows no terminal: the total is read off its customer display",
        "receipt": "knows no terminal: the total is read off its receipt",
        "http": "HTTP on the network",
        "?": "do not know: listen to the register",
    },
    port="Register's port",
    port_hint="  or tcp://ADDRESS:PORT, for a register on the network",
    line="Speed and form of its line, as its manual says",
    line_form="write it as 9600 8N1: speed, bits, parity (N, E, O), stop bits",
    flow="Flow control",
    emulation="Whose commands does the register use?",
    http_listen="Address on which register programs call (127.0.0.1: on this machine only), such as 192.168.1.20:8026",
    passthrough="Port of the real display or printer behind the terminal, if any",
    decimals="How it writes 1.990 kr.: 0 is 1990, 2 is 199000",
    listen_now="Make a sale on the register now, to the end. Enter ends the listening.",
    listen_ended="Listening has ended.",
    listen_taken="taken: {settings}",
    listen_nothing="Nothing usable was found. Listen again with other settings? [y]",
    api="Netgíró's API, as the contract says",
    base_url="Netgíró: sandbox without real money, or production",
    where_keys_are=(
        'The partner portal shows the keys under Stillingar, Grunnupplýsingar, "Listi yfir öll vörumerki"; the sandbox'
        " has a portal of its own: register at https://partner.test.netgiro.is/Account/Register"
    ),
    application_id="Application ID from Netgíró",
    secret="Secret key",
    secret_v2="Application ID, V2's only key",
    secret_in_file="netgiro.application_id stands in config.toml and counts; empty it to keep the ID as a secret",
    secret_kept="kept: {where}",
    secret_unseen="none seen from here",
    secret_is_id="that is an application ID, not the secret key",
    secret_odd="Netgíró's secret keys are longer, of A-Z a-z 0-9 + / =; type it again to use it all the same",
    secret_word="the secret key is one word, as Netgíró gave it",
    receipts="Language of receipts",
    terminal_id="This terminal's id, its own in the shop",
    shop_name="Shop's name on receipts",
    kennitala="Shop's kennitala",
    service_phone="Telephone that staff call when something is wrong",
    staff_code="Staff code for the menu, 4 to 8 digits, not shown",
    staff_code_kept="kept",
    staff_code_none="none: nobody may settle at the keypad",
    printer="Printer's driver",
    usb_printer="a USB printer is plugged in: file, /dev/usb/lp0",
    printer_port="Printer's port",
    printer_device="Printer's device",
    printer_host="Printer's name or address",
    usb_vendor="Vendor id, the first number in lsusb",
    usb_product="Product id, the second one",
    columns="Characters on a line, 32 on 58 mm paper",
    keypad="Keypad: on pins (matrix), or a USB pad (evdev)",
    pad="The USB pad",
    scanner="Scanner: types like a keyboard (evdev), on a serial line (serial), or none",
    scanner_device="Scanner's device",
    display="Display's controller",
    display_size="Size of the display ({driver}), columns x rows",
    display_interface="How the display is connected",
    display_rotate="Rotation: 1 or 3 for a display on its side",
    two_colours="Do the display's top 16 rows have another colour?",
    written="written: {path}",
    encrypted="encrypted",
    root_only="readable by root only",
    try_printer="Print a test slip",
    try_keypad="Try the keypad",
    try_sale="Try a sale that is given up, with the sandbox's test customer",
    before_it_runs="before it can run: {missing}",
    start="Start the terminal",
    start_by_hand="start it: sudo systemctl restart netgiro-terminal   then: netgiro-terminal status",
    ring_up="Now make a sale on the register. Enter stops waiting.",
    sale_open="  sale of {amount}: {state}",
    sale_ended="Sale {number} has ended: netgiro-terminal journal show {number}",
    no_sale="No sale came. Listen to the register: netgiro-terminal listen",
)

SETUP_TABLES: dict[Language, SetupWords] = {"is": ICELANDIC, "en": ENGLISH}


def setup_words_in(language: Language) -> SetupWords:
    """All texts of one language."""
    return SETUP_TABLES[language]
