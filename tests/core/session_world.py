"""A `Session` and the server it talks to, under virtual time: what the session machine and its tests play with."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from random import Random
from typing import Any

from tiktok_webcast import Limits, Message, RetryPolicy, Session, SessionConfig, Timing
from tiktok_webcast._pb.chat_pb2 import WebcastChatMessage
from tiktok_webcast._pb.gift_pb2 import WebcastGiftMessage
from tiktok_webcast.actions import Action, CloseSocket, OpenSocket, SendMessage, SendRequest
from tiktok_webcast.events import Event, GiftEvent, GiftStreakEndEvent
from tiktok_webcast.http import Exchange, HttpRequest, HttpResponse, SocketRequest
from tiktok_webcast.push.server import Ack, EnterRoom, Heartbeat, PushServer, fetch_result
from tiktok_webcast.signer import Signed, SignTarget

ROOM = 7300000000000000001
HEARTBEAT = 10.0


class ReadySigner:
    """Signs without asking anybody."""

    def __init__(self) -> None:
        self.first_result = b""

    def sign(self, target: SignTarget) -> Exchange[Signed]:
        return Signed(SocketRequest("wss://webcast-ws.tiktok.com/"), self.first_result)
        yield


def chat(msg_id: int, content: str = "hi", *, history: bool = False) -> Message:
    wire = WebcastChatMessage(content=content)
    wire.common.msg_id = msg_id
    return Message("WebcastChatMessage", wire.SerializeToString(), msg_id, history)


def gift(msg_id: int, user: int, gift_id: int, group: int, count: int, *, end: bool = False, kind: int = 1) -> Message:
    wire = WebcastGiftMessage(gift_id=gift_id, repeat_count=count, group_id=group, repeat_end=int(end))
    wire.common.msg_id = msg_id
    wire.user.id = user
    wire.gift.id, wire.gift.type, wire.gift.diamond_count = gift_id, kind, gift_id
    return Message("WebcastGiftMessage", wire.SerializeToString(), msg_id)


def answer(request: HttpRequest) -> HttpResponse:
    """TikTok's web, which says that the room is live."""
    alive = {"status_code": 0, "data": [{"alive": True, "room_id": ROOM, "room_id_str": str(ROOM)}]}
    info = {"status_code": 0, "data": {"id_str": str(ROOM), "status": 2, "title": "t", "owner": {"display_id": "ann"}}}
    body = alive if "check_alive" in request.url else info
    return HttpResponse(200, (("content-type", "application/json"),), json.dumps(body).encode())


