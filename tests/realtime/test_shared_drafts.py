"""The words of an answer reach readers at another process, from their beginning, and leave nothing behind."""

from uuid import UUID, uuid4

from redis.asyncio import Redis

from app.realtime import topics
from app.realtime.drafts import Draft
from tests.realtime.conftest import Process, until
from tests.redis_server import RedisServer

Both = tuple[Process, Process]
TALK, ANSWER = UUID(int=1), UUID(int=2)
TOPIC = topics.drafts(TALK)


async def test_words_reach_a_reader_elsewhere_and_end_with_the_answer(both: Both) -> None:
    here, there = both
    with there.hub.watch(uuid4(), [TOPIC]) as mailbox:
        here.drafts.put(TALK, ANSWER, Draft(1, "Thirty"))
        await until(lambda: there.drafts.of(TALK) == {ANSWER: Draft(1, "Thirty")})
        assert TOPIC in await mailbox.changed(within_s=1)
        here.drafts.put(TALK, ANSWER, Draft(1, "Thirty days"))
        await until(lambda: there.drafts.of(TALK)[ANSWER].text == "Thirty days")
        here.drafts.drop(TALK, ANSWER)
        await until(lambda: there.drafts.of(TALK) == {})


async def test_who_comes_late_gets_the_text_so_far(both: Both) -> None:
    here, there = both
    here.drafts.put(TALK, ANSWER, Draft(1, "Thirty days"))
    await until(lambda: TOPIC in there.heard or not here.bus._waiting)
    with there.hub.watch(uuid4(), [TOPIC]) as mailbox:
        assert TOPIC in await mailbox.changed(within_s=2)
        assert there.drafts.of(TALK)[ANSWER].text == "Thirty days"
    assert there.drafts.of(TALK) == {}, "what nobody watches is not held"


async def test_an_earlier_attempt_never_replaces_a_later_one(both: Both) -> None:
    here, there = both
    with there.hub.watch(uuid4(), [TOPIC]):
        here.drafts.put(TALK, ANSWER, Draft(2, "Anew"))
        await until(lambda: there.drafts.of(TALK))
        here.drafts.put(TALK, ANSWER, Draft(1, "What a process wrote that was asleep"))
        here.drafts.put(TALK, UUID(int=3), Draft(1, "mark"))
        await until(lambda: UUID(int=3) in there.drafts.of(TALK))
        assert there.drafts.of(TALK)[ANSWER] == Draft(2, "Anew")


async def test_an_emptied_or_restarted_redis_gets_the_text_again(both: Both, redis: RedisServer) -> None:
    here, there = both

    def shown() -> str | None:
        """The emptied copy may be read before it is filled again: then there is no draft for a moment."""
        draft = there.drafts.of(TALK).get(ANSWER)
        return draft.text if draft else None

    with there.hub.watch(uuid4(), [TOPIC]):
        here.drafts.put(TALK, ANSWER, Draft(1, "Thirty"))
        await until(lambda: there.drafts.of(TALK))
        await redis.flush()
        here.drafts.put(TALK, ANSWER, Draft(1, "Thirty days"))
        await until(lambda: shown() == "Thirty days")
        await redis.kill()
        here.drafts.put(TALK, ANSWER, Draft(1, "Thirty days after"))
        await redis.start()
        await until(lambda: shown() == "Thirty days after")


async def test_nothing_is_left_behind(both: Both, redis: RedisServer) -> None:
    here, _ = both
    async with Redis.from_url(redis.url) as client:
        here.drafts.put(TALK, ANSWER, Draft(1, "Thirty"))
        await until(lambda: not here.bus._waiting)
        assert 0 < await client.ttl(TOPIC) <= 120, "the copy of a writer that died goes by itself"
        here.drafts.drop(TALK, ANSWER)
        for _ in range(100):
            if not await client.keys():
                return
    raise AssertionError("The copy of an answer that has ended is still there.")


async def test_a_copy_that_cannot_be_read_is_passed_over(both: Both, redis: RedisServer) -> None:
    _, there = both
    async with Redis.from_url(redis.url) as client:
        await client.hset(TOPIC, mapping={"no id": b"\xc1", str(ANSWER): b"\xc1"})
    with there.hub.watch(uuid4(), [TOPIC]) as mailbox:
        await mailbox.changed(within_s=2)
        assert there.drafts.of(TALK) == {}
