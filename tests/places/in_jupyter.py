"""A notebook in a real kernel, by nbclient: `run()` says what to do instead, and what it says works."""

from __future__ import annotations

import nbformat
from nbclient import NotebookClient

CELLS = [
    """
import json
from tiktok_webcast_transports import LocalProtocolError, TikTokLiveClient

client = TikTokLiveClient("@ann")
comments = []

@client.on("comment")
async def on_comment(event):
    comments.append(event.comment)
""",
    """
try:
    client.run()
    hint = ""
except LocalProtocolError as error:
    hint = str(error)
""",
    "room_id = await client.start()",
    "closed = await client.wait_closed()",
    "found = {'comments': list(comments), 'closed': closed.reason.value, 'room_id': room_id}",
    """
other = TikTokLiveClient("@ben")
again = await other.start() == other.room_id
other.stop()
await other.wait_closed()
""",
    "print(json.dumps({**found, 'also': again and 'await client.start()' in hint}))",
]


def main() -> None:
    """Run the cells one after the other, as a reader does."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    NotebookClient(book, timeout=600, kernel_name="python3").execute()
    print("".join(output["text"] for output in book.cells[-1].outputs if output.get("name") == "stdout").strip())


if __name__ == "__main__":
    main()
