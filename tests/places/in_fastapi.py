"""A FastAPI app under uvicorn that watches a room beside its requests, asked over HTTP by httpx."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from tiktok_webcast.events import CommentEvent
from tiktok_webcast_transports import TikTokLiveClient

client = TikTokLiveClient("@ann")
comments: list[str] = []


@client.on("comment")
async def on_comment(event: CommentEvent) -> None:
    comments.append(event.comment)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    await client.start()
    yield
    client.stop()
    await client.wait_closed()


app = FastAPI(lifespan=lifespan)


async def get_comments() -> dict[str, Any]:
    return {"comments": comments, "closed": client.closed and client.closed.reason.value, "room_id": client.room_id}


app.get("/comments")(get_comments)


async def main() -> None:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110, uvicorn has nothing to wait for
        await asyncio.sleep(0.01)
    await client.wait_closed()
    port = server.servers[0].sockets[0].getsockname()[1]
    async with httpx.AsyncClient(trust_env=False) as browser:
        answer = await browser.get(f"http://127.0.0.1:{port}/comments")
    server.should_exit = True
    await serving
    print(json.dumps({**answer.json(), "also": answer.status_code == 200}))


asyncio.run(main())
