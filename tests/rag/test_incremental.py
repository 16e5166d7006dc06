import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from handtorch.rag.bm25 import BM25
from handtorch.rag.chunking import fixed_chunks
from handtorch.rag.documents import Chunk, Document
from handtorch.rag.incremental import IncrementalIndex
from handtorch.rag.journal import CorruptJournalError

TERMS = "queue lock thread buffer cache token merge byte 词表 注意力 softmax key value"
posix = pytest.mark.skipif(os.name != "posix", reason="SIGKILL and fork")


def text(seed: int) -> str:
    return " ".join(random.Random(seed).choices(TERMS.split(" "), k=30))


def document(name: str, seed: int) -> Document:
    return Document(name, name.upper(), text(seed), {"language": "en"})


def pieces(document: Document) -> list[Chunk]:
    return fixed_chunks(document, 60)


def opened(path: Path, **options: object) -> IncrementalIndex:
    return IncrementalIndex(path, pieces, rules="fixed 60", **options)  # type: ignore[arg-type]


def state(index: IncrementalIndex) -> dict[str, str]:
    return {d.id: d.text for d in index.documents()}


def check(index: IncrementalIndex) -> None:
    """Chunks are those of the documents, and searches see exactly them."""
    chunks = index.chunks()
    expected = [c.id for d in index.documents() for c in pieces(d)]
    assert [c.id for c in chunks] == expected
    reference = BM25(chunks)
    for query in ("queue", "词表 cache", "softmax key value", "nothing of this"):
        found, wanted = index.search(query, 500), reference.search(query, 500)
        assert [id for id, _ in found] == [id for id, _ in wanted]
        assert [s for _, s in found] == pytest.approx([s for _, s in wanted])


def test_upsert_update_delete(tmp_path):
    with opened(tmp_path / "index") as index:
        assert index.upsert(document("a", 1))
        assert index.upsert(document("b", 2))
        assert not index.upsert(document("a", 1))  # unchanged
        assert index.upsert(document("a", 3))  # all its chunks are replaced
        assert index.tombstones == len(pieces(document("a", 1)))
        assert index.delete("b")
        assert not index.delete("b")
        assert "a" in index
        assert "b" not in index
        assert state(index) == {"a": text(3)}
        check(index)
    with opened(tmp_path / "index") as index:
        assert state(index) == {"a": text(3)}
        check(index)


def test_unchanged_text_is_not_written(tmp_path):
    with opened(tmp_path / "index") as index:
        index.upsert(document("a", 1))
        size = os.path.getsize(tmp_path / "index")
        assert not index.upsert(document("a", 1))
        assert os.path.getsize(tmp_path / "index") == size
        assert index.upsert(Document("a", "A", text(1), {"language": "zh"}))  # metadata count too
        assert index.upsert(Document("a", "B", text(1), {"language": "zh"}))


def test_new_rules_make_everything_change(tmp_path):
    with opened(tmp_path / "index") as index:
        index.upsert(document("a", 1))
    with IncrementalIndex(tmp_path / "index", rules="whole", cut=_whole) as index:
        assert len(index.chunks()) == len(pieces(document("a", 1)))  # as it was cut
        assert index.upsert(document("a", 1))
        assert [c.text for c in index.chunks()] == [text(1)]


def _whole(document: Document) -> list[Chunk]:
    return [Chunk(document.id, document.id, 0, len(document.text), document.text)]


def test_random_changes_equal_an_index_from_nothing(tmp_path):
    rng, expected = random.Random(0), {}
    index = opened(tmp_path / "index", dead_share=0.4)
    for step in range(200):
        name = rng.choice("abcdefgh")
        if rng.random() < 0.3:
            assert index.delete(name) == (expected.pop(name, None) is not None)
        else:
            changed = expected.pop(name, None) != text(seed := rng.randrange(5))
            assert index.upsert(document(name, seed)) == changed
            expected[name] = text(seed)
        assert state(index) == expected
        assert index.tombstones <= 0.4 * (len(index.chunks()) + index.tombstones)
        if step % 40 == 0:
            index.close()
            index = opened(tmp_path / "index", dead_share=0.4)
        if step % 10 == 0:
            assert sorted(c.id for c in index.chunks()) == sorted(
                c.id for d in index.documents() for c in pieces(d)
            )
    index.compact()
    check(index)
    index.close()
    with opened(tmp_path / "index") as index:
        assert state(index) == expected
        check(index)


