"""The protocol of the socket, in both roles: frames, states, heartbeat, acknowledgement (protocol/push.md)."""
