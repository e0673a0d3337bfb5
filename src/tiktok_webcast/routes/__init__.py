"""The web requests, one module each: `build()` makes the request, `parse()` reads the answer. Both are pure."""