def test_compaction_frees_the_file_and_changes_no_result(tmp_path):
    with opened(tmp_path / "index", dead_share=1) as index:
        for seed in range(20):
            index.upsert(document("a", seed))
            index.upsert(document(f"b{seed}", seed))
        before, ranking = os.path.getsize(tmp_path / "index"), index.search("queue cache", 100)
        assert index.tombstones
        index.compact()
        assert index.tombstones == 0
        assert os.path.getsize(tmp_path / "index") < 0.7 * before
        assert index.search("queue cache", 100) == ranking
        assert index.upsert(document("c", 1))
    with opened(tmp_path / "index") as index:
        assert len(index) == 22


def test_sync_finds_what_notifications_missed(tmp_path):
    with opened(tmp_path / "index") as index:
        index.upsert_all([document(name, 1) for name in "abc"])
        changes = index.sync([document("a", 1), document("b", 2), document("d", 1)])
        assert changes.added == ["d"]
        assert changes.updated == ["b"]
        assert changes.deleted == ["c"]
        assert changes.unchanged == ["a"]
        assert state(index) == {"a": text(1), "b": text(2), "d": text(1)}
        check(index)
        assert index.sync(index.documents()).unchanged == [d.id for d in index.documents()]
        assert sorted(index.sync([]).deleted) == ["a", "b", "d"]
        assert index.search("queue") == []


def test_bad_input_changes_nothing(tmp_path):
    with opened(tmp_path / "index") as index:
        index.upsert(document("a", 1))
        before = (tmp_path / "index").read_bytes()
        with pytest.raises(ValueError, match="two documents have the id 'b'"):
            index.upsert_all([document("b", 1), document("b", 2)])
        for cut, message in [
            (lambda d: [Chunk("x", d.id, 0, 3, "no!")], "whose text is not that"),
            (lambda d: [Chunk("x", "other", 0, 3, d.text[:3])], "whose text is not that"),
            (lambda d: [Chunk("x", d.id, 0, 3, d.text[:3])] * 2, "two chunks of one id"),
            (lambda d: [Chunk("a#0-60", d.id, 0, 3, d.text[:3])], "which 'a' has already"),
        ]:
            index.cut = cut
            with pytest.raises(ValueError, match=message):
                index.upsert(document("b", 2))
        index.cut = lambda d: [Chunk("same", d.id, 0, 3, d.text[:3])]
        with pytest.raises(ValueError, match="which 'b' has already"):
            index.upsert_all([document("b", 1), document("c", 2)])
        assert (tmp_path / "index").read_bytes() == before
        assert state(index) == {"a": text(1)}
        for k in (0, -1):
            with pytest.raises(ValueError, match="k is"):
                index.search("queue", k)
    for share in (0, -0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="dead_share"):
            opened(tmp_path / "index", dead_share=share)


def test_strange_documents(tmp_path):
    strange = [
        Document("empty", "", ""),
        Document("one", "1", "x"),
        Document("mixed", "混合", "用 BM25 检索词表\n\n换行 and \r\n\x00 controls \ud800"),
        Document("large", "L", "词 token " * 1_050_000, {}),  # more than 10 MB
    ]
    with IncrementalIndex(tmp_path / "index") as index:
        assert index.search("") == index.search("token") == []
        assert index.upsert_all(strange) == ["empty", "one", "mixed", "large"]
        assert index.search("检索词", 1)[0][0].startswith("mixed")
        assert len(index.search("token", 10**9)) > 1000
        assert index.delete("large")
    with IncrementalIndex(tmp_path / "index") as index:
        assert index.documents() == strange[:3]
        assert index.search("x")[0][0].startswith("one")
        assert index.search("  \n") == []


def test_a_damaged_file_is_refused_and_can_be_repaired(tmp_path):
    path = tmp_path / "index"
    with opened(path) as index:
        index.upsert_all([document(name, 1) for name in "abcd"])
        index.delete("a")
    data = bytearray(path.read_bytes())
    lines = bytes(data).splitlines(keepends=True)
    data[sum(map(len, lines[:3])) - 20] ^= 4  # in the record of b
    path.write_bytes(data)
    with pytest.raises(CorruptJournalError, match=r"line 3 \(byte \d+\): its checksum is wrong"):
        opened(path)
    assert path.read_bytes() == data
    with opened(path, repair=True) as index:
        assert len(index.damage) == 1
        assert state(index) == {"c": text(1), "d": text(1)}
        changes = index.sync([document(name, 1) for name in "bcd"])
        assert (changes.added, changes.unchanged) == (["b"], ["c", "d"])
        check(index)
    with opened(path) as index:
        assert not index.damage
        assert len(index) == 3


