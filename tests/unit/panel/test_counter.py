"""What the panel shows of a terminal whose devices are real."""

from __future__ import annotations

import asyncio
import io

import pytest
from msgspec.structs import replace
from PIL import Image

from terminal.config.schema import Config
from terminal.demo.demo import running_counter
from terminal.panel.counter import CounterBackend


@pytest.mark.parametrize("height", [32, 64])
def test_real_display_is_drawn_in_its_own_size(tmp_path, height):
    config = replace(Config(), display=replace(Config().display, height=height))

    async def scenario():
        async with running_counter(config, state_folder=tmp_path) as (panel, _):
            backend = CounterBackend(config, panel.stage.devices._replace(display=None))
            assert panel.stage.handles is not None
            backend.attach(panel.stage.handles)
            picture = Image.open(io.BytesIO(await backend.display_png()))
            assert picture.size == (128, height)
            assert picture.getbbox() is not None

    asyncio.run(scenario())
