"""schemathesis reads the description and tries everything it allows and forbids, on the real server and database."""

import asyncio
import sys
from pathlib import Path

import pytest

from ivr.tickets.ticket import Ticket
from tests.contract.api.conftest import Api

NOT_ASKED = "positive_data_acceptance"
"""What only the taxonomy or a ticket's state knows (a field that there is not, another ETag) no schema can say."""

CONFIG = Path(__file__).with_name("schemathesis.toml")


@pytest.fixture
def failed_logins() -> int:
    """It tries wrong tokens, too: a limit would hide how they are answered."""
    return 10_000


async def test_schemathesis_finds_nothing(api: Api, draft: Ticket, tmp_path: Path) -> None:
    await api.ended(draft)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG),
        "run", str(api.http.make_url("/openapi.json")),
        "--header", f"Authorization: Bearer {api.write}", "--checks", "all", "--exclude-checks", NOT_ASKED,
        "--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "8", "--seed", "1",
        "--generation-database", "none", "--warnings", "off", "--no-color",
        cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        output, _ = await asyncio.wait_for(process.communicate(), 120)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, output.decode()[-6000:]
