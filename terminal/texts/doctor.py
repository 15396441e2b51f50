"""What the doctor's report says at the counter: which thing is not well, and what staff can do about it.

What exactly was found is for whoever looks after the machine, and English everywhere: on the command line, and small on
the slip.
"""

from __future__ import annotations

import msgspec


class CheckWords(msgspec.Struct, frozen=True):
    """One check: its name, what it means that it was not well, and what to do."""

    name: str
    wrong: str
    next: str


class DoctorWords(msgspec.Struct, frozen=True, kw_only=True):
    """The words of the report."""

    title: str
    grades: dict[str, str]
    some_wrong: str
    """With ``{wrong}`` and ``{count}``."""
    all_well: str
    """With ``{count}``."""
    for_service: str
    checks: dict[str, CheckWords]
    """By the doctor's own name for each."""

    def of(self, check: str) -> CheckWords:
        """Of a check that nobody has words for, its own name."""
        return self.checks.get(check) or CheckWords(check, check, self.checks["doctor"].next)


_TELL = "Láttu þjónustuver vita."

ICELANDIC = DoctorWords(
    title="Bilanaskýrsla",
    grades={"ok": "í lagi", "warning": "athuga", "failed": "bilun"},
    some_wrong="{wrong} af {count} þarf að skoða",
    all_well="Allt í lagi: {count} af {count}",
    for_service="Fyrir þjónustuver",
    checks={
        "version": CheckWords("útgáfa", "Útgáfa posans er óljós.", _TELL),
        "user": CheckWords("notandi", "Posinn keyrir með rangan notanda.", _TELL),
        "configuration": CheckWords("stillingar", "Eitthvað er að stillingum.", _TELL),
        "secret key": CheckWords("leynilykill", "Leynilykil Netgíró vantar eða hann er illa geymdur.", _TELL),
        "disk": CheckWords("minniskort", "Minniskort er fullt eða bilað.", _TELL),
        "disk wear": CheckWords("slit á minniskorti", "Minniskort er slitið.", _TELL),
        "journal": CheckWords("færslubók", "Eitthvað er að færslubókinni.", _TELL),
        "clock": CheckWords("klukka", "Klukkan gæti verið röng.", "Athugaðu netið."),
        "power": CheckWords("rafmagn", "Of lítið rafmagn eða of mikill hiti.", "Notaðu réttan spennugjafa."),
        "register programs": CheckWords("kassakerfi", "Kassakerfi ná ekki í posann.", _TELL),
        "register port": CheckWords("tengi við kassa", "Tengið við kassann er bilað.", "Athugaðu snúruna í kassann."),
        "register": CheckWords("kassi", "Ekkert heyrist í kassanum.", "Er kveikt á honum? Athugaðu snúruna."),
        "login console": CheckWords("innskráning á tengi", "Tengið við kassann er frátekið.", _TELL),
        "keypad": CheckWords("takkaborð", "Takkaborð finnst ekki.", "Athugaðu snúru takkaborðsins."),
        "scanner": CheckWords("skanni", "Skanni finnst ekki.", "Athugaðu snúru skannans."),
        "display": CheckWords("skjár", "Slæmt samband við skjáinn.", "Athugaðu snúru skjásins."),
        "lamp and buzzer": CheckWords("ljós og flauta", "Ljós og flauta virka ekki.", _TELL),
        "printer": CheckWords("prentari", "Prentari er ekki tilbúinn.", "Athugaðu pappír, lok, rafmagn og snúru."),
        "network link": CheckWords("nettenging", "Nettenging er léleg.", "Athugaðu netsnúru, Wi-Fi og beini."),
        "network": CheckWords("net", "Næst ekki í Netgíró.", "Athugaðu netið."),
        "credentials": CheckWords("aðgangur", "Aðgangur hjá Netgíró er óstaðfestur.", _TELL),
        "look-up": CheckWords("uppfletting", "Óvíst hvort Netgíró finnur týndar greiðslur.", _TELL),
        "doctor": CheckWords("bilanaskýrsla", "Skoðun lauk ekki.", "Endurræstu posann. " + _TELL),
    },
)

_TELL_SERVICE = "Tell service."

ENGLISH = DoctorWords(
    title="Fault report",
    grades={"ok": "ok", "warning": "warning", "failed": "failed"},
    some_wrong="{wrong} of {count} to look at",
    all_well="all {count} are well",
    for_service="For service",
    checks={
        "version": CheckWords("version", "The terminal's version is unclear.", _TELL_SERVICE),
        "user": CheckWords("user", "The terminal runs as the wrong user.", _TELL_SERVICE),
        "configuration": CheckWords("configuration", "Something is wrong in the settings.", _TELL_SERVICE),
        "secret key": CheckWords("secret key", "Netgíró's secret key is missing or kept badly.", _TELL_SERVICE),
        "disk": CheckWords("disk", "The memory card is full or broken.", _TELL_SERVICE),
        "disk wear": CheckWords("disk wear", "The memory card is worn.", _TELL_SERVICE),
        "journal": CheckWords("journal", "Something is wrong with the journal.", _TELL_SERVICE),
        "clock": CheckWords("clock", "The clock may be wrong.", "Check the network."),
        "power": CheckWords("power", "Too little power, or too hot.", "Use the right power supply."),
        "register programs": CheckWords("register programs", "Register programs cannot call.", _TELL_SERVICE),
        "register port": CheckWords(
            "register port", "The port to the register does not work.", "Check the cable to it."
        ),
        "register": CheckWords("register", "Nothing is heard of the register.", "Is it on? Check the cable."),
        "login console": CheckWords("login console", "The port to the register is taken.", _TELL_SERVICE),
        "keypad": CheckWords("keypad", "The keypad is not found.", "Check the keypad's cable."),
        "scanner": CheckWords("scanner", "The scanner is not found.", "Check the scanner's cable."),
        "display": CheckWords("display", "The display has a bad contact.", "Check the display's cable."),
        "lamp and buzzer": CheckWords("lamp and buzzer", "Lamp and buzzer do not work.", _TELL_SERVICE),
        "printer": CheckWords("printer", "The printer is not ready.", "Check paper, cover, power and cable."),
        "network link": CheckWords("network link", "The network is weak.", "Check the cable, Wi-Fi and router."),
        "network": CheckWords("network", "Netgíró is not reached.", "Check the network."),
        "credentials": CheckWords("credentials", "Netgíró has not accepted this terminal.", _TELL_SERVICE),
        "look-up": CheckWords("look-up", "Netgíró may not find lost payments again.", _TELL_SERVICE),
        "doctor": CheckWords("fault report", "The check did not end.", "Restart the terminal. " + _TELL_SERVICE),
    },
)
