"""The scenario format, and recording one."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.demo.fault_catalogue import FAULTS
from terminal.demo.fault_recipes import FaultRequest
from terminal.demo.faults import HELP
from terminal.demo.lab import library
from terminal.demo.scenario import MAX_BYTES, MAX_STEPS, Expect, Scenario, Step, Words, read_scenario, write_scenario
from tests.each import each_of
from tests.loopback import LOOPBACK
from tests.patience import at_most

HEAD = 'title = { is = "a", en = "b" }\nabout = { is = "c", en = "d" }\n'


def scenario(*steps: Step) -> Scenario:
    return Scenario(title=Words("Á", "A"), about=Words('„"', "\\"), steps=steps)


@each_of(
    "step",
    [
        Step(pay=1990),
        Step(pay=1, id="2"),
        Step(send='PING "\x7f" \\'),
        Step(keys="8223281#"),
        Step(accept=True),
        Step(reject=True),
        Step(sms_code=True),
        Step(app_code=True),
        Step(fault="printer-paper-out"),
        Step(fault=FaultRequest("server-slow", call="ConfirmCart", seconds=20)),
        Step(off="printer-paper-out"),
        Step(wait_s=1.5),
        Step(expect=Expect(state="idle", paid=0, promises="kept", within_s=5)),
    ],
)
def test_every_kind_of_step_survives_writing_and_reading(step):
    written = write_scenario(scenario(step))
    assert read_scenario(written) == scenario(step)


@each_of(
    ("steps", "reason"),
    [
        ("steps = []", "length >= 1"),
        ("steps = [{}]", "step 1 must do exactly one thing, not nothing"),
        ("steps = [{ pay = 1, keys = '1' }]", "step 1 must do exactly one thing, not pay and keys"),
        ("steps = [{ keys = '1' }, { keys = '1', id = '2' }]", "step 2: id goes with pay only"),
        ("steps = [{ pay = 'x' }]", "Expected `int"),
        ("steps = [{ jump = 1 }]", "unknown field `jump`"),
        ("steps = [{ expect = { mood = 'fine' } }]", "unknown field `mood`"),
        ("steps = [{ wait_s = -1 }]", "> 0"),
        ("steps = ", "Invalid value"),
        ("", "missing required field `steps`"),
        ("steps = [" + "{ pay = 1 }," * (MAX_STEPS + 1) + "]", f"length <= {MAX_STEPS}"),
        ("# " + "x" * MAX_BYTES, f"at most {MAX_BYTES} bytes"),
    ],
)
def test_what_is_no_scenario_is_refused_with_the_reason(steps, reason):
    with pytest.raises(ValueError, match=r"scenario|step") as refused:
        read_scenario(HEAD + steps)
    assert reason in str(refused.value)


@given(st.text(max_size=300))
def test_any_text_is_a_scenario_or_a_value_error(text):
    try:
        read_scenario(text)
    except ValueError as error:
        assert str(error)  # noqa: PT017


def test_the_library_is_in_both_languages_and_written_as_it_would_be_saved():
    for name, shipped in library().items():
        assert shipped.title.icelandic != shipped.title.english or shipped.title.english == "Kennitala", name
        assert shipped.about.icelandic != shipped.about.english, name
        assert read_scenario(write_scenario(shipped)) == shipped


def test_the_library_names_only_faults_that_there_are():
    for shipped in library().values():
        for step in shipped.steps:
            named = [step.off, step.fault.fault if isinstance(step.fault, FaultRequest) else step.fault]
            assert {name for name in named if name} <= FAULTS.keys()


# --- the whole counter over HTTP --------------------------------------------------------------------------------------


def at_counter(tmp_path, check):
    """A real simulated counter, asked over HTTP without a socket in between."""

    async def run():
        from terminal.config.schema import Config  # noqa: PLC0415
        from terminal.demo.demo import running_counter  # noqa: PLC0415

        async with (
            running_counter(Config(), state_folder=tmp_path) as (panel, base_url),
            httpx.AsyncClient(base_url=base_url, timeout=at_most(10), **LOOPBACK) as client,
        ):
            await check(panel, client)

    asyncio.run(run())


def test_customer_who_never_answers_can_neither_accept_nor_reject_until_switched_off(tmp_path):
    async def check(panel, client):
        await panel.player.play(
            scenario(
                Step(fault="customer-never-answers"),
                Step(pay=10200),
                Step(keys="8223281#"),
                Step(expect=Expect(state="customer")),
            ),
            "never",
        )
        for fault in ("customer-accepts", "customer-rejects"):
            answer = await client.put("/api/faults", json={"fault": fault})
            assert answer.status_code == 400
            assert "never answers" in answer.json()["error"]
        await client.put("/api/faults", json={"fault": "customer-never-answers", "on": False})
        assert (await client.put("/api/faults", json={"fault": "customer-accepts"})).status_code == 200

    at_counter(tmp_path, check)


def test_every_fault_can_be_made_and_every_switch_switched_off(tmp_path):
    async def check(panel, client):
        listed = (await client.get("/api/faults")).json()["faults"]
        assert [fault["name"] for fault in listed] == list(FAULTS)
        for fault in listed:
            if fault["group"] in ("customer", "power") or fault["name"] == "register-double-send":
                continue
            answer = await client.put("/api/faults", json={"fault": fault["name"]})
            assert answer.status_code == 200, (fault["name"], answer.text)
            on = {one["name"] for one in answer.json()["faults"] if one["on"]}
            assert (fault["name"] in on) == (fault["kind"] == "switch"), fault["name"]
            await client.delete("/api/faults")
        assert not any(fault["on"] for fault in (await client.get("/api/faults")).json()["faults"])

    at_counter(tmp_path, check)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"fault": "nothing"}, "there is no fault 'nothing'"),
        ({"fault": "customer-accepts"}, "no request is waiting on the phone"),
        ({"fault": "customer-wrong-code"}, "no SMS code is waited for"),
        ({"fault": "register-double-send"}, "has not asked for a payment yet"),
        ({"fault": "keypad-ghost", "on": False}, "happens once"),
        ({"fault": "server-slow", "call": "Nothing"}, "Unknown call 'Nothing'"),
        ({"fault": "keypad-stuck", "key": "E"}, "no key 'E'"),
        ({"fault": "server-slow", "seconds": 0}, "> 0"),
        ({}, "missing required field `fault`"),
    ],
)
def test_fault_that_cannot_be_is_refused_with_the_reason(tmp_path, body, reason):
    async def check(panel, client):
        answer = await client.put("/api/faults", json=body)
        assert answer.status_code == 400
        assert reason in answer.json()["error"]

    at_counter(tmp_path, check)


def test_scenarios_over_http(tmp_path):
    async def check(panel, client):
        text = HEAD + "steps = [{ send = 'PING' }, { expect = { heard = 'PONG', within_s = 5 } }]"
        played = await client.post("/api/scenarios/play?wait=1", json={"toml": text})
        assert played.status_code == 200
        progress = (await client.get("/api/scenarios")).json()["progress"]
        assert (progress["running"], progress["problem"]) == (False, None)
        failing = HEAD + "steps = [{ expect = { state = 'customer', within_s = 0.1 } }]"
        failed = await client.post("/api/scenarios/play?wait=1", json={"toml": failing})
        assert failed.status_code == 409
        assert "state is idle, not customer" in failed.json()["error"]
        assert (await client.post("/api/scenarios/play", json={"name": "nothing"})).status_code == 404
        assert (await client.post("/api/scenarios/play", json={})).status_code == 400
        assert (await client.post("/api/scenarios/play", json={"toml": "x"})).status_code == 400

    at_counter(tmp_path, check)


def test_a_scenario_that_is_played_can_be_stopped(tmp_path):
    async def check(panel, client):
        text = HEAD + "steps = [{ wait_s = 60 }]"
        assert (await client.post("/api/scenarios/play", json={"toml": text})).status_code == 200
        assert (await client.post("/api/scenarios/play", json={"toml": text})).status_code == 409
        await client.post("/api/scenarios/stop", json={})
        progress = (await client.get("/api/scenarios")).json()["progress"]
        assert (progress["running"], progress["problem"]) == (False, "stopped")

    at_counter(tmp_path, check)


@pytest.mark.slow
def test_a_run_over_http_is_recorded_as_a_scenario_that_plays(tmp_path):
    async def check(panel, client):
        empty = await client.post("/api/recording", json={"on": True})
        assert empty.json() == {"recording": True, "toml": None}
        await client.put("/api/faults", json={"fault": "printer-silent"})
        await client.post("/api/register", json={"send": "PAY 2500 ID=abc"})
        await until(panel, "entry")
        for key in "1111111119#":
            await client.post("/api/keypad", json={"keys": key})
        await until(panel, "code_entry")
        code = (await client.get("/sandbox/carts")).json()[0]["SmsCode"]
        await client.post("/api/keypad", json={"keys": f"{code}#"})
        await until(panel, "idle")
        await client.post("/api/keypad", json={"keys": "E"})  # refused, so not part of what happened
        toml = (await client.post("/api/recording", json={"on": False})).json()["toml"]
        steps = read_scenario(toml).steps
        assert [step.action for step in steps] == ["fault", "pay", "expect", "keys", "expect", "sms_code", "expect"]
        assert [step.expect.state for step in steps if step.expect] == ["entry", "code_entry", "idle"]
        assert code not in toml
        await client.delete("/api/faults")
        played = await client.post("/api/scenarios/play?wait=1", json={"toml": toml})
        assert played.status_code == 200, played.text

    at_counter(tmp_path, check)


@pytest.mark.slow
def test_a_long_press_is_recorded_as_one_and_cancels_what_was_typed(tmp_path):
    async def check(panel, client):
        await client.post("/api/recording", json={"on": True})
        await client.post("/api/register", json={"send": "PAY 2500 ID=abc"})
        await until(panel, "entry")
        await client.post("/api/keypad", json={"keys": "822*", "hold": True})
        await until(panel, "idle")
        toml = (await client.post("/api/recording", json={"on": False})).json()["toml"]
        assert [step.action for step in read_scenario(toml).steps] == ["pay", "expect", "keys", "hold", "expect"]
        played = await client.post("/api/scenarios/play?wait=1", json={"toml": toml})
        assert played.status_code == 200, played.text

    at_counter(tmp_path, check)


def test_nothing_done_is_nothing_recorded(tmp_path):
    async def check(panel, client):
        await client.post("/api/recording", json={"on": True})
        answer = await client.post("/api/recording", json={"on": False})
        assert answer.status_code == 400
        assert "nothing was recorded" in answer.json()["error"]

    at_counter(tmp_path, check)


async def until(panel, state):
    async with asyncio.timeout(at_most(10)):
        with panel.backend.changes.subscribe() as changes:
            while panel.backend.state().state != state:
                await changes.wait()


def test_help_explains_every_field_of_a_fault():
    assert list(HELP["fields"]) == list(FaultRequest.__struct_fields__)
    assert FaultRequest(**HELP["example"]).fault in FAULTS
