"""The clients in register/http's README, as they stand there, at a running demo."""

from __future__ import annotations

import re
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import pytest

from terminal.register.settings import CERTIFICATE_FILE
from tests.integration.counter import Counter
from tests.integration.netgiro import POOR_PHONE, QUICK_PHONE, NetgiroProcess
from tests.integration.process import environment
from tests.integration.test_http import HttpDemo, HttpShop
from tests.patience import at_most

README = Path(__file__).parents[2] / "terminal" / "register" / "http" / "README.md"
MOST_LINES = 25
PROGRAMS: dict[str, Sequence[str]] = {
    "python": (sys.executable, "-"),
    "javascript": ("node", "--input-type=module", "-"),
    "sh": ("sh",),
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpDemo]:
    with HttpDemo(tmp_path_factory.mktemp("examples"), {"register": {"protocol": "http"}}) as counter:
        yield counter


def example(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", README.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return str(found)


def run_example(counter: Counter, language: str, phone: str, **variables: str) -> tuple[str, str]:
    """What it says of a payment for which the customer types this phone number."""
    command = PROGRAMS[language]
    if shutil.which(command[0]) is None or (language == "sh" and shutil.which("curl") is None):
        pytest.skip(f"{language}: apt-get install nodejs curl")
    pipe = subprocess.PIPE
    running = subprocess.Popen(command, env=environment(**variables), stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    try:
        assert running.stdin is not None
        running.stdin.write(example(language))
        running.stdin.close()
        running.stdin = None
        counter.wait_for("entry")
        counter.press(f"{phone}#")
        said, complaint = running.communicate(timeout=at_most(30))
    finally:
        running.kill()
    return said, complaint


@pytest.mark.parametrize("language", PROGRAMS)
def test_the_example_is_short(language: str) -> None:
    assert len(example(language).splitlines()) <= MOST_LINES


@pytest.mark.parametrize(
    ("phone", "outcome"),
    [(QUICK_PHONE, "approved"), pytest.param(POOR_PHONE, "declined", marks=pytest.mark.slow)],
)
@pytest.mark.parametrize("language", PROGRAMS)
def test_the_example_is_paid_and_says_so(demo: HttpDemo, language: str, phone: str, outcome: str) -> None:
    info = demo.get("/api/register")
    said, complaint = run_example(demo, language, phone, TERMINAL_URL=info["port"], TERMINAL_TOKEN=info["token"])
    assert said.startswith(outcome), complaint
    demo.wait_for("idle")


@pytest.mark.slow  # another daemon
@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed: apt-get install openssl")
def test_the_example_trusts_the_terminal_by_its_certificate_alone(tmp_path: Path, netgiro: NetgiroProcess) -> None:
    with HttpShop(tmp_path, netgiro, "0.0.0.0") as shop:
        url = f"https://127.0.0.1:{shop.port}"
        trusting = ssl.create_default_context(cafile=str(tmp_path / CERTIFICATE_FILE))
        form = {"code": shop.command("pair").strip(), "name": "Kassi 1"}
        paired = httpx.post(f"{url}/v1/pair", json=form, verify=trusting, trust_env=False).json()
        own = {"TERMINAL_URL": url, "TERMINAL_TOKEN": paired["token"]}
        said, complaint = run_example(shop, "python", QUICK_PHONE, TERMINAL_SHA256=paired["certificate_sha256"], **own)
        assert said.startswith("approved"), complaint
        of_another = subprocess.run(
            PROGRAMS["python"],
            env=environment(TERMINAL_SHA256="0" * 64, **own),
            input=example("python"),
            capture_output=True,
            text=True,
            timeout=at_most(30),
            check=False,
        )
        assert "this is another terminal" in of_another.stderr
