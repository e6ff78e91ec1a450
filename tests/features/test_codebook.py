"""The codebook: every list whole and in three languages, and every code the product uses in it."""

import re
from collections.abc import Iterator
from importlib import resources
from typing import Any

import msgspec
import pytest

from api import problems
from api.bootstrap import codec, kinds
from domain import codebook, errors
from domain.events import Actor, Deviation, Meta, Performer, code_fields
from tests.conftest import Api

BOOK = codebook.load()
CODES = [(list_id, code) for list_id, each in BOOK.lists.items() for code in each.codes.values()]
LEVELS = {"individual", "system"}


def stored() -> Iterator[dict[str, Any]]:
    """The lists as they lie in their files."""
    for theme in codebook.THEMES:
        yield from msgspec.json.decode(resources.files("domain.codebook").joinpath(f"{theme}.json").read_bytes())


def refusals(kind: type[errors.Refusal] = errors.Refusal) -> Iterator[type[errors.Refusal]]:
    for each in kind.__subclasses__():
        yield each
        yield from refusals(each)


def test_every_list_and_code_has_a_label_in_bokmål_nynorsk_and_english() -> None:
    for each in BOOK.lists.values():
        assert set(each.title) == set(codebook.LANGUAGES)
        assert each.codes
    labels = [BOOK.lists[list_id].title[lang] for list_id in BOOK.lists for lang in codebook.LANGUAGES]
    labels += [code.label(lang) for _, code in CODES for lang in codebook.LANGUAGES]
    for label in labels:
        assert label == " ".join(label.split()) != ""
        assert label[0] == label[0].upper()


