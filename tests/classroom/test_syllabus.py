"""The syllabus file is read, and one that breaks the format is refused with a clear sentence."""

from pathlib import Path

import pytest
import yaml

from handtorch_classroom.answers import check_chapter
from handtorch_classroom.syllabus import (
    CHAPTERS,
    Chapter,
    SyllabusError,
    chapters_in_the_book,
    load_chapter,
    load_chapters,
)

ROOT = Path(__file__).parents[2]

GOOD = """
chapter: tokenizer
title: {en: Tokenizers, zh: 分词器}
pages:
- page: first
  title: {en: First, zh: 第一}
  questions:
  - {id: what-is-it, en: What it is, zh: 是什么, refs: ['S0:1'], note: dated}
  - {id: why-so, en: Why so, zh: 为什么, refs: []}
- page: second
  title: {en: Second, zh: 第二}
  questions:
  - {id: how, en: How, zh: 怎样, refs: []}
exercises:
- {id: write_it, page: second, en: 'Write `it`: all of it.', zh: 编写 `it`。, refs: [], extra: true}
"""


def write(folder: Path, text: str, name: str = "tokenizer") -> Path:
    path = folder / "book" / name / "syllabus.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_syllabus_is_read_as_it_stands(tmp_path: Path) -> None:
    chapter = load_chapter(write(tmp_path, GOOD))
    assert (chapter.name, chapter.title.zh) == ("tokenizer", "分词器")
    assert [page.name for page in chapter.pages] == ["first", "second"]
    assert [question.id for question in chapter.questions] == ["what-is-it", "why-so", "how"]
    question = chapter.pages[0].questions[0]
    assert (question.en, question.zh) == ("What it is", "是什么")
    assert (question.refs, question.note) == (("S0:1",), "dated")
    (exercise,) = chapter.exercises_on("second")
    assert (exercise.id, exercise.extra, exercise.summary) == ("write_it", True, "Write `it`")
    assert chapter.exercises_on("first") == ()


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ("zh: 是什么, ", "", "question 'what-is-it': 'zh' is missing"),
        ("en: Why so", "en: ''", "question 'why-so': 'en' must be text that is not empty, not ''"),
        ("en: Why so", "en: 3", "question 'why-so': 'en' must be text that is not empty, not 3"),
        ("id: how", "id: what-is-it", "question 'what-is-it' stands there 2 times"),
        ("page: first", "page: second", "page 'second' stands there 2 times"),
        ("id: how", "id: How_Many", "'id' is 'How_Many' but must match"),
        ("note: dated", "nota: dated", "question 'what-is-it': unknown key 'nota'; allowed are"),
        ("page: second, en", "page: third, en", "taught on 'third', which is no page"),
        ("extra: true", "extra: maybe", "'extra' must be true or false, not 'maybe'"),
        ("refs: []}", "refs: no}", "question 'why-so': 'refs' must be a list, not bool"),
        ("['S0:1']", "[1]", "must be a str, not int"),
        ("{en: First, zh: 第一}", "First", "page 'first', its title: must be a mapping, not str"),
        ("{en: First, zh: 第一}", "{en: First}", "page 'first', its title: 'zh' is missing"),
        ("chapter: tokenizer", "chapter: other", "'chapter' is 'other' but the file stands in"),
        ("exercises:", "exercise:", "'exercises' is missing"),
        ("title: {en: Tokenizers", "title: {en: [", "not a YAML file"),
    ],
)
def test_a_syllabus_that_breaks_the_format_is_refused(
    tmp_path: Path, good: str, bad: str, said: str
) -> None:
    assert good in GOOD
    path = write(tmp_path, GOOD.replace(good, bad, 1))
    with pytest.raises(SyllabusError) as caught:
        load_chapter(path)
    assert said in str(caught.value)
    assert str(caught.value).startswith(str(path))


def test_a_missing_or_empty_or_undecodable_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SyllabusError, match="no such syllabus"):
        load_chapter(tmp_path / "book" / "tokenizer" / "syllabus.yml")
    with pytest.raises(SyllabusError, match="must be a mapping, not NoneType"):
        load_chapter(write(tmp_path, ""))
    path = write(tmp_path, "")
    path.write_bytes(b"chapter: \xff")
    with pytest.raises(SyllabusError, match="not a YAML file"):
        load_chapter(path)


def test_chapters_come_in_the_order_of_the_book(tmp_path: Path) -> None:
    for name in ("rag", "tokenizer", "attention"):
        write(tmp_path, GOOD.replace("chapter: tokenizer", f"chapter: {name}"), name)
    assert [c.name for c in load_chapters(tmp_path)] == ["tokenizer", "attention", "rag"]
    assert chapters_in_the_book(tmp_path) == ()
    (tmp_path / "book" / "rag" / "index.md").write_text("# RAG\n", encoding="utf-8")
    assert [c.name for c in chapters_in_the_book(tmp_path)] == ["rag"]


def test_a_folder_that_is_no_chapter_is_refused(tmp_path: Path) -> None:
    write(tmp_path, GOOD.replace("chapter: tokenizer", "chapter: cooking"), "cooking")
    with pytest.raises(SyllabusError, match="'cooking' is not a chapter of the book"):
        load_chapters(tmp_path)


def test_the_book_has_thirty_chapters() -> None:
    assert len(CHAPTERS) == len(set(CHAPTERS)) == 30


def test_the_syllabus_of_the_tokenizer_chapter_is_the_contract() -> None:
    chapter = load_chapter(ROOT / "book" / "tokenizer" / "syllabus.yml")
    assert (len(chapter.pages), len(chapter.questions), len(chapter.exercises)) == (5, 39, 8)
    raw = yaml.safe_load((ROOT / "book/tokenizer/syllabus.yml").read_text(encoding="utf-8"))
    assert [e.id for e in chapter.exercises] == [e["id"] for e in raw["exercises"]]


@pytest.mark.parametrize("chapter", chapters_in_the_book(ROOT), ids=lambda chapter: chapter.name)
def test_every_question_of_the_book_is_answered_in_its_place(chapter: Chapter) -> None:
    problems = check_chapter(chapter, ROOT)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("chapter", chapters_in_the_book(ROOT), ids=lambda chapter: chapter.name)
def test_every_exercise_of_the_book_exists_with_its_solution(chapter: Chapter) -> None:
    names = [f"{chapter.name}/{exercise.id}.ipynb" for exercise in chapter.exercises]
    files = [f"{folder}/{name}" for name in names for folder in ("exercises", "solutions")]
    missing = [file for file in files if not (ROOT / file).is_file()]
    assert not missing, f"missing: {', '.join(missing)}"
