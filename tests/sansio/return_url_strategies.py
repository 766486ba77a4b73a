"""Strings that try to leave the site through a return URL.

A grammar and not a list: each piece is something that some parser once read
differently from the check in front of it (C2 to C6, C17). `candidates` is
also given to a real browser, which has the last word on where a URL leads.
"""

from __future__ import annotations

from hypothesis import strategies as st

_SLASHES = [
    "/",
    "//",
    "///",
    "\\",
    "/\\",
    "\\/",
    "\\\\",
    "%2f",
    "%2F",
    "%5c",
    "/%2f",
    "/%5c",
    "/;/",
]
_INVISIBLE = [
    "\t", "\n", "\r", "\x00", "\x0b", "\x0c", "\x1f", "\x7f", " ", "\x85", "\xa0", "\u2028",
    "\u200b", "\u202e", "\ufeff", "%09", "%0a", "%0d%0a", "%00", "%20", "%c2%a0",
]  # fmt: skip
_DOTS = [".", "..", "/./", "/../", "%2e", "%2e%2e", "/.%2e/", "/%2E./", "/a/../", "/..//", "/.//"]
_HOSTS = ["evil.test", "evil.test:80", "@evil.test", "localhost:4321@evil.test", "①②.test", "[::1]"]
_SCHEMES = ["http:", "https:", "HTTPS:", "javascript:", "data:", "http:/", "https:///", "http&#58;"]
_LOOKALIKES = ["\uff0f", "\uff3c", "\u2215", "\u2044", "\u3002", "\uff0e", "é", "日本", "\ud800"]
_REST = [
    "?next=//evil.test",
    "?a=b",
    "#//evil.test",
    "#",
    "?",
    "&",
    ";",
    "a",
    "profile",
    "%",
    "%zz",
]

pieces = st.sampled_from([*_SLASHES, *_INVISIBLE, *_DOTS, *_HOSTS, *_SCHEMES, *_LOOKALIKES, *_REST])

assembled = st.lists(pieces, max_size=7).map("".join)
rooted = assembled.map(lambda text: "/" + text)
paths = st.lists(
    st.text("abcXYZ019-._~!$&'()*+,;=:@é", min_size=1, max_size=8), min_size=1, max_size=4
).map(lambda segments: "/" + "/".join(segments))
pages = st.builds(
    lambda path, rest: path + rest,
    paths,
    st.sampled_from(["", "?a=b&c=d", "?next=//evil.test", "#top", "?q=%2B+", "?q=ü#x", "?"]),
)

candidates = st.one_of(assembled, rooted, pages, st.text(max_size=30), rooted.map("/a{}".format))