def test_a_list_is_opened_once_and_no_code_stands_twice_in_a_list() -> None:
    opened: set[str] = set()
    codes: dict[str, list[str]] = {}
    for each in stored():
        assert ("title" in each) == (each["id"] not in opened), each["id"]
        opened.add(each["id"])
        codes.setdefault(each["id"], []).extend(code["code"] for code in each["codes"])
    for list_id, found in codes.items():
        assert len(set(found)) == len(found), list_id
        assert all(re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", code) for code in found)


def test_an_earlier_version_of_the_codebook_is_what_it_was() -> None:
    first = codebook.load(1)
    assert "legal-regimes" not in first.lists
    assert not first.known("event-classes", "meeting.promised")
    assert first.lists["event-classes"].codes["meeting.registered_as_existing"].function is None
    assert BOOK.lists["event-classes"].codes["meeting.registered_as_existing"].function == "knowledge_exchange"
    with pytest.raises(codebook.UnknownVersion):
        codebook.load(codebook.VERSION + 1)


def test_no_two_codes_of_a_list_read_alike() -> None:
    for each in BOOK.lists.values():
        for lang in codebook.LANGUAGES:
            labels = [code.label(lang) for code in each.codes.values()]
            assert len(set(labels)) == len(labels), (each.id, lang)


def test_the_axes_have_the_codes_the_note_forces_on_them() -> None:
    codes = {list_id: list(each.codes) for list_id, each in BOOK.lists.items()}
    assert codes["forms"] == [f"f{n}" for n in range(1, 45)]
    assert codes["arenas"] == [f"ar{n}" for n in range(1, 22)]
    assert codes["phases"] == [f"P{n}" for n in range(9)] + [f"PL{n}" for n in range(1, 7)]
    assert codes["degrees"] == [str(n) for n in range(6)]
    assert set(codes["levels"]) == LEVELS
    assert codes["modes"] == ["direct", "indirect", "representation"]
    assert len(codes["functions"]) == 9
    assert set(codes["missing"]) == {"unknown", "not_asked", "not_recorded", "declined"}


def test_what_a_code_refers_to_is_there() -> None:
    for list_id, code in CODES:
        assert set(code.levels) <= LEVELS, (list_id, code.code)
        assert all(BOOK.known("arenas", arena) for arena in code.arenas), (list_id, code.code)
        assert all(BOOK.known("phases", phase) for phase in code.phases), (list_id, code.code)
        assert code.mode is None or BOOK.known("modes", code.mode)
        assert code.function is None or BOOK.known("functions", code.function)
        assert code.maturity is None or BOOK.known("maturities", code.maturity)
        assert code.counts in (None, "meeting", "input")


def test_a_form_can_occur_in_the_arenas_and_phases_the_note_places_it_in() -> None:
    for form in BOOK.lists["forms"].codes.values():
        for arena in (*form.arenas, None):
            for phase in (*form.phases, None):
                assert not BOOK.excluded(form.code, arena, phase, None), (form.code, arena, phase)


def test_references_to_the_note_and_to_sources_have_their_form() -> None:
    for list_id, code in CODES:
        if code.seed is not None:
            assert re.fullmatch(r"s:\d+(-\d+)?(,\d+(-\d+)?)*", code.seed), (list_id, code.code)
            for part in code.seed[2:].split(","):
                first, _, last = part.partition("-")
                assert 1 <= int(first) <= int(last or first) <= 420, (list_id, code.code)
        assert code.source is None or code.source.strip()
    assert all(code.seed for list_id in ("forms", "arenas") for code in BOOK.lists[list_id].codes.values())


def test_every_coded_field_of_every_event_names_a_list() -> None:
    structs = [*codec().classes.values(), Meta, Actor, Performer, Deviation]
    lists = {list_id for struct in structs for list_id in code_fields(struct).values()}
    assert {"forms", "arenas", "phases", "levels", "bases", "roles", "rules", "input-outcomes"} <= lists
    assert lists <= set(BOOK.lists)


def test_every_rule_has_its_labels_and_its_source_and_belongs_to_a_noun() -> None:
    nouns = {kind.noun for kind in kinds()}
    for code in BOOK.lists["rules"].codes.values():
        assert code.source
        assert code.code.partition(".")[0] in nouns


def test_every_refusal_the_api_answers_with_is_a_problem_with_its_labels() -> None:
    assert set(BOOK.lists["problems"].codes) == {problems.slug(kind) for kind in problems.STATUS}
    assert {kind for kind in refusals() if kind.__module__.startswith(("domain", "api"))} == set(problems.STATUS)


def test_every_stored_event_is_classified_and_nothing_else() -> None:
    assert set(BOOK.lists["event-classes"].codes) == set(codec().classes)


def test_what_the_classes_say_is_counted_is_what_the_table_counts() -> None:
    counted = {code.code: code.counts for code in BOOK.lists["event-classes"].codes.values() if code.counts}
    assert counted == {
        "meeting.held": "meeting",
        "meeting.registered_as_existing": "meeting",
        "input.raised": "input",
        "input.registered_as_existing": "input",
    }


@pytest.mark.parametrize(
    ("at", "excluded"),
    [
        (("f3", None, None, "individual"), False),
        (("f3", None, None, "system"), True),
        (("f37", None, None, "system"), False),
        ((None, "ar17", "PL4", None), True),
        ((None, "ar1", "PL4", None), False),
        (("f40", None, None, None), False),
        ((None, None, None, None), False),
    ],
)
def test_a_combination_is_excluded_where_its_codes_share_no_level(at: tuple[str | None, ...], excluded: bool) -> None:
    form, arena, phase, level = at
    assert BOOK.excluded(form, arena, phase, level) is excluded


def test_a_researcher_reads_the_whole_codebook(sqlite_api: Api) -> None:
    index = sqlite_api.get("/v1/codebook", role="researcher").json
    assert index["version"] == codebook.VERSION
    assert {each["id"]: each["codes"] for each in index["items"]} == {
        list_id: len(each.codes) for list_id, each in BOOK.lists.items()
    }
    for each in index["items"]:
        answer = sqlite_api.get(f"/v1/codebook/{each['id']}", role="researcher")
        assert answer.status_code == 200
        assert [code["code"] for code in answer.json["codes"]] == list(BOOK.lists[each["id"]].codes)
        assert all(set(code["labels"]) == set(codebook.LANGUAGES) for code in answer.json["codes"])
        assert answer.json["title"] == each["title"]
    form = sqlite_api.get("/v1/codebook/forms", role="researcher").json["codes"][24]
    assert form.items() >= {"code": "f25", "seed": "s:310-314", "levels": ["system"], "mode": "indirect"}.items()
    assert sqlite_api.get("/v1/codebook/names", role="researcher").status_code == 404
