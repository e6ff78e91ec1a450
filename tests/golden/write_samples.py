"""Writes a sample of every stored event that has none: `.venv/bin/python -m tests.golden.write_samples`.

A sample shows every field with a value that is not its default; an event that a field was added to gets another one.
What stands in tests/golden/events/ is never written over: once a version is released, its samples stay what they are.
"""

import json
import re
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import msgspec

from api.bootstrap import codec
from domain import codebook
from domain.events import Corrected
from tests.golden.make_store import FOLDER, event_of, parts_of, samples

types = msgspec.inspect


class Filling:
    """Values by type, none like another where the type allows it."""

    def __init__(self) -> None:
        self._n = 0

    def value(self, kind: Any, default: Any = None, extra: Any = None) -> Any:
        """A JSON value of a type that is not the default."""
        self._n += 1
        match kind:
            case types.Metadata(type=inner, extra=more):
                return self.value(inner, default, {**(extra or {}), **(more or {})})
            case types.UnionType():
                wanted = next(choice for choice in kind.types if not isinstance(choice, types.NoneType))
                return self.value(wanted, default, extra)
            case types.StrType() if extra and "codes" in extra:
                codes = codebook.load().lists[extra["codes"]].codes
                return next(code for code in reversed(codes) if code != default)
            case types.StrType(pattern=str(pattern)):
                return f"s:{self._n}" if re.fullmatch(pattern, f"s:{self._n}") else str(self._id())
            case types.StrType():
                unit = "pattern" in ((extra or {}).get("extra_json_schema") or {})
                return f"unit_{self._n}" if unit else f"text {self._n} – æøå 平和"
            case types.IntType():
                return min(kind.le or 99, (kind.ge or 0) + self._n % 50 + 1)
            case types.BoolType():
                return not default
            case types.DateType():
                return (date(2026, 1, 1) + timedelta(self._n)).isoformat()
            case types.UUIDType():
                return str(self._id())
            case types.LiteralType():
                return next(value for value in kind.values if value != default)
            case types.VarTupleType() | types.ListType():
                return [self.value(kind.item_type, None, extra)]
            case types.StructType():
                return self.members(kind)
            case types.DictType():
                return {self.value(kind.key_type): self.value(kind.value_type)}
        raise TypeError(f"no sample value for {kind}")

    def members(self, kind: Any) -> dict[str, Any]:
        """The members of a struct."""
        return {
            field.encode_name: META if field.name == "meta" else self.value(field.type, field.default)
            for field in kind.fields
        }

    def _id(self) -> UUID:
        return UUID(f"00000000-0000-4000-8000-{self._n:012d}")


META = samples()[0]["event"]["meta"]


def main() -> None:
    known = codec()
    sampled = [{sample["name"], sample["schema_version"], *sample["event"]} for sample in samples()]
    for noun, kind in known.kinds.items():
        path = FOLDER / "events" / f"{noun}.json"
        written = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
        before = len(written)
        for name, event_class in known.classes.items():
            if not name.startswith(f"{noun}."):
                continue
            fields = {field.name for field in msgspec.structs.fields(event_class)}
            if any({name, event_class.SCHEMA_VERSION, *fields} <= shown for shown in sampled):
                continue
            filling = Filling()
            if event_class is Corrected:
                inner = kind.events[0]
                replacement = filling.members(msgspec.inspect.type_info(inner))
                replacement = {"name": f"{noun}.{inner.NAME}", "event": replacement}
                target = "00000000-0000-4000-8000-000000000004"
                members = {"meta": META, "target": target, "replacement": replacement, "reason": "feil ført"}
            else:
                members = filling.members(msgspec.inspect.type_info(event_class))
            plain = known.encode(event_of(known, name, members))
            written.append(
                {
                    "name": name,
                    "schema_version": event_class.SCHEMA_VERSION,
                    "event": members,
                    "skeleton": plain.skeleton.decode(),
                    **parts_of(plain),
                }
            )
        if len(written) > before:
            path.write_text(json.dumps(written, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
