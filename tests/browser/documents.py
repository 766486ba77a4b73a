"""Read an HTML document strictly: every element closed, every attribute at hand."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "wbr"}
Attributes = dict[str, str | None]


class Document(HTMLParser):
    """A parsed document; an element that is not closed in order is an error."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.doctype = ""
        self.elements: list[tuple[str, Attributes]] = []
        self._texts: list[tuple[tuple[int, ...], str]] = []
        self._open: list[int] = []
        self.feed(markup)
        self.close()
        assert not self._open, f"left open: {[self.elements[at][0] for at in self._open]}"

    def handle_decl(self, decl: str) -> None:
        self.doctype = decl.lower()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"<{tag}> names an attribute twice"
        if tag not in VOID:
            self._open.append(len(self.elements))
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        last = self.elements[self._open.pop()][0]
        assert last == tag, f"</{tag}> closes <{last}>"

    def handle_data(self, data: str) -> None:
        self._texts.append((tuple(self._open), data))

    @property
    def skeleton(self) -> list[tuple[str, tuple[str, ...]]]:
        """The elements with the names of their attributes: what no value may change."""
        return [(tag, tuple(attributes)) for tag, attributes in self.elements]

    def all(self, tag: str, **wanted: str) -> list[Attributes]:
        """Return the attributes of every such element."""
        return [self.elements[at][1] for at in self._places(tag, wanted)]

    def texts(self, tag: str, **wanted: str) -> list[str]:
        """Return what stands in every such element, as a reader would see it."""
        return [
            "".join(text for inside, text in self._texts if at in inside).strip()
            for at in self._places(tag, wanted)
        ]

    def _places(self, tag: str, wanted: dict[str, str]) -> list[int]:
        wanted = {name.rstrip("_"): value for name, value in wanted.items()}
        return [
            at
            for at, (found, attributes) in enumerate(self.elements)
            if found == tag and wanted.items() <= attributes.items()
        ]
