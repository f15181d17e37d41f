"""Twenty at once replace, delete and search: what was acknowledged as gone is never found again.

Ten seconds here; `python -m bench.replacing` does the same for a minute.
"""

from uuid import UUID

from app.kit.db import Database
from bench.replacing import Library, run


async def test_nothing_that_is_gone_is_found(database: Database, org_id: UUID) -> None:
    library = Library(database, org_id)
    await run(library, seconds=8, workers=20)
    assert library.wrong == library.unfinished == []
    assert await library.lost() == []
    assert library.least > 0
