"""What a running server holds, handed to every door as the dependency `runtime`."""

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from litestar.datastructures import State
from litestar.di import NamedDependency

from app.answering.searching import Ahead
from app.config import Settings
from app.kit.begun import Begun
from app.kit.db import Database
from app.kit.limits import Limits
from app.knowledge.embedders import Models, connect_models
from app.realtime.bus import SignalBus
from app.realtime.caps import OpenStreams
from app.realtime.drafts import Drafts
from app.realtime.hub import Hub
from app.realtime.presence import Presence


@dataclass(frozen=True)
class Runtime:
    """`database` serves requests, `work` what runs beside them."""

    settings: Settings
    database: Database
    work: Database
    bus: SignalBus
    begun: Begun
    hub: Hub
    drafts: Drafts
    presence: Presence
    limits: Limits
    streams: OpenStreams

    async def close(self) -> None:
        if "models" in self.__dict__:
            await self.models.close()
        await self.database.close()
        await self.work.close()

    @cached_property
    def ahead(self) -> Ahead | None:
        """Where this process answers the questions that it takes; another one would search anew."""
        answers = self.settings.worker
        return Ahead(self.work, self.models, has_model=self.settings.has_model) if answers else None

    @cached_property
    def models(self) -> Models:
        return connect_models(self.settings)


NeedsRuntime: TypeAlias = NamedDependency[Runtime]


async def provide_runtime(state: State) -> Runtime:
    runtime = state.runtime
    assert isinstance(runtime, Runtime)
    return runtime
