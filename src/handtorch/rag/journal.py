"""A journal: a file of records to which one only appends, and which survives crashes.

    8c7dd922 {"n":1,"op":"put","id":"a"}

Each record is one line: the CRC-32 of what follows the blank, then JSON in ASCII, so that a line
break can only be the end of a record. `append` returns when the lines are on disk (fsync); from
then on they are *acknowledged*. A process that is killed before leaves whole lines, or one line
without its end, which was never acknowledged and is dropped when the file is opened next. A
shorter file with the same meaning, a *checkpoint*, is written beside the old one and renamed over
it: there is no moment at which the name stands for half of a file.

Damage is something else: a line whose checksum or number is wrong. Opening such a file raises
CorruptJournalError, says what is damaged, and changes nothing. With ``repair=True`` the damaged
file is copied first, then all intact records are kept; a damaged line costs only itself, since the
next line break is found without it.

The idea is that of write-ahead logging (mohan1992). What this leaves out: several writers at a
time, and a witness: a file cut behind any of its records looks like an earlier state of itself,
and no checksum inside it can tell.
"""

import io
import json
import os
import shutil
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Damage:
    """A place in a journal: the line (from 1), the offset of its first byte, what is wrong."""

    line: int
    offset: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line} (byte {self.offset}): {self.reason}"


class CorruptJournalError(ValueError):
    """A file that is damaged, or no journal of this kind.

    Attributes:
        damage: what was found, in the order of the file.
        intact: how many records can be kept.
    """

    def __init__(self, path: Path, damage: Sequence[Damage], intact: int) -> None:
        self.damage, self.intact = tuple(damage), intact
        more = f" (and {len(damage) - 1} more)" if len(damage) > 1 else ""
        remedy = (
            f"{intact} records are intact; open it with repair=True to keep them (the file itself "
            "is copied first), or restore a copy"
            if intact
            else "no record is intact; if the name is right, restore a copy"
        )
        super().__init__(f"{path} is damaged: {damage[0]}{more}. Nothing was changed. {remedy}.")


