"""The reader of fenced blocks: what it takes for code, and what it refuses."""

from __future__ import annotations

import pytest

from tests.guides.blocks import Block, parsed

PAGE = """\
Some words with `code` in them.

```js title="server.js"
import http from 'node:http';

http.createServer();
```

```toml title="a folder/wixproxy.toml"
[server]
```

```sh
node server.js
```

```
plain
```
"""


def test_a_block_has_its_language_its_file_and_its_text() -> None:
    assert parsed(PAGE) == [
        Block("js", "server.js", "import http from 'node:http';\n\nhttp.createServer();\n"),
        Block("toml", "a folder/wixproxy.toml", "[server]\n"),
        Block("sh", None, "node server.js\n"),
        Block("", None, "plain\n"),
    ]


def test_a_page_without_code_has_no_blocks() -> None:
    assert parsed("# A page\n\nof `words` and ``more` words``.\n") == []


def test_a_block_that_is_not_closed_is_noticed() -> None:
    with pytest.raises(AssertionError, match="not closed"):
        parsed("```js\nlet open;\n")
