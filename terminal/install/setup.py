"""``netgiro-terminal setup``: the first configuration, question by question, in the language that is chosen first.

Every question has a default, so Enter all the way through changes nothing. Everything is asked first and written at the
end, the file in one piece: whoever presses Ctrl-C before that leaves the configuration as it was, and finds the answers
again the next time. What is wrong or missing in the end is asked again, and nothing else. It ends with a sale.
"""

from __future__ import annotations

import getpass
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from hardware.settings import SerialSettings
from terminal.config.edit import edit_config, replace_file
from terminal.config.schema import PRODUCTION_HOST, Config, load_config, read_config
from terminal.doctor.settings import missing_here
from terminal.doctor.system import System
from terminal.errors import ConfigError, TerminalError
from terminal.install import first_sale
from terminal.install import trials as setup_trials
from terminal.install.device_questions import DeviceQuestions, with_current
from terminal.install.keypad_trial import try_keypad
from terminal.install.questions import MOST_TRIES, Questions
from terminal.install.register_questions import RegisterQuestions, listen_until_enter
from terminal.install.secret_store import Stored, check_secret, reload_units, store_secret
from terminal.register.unknown.guess import Guess
from terminal.sale.sensitive import Sensitive
from terminal.texts.sentences import LANGUAGES
from terminal.texts.setup import ASK_LANGUAGE, setup_words_in
from terminal.texts.words import Language

SANDBOX_URL = "https://api.test.netgiro.is"
PRODUCTION_URL = f"https://{PRODUCTION_HOST}"
APPLICATION_ID_FORM = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
SECRET_FORM = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")
MOST_ROUNDS = 3
"""Of asking again what is wrong."""
NEVER_KEPT = frozenset({("terminal", "staff_code"), ("terminal", "refund_code")})


@dataclass(frozen=True)
class Dialogue:
    """How to talk to the installer, and where to look; tests bring their own."""

    read: Callable[[str], str] = field(default=first_sale.read_fresh)
    read_secret: Callable[[str], str] = getpass.getpass
    say: Callable[[str], None] = print
    root: Path = Path("/")
    store: Callable[[Sensitive], Stored] = store_secret
    listen: Callable[[SerialSettings, Callable[[str], None], Callable[[str], str]], Sequence[Guess]] = (
        listen_until_enter
    )
    trials: Sequence[tuple[str, Callable[[Config], str]]] = field(
        default=(
            ("try_printer", setup_trials.try_printer),
            ("try_keypad", lambda config: try_keypad(config).verdict),
            ("try_sale", setup_trials.try_sale),
        )
    )
    """Each by the name of its question."""
    start: Callable[[], bool] = first_sale.start_service
    """False where there is no systemd to start it."""
    watch: Callable[[Config, Language, Callable[[str], None], Callable[[str], str]], None] = first_sale.watch_sale


def run_setup(path: Path, shipped: Path, dialogue: Dialogue | None = None) -> int:
    """Ask, write and try; returns the command's exit status. Raises ConfigError if the file cannot be written."""
    setup = _Setup(path, shipped, dialogue or Dialogue())
    try:
        setup.ask_everything()
    except (EOFError, TerminalError) as error:
        why = f"{error}; " if isinstance(error, TerminalError) else ""
        raise TerminalError(f"{why}{setup.keep_answers()}") from error
    except KeyboardInterrupt:
        setup.keep_answers()
        raise
    setup.write()
    return setup.try_out()


