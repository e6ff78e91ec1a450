"""The codebook: the one source of every code list, with labels in bokmål, nynorsk and English.

Codes are never reused; a better classification is a new version. The lists lie beside this file, one code a line.
"""

import functools
from importlib import resources
from typing import Any

import msgspec

VERSION = 1
LANGUAGES = ("nb", "nn", "en")
THEMES = ("participation", "meetings", "inputs", "people", "rules", "problems", "countries", "event_classes", "tables")
"""The files, in the order their lists are shown."""


class Code(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A code of a list.

    `seed` points at the line of the 2009 note it stands in, `levels` at the levels it can occur at (none given: any),
    `arenas` and `phases` at where the note places a form, `source` at the law or standard of a rule. `counts` and the
    axes of an event class are what the projections read of it.
    """

    code: str
    nb: str
    nn: str
    en: str
    seed: str | None = None
    source: str | None = None
    levels: tuple[str, ...] = ()
    mode: str | None = None
    arenas: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    maturity: str | None = None
    function: str | None = None
    counts: str | None = None
    iap2: str | None = None
    arnstein: str | None = None
    hart: str | None = None
    lundy: str | None = None
    influence_circle: str | None = None

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


class _StoredList(msgspec.Struct):
    id: str
    title: dict[str, str]
    codes: list[Code]


@functools.cache
def load() -> Codebook:
    """The codebook of this version of the product."""
    lists = {}
    for theme in THEMES:
        text = resources.files(__name__).joinpath(f"{theme}.json").read_bytes()
        for stored in msgspec.json.decode(text, type=list[_StoredList]):
            lists[stored.id] = CodeList(
                id=stored.id, title=stored.title, codes={code.code: code for code in stored.codes}
            )
    return Codebook(version=VERSION, lists=lists)
