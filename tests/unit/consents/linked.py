"""JSON-LD read by processors that others wrote, which may fetch nothing."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pyld import jsonld
from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.term import Node

DPV = Namespace("https://w3id.org/dpv#")
LOC = Namespace("https://w3id.org/dpv/loc#")
PD = Namespace("https://w3id.org/dpv/pd#")
SCHEMA = Namespace("https://schema.org/")
SCHEMAS = Namespace("https://w3id.org/dpv/schema/dpv-27560#")

_VOCABULARY = re.compile(r"https://w3id\.org/dpv(?:/(?P<part>[\w/-]+))?#(?P<name>[\w-]+)")


def _refuse(url: str, _options: Mapping[str, Any]) -> dict[str, Any]:
    raise AssertionError(f"a receipt asks for {url}")


def expanded(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The document without its context."""
    return list(jsonld.expand(document, {"documentLoader": _refuse}))


def graph(document: Mapping[str, Any]) -> Graph:
    """The document's statements, from PyLD."""
    options = {"format": "application/n-quads", "documentLoader": _refuse}
    # They all stand in the default graph, so these quads are triples.
    return Graph().parse(data=jsonld.to_rdf(document, options), format="nt")


def graph_by_rdflib(document: Mapping[str, Any]) -> Graph:
    """The document's statements, from rdflib."""
    return Graph().parse(data=json.dumps(document), format="json-ld")


def terms_of(statements: Graph) -> set[str]:
    """The terms of DPV and its extensions in any place of a statement, as `dpv:Purpose`."""
    named = (node for statement in statements for node in statement if isinstance(node, URIRef))
    matches = (_VOCABULARY.fullmatch(str(node)) for node in named)
    return {f"{each['part'] or 'dpv'}:{each['name']}" for each in matches if each}


def published_terms(folder: Path) -> set[str]:
    """The terms that stand in the published material, as `dpv:Purpose`."""
    files = ("guide-examples.json", "E0023.ttl", "dpv-27560.ttl")
    text = "\n".join((folder / name).read_text("utf-8") for name in files)
    found = re.findall(r"\b(dpv|pd|loc|dpv-27560):([\w-]+)", text)
    return {f"{'schema/' if part == 'dpv-27560' else ''}{part}:{name}" for part, name in found}


class Reader:
    """Walks from node to node, and says where something is missing or said twice."""

    def __init__(self, statements: Graph, start: Node) -> None:
        self._statements = statements
        self.node = start

    def all(self, *path: URIRef) -> list[Node]:
        """Every value at the end of `path`."""
        nodes = [self.node]
        for step in path:
            nodes = [value for node in nodes for value in self._statements.objects(node, step)]
        return nodes

    def one(self, *path: URIRef) -> Node:
        """The one value at the end of `path`."""
        (value,) = self.all(*path)
        return value

    def text(self, *path: URIRef) -> Literal:
        """The one value at the end of `path`, which is a literal."""
        value = self.one(*path)
        assert isinstance(value, Literal)
        return value

    def at(self, *path: URIRef) -> "Reader":
        """A reader of the one node at the end of `path`."""
        return Reader(self._statements, self.one(*path))

    def each(self, *path: URIRef) -> "list[Reader]":
        """A reader of every node at the end of `path`."""
        return [Reader(self._statements, node) for node in self.all(*path)]
