from pathlib import Path

import pytest

from ivr.commands.speech import say
from ivr.errors import SettingsError


@pytest.mark.parametrize(
    ("hotline", "file", "told"), [("bnak", "said.wav", "bnak.*appliance"), ("bank", "no folder/said.wav", "no folder")]
)
def test_what_cannot_be_said_or_written_is_told_before_anything_is_loaded(
    tmp_path: Path, hotline: str, file: str, told: str
) -> None:
    with pytest.raises(SettingsError, match=told):
        say("您好。", tmp_path / file, hotline=hotline)
