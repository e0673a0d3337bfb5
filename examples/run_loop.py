"""The run loop of every transport on one screen: a session against a simulated TikTok, with no network and no waiting.

The core decides everything; the loop moves values and keeps the time. `python run_loop.py`
"""

from collections.abc import Iterator

from tiktok_webcast import (
    CloseSocket,
    Endpoints,
    Event,
    OpenSocket,
    Phase,
    SendMessage,
    SendRequest,
    Session,
    SessionConfig,
)
from tiktok_webcast.sim import Feed, World, WorldOptions
from tiktok_webcast.sim.feed import Send


def run(session: Session, world: World) -> Iterator[Event]:
    now = 0.0
    sockets: dict[int, Feed] = {}
    session.start(now=now)
    while True:
        while (action := session.next_action()) is not None:
            match action:
                case SendRequest(number, request):
                    session.receive_response(number, world.request(request, now=now), now=now)
                case OpenSocket(number, request):
                    feed = world.open_socket(request.url, request.headers, now=now)
                    if isinstance(feed, Feed):
                        sockets[number] = feed
                        session.socket_opened(number, world.handshake_headers(feed), now=now)
                    else:
                        session.socket_rejected(number, feed.status, feed.headers, now=now)
                case SendMessage(number, data):
                    sockets[number].receive_message(data, now=now)
                case CloseSocket(number):
                    sockets.pop(number).receive_close(now=now)
        while (event := session.next_event()) is not None:
            yield event
        if session.phase is Phase.CLOSED:
            return
        arrived = [(number, feed.next_output(now=now)) for number, feed in sockets.items()]
        for number, output in arrived:
            if isinstance(output, Send):
                session.receive_message(number, output.data, now=now)
            elif output is not None:
                del sockets[number]
                session.socket_closed(number, None, "", now=now)
        if all(output is None for _, output in arrived):
            timers = [session.next_timer(), *(feed.next_timer() for feed in sockets.values())]
            now = min(timer for timer in timers if timer is not None)
            session.handle_timer(now=now)


def main() -> None:
    here = "http://127.0.0.1:8080"
    config = SessionConfig(endpoints=Endpoints(web=here, webcast=here, sign=here))
    for event in run(Session("anna", config=config), World(WorldOptions("first_light"), base_url=here)):
        print(event)


if __name__ == "__main__":
    main()
