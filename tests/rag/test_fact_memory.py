"""Facts in weights and in notes: what an update reaches, and what it breaks."""

import pytest

from handtorch.rag.fact_memory import (
    WORDINGS,
    FactNetwork,
    Notes,
    continue_training,
    draw_facts,
    machine_names,
    pretrain,
)

NAMES = machine_names(60)
OLD = draw_facts(NAMES, 60, seed=0)
NEW = {name: (OLD[name] + 7) % 60 for name in NAMES[:6]}
KEPT = {name: OLD[name] for name in NAMES[6:]}


@pytest.fixture(scope="module")
def model() -> FactNetwork:
    return pretrain(OLD, 60)


def test_names_are_different_and_the_same_each_time() -> None:
    assert len(set(machine_names(500))) == 500
    assert machine_names(3) == ["bababa", "bodogu", "degeno"]


def test_pretraining_learns_every_fact_in_every_wording(model: FactNetwork) -> None:
    assert model.accuracy(OLD) == 1
    assert model.accuracy(NEW) == 0


def test_an_update_reaches_the_wording_it_was_taught_in_first(model: FactNetwork) -> None:
    taught = continue_training(model, NEW, WORDINGS[:1], steps=200)
    assert taught.accuracy(NEW, WORDINGS[:1]) == 1
    assert taught.accuracy(NEW, WORDINGS[4:]) < 1
    assert model.accuracy(OLD) == 1  # the original is untouched


def test_replay_keeps_what_the_update_would_break(model: FactNetwork) -> None:
    without = continue_training(model, NEW, WORDINGS, steps=300)
    with_replay = continue_training(model, NEW, WORDINGS, steps=300, replay=KEPT)
    assert without.accuracy(KEPT) < 0.9
    assert with_replay.accuracy(KEPT) > without.accuracy(KEPT) + 0.1
    assert with_replay.accuracy(NEW) == 1


def test_same_seed_same_weights() -> None:
    first, second = (pretrain(OLD, 60, epochs=2, seed=3) for _ in range(2))
    assert first.embedding.equal(second.embedding)


def test_notes_change_where_they_are_changed_and_nowhere_else() -> None:
    notes = Notes(OLD)
    updated = notes.update(NEW)
    assert (updated.accuracy(NEW), updated.accuracy(KEPT), updated.accuracy(OLD)) == (1, 1, 0.9)
    assert notes.accuracy(OLD) == 1
