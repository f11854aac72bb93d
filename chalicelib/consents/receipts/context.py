"""The JSON-LD context, written into every receipt: nothing has to be fetched to read one."""

from typing import Any

from chalicelib.notices.models import Language

type Node = dict[str, Any]
"""A node of JSON-LD: its properties by the names that the context knows."""

_PREFIXES = {
    "dct": "http://purl.org/dc/terms/",
    "dpv": "https://w3id.org/dpv#",
    "loc": "https://w3id.org/dpv/loc#",
    "pd": "https://w3id.org/dpv/pd#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "schema": "https://schema.org/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_NODES = (
    "dct:conformsTo",
    "dct:publisher",
    "dpv:hasConsentStatus",
    "dpv:hasDataController",
    "dpv:hasJurisdiction",
    "dpv:hasLegalBasis",
    "dpv:hasLocation",
    "dpv:isExercisedAt",
    "dpv:isIndicatedBy",
    "schema:recipient",
    "schema:url",
    "skos:broader",
)
_MOMENTS = ("dct:created", "dpv:isIndicatedAtTime")
_TEXTS = ("dct:description", "dct:title", "dpv:hasIndicationMethod")


def context(language: Language) -> dict[str, Any]:
    """The `@context` (JSON-LD 1.1, 4.1) of a receipt whose texts are in `language`.

    With it a plain string is read as what it is: a term's IRI, an xsd:dateTime, a text.
    """
    return {
        **_PREFIXES,
        **{name: {"@type": "@id"} for name in _NODES},
        **{name: {"@type": "xsd:dateTime"} for name in _MOMENTS},
        **{name: {"@language": language} for name in _TEXTS},
    }
