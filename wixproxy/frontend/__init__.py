"""The frontend's own command: run it, show what it says, find where it listens, end it."""