# --- processes that are killed ---

OPERATIONS = 40


def operations(first: int = 0) -> Iterator[tuple[str, str, int]]:
    """The same changes in each process: what is done, to which document, with which text."""
    for step in range(first, OPERATIONS):
        rng = random.Random(step)
        yield ("delete" if step % 4 == 3 else "put"), rng.choice("abc"), step


def expected_after(steps: int) -> dict[str, str]:
    documents: dict[str, str] = {}
    for action, name, seed in list(operations())[:steps]:
        documents.pop(name, None)
        if action == "put":
            documents[name] = text(seed)
    return documents


def work(path: Path, first: int, acknowledge: Callable[[int], object]) -> None:
    index = opened(path, dead_share=0.3)
    for action, name, seed in operations(first):
        index.upsert(document(name, seed)) if action == "put" else index.delete(name)
        acknowledge(seed + 1)


def count_up(path: Path, first: int) -> None:
    """What a process does that will be killed."""
    work(path, first, lambda step: print(step, flush=True))


def acknowledged_state(path: Path, acknowledged: int) -> int:
    """The file holds all that was acknowledged, and at most the change that was under way."""
    with opened(path) as index:
        check(index)
        found = state(index)
    possible = [n for n in (acknowledged, acknowledged + 1) if found == expected_after(n)]
    assert possible, (acknowledged, found)
    return possible[-1]


@posix
def test_killed_at_every_step_of_every_write(tmp_path):
    """A child of this process is killed before, in the middle of, and after each system call."""
    finished, point, compactions = False, 0, 0
    while not finished:
        path = tmp_path / str(point)
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            _killed_at(point, path, write)
        os.close(write)
        with os.fdopen(read) as lines:
            steps = [int(line) for line in lines]
        _, status = os.waitpid(child, 0)
        finished = os.WIFEXITED(status)
        assert finished or os.WTERMSIG(status) == signal.SIGKILL
        if path.exists():
            acknowledged_state(path, steps[-1] if steps else 0)
        else:
            assert not steps
        compactions += path.with_name(path.name + ".new").exists()
        point += 1
    assert steps[-1] == 12
    assert point > 50
    assert compactions > 2


def _killed_at(point: int, path: Path, write: int) -> None:
    """In the child: twelve changes, or as many as it lives to see."""
    passed = 0

    def maybe() -> bool:
        nonlocal passed
        passed += 1
        return passed > point

    def write_part(descriptor: int, data: bytes) -> int:
        if descriptor != write and maybe():
            real["write"](descriptor, bytes(data[: len(data) // 2]))
            os.kill(os.getpid(), signal.SIGKILL)
        return real["write"](descriptor, data)

    def dying(name: str) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            if maybe():
                os.kill(os.getpid(), signal.SIGKILL)
            result = real[name](*arguments)
            if maybe():
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return call

    try:
        real = {"write": os.write, "replace": os.replace, "fsync": lambda descriptor: None}
        os.write = write_part  # type: ignore[assignment]
        os.replace, os.fsync = dying("replace"), dying("fsync")  # type: ignore[assignment]

        def acknowledge(step: int) -> None:
            real["write"](write, b"%d\n" % step)
            if step == 12:
                os._exit(0)

        work(path, 0, acknowledge)
    finally:
        os._exit(1)


@posix
def test_killed_at_random_moments_and_started_again(tmp_path):
    path, done, rng = tmp_path / "index", 0, random.Random(0)
    code = (
        f"from tests.rag.test_incremental import *; count_up(Path({str(path)!r}), int(sys.argv[1]))"
    )
    root = Path(__file__).parents[2]
    kills = 0
    while done < OPERATIONS:
        command = [sys.executable, "-c", code, str(done)]
        process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        last = done + rng.randrange(5, 15)
        for line in process.stdout:
            done = int(line)
            if done >= last:
                break
        process.kill()
        done = max([done, *map(int, process.stdout.read().split())])  # acknowledged meanwhile
        process.wait()
        process.stdout.close()
        kills += process.returncode == -signal.SIGKILL
        done = acknowledged_state(path, done)
    assert kills > 1
