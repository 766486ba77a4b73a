"""A standalone proxy that gives any frontend Wix sessions, login, tokens and API calls.

No token, secret, verifier or Wix session token ever reaches the browser.
"""

__version__ = "0.1.0"
