"""Fuzzing: what is fuzzed, where it begins, and how it is run."""

NAMES = (
    "push_frame",
    "fetch_result",
    "payload",
    "wire_view",
    "web_page",
    "web_json",
    "json_text",
    "sign_answer",
    "handshake_headers",
    "cookies",
    "frames_file",
    "capture_file",
    "har_file",
    "session_program",
)
"""The targets of `fuzz/targets.py`, named here so that they can be chosen before anything is imported: atheris sees
only what is imported under its eyes."""
