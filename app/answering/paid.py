"""A request to the model that is paid for: every one that a visitor can cause goes through here."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from app.answering import llm
from app.answering.budget import Amount, Purse, spending
from app.answering.failures import ModelUnavailable
from app.answering.steps import Why
from app.answering.tokens import estimate
from app.answering.wire import Usage

# What an answer may use, in tokens in and out.
ONE_ANSWER = (7_000, llm.MAX_ANSWER_TOKENS)


async def stream(
    purse: Purse | None,
    model: llm.Model,
    messages: Sequence[llm.Message],
    tools: Sequence[llm.Message],
    why: Why,
    *,
    deadline: float | None = None,
    spare: Sequence[int] = (),
) -> AsyncGenerator[llm.Delta]:
    """`llm.stream`, with what it used charged to the purse, if there is one, and noted. Raises BudgetSpent, too.

    `spare`: the tokens, in and out, of another request that there has to be room for beside this one.
    """
    deltas = llm.stream(model, messages, tools, deadline=deadline)
    if purse is None:
        async with aclosing(deltas):
            async for delta in deltas:
                yield delta
        return
    sent = sum(estimate(str(message["content"])) for message in messages)
    most = purse.cost(sent, model.most)
    if spare:
        most += purse.cost(*spare)
    async with aclosing(_charged(purse, deltas, sent, most, why)) as charged:
        async for delta in charged:
            yield delta


async def _charged(
    purse: Purse, deltas: AsyncGenerator[llm.Delta], sent: int, most: Amount, why: Why
) -> AsyncGenerator[llm.Delta]:
    """Where the endpoint doesn't say what it used, because the stream broke or nobody wanted more, that is estimated.

    A request that the endpoint didn't answer at all costs nothing.
    """
    answered, usage = True, Usage(sent)
    async with spending(purse, most) as request, aclosing(deltas):
        try:
            async for delta in deltas:
                usage = _counted(usage, delta)
                yield delta
        except ModelUnavailable:
            answered = False
            raise
        finally:
            if answered:
                request.used = purse.cost(usage.prompt_tokens, usage.completion_tokens)
                why.cost_micros = (why.cost_micros or 0) + request.used.micros


def _counted(usage: Usage, delta: llm.Delta) -> Usage:
    match delta:
        case llm.Text(text):
            return Usage(usage.prompt_tokens, usage.completion_tokens + estimate(text))
        case llm.Finish(usage=said) if said is not None:
            return said
    return usage
