"""`UserProfile`: what the profile page of a user tells (protocol/http.md section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .webjson import as_bool, as_count, as_dict, as_id, as_text, as_urls, dig


@dataclass(frozen=True)
class UserProfile:
    """A user's profile. Counts that the page leaves out are 0, texts are empty; `raw` has the rest."""

    user_id: int | None
    unique_id: str
    nickname: str
    bio: str
    bio_link: str
    avatar_urls: tuple[str, ...]
    """Largest first."""
    sec_uid: str
    verified: bool
    private: bool
    organization: bool
    room_id: int | None
    """The current or the last room: it does not say that the user is live."""
    followers: int
    following: int
    likes: int
    videos: int
    friends: int
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def from_data(cls, info: Mapping[str, Any], unique_id: str = "") -> UserProfile:
        """Read the page's `userInfo` object; `unique_id` stands in for a name that it leaves out."""
        user, stats = as_dict(info.get("user")), as_dict(info.get("stats"))
        avatars = (url for size in ("Larger", "Medium", "Thumb") for url in as_urls(user.get(f"avatar{size}")))
        return cls(
            as_id(user.get("id")),
            as_text(user.get("uniqueId")) or unique_id,
            as_text(user.get("nickname")),
            as_text(user.get("signature")),
            as_text(dig(user, "bioLink", "link")),
            tuple(dict.fromkeys(avatars)),
            as_text(user.get("secUid")),
            as_bool(user.get("verified")),
            as_bool(user.get("privateAccount")),
            as_bool(user.get("isOrganization")),
            as_id(user.get("roomId")),
            as_count(stats.get("followerCount")),
            as_count(stats.get("followingCount")),
            as_count(stats.get("heartCount")),
            as_count(stats.get("videoCount")),
            as_count(stats.get("friendCount")),
            info,
        )
