"""The gates of an exercise and of a page, for the test suite, ``make check`` and the kill table."""

from collections.abc import Callable
from pathlib import Path

from handtorch_classroom import notebooks
from handtorch_classroom.answers import check_page
from handtorch_classroom.exercises import Exercise, Trial, all_exercises, anatomy, try_mutants
from handtorch_classroom.notebooks import NotebookError
from handtorch_classroom.release import release
from handtorch_classroom.syllabus import FILE_NAME, load_chapter
from handtorch_classroom.trial import Result

Say = Callable[[str], object]

TABLE_HEAD = """\
# The kill table

*变异测试结果：每道练习的错误答案被判错了多少*

A grade can be trusted as far as the tests behind it have been tried on wrong answers. Each
exercise is tried on plausible wrong answers (each makes one mistake that people do make) and on
idle ones (they return their input or a constant, or let a library do the work). A wrong answer is
*killed* when it loses marks; idle ones must get none at all. *Visible* counts what the tests in the
learner's notebook find without the grader's hidden ones. Right answers in another style must get
full marks. This page is written by `make kills`; the test suite compares it with a fresh run.
"""


def gate_exercise(exercise: Exercise, say: Say = lambda line: None) -> list[str]:
    """What is wrong with an exercise, a sentence each; `say` gets a line of progress each step."""
    failures = [f"{exercise}: {lack}" for lack in anatomy(exercise)]
    failures += gate_release(exercise)
    say(f"{exercise}: {exercise.max_points} points, anatomy and release tried")
    failures += gate_solution(exercise)
    failures += gate_alternatives(exercise, say)
    trials = try_mutants(exercise)
    for trial in trials:
        say(f"  {trial.answer.name}: {_verdict(trial)}\n    {_indented(trial.message)}")
    return failures + gate_mutants(exercise, trials)


def gate_release(exercise: Exercise) -> list[str]:
    """The release is what solutions/ generates, and every test cell fails on it."""
    if not exercise.release_path.is_file():
        return [f"{exercise}: not released; run `make exercises`"]
    if exercise.release_path.read_text(encoding="utf-8") != notebooks.dumps(release(exercise)):
        return [f"{exercise}: the release is stale; run `make exercises`"]
    return [
        f"{exercise}: the stub passes the test cell {result.name}"
        for result in exercise.try_stub()
        if result.passed
    ]


def gate_solution(exercise: Exercise) -> list[str]:
    """The solution gets full marks."""
    return _failed(f"{exercise}: the solution", exercise.try_answer())


def gate_alternatives(exercise: Exercise, say: Say = lambda line: None) -> list[str]:
    """Every right answer in another style gets full marks."""
    failures = []
    for answer in exercise.alternatives():
        failures += _failed(
            f"{exercise}: the right answer {answer.name}", exercise.try_answer(answer)
        )
        say(f"  {answer.name}: {answer.mistake}")
    return failures


def gate_mutants(exercise: Exercise, trials: list[Trial]) -> list[str]:
    """Wrong answers lose marks, idle ones get none, visible tests find more than half."""
    failures = [
        f"{exercise}: the wrong answer {trial.answer.name} gets full marks"
        for trial in trials
        if not trial.killed
    ]
    failures += [
        f"{exercise}: {trial.answer.name} does nothing and gets {trial.points} marks"
        for trial in trials
        if trial.answer.is_idle and trial.points
    ]
    wrong = [trial for trial in trials if not trial.answer.is_idle]
    seen = sum(trial.killed_visibly for trial in wrong)
    if 2 * seen <= len(wrong):
        failures.append(f"{exercise}: visible tests find {seen} of {len(wrong)} wrong answers")
    return failures


def gate_page(root: Path, name: str) -> list[str]:
    """A page runs to the same bytes, is normal, and answers its questions as the syllabus asks.

    Raises:
        NotebookError: if there is no such page.
    """
    chapter_name, _, page_name = name.partition("/")
    path = root / "book" / chapter_name / f"{page_name}.ipynb"
    chapter = load_chapter(root / "book" / chapter_name / FILE_NAME)
    page = next((page for page in chapter.pages if page.name == page_name), None)
    if page is None:
        known = ", ".join(f"{chapter_name}/{page.name}" for page in chapter.pages)
        raise NotebookError(f"no page is called {name!r}; there are: {known}")
    failures = check_page(chapter, page, path) + notebooks.defects(path)
    old = path.read_text(encoding="utf-8")
    again = notebooks.dumps(
        notebooks.normalize(notebooks.execute(notebooks.read(path), path.parent))
    )
    if old != again:
        failures.append(f"{path}: a second run gives other outputs; run `make notebooks`")
    return failures


def kill_table(root: Path, say: Say = lambda line: None) -> str:
    """The published table of all exercises, from a fresh run of every answer."""
    rows, details = [], []
    for exercise in all_exercises(root):
        trials = try_mutants(exercise)
        for trial in trials:
            say(f"{exercise}: {trial.answer.name}: {_verdict(trial)}")
        right = exercise.alternatives()
        passing = sum(not _failed("", exercise.try_answer(answer)) for answer in right)
        rows.append(table_row(exercise, trials, passing, len(right)))
        details.append(table_details(exercise, trials))
    head = (
        "| exercise | points | wrong answers | killed | visible | idle | killed | right answers |"
    )
    rule = "|---|---|---|---|---|---|---|---|"
    return "\n".join([TABLE_HEAD, head, rule, *rows, "", *details])


def table_row(exercise: Exercise, trials: list[Trial], passing: int, right: int) -> str:
    """A line of the table: wrong answers tried and killed, by all tests and by visible ones."""
    wrong = [trial for trial in trials if not trial.answer.is_idle]
    idle = [trial for trial in trials if trial.answer.is_idle]
    killed = sum(trial.killed for trial in wrong)
    visible = sum(trial.killed_visibly for trial in wrong)
    none = sum(not trial.points for trial in idle)
    link = f"[{exercise}](../exercises/{exercise}.ipynb)"
    return (
        f"| {link} | {exercise.max_points} | {len(wrong)} | {killed} | {visible} "
        f"| {len(idle)} | {none} | {passing} of {right} |"
    )


def table_details(exercise: Exercise, trials: list[Trial]) -> str:
    """The wrong answers of an exercise, each with the tests that find it."""
    lines = [f":::{{dropdown}} {exercise}", "| wrong answer | found by |", "|---|---|"]
    for trial in trials:
        finder = "visible tests" if trial.killed_visibly else "hidden tests"
        mistake = trial.answer.mistake.replace("|", "\\|")
        found = finder if trial.killed else "nobody"
        lines.append(f"| {mistake} | {found} |")
    return "\n".join([*lines, ":::", ""])


def _failed(who: str, results: list[Result]) -> list[str]:
    return [
        f"{who} fails {result.name}:\n    {_indented(result.message)}"
        for result in results
        if not result.passed
    ]


def _verdict(trial: Trial) -> str:
    by = "visible tests" if trial.killed_visibly else "hidden tests" if trial.killed else "NOBODY"
    return f"{trial.points} of {trial.max_points} marks, found by {by}"


def _indented(message: str) -> str:
    return message.replace("\n", "\n    ")
