"""The law: pure functions and values that decide, and nothing that does I/O.

Here `now` is an argument, in seconds since the epoch, and entropy comes only
from `secrets` in `keyring`, `login` and `session`.
"""
