"""For whoever runs the server: is it alive, is it ready."""

from litestar import Response, get
from litestar.openapi.datastructures import ResponseSpec
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.web.runtime import NeedsRuntime


@get("/health/live", summary="The process answers", tags=["Operator"])
async def live() -> dict[str, str]:
    return {"status": "live"}


@get(
    "/health/ready",
    summary="The server can do its work; 503 with the reason where it cannot",
    tags=["Operator"],
    responses={503: ResponseSpec(dict[str, str], description="Not ready.", generate_examples=False)},
)
async def ready(runtime: NeedsRuntime) -> Response[dict[str, str]]:
    try:
        async with runtime.database.transaction(None) as session:
            await session.execute(text("SELECT 1 FROM installation"))
    except (SQLAlchemyError, OSError):
        return Response({"status": "not ready", "reason": "The database cannot be reached."}, status_code=503)
    if runtime.hub.draining:
        return Response({"status": "not ready", "reason": "The server is shutting down."}, status_code=503)
    return Response({"status": "ready"})