class Journal:
    """An open journal.

    Args:
        path: the file; made if there is none, in a folder that exists.
        kind: what the records are about; a journal of another kind is refused.
        repair: keep what is intact of a damaged file, after copying it to a name that ends in
            ``.damaged-1`` (or 2, ...).

    Attributes:
        records: what was in the file when it was opened.
        damage: what a repair has left out.

    Raises:
        CorruptJournalError: if the file is damaged and not to be repaired, or no such journal.
    """

    def __init__(self, path: str | os.PathLike[str], kind: str, *, repair: bool = False) -> None:
        self.path, self.kind = Path(path), kind
        self.records: list[dict[str, Any]] = []
        self.damage: tuple[Damage, ...] = ()
        self._file: io.FileIO | None = None
        self._next = self._end = 0  # the number of the next record, and where it will begin
        if self.path.exists():
            self._open(repair)
        else:
            self.rewrite([])

    def append(self, records: Iterable[Record]) -> None:
        """Write records and return when they are on disk: all of them, or none if it raises.

        Raises:
            OSError: if the disk is full, say; the file is then as before.
            ValueError: if the journal is closed.
        """
        self._check_open()
        lines = [_line(self._next + i, record) for i, record in enumerate(records)]
        try:
            _write(self._descriptor(), b"".join(lines))
        except BaseException:
            self._cut()
            raise
        self._next += len(lines)
        self._end += sum(map(len, lines))

    def rewrite(self, records: Iterable[Record]) -> None:
        """Put `records` in the place of all that the file holds, in one step.

        A crash, or an error, leaves either the old file or the new one.

        Raises:
            OSError: as `append`.
            ValueError: if the journal is closed.
        """
        self._check_open()
        lines = [_line(i, r) for i, r in enumerate([{"journal": self.kind}, *records])]
        new = self.path.with_name(self.path.name + ".new")
        with new.open("wb", buffering=0) as file:
            _write(file.fileno(), b"".join(lines))
        # Closed before the rename: what would be appended to the old file is lost with its name.
        # If something goes wrong from here on, the journal stays closed.
        self.close()
        os.replace(new, self.path)
        _sync_folder(self.path.parent)
        self._attach(len(lines), sum(map(len, lines)))

    def close(self) -> None:
        """Let go of the file. What was appended is on disk already."""
        if self._file is not None:
            self._file.close()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _open(self, repair: bool) -> None:
        data = self.path.read_bytes()
        records, damage, end = _read(data)
        kind = records[0].get("journal") if records and (records[0]["n"] == 0 or damage) else ""
        if kind != self.kind and not (damage and kind is None):
            damage = [Damage(1, 0, f"it does not begin as a journal of kind {self.kind!r}")]
            records = []
        self.records = [record for record in records if "journal" not in record]
        if damage and not (repair and records):
            raise CorruptJournalError(self.path, damage, len(self.records))
        if damage:
            _copy_aside(self.path)
            self.damage = tuple(damage)
            self.rewrite({k: v for k, v in r.items() if k != "n"} for r in self.records)
            return
        self._attach(len(records), end)
        if end > len(data):  # all of the last line but its end
            _write(self._descriptor(), b"\n")
        elif end < len(data):  # a part of a line, never acknowledged
            self._cut()

    def _attach(self, next_number: int, end: int) -> None:
        self._next, self._end = next_number, end
        self._file = io.FileIO(self.path, "r+b")
        self._file.seek(0, os.SEEK_END)

    def _cut(self) -> None:
        """Back to the last acknowledged record; if even that fails, write no more."""
        try:
            os.ftruncate(self._descriptor(), self._end)
            os.lseek(self._descriptor(), self._end, os.SEEK_SET)
            os.fsync(self._descriptor())
        except OSError:
            self.close()

    def _check_open(self) -> None:
        if self._file is not None and self._file.closed:
            raise ValueError(f"journal {self.path} is closed")

    def _descriptor(self) -> int:
        self._check_open()
        assert self._file is not None
        return self._file.fileno()


def _read(data: bytes) -> tuple[list[dict[str, Any]], list[Damage], int]:
    """The intact records, the damage, and where the last whole record ends."""
    records: list[dict[str, Any]] = []
    damage: list[Damage] = []
    *lines, tail = data.split(b"\n")
    offset, expected, gap = 0, 0, False
    for number, line in enumerate(lines, 1):
        record = _parsed(line)
        if record is None or record["n"] < expected:
            reason = "its checksum is wrong" if record is None else "it stands out of its order"
            damage.append(Damage(number, offset, reason))
            gap = True
        else:
            if record["n"] > expected and not gap:
                damage.append(Damage(number, offset, "records before it are missing"))
            records.append(record)
            expected, gap = record["n"] + 1, False
        offset += len(line) + 1
    if record := _parsed(tail):
        return [*records, record], damage, len(data) + 1
    if record := _parsed(tail[:-1]):
        damage.append(Damage(len(lines) + 1, offset, "its end has been changed"))
        records.append(record)
    return records, damage, offset


def _line(number: int, record: Record) -> bytes:
    body = json.dumps({"n": number, **record}, separators=(",", ":")).encode("ascii")
    return b"%08x %s\n" % (zlib.crc32(body), body)


def _parsed(line: bytes) -> dict[str, Any] | None:
    """The record of a line without its end; None if it is not intact."""
    checksum, _, body = line.partition(b" ")
    if not body or checksum != b"%08x" % zlib.crc32(body):
        return None
    record: dict[str, Any] = json.loads(body)
    return record


def _write(descriptor: int, data: bytes) -> None:
    """Write all of `data`, and wait until it is on disk."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    os.fsync(descriptor)


def _copy_aside(path: Path) -> None:
    """A copy of a damaged file under a new name, on disk before anything else happens."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    shutil.copyfile(path, aside)
    with aside.open("r+b") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make a rename durable; where folders cannot be opened (Windows), the system sees to it."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
