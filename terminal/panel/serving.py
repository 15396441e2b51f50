"""The panel at work: its web server and what stands behind it."""

from __future__ import annotations

from hardware.register_cable import RegisterCable
from hardware.simulated import SimulatedDisplay, SimulatedKeypad, SimulatedPrinter
from terminal import __version__
from terminal.app.devices import Devices
from terminal.app.handles import Handles
from terminal.config.schema import Config
from terminal.counter.decision import Decision
from terminal.counter.inputs import Input
from terminal.counter.view import View
from terminal.panel.backend import About
from terminal.panel.changes import Part
from terminal.panel.counter import CounterBackend
from terminal.panel.server import create_panel
from terminal.panel.story import Story, story_routes
from terminal.panel.timeline import Timeline
from terminal.system.timestamps import timestamp_now
from terminal.system.web import WebServer


class PanelServer:
    """Looks on at a terminal with its configured devices.

    A page that is opened before ``attach`` has named the terminal says that it is starting.
    """

    def __init__(self, config: Config, devices: Devices, address: tuple[str, int]) -> None:
        self._backend = CounterBackend(config, devices)
        self._timeline = Timeline(timestamp_now, lambda: self._backend.changes.publish(Part.TIMELINE))
        self._story = Story(self._timeline)
        about = About(
            version=__version__,
            phone=False,
            story=True,
            kennitala=config.identifier_rules().takes_kennitala,
            login=bool(config.panel.password_hash),
            real=real_devices(devices, None),
            devices=_descriptions(devices),
        )
        self._server = WebServer(
            create_panel(
                self._backend,
                story_routes(self._story),
                about=about,
                password_hash=config.panel.password_hash,
            ),
            *address,
        )

    @property
    def base_url(self) -> str:
        return self._server.base_url

    async def start(self) -> None:
        """Raises TerminalError if the address cannot be had."""
        await self._server.start()

    def attach(self, terminal: Handles | None) -> None:
        """None: the one that was there ends."""
        self._story.terminal = terminal
        self._backend.attach(terminal)

    def view_changed(self, view: View) -> None:
        self._backend.view_changed(view)

    def decided(self, event: Input, decision: Decision) -> None:
        """A hook for the terminal's loop."""
        self._timeline.decided(event, decision)

    async def stop(self) -> None:
        self._backend.changes.close()
        await self._server.stop()


def real_devices(devices: Devices, cable: RegisterCable | None) -> tuple[str, ...]:
    simulated = {"keypad": SimulatedKeypad, "display": SimulatedDisplay, "printer": SimulatedPrinter}
    real = [name for name, kind in simulated.items() if not isinstance(getattr(devices, name), kind)]
    return tuple(real if cable is not None else [*real, "register"])


def _descriptions(devices: Devices) -> dict[str, str]:
    named = {"register": devices.register_port, **devices._asdict()}
    del named["register_port"], named["programs"]
    return {name: device.description for name, device in named.items() if device is not None}
