"""The package that office files are: parts, their relations, and XML read by local names."""

import io
import posixpath
import zipfile
from collections.abc import Iterator
from typing import Any

from lxml import etree

from ingest.parsed import ParseFailure

# lxml carries no types.
Element = Any


class Package:
    """Raises ParseFailure("broken") for parts that are not there or not readable."""

    def __init__(self, data: bytes) -> None:
        try:
            self.archive = zipfile.ZipFile(io.BytesIO(data))
        except zipfile.BadZipFile as damage:
            raise ParseFailure("broken") from damage
        self.names = set(self.archive.namelist())

    def xml(self, part: str) -> Element:
        try:
            content = self.archive.read(part)
            # Malformed XML is read as far as it goes; entities are not resolved and nothing is fetched.
            root = etree.fromstring(
                content,
                etree.XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=True),
            )
        except (
            KeyError,
            zipfile.BadZipFile,
            OSError,
            etree.XMLSyntaxError,
            RuntimeError,
            ValueError,
        ) as damage:
            raise ParseFailure("broken") from damage
        if root is None:
            raise ParseFailure("broken")
        return root

    def optional(self, part: str) -> Element | None:
        return self.xml(part) if part in self.names else None

    def related(self, part: str, kind: str = "") -> dict[str, str]:
        """Relation ids of a part to the parts they lead to, of relations whose type ends in `kind`."""
        folder, file = posixpath.split(part)
        relations = self.optional(f"{folder}/_rels/{file}.rels")
        if relations is None:
            return {}
        return {
            relation.get("Id", ""): resolved(folder, relation.get("Target", ""))
            for relation in relations
            if isinstance(relation.tag, str) and relation.get("Type", "").endswith(kind)
        }

    def title(self, part: str = "docProps/core.xml") -> str | None:
        core = self.optional(part)
        return next((title.text for title in every(core, "title")), None) if core is not None else None


def resolved(folder: str, target: str) -> str:
    if target.startswith("/"):
        return target[1:]
    return posixpath.normpath(posixpath.join(folder, target))


def name(element: Element) -> str:
    tag = element.tag
    return tag[tag.rfind("}") + 1 :] if isinstance(tag, str) else ""


def attribute(element: Element, local: str) -> str:
    """By local name: the strict form of the standard has other namespaces than the usual one."""
    return next((value for key, value in element.attrib.items() if key[key.rfind("}") + 1 :] == local), "")


def every(element: Element, local: str) -> Iterator[Element]:
    return (inner for inner in element.iter(f"{{*}}{local}"))


def first(element: Element | None, *path: str) -> Element | None:
    """The child at a path of local names."""
    for local in path:
        if element is None:
            return None
        element = next((inner for inner in element if name(inner) == local), None)
    return element
