"""The jobs' composition root: every job by its name, and what its handler is given."""

from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from app.answering import summing_up
from app.answering.turn import Context, reply
from app.conversations import attachments
from app.conversations.answers import give_up_answer
from app.conversations.messaging import ConversationUnknown
from app.handoff import absence, brief
from app.kit.jobs import Given, Jobs, Payload
from app.knowledge import large, reindex
from app.knowledge.crawl import Crawler, crawl
from app.knowledge.indexing import give_up, index_version
from app.knowledge.pages import Fetcher
from app.knowledge.sources import SourceUnknown, pause, refresh_due
from app.quality import looking, replay, watching

# Answers wait for a model most of their time; documents take a core each while they are parsed.
INDEX_AT_ONCE = 2
# A crawl is a pause now and then a page.
CRAWL_AT_ONCE = 8


def all_jobs() -> Jobs:
    jobs = Jobs()
    jobs.add("answering.reply", answer_visitor, gave_up=end_answer)
    jobs.add(brief.SUMMARY_JOB, sum_up)
    jobs.add(absence.JOB, look_after_agent)
    jobs.add(attachments.TIDY_JOB, tidy_attachments)
    jobs.add("knowledge.index", index_document, at_once=INDEX_AT_ONCE, gave_up=end_indexing)
    jobs.add(large.JOB, settle_large, at_once=1)
    jobs.add(reindex.JOB, embed_anew, at_once=1)
    jobs.add("knowledge.crawl", crawl_source, at_once=CRAWL_AT_ONCE, gave_up=end_crawl)
    jobs.add("knowledge.refresh", refresh_source)
    jobs.add(looking.JOB, look_at_golden)
    jobs.add(replay.JOB, replay_golden, gave_up=end_replay)
    return jobs


async def answer_visitor(context: Context, org_id: UUID, payload: Given) -> None:
    with suppress(ConversationUnknown):  # its visitor has had it erased
        conversation, message = UUID(payload["conversation"]), UUID(payload["message"])
        await reply(context, org_id, conversation, message, payload.get("opened"))


async def end_answer(context: Context, org_id: UUID, payload: Payload, _: Exception) -> None:
    """The visitor is not left with an answer that nobody writes."""
    with suppress(ConversationUnknown):
        async with context.database.transaction(org_id) as session:
            conversation, message = UUID(payload["conversation"]), UUID(payload["message"])
            await give_up_answer(session, conversation, trigger_id=message)


async def sum_up(context: Context, org_id: UUID, payload: Payload) -> None:
    await summing_up.sum_up(context, org_id, UUID(payload["conversation"]))


async def look_after_agent(context: Context, org_id: UUID, payload: Payload) -> None:
    patience = timedelta(minutes=context.settings.agent_timeout_min)
    if patience:
        with suppress(ConversationUnknown):
            async with context.database.transaction(org_id) as session:
                await absence.look(session, payload, patience=patience)


async def tidy_attachments(context: Context, org_id: UUID, _: Payload) -> None:
    async with context.database.transaction(org_id) as session:
        await attachments.tidy(session)


async def index_document(context: Context, org_id: UUID, payload: Payload) -> None:
    await index_version(context.database, org_id, UUID(payload["version"]), context.models)


async def settle_large(context: Context, org_id: UUID, _: Payload) -> None:
    await large.settle(context.database, org_id)


async def end_indexing(context: Context, org_id: UUID, payload: Payload, error: Exception) -> None:
    await give_up(context.database, org_id, UUID(payload["version"]), error)


async def embed_anew(context: Context, org_id: UUID, payload: Payload) -> None:
    await reindex.reindex(context.database, context.models, org_id, payload["embedder"])


async def crawl_source(context: Context, org_id: UUID, payload: Payload) -> None:
    settings = context.settings
    await crawl(
        Crawler(
            context.database, org_id, UUID(payload["source"]), Fetcher.of(settings), settings.crawl_delay_s
        )
    )


async def end_crawl(context: Context, org_id: UUID, payload: Payload, _: Exception) -> None:
    """Paused, which the admin sees, and can have go on."""
    with suppress(SourceUnknown):
        async with context.database.transaction(org_id) as session:
            await pause(session, UUID(payload["source"]))


async def refresh_source(context: Context, org_id: UUID, payload: Payload) -> None:
    async with context.database.transaction(org_id) as session:
        await refresh_due(session, UUID(payload["source"]), payload["at"])


async def look_at_golden(context: Context, org_id: UUID, _: Payload) -> None:
    async with context.database.transaction(org_id) as session:
        await watching.look(session, context.settings)


async def replay_golden(context: Context, org_id: UUID, payload: Payload) -> None:
    desk = await replay.desk_of(context.database, context.settings, org_id, context.model, context.models)
    await replay.carry_out(desk, UUID(payload["run"]))


async def end_replay(context: Context, org_id: UUID, payload: Payload, _: Exception) -> None:
    async with context.database.transaction(org_id) as session:
        await replay.end(session, UUID(payload["run"]), "broken")