class _Setup:
    def __init__(self, path: Path, shipped: Path, dialogue: Dialogue) -> None:
        self._path = path
        self._kept_path = path.with_name(f".{path.name}.answers")
        self._talk = dialogue
        self._text = (path if path.exists() else shipped).read_text("utf-8")
        self._config, self._problems = read_config(path) if path.exists() else (Config(), [])
        words = setup_words_in(self._config.terminal.language)
        self._asking = Questions(dialogue.read, dialogue.say, self._config, words)
        self._secret: Sensitive | None = None

    # --- asking -------------------------------------------------------------------------------------------------------

    def ask_everything(self) -> None:
        self._asking.choose("terminal", "language", ASK_LANGUAGE, list(LANGUAGES))
        self._asking.words = words = setup_words_in(self._language)
        self._talk.say(words.intro.format(path=self._path) + "\n")
        self._take_up_kept_answers()
        for problem in self._problems:
            self._talk.say(words.mend.format(problem=words.said(problem)))
        devices = DeviceQuestions(self._asking, self._talk.say, self._talk.root)
        RegisterQuestions(self._asking, self._talk.say, devices.ports, self._listen).ask()
        self._ask_netgiro()
        self._ask_shop()
        devices.ask()
        self._ask_again_what_is_wrong()

    @property
    def _language(self) -> Language:
        return cast("Language", self._asking.now("terminal", "language"))

    def _take_up_kept_answers(self) -> None:
        try:
            kept = json.loads(self._kept_path.read_text("utf-8"))
            answers = {(section, key): value for section, key, value in kept}
        except (OSError, ValueError, TypeError):
            return
        if not self._asking.yes(self._asking.words.go_on):
            return
        for (section, key), value in answers.items():
            if hasattr(getattr(self._config, str(section), None), str(key)):
                self._asking.put(section, key, value)

    def keep_answers(self) -> str:
        """For the next time; no code and no key among them. What became of them, in words."""
        words = self._asking.words
        kept = [[*key, value] for key, value in self._asking.changes.items() if key not in NEVER_KEPT]
        try:
            if kept:
                replace_file(self._kept_path, json.dumps(kept))
        except (ConfigError, TypeError):
            kept = []
        said = words.kept.format(path=self._kept_path) if kept else words.not_kept
        self._talk.say(f"\n{said}")
        return said

    def _listen(self, settings: SerialSettings) -> Sequence[Guess]:
        return self._talk.listen(settings, self._talk.say, self._talk.read)

    def _ask_netgiro(self) -> None:
        asking, words = self._asking, self._asking.words
        api = asking.choose("netgiro", "api", words.api, ["v1", "v2"])
        known = [f"{url}/{api}" for url in (SANDBOX_URL, PRODUCTION_URL)]
        if not str(asking.now("netgiro", "base_url")).endswith(f"/{api}"):
            asking.put("netgiro", "base_url", known[0])
        current = str(asking.now("netgiro", "base_url"))
        asking.choose("netgiro", "base_url", words.base_url, with_current(known, current))
        self._talk.say(words.where_keys_are)
        if api == "v1":
            asking.text("netgiro", "application_id", words.application_id)
            self._ask_secret()
        elif self._config.netgiro.application_id:
            self._talk.say(words.secret_in_file)
        else:  # V2's application ID is all the secret that there is, so it is kept where secrets are
            self._ask_secret()

    def _ask_secret(self) -> None:
        words, is_v1 = self._asking.words, self._asking.now("netgiro", "api") == "v1"
        where = self._config.secret_from
        kept = words.secret_kept.format(where=where) if where else words.secret_unseen
        doubted = ""
        for _ in range(MOST_TRIES):
            typed = self._talk.read_secret(f"{words.secret if is_v1 else words.secret_v2} [{kept}]: ").strip()
            if not typed:
                return
            try:
                secret = check_secret(typed)
            except TerminalError:
                self._talk.say(f"  {words.secret_word}")
                continue
            if is_v1 and APPLICATION_ID_FORM.fullmatch(typed):
                self._talk.say(f"  {words.secret_is_id}")
            elif is_v1 and typed != doubted and SECRET_FORM.fullmatch(typed) is None:
                self._talk.say(f"  {words.secret_odd}")
                doubted = typed
            else:
                self._secret = secret
                return

    def _ask_shop(self) -> None:
        asking, words = self._asking, self._asking.words
        asking.choose("receipt", "language", words.receipts, list(LANGUAGES))
        asking.text("terminal", "id", words.terminal_id)
        asking.text("shop", "name", words.shop_name)
        asking.text("shop", "kennitala", words.kennitala)
        asking.text("shop", "service_phone", words.service_phone)
        kept = words.staff_code_kept if self._config.terminal.staff_code else words.staff_code_none
        for _ in range(MOST_TRIES):
            typed = self._talk.read_secret(f"{words.staff_code} [{kept}]: ").strip()
            if not typed:
                return
            if (problem := asking.problem("terminal", "staff_code", typed)) is None:
                asking.changes["terminal", "staff_code"] = typed
                return
            self._talk.say(f"  {words.said(problem)}")

    def _ask_again_what_is_wrong(self) -> None:
        """Only that. What Enter leaves missing is told at the end."""
        asked: set[str] = set()
        for _ in range(MOST_ROUNDS):
            wrong = [one for one in self._wrong() if one.split(":")[0] not in asked]
            if not wrong:
                return
            self._talk.say(f"\n{self._asking.words.again}")
            for problem in wrong:
                key = problem.split(":")[0]
                section, _, name = key.partition(".")
                self._talk.say(self._asking.words.mend.format(problem=self._asking.words.said(problem)))
                if key == "netgiro.secret_key":
                    self._ask_secret()
                elif again := self._asking.again.get((section, name)):
                    again()
                asked.add(key)

    def _wrong(self) -> list[str]:
        """Of the configuration as it would be written."""
        from terminal.config.checks import find_problems  # noqa: PLC0415
        from terminal.config.toml import convert_sections, read_text_around  # noqa: PLC0415

        tables, slips = read_text_around(edit_config(self._text, self._asking.changes))
        config, problems = convert_sections(tables, Config)
        if self._secret is not None or self._config.secret_from:
            config = _with_secret(config, self._secret or self._config.netgiro.secret_key)
        found = [*slips, *problems, *find_problems(config), *missing_here(config, System(root=self._talk.root))]
        return [one for one in found if one.split(":")[0].replace("office.", "") != "token_file"]

    # --- writing and trying -------------------------------------------------------------------------------------------

    def write(self) -> None:
        """The file first: it is the one that can still be wrong."""
        words = self._asking.words
        replace_file(self._path, edit_config(self._text, self._asking.changes))
        self._kept_path.unlink(missing_ok=True)
        self._talk.say("\n" + words.written.format(path=self._path))
        if self._secret is not None:
            stored = self._talk.store(self._secret)
            reload_units()
            how = words.encrypted if stored.encrypted else words.root_only
            self._talk.say(f"{words.written.format(path=stored.path)}, {how}")

    def try_out(self) -> int:
        words, yes = self._asking.words, "j" if self._language == "is" else "y"
        try:
            config = load_config(self._path)
        except ConfigError as error:
            for problem in error.problems:
                self._talk.say(words.mend.format(problem=words.said(problem)))
            return 1
        if self._secret is not None:  # the service gets it from the credential store, we still have it
            config = _with_secret(config, self._secret)
        for question, run in self._talk.trials:
            if self._asking.yes(f"{getattr(words, question, question)}? [{yes}]:"):
                self._talk.say(f"  {run(config)}")
        missing = missing_here(config, System(root=self._talk.root))
        for one in missing:
            self._talk.say(words.before_it_runs.format(missing=words.said(one)))
        may_start = not missing and self._asking.yes(f"{words.start}? [{yes}]:")
        if may_start and self._talk.start():
            self._talk.watch(config, self._language, self._talk.say, self._talk.read)
        else:
            self._talk.say(words.start_by_hand)
        return 0


def _with_secret(config: Config, secret: Sensitive) -> Config:
    from msgspec.structs import replace  # noqa: PLC0415

    return replace(config, netgiro=replace(config.netgiro, secret_key=secret))