class World:
    """One session, one server, one clock. Checks, with every step, what must always hold."""

    def __init__(
        self, *, limits: Limits = Limits(), overflow: Any = "block", read_events: bool = True, tries: int = 10**6
    ) -> None:
        self.signer = ReadySigner()
        self.now = 0.0
        self.limits = limits
        self.read_events = read_events
        self.session = Session(
            f"room:{ROOM}",
            config=SessionConfig(
                limits=limits, timing=Timing(heartbeat=HEARTBEAT), overflow=overflow, check_room=False
            ),
            signer=self.signer,
            retry=RetryPolicy(tries=tries),
            rng=Random(5),
        )
        self.server = PushServer()
        self.socket_id = 0
        self.socket_open = False
        self.last_heartbeat = 0.0
        self.expected_acks: list[int] = []
        self.inputs: list[tuple[Any, ...]] = []
        self.actions: list[Action] = []
        self.events: list[Event] = []
        self.call("start")

    def call(self, name: str, *arguments: Any) -> None:
        """Give the session an input, and take and check all that comes of it."""
        self.inputs.append((name, arguments, self.now, self.signer.first_result))
        getattr(self.session, name)(*arguments, now=self.now)
        if self.read_events:
            self.take_events()
        while (action := self.session.next_action()) is not None:
            self.actions.append(action)
            self.act(action)

    def take_events(self) -> None:
        while (event := self.session.next_event()) is not None:
            assert not self.events or self.events[-1].name != "closed", "nothing follows closed"
            self.events.append(event)

    def act(self, action: Action) -> None:
        if isinstance(action, OpenSocket):
            self.socket_id = action.socket_id
            self.server = PushServer()
        elif isinstance(action, SendRequest):
            self.call("receive_response", action.request_id, answer(action.request))
        elif isinstance(action, CloseSocket) and action.socket_id == self.socket_id:
            self.hang_up()
        elif isinstance(action, SendMessage):
            assert action.socket_id == self.socket_id, "nothing is sent on an old socket"
            heard = self.server.receive_message(action.data)
            if isinstance(heard, Heartbeat):
                assert self.now - self.last_heartbeat <= HEARTBEAT + 1e-6, "the heartbeat came late"
                self.last_heartbeat = self.now
            elif isinstance(heard, Ack):
                assert heard.log_id == self.expected_acks.pop(0), "acks come once each, in order"
            else:
                assert isinstance(heard, EnterRoom), heard

    def open(self, first: Sequence[Message] = ()) -> None:
        """Let time pass until the session wants a socket, and open it; `first` is what the signer brought."""
        self.signer.first_result = fetch_result(first, now=1, is_first=True) if first else b""
        while self.session.phase.value == "waiting":
            self.pass_time(self.session.next_timer())
        self.signer.first_result = b""
        assert self.session.phase.value == "opening", self.session.phase
        self.server.opened()
        self.socket_open = True
        self.last_heartbeat = self.now
        self.call("socket_opened", self.socket_id, ())

    def send(self, messages: Sequence[Message], *, need_ack: bool = True) -> None:
        frame, log_id = self.server.messages(messages, now=1, need_ack=need_ack, internal_ext="x")
        if need_ack:
            self.expected_acks.append(log_id)
        self.call("receive_message", self.socket_id, frame)
        assert self.expected_acks == [], "every need_ack is acknowledged at once"

    def cut(self) -> None:
        self.hang_up()
        self.call("socket_closed", self.socket_id, None, "")

    def hang_up(self) -> None:
        self.socket_open = False
        self.expected_acks.clear()

    def pass_time(self, until: float | None) -> None:
        """Serve every timer up to then, each at its time."""
        assert until is not None
        while (timer := self.session.next_timer()) is not None and timer <= until:
            assert timer >= self.now or not self.inputs, "no timer lies in the past after it was served"
            self.now = max(self.now, timer)
            self.call("handle_timer")
        self.now = max(self.now, until)

    def check_counts(self) -> None:
        """Deltas add up to the totals of the ends, streak by streak; call it when all streaks are settled."""
        deltas: dict[tuple[int, int, int], int] = defaultdict(int)
        totals: dict[tuple[int, int, int], int] = defaultdict(int)
        for event in self.events:
            if isinstance(event, GiftEvent):
                deltas[event.user.id, event.gift.id, event.group_id] += event.delta
            elif isinstance(event, GiftStreakEndEvent):
                totals[event.user.id, event.gift.id, event.group_id] += event.total
        assert {streak: count for streak, count in deltas.items() if count} == {
            streak: count for streak, count in totals.items() if count
        }

    def replay(self) -> None:
        """Give a new session the same inputs: it must do the same."""
        other = World(limits=self.limits, overflow=self.session.config.overflow, read_events=False)
        twin = other.session
        actions: list[Action] = [*other.actions]
        events: list[Event] = []
        for name, arguments, now, first in self.inputs[1:]:
            other.signer.first_result = first
            getattr(twin, name)(*arguments, now=now)
            if self.read_events:
                # Reading is an input too: who reads nothing pauses the session, and that excuses a silence.
                events.extend(iter(twin.next_event, None))
            actions.extend(iter(twin.next_action, None))
        assert actions == self.actions
        if self.read_events:
            assert events == self.events
