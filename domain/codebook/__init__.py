"""The codebook: the one source of every code list, with labels in bokmål, nynorsk and English.

Codes are never reused; a better classification is a new version. The lists lie beside this file, one code a line; a
feature's file may add codes to a list that another file opens, such as `rules`.
"""

import functools
from datetime import date
from importlib import resources
from typing import Any

import msgspec

VERSION = 2
"""The newest version; 1 is that of 0.1.0."""

LANGUAGES = ("nb", "nn", "en")
THEMES = (
    "participation",
    "people",
    "law",
    "rules",
    "event_classes",
    "problems",
    "countries",
    "inspections",
    "tables",
    "meetings",
    "inputs",
    "participants",
    "hearings",
    "bodies",
    "recipients",
    "guidance",
    "individual_plans",
    "tenancies",
    "move_outs",
)
"""The files, in the order their lists are shown."""


class Code(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A code of a list.

    `seed` points at the line of the 2009 note it stands in, `levels` at the levels it can occur at (none given: any),
    `arenas` and `phases` at where the note places a form, `source` at the law or standard of a rule. `counts`, `degree`
    and the axes of an event class are what the projections read of it. An inspection's question set has its
    `questions`, the `noun` they are asked of and the day they hold from.
    """

    code: str
    nb: str
    nn: str
    en: str
    seed: str | None = None
    source: str | None = None
    levels: tuple[str, ...] = ()
    regimes: tuple[str, ...] = ()
    mode: str | None = None
    arenas: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    maturity: str | None = None
    function: str | None = None
    counts: str | None = None
    degree: str | None = None
    iap2: str | None = None
    arnstein: str | None = None
    hart: str | None = None
    lundy: str | None = None
    influence_circle: str | None = None
    noun: str | None = None
    valid_from: date | None = None
    questions: tuple[str, ...] = ()

    def label(self, language: str) -> str:
        """The label in that language."""
        text: str = getattr(self, language)
        return text

    def shown(self) -> dict[str, Any]:
        """The code as it is shown: its labels together, and what it has of the rest."""
        members: dict[str, Any] = msgspec.to_builtins(self)
        labels = {language: members.pop(language) for language in LANGUAGES}
        return {"code": members.pop("code"), "labels": labels, **members}


class CodeList(msgspec.Struct, frozen=True, kw_only=True):
    """A code list, its codes in their order."""

    id: str
    title: dict[str, str]
    codes: dict[str, Code]


class Codebook(msgspec.Struct, frozen=True, kw_only=True):
    """A version of the codebook."""

    version: int
    lists: dict[str, CodeList]

    def known(self, list_id: str, code: str) -> bool:
        """Whether a list has a code."""
        found = self.lists.get(list_id)
        return found is not None and code in found.codes

    def label(self, list_id: str, code: str, language: str) -> str:
        """A code's label; the code itself when the list does not have it."""
        return self.lists[list_id].codes[code].label(language) if self.known(list_id, code) else code

    def excluded(self, form: str | None, arena: str | None, phase: str | None, level: str | None) -> bool:
        """Whether a combination cannot occur: form, arena, phase and level have no level in common.

        None leaves an axis out; a code the codebook says nothing of excludes nothing.
        """
        possible = {level} if level else set(self.lists["levels"].codes)
        for list_id, code in (("forms", form), ("arenas", arena), ("phases", phase)):
            levels = self.lists[list_id].codes[code].levels if code and self.known(list_id, code) else ()
            if levels:
                possible &= set(levels)
        return not possible


class _StoredCode(Code, frozen=True, kw_only=True):
    """`was` is what the code said otherwise, up to and including a version."""

    was: dict[int, dict[str, Any]] = {}


class _StoredList(msgspec.Struct):
    """`since` is the version its codes came with; `title` stands where the list is opened."""

    id: str
    codes: list[_StoredCode]
    title: dict[str, str] = {}
    since: int = 1


class UnknownVersion(Exception):
    """This version of the product has no such version of the codebook."""


@functools.cache
def load(version: int = VERSION) -> Codebook:
    """A version of the codebook. Raises UnknownVersion."""
    if not 1 <= version <= VERSION:
        raise UnknownVersion(f"the codebook has the versions 1 to {VERSION}")
    lists: dict[str, CodeList] = {}
    for theme in THEMES:
        text = resources.files(__name__).joinpath(f"{theme}.json").read_bytes()
        for stored in msgspec.json.decode(text, type=list[_StoredList]):
            if stored.since <= version:
                found = lists.setdefault(stored.id, CodeList(id=stored.id, title=stored.title, codes={}))
                found.codes.update((code.code, _at(code, version)) for code in stored.codes)
    return Codebook(version=version, lists=lists)


def _at(stored: _StoredCode, version: int) -> Code:
    members: dict[str, Any] = {name: getattr(stored, name) for name in Code.__struct_fields__}
    for until in sorted(stored.was, reverse=True):
        if version <= until:
            members |= stored.was[until]
    return Code(**members)
