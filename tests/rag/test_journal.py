import os
from itertools import pairwise

import pytest

from handtorch.rag.journal import CorruptJournalError, Journal

KIND = "test"
RECORDS = [{"op": "put", "id": f"d{i}", "text": "x\n" * (i % 3)} for i in range(6)]


@pytest.fixture
def hasty(monkeypatch):
    """No waiting for the disk, where a test opens hundreds of files."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def written(path, records=RECORDS):
    with Journal(path, KIND) as journal:
        for record in records:
            journal.append([record])
    return path.read_bytes()


def read(path, **options):
    with Journal(path, KIND, **options) as journal:
        return [{k: v for k, v in record.items() if k != "n"} for record in journal.records]


def test_what_was_appended_is_there(tmp_path):
    data = written(tmp_path / "j")
    assert read(tmp_path / "j") == RECORDS
    assert (tmp_path / "j").read_bytes() == data  # reading changes nothing
    assert data.count(b"\n") == len(RECORDS) + 1
    assert all(line[8:9] == b" " for line in data.splitlines())


def test_several_records_are_one_append(tmp_path):
    with Journal(tmp_path / "j", KIND) as journal:
        journal.append(RECORDS)
        journal.append([])
    assert (tmp_path / "j").read_bytes() == written(tmp_path / "k")


def test_a_checkpoint_takes_the_place_of_all(tmp_path):
    written(tmp_path / "j")
    with Journal(tmp_path / "j", KIND) as journal:
        journal.rewrite(RECORDS[4:])
        journal.append(RECORDS[:1])
    assert read(tmp_path / "j") == [*RECORDS[4:], RECORDS[0]]
    assert os.listdir(tmp_path) == ["j"]


def test_a_file_cut_at_any_byte_keeps_its_whole_records(tmp_path, hasty):
    path = tmp_path / "j"
    data = written(path)
    header = data.index(b"\n")
    for size in range(len(data)):
        path.write_bytes(data[:size])
        if size < header:
            with pytest.raises(CorruptJournalError, match="does not begin as a journal"):
                read(path)
            assert path.read_bytes() == data[:size]
            continue
        whole = data[: size + 1].count(b"\n") - 1  # a record that lacks only its end is whole
        with Journal(path, KIND) as journal:
            assert len(journal.records) == whole
            journal.append([{"op": "after"}])
        assert read(path) == [*RECORDS[:whole], {"op": "after"}]


@pytest.mark.parametrize("mask", [0x01, 0x20, 0xFF])
def test_a_changed_byte_is_noticed_wherever_it_is(tmp_path, mask, hasty):
    path = tmp_path / "j"
    data = written(path)
    ends = [i for i, byte in enumerate(data) if byte == 10]
    for place in range(len(data)):
        damaged = data[:place] + bytes([data[place] ^ mask]) + data[place + 1 :]
        path.write_bytes(damaged)
        with pytest.raises(CorruptJournalError, match="Nothing was changed"):
            read(path)
        assert path.read_bytes() == damaged
        _repair(path, damaged, place, ends)


def _repair(path, damaged, place, ends):
    """All records but those that the change has hit are kept, and the damaged file too."""
    hit = {sum(end < place for end in ends)}  # the line of the byte; line 0 is the header
    if place in ends[:-1]:
        hit.add(max(hit) + 1)  # two lines became one
    if place == ends[-1]:
        hit = set()
    kept = [record for i, record in enumerate(RECORDS, 1) if i not in hit]
    with Journal(path, KIND, repair=True) as journal:
        assert journal.damage
        journal.append([{"op": "after"}])
    assert read(path) == [*kept, {"op": "after"}]
    aside = path.with_name("j.damaged-1")
    assert aside.read_bytes() == damaged
    aside.unlink()


def test_missing_doubled_and_exchanged_lines_are_noticed(tmp_path):
    path = tmp_path / "j"
    lines = written(path).splitlines(keepends=True)
    for changed, kept in [
        (lines[:2] + lines[3:], [0, 2, 3, 4, 5]),
        (lines[:3] + lines[2:], [0, 1, 2, 3, 4, 5]),
        ([*lines[:2], lines[3], lines[2], *lines[4:]], [0, 2, 3, 4, 5]),
    ]:
        path.write_bytes(b"".join(changed))
        with pytest.raises(CorruptJournalError, match=r"missing|order"):
            read(path)
        assert read(path, repair=True) == [RECORDS[i] for i in kept]
    names = sorted(os.listdir(tmp_path))
    assert names == ["j", "j.damaged-1", "j.damaged-2", "j.damaged-3"]


@pytest.mark.parametrize("data", [b"", b"hello\n", b"\x00" * 100, b'{"a": 1}\n{"b": 2}\n'])
def test_what_is_no_journal_is_left_alone(tmp_path, data):
    path = tmp_path / "j"
    path.write_bytes(data)
    for repair in (False, True):
        with pytest.raises(CorruptJournalError) as caught:
            read(path, repair=repair)
        assert caught.value.intact == 0
        assert path.read_bytes() == data
    assert os.listdir(tmp_path) == ["j"]


def test_a_journal_of_another_kind(tmp_path):
    with Journal(tmp_path / "j", "other") as journal:
        journal.append(RECORDS)
    data = (tmp_path / "j").read_bytes()
    for content in (data, data[:-5] + b"!" + data[-4:]):
        (tmp_path / "j").write_bytes(content)
        for repair in (False, True):
            with pytest.raises(CorruptJournalError):
                read(tmp_path / "j", repair=repair)
            assert (tmp_path / "j").read_bytes() == content


def test_no_folder(tmp_path):
    with pytest.raises(FileNotFoundError):
        Journal(tmp_path / "missing" / "j", KIND)


def test_a_closed_journal(tmp_path):
    journal = Journal(tmp_path / "j", KIND)
    journal.close()
    for call in (journal.append, journal.rewrite):
        with pytest.raises(ValueError, match="is closed"):
            call(RECORDS)
    assert read(tmp_path / "j") == []


def test_a_full_disk_leaves_the_journal_as_it_was(tmp_path, monkeypatch):
    with Journal(tmp_path / "j", KIND) as journal:
        journal.append(RECORDS[:2])
        real, calls = os.write, []

        def half(descriptor, data):
            calls.append(1)
            if len(calls) == 1:
                return real(descriptor, data[: len(data) // 2])
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "write", half)
        with pytest.raises(OSError, match="No space"):
            journal.append(RECORDS[2:4])
        calls.clear()
        with pytest.raises(OSError, match="No space"):
            journal.rewrite(RECORDS)
        monkeypatch.undo()
        journal.append(RECORDS[4:5])
    assert read(tmp_path / "j") == [*RECORDS[:2], RECORDS[4]]


def test_an_interrupted_checkpoint_takes_no_more_records(tmp_path, monkeypatch):
    """What were appended now would go to the file that has lost its name."""
    journal = Journal(tmp_path / "j", KIND)
    journal.append(RECORDS)
    real = os.replace

    def interrupted(old, new):
        real(old, new)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        journal.rewrite(RECORDS[3:])
    with pytest.raises(ValueError, match="is closed"):
        journal.append(RECORDS[:1])
    assert read(tmp_path / "j") == RECORDS[3:]


def test_after_a_failed_fsync_nothing_more_is_promised(tmp_path, monkeypatch):
    journal = Journal(tmp_path / "j", KIND)
    journal.append(RECORDS[:1])

    def fail(descriptor):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output"):
        journal.append(RECORDS[1:2])
    monkeypatch.undo()
    with pytest.raises(ValueError, match="is closed"):
        journal.append(RECORDS[1:2])
    assert read(tmp_path / "j")[:1] == RECORDS[:1]


def test_numbers_go_on_after_reopening(tmp_path):
    for record in RECORDS:
        with Journal(tmp_path / "j", KIND) as journal:
            journal.append([record])
    with Journal(tmp_path / "j", KIND) as journal:
        numbers = [record["n"] for record in journal.records]
    assert all(b == a + 1 for a, b in pairwise(numbers))
    assert (tmp_path / "j").read_bytes() == written(tmp_path / "k")
