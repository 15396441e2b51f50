"""The catalogue of faults: what each is called in both languages, and its recipe."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from hardware.simulated import BOUNCES
from terminal.demo import fault_recipes as how
from terminal.demo.fault_recipes import Recipe
from terminal.demo.surroundings import PowerPoint

FAULTS: Mapping[str, Recipe] = dict(
    [
        how.server("lost_before", "Beiðni týnist á leiðinni út", "Request lost on its way"),
        how.server("lost_after", "Svar týnist, verkið er unnið", "Done, but the answer is lost"),
        how.server("unreachable", "Næst ekki í Netgíró", "Service cannot be reached"),
        how.server("slow", "Unnið strax, svarað seint", "Done at once, answered late"),
        how.server("slow_before", "Unnið seint", "Done late"),
        how.server("http_500_before", "HTTP 500, ekki unnið", "HTTP 500, not done"),
        how.server("http_500_after", "HTTP 500, en unnið", "HTTP 500, but done"),
        how.server("garbage", "Ólæsilegt svar", "Answer cannot be read"),
        how.server("truncated", "Svar slitnar í miðju", "Answer breaks off"),
        how.server("wrong_signature", "Röng undirskrift", "Wrong signature"),
        how.server("no_signature", "Engin undirskrift", "No signature"),
        how.server("wrong_amount", "Önnur upphæð í svari", "Another amount in the answer"),
        how.server("wrong_reference", "Önnur tilvísun í svari", "Another reference in the answer"),
        how.server("nonce_refused", "Nonce hafnað", "Nonce refused"),
        how.server("result_code", "Niðurstöðukóði að vali", "A result code of choice"),
        how.server("refused", "Hafnað með setningu að vali (V2)", "Refused in a sentence of choice (V2)"),
        how.server("unauthorized", "Aðgangi hafnað (401)", "Credentials refused (401)"),
        how.server("lags", "Svarar um liðna stöðu", "Tells how things stood before"),
        how.server("forgets", "Segir greitt en gerir ekkert", "Says paid and does nothing"),
        how.server("drops_reservation", "Frátekt fellur niður", "The reservation ends by itself"),
        how.server("stale", "Aðgerðalaus tenging slitnar", "An idle connection is gone"),
        how.network("dns", "Nafn finnst ekki (DNS)", "Name not found (DNS)"),
        how.network("tls", "Vottorð ógilt (TLS)", "Certificate not valid (TLS)"),
        ("customer-accepts", Recipe("customer", "Samþykkir núna", "Accepts now", how.accept)),
        ("customer-rejects", Recipe("customer", "Hafnar núna", "Rejects now", how.reject)),
        ("customer-accepts-late", Recipe("customer", "Samþykkir seint", "Accepts late", how.accept_late)),
        (
            "customer-never-answers",
            Recipe(
                "customer",
                "Svarar aldrei",
                "Never answers",
                partial(how.customers_answer, False),
                partial(how.customers_answer, True),
                lambda stage: not stage.sandbox.settings.customers_answer,
            ),
        ),
        (
            "customer-accepts-at-cancel",
            Recipe(
                "customer",
                "Samþykkir rétt áður en hætt er við",
                "Accepts just before the cancel",
                how.accept_by_cancel,
                how.accept_by_cancel_no_more,
                lambda stage: stage.surroundings.before_call is not None,
            ),
        ),
        (
            "customer-wrong-code",
            Recipe("customer", "Slær inn rangan SMS-kóða", "Types a wrong SMS code", how.wrong_sms_code),
        ),
        (
            "customer-expired-code",
            Recipe("customer", "Slær inn útrunninn app-kóða", "Types an expired app code", how.expired_app_code),
        ),
        (
            "register-garbage",
            Recipe("register", "Sendir rusl", "Sends garbage", partial(how.send, b"\x00\xff\x1b@%PAY\x80 19;9\r\n")),
        ),
        (
            "register-half-frame",
            Recipe("register", "Sendir hálfa línu", "Sends half a line", partial(how.send, b"PAY 19")),
        ),
        (
            "register-double-send",
            Recipe("register", "Biður aftur um það sama", "Asks for the same again", how.double_send),
        ),
        (
            "register-glued",
            Recipe(
                "register",
                "Þrjár línur í einu",
                "Three lines at once",
                partial(how.send, b"PING\r\nSTATUS\r\nPING\r\n"),
            ),
        ),
        (
            "register-other-amount",
            Recipe(
                "register",
                "Ný upphæð í miðri sölu",
                "Another amount in mid-sale",
                partial(how.send, b"PAY 555 ID=OTHER\r\n"),
            ),
        ),
        (
            "register-unplugged",
            Recipe(
                "register",
                "Snúran úr",
                "Cable unplugged",
                how.unplug_register,
                how.plug_in_register,
                lambda stage: not stage.cable.plugged,
            ),
        ),
        (
            "register-replugged",
            Recipe("register", "Snúran úr og aftur í", "Cable out and in again", how.replug_register),
        ),
        ("printer-paper-out", how.printer("paper", "out", "ok", "Pappír búinn", "Out of paper")),
        ("printer-paper-low", how.printer("paper", "low", "ok", "Lítill pappír", "Paper low")),
        ("printer-paper-ends", Recipe("printer", "Pappír klárast í miðju", "Paper ends half way", how.paper_ends)),
        ("printer-cover-open", how.printer("cover", "open", "closed", "Lokið opið", "Cover open")),
        ("printer-offline", how.printer("online", False, True, "Slökkt", "Switched off")),
        ("printer-silent", how.printer("answers", False, True, "Svarar engu", "Says nothing")),
        ("printer-loses-job", how.printer("loses_job", True, False, "Týnir næsta verki", "Loses the next job")),
        ("printer-hung", how.printer_mood("hung", True, "Tekur við en prentar ekki", "Takes all, prints nothing")),
        (
            "printer-stuck-offline",
            how.printer_mood("stuck_offline", True, "Segist ótengdur en prentar", "Says off-line, and prints"),
        ),
        (
            "printer-never-confirms",
            how.printer_mood("knows_in_order", False, "Staðfestir ekkert (GS r)", "Confirms nothing (GS r)"),
        ),
        (
            "printer-prints-unknown",
            how.printer_mood("prints_unknown", True, "Prentar óþekktar skipanir", "Prints unknown commands"),
        ),
        ("printer-chinese", how.printer_mood("chinese", True, "Kínverskur hamur", "Chinese mode after a reset")),
        ("printer-answers-late", how.printer_mood("answers_in_turn", True, "Svarar í röð", "Answers in its turn")),
        (
            "printer-loses-answers",
            how.printer_mood("loses_every", 5, "Fimmta hvert svar týnist", "One answer in five lost"),
        ),
        ("printer-echoes", how.printer_mood("echoes", True, "Línan bergmálar", "The line echoes")),
        (
            "printer-hangs-up",
            how.printer_mood("hangs_up_at_knife", True, "Leggur á við klippingu", "Hangs up at the knife"),
        ),
        (
            "printer-loses-bytes",
            how.printer_mood("loses_bytes", 400, "Týnir hluta næstu myndar", "Loses part of the next picture"),
        ),
        (
            "printer-refuses",
            how.printer("refuses_s", 3.0, 0.0, "Neitar tengingu í 3 s á eftir", "Refuses for 3 s after a hang-up"),
        ),
        ("printer-unplugged", how.unplugging("printer", "printer", "Snúran úr", "Cable unplugged")),
        (
            "keypad-bounce",
            Recipe(
                "keypad",
                "Slitnir snertlar",
                "Worn contacts",
                partial(how.flicker, how.WORN_CONTACT_FLICKERS),
                partial(how.flicker, BOUNCES),
                lambda stage: stage.keypad.flickers > BOUNCES,
            ),
        ),
        (
            "keypad-stuck",
            Recipe(
                "keypad",
                "Takki festist niðri",
                "A key sticks",
                how.stick,
                how.unstick,
                lambda stage: stage.keypad.stuck,
            ),
        ),
        ("keypad-ghost", Recipe("keypad", "Þrír takkar í einu", "Three keys at once", how.ghost)),
        ("keypad-unplugged", how.unplugging("keypad", "keypad", "Snúran úr", "Cable unplugged")),
        ("display-gone", how.unplugging("display", "display", "Skjárinn hverfur", "The display is gone")),
        (
            "display-loose",
            Recipe(
                "display",
                "Vír losnar augnablik",
                "A wire comes off for a moment",
                lambda stage, _request: stage.display.loosen(),
            ),
        ),
        how.cut(PowerPoint.NOW, "Rafmagn fer núna", "Power how.cut now"),
        how.cut(PowerPoint.BEFORE_COMMIT, "… áður en næst er skráð", "… before the next commit"),
        how.cut(PowerPoint.AFTER_COMMIT, "… eftir að næst er skráð", "… after the next commit"),
        how.cut(PowerPoint.BEFORE_CALL, "… áður en næsta kall fer", "… before the next call leaves"),
        how.cut(PowerPoint.AFTER_CALL, "… áður en svarið er lesið", "… before its answer is read"),
        (
            "disk-full",
            Recipe(
                "machine",
                "Diskurinn fullur",
                "Disk full",
                partial(how.disk_full, True),
                partial(how.disk_full, False),
                lambda stage: stage.surroundings.disk_full,
            ),
        ),
        how.clock("clock-forward", lambda _stage: how.HOUR_S, "Klukkan stekkur fram", "Clock jumps ahead"),
        how.clock("clock-back", lambda _stage: -how.HOUR_S, "Klukkan stekkur aftur", "Clock jumps back"),
        how.clock(
            "clock-unset",
            lambda stage: stage.surroundings.clock_offset_s - stage.surroundings.now_s(),
            "Klukkan er óstillt: 1970",
            "Clock unset: 1970",
        ),
    ]
)
"""By name, in the order in which the page shows them."""
