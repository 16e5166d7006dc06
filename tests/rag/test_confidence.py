"""A fitted confidence and its calibration, against scikit-learn and sums done by hand."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss

from handtorch.rag.confidence import (
    best_threshold,
    brier_score,
    choose_threshold,
    expected_calibration_error,
    fit_confidence,
    reliability,
    retrieval_signals,
    risk_coverage,
)


def random_outcomes(seed: int, n: int = 80) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3)) * [1.0, 10.0, 0.1] + [0.0, 5.0, 1.0]
    return x, rng.uniform(size=n) < 1 / (1 + np.exp(-x[:, 0] - 0.1 * x[:, 1]))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("ridge", [0.1, 1.0, 10.0])
def test_fit_equals_logistic_regression(seed: int, ridge: float) -> None:
    """scikit-learn's C is 1 / ridge, on standardized signals."""
    x, y = random_outcomes(seed)
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    theirs = LogisticRegression(C=1 / ridge, tol=1e-10, max_iter=10_000).fit(z, y)
    ours = fit_confidence(x, y, ridge=ridge)
    np.testing.assert_allclose(ours.weights, theirs.coef_[0], atol=1e-5)
    np.testing.assert_allclose(ours(x), theirs.predict_proba(z)[:, 1], atol=1e-5)


def test_fit_survives_separable_and_constant_signals() -> None:
    x = np.array([[0.0, 7.0], [1.0, 7.0], [2.0, 7.0], [3.0, 7.0]])
    model = fit_confidence(x, [False, False, True, True])
    p = model(x)
    assert (np.diff(p) > 0).all()
    assert model.weights[1] == 0
    assert np.isfinite(model(np.array([[1e9, 7.0], [-1e9, 7.0]]))).all()


def test_calibration_equals_scikit_learn() -> None:
    x, y = random_outcomes(3, 300)
    p = fit_confidence(x, y)(x)
    share, mean = calibration_curve(y, p, n_bins=7)
    ours = reliability(p.tolist(), y.tolist(), bins=7)
    np.testing.assert_allclose([m for m, _, _ in ours], mean)
    np.testing.assert_allclose([s for _, s, _ in ours], share)
    assert sum(n for _, _, n in ours) == 300
    assert brier_score(p.tolist(), y.tolist()) == pytest.approx(brier_score_loss(y, p))


def test_calibration_error_by_hand() -> None:
    """Bins 0.0-0.5 and 0.5-1.0: gaps |0.2 - 0.5| of 2 and |0.9 - 1| of 1, over 3."""
    p, y = [0.1, 0.3, 0.9], [False, True, True]
    assert expected_calibration_error(p, y, bins=2) == pytest.approx((0.3 * 2 + 0.1) / 3)
    assert reliability([1.0, 0.0], [True, False], bins=10) == [(0.0, 0.0, 1), (1.0, 1.0, 1)]
    assert expected_calibration_error([1.0, 1.0], [True, False]) == 0.5


def test_risk_and_coverage_by_hand() -> None:
    confidence, correct = [0.9, 0.5, 0.7, 0.5, 0.2], [True, True, False, False, False]
    curve = risk_coverage(confidence, correct)
    assert curve == [
        (0.9, 1 / 5, 0.0),
        (0.7, 2 / 5, 1 / 2),
        (0.5, 4 / 5, 1 / 2),
        (0.2, 1.0, pytest.approx(3 / 5)),
    ]
    assert choose_threshold(confidence, correct, max_risk=0.5) == 0.5
    assert choose_threshold(confidence, correct, max_risk=0.1) == 0.9
    assert choose_threshold([0.5], [False], max_risk=0.1) == float("inf")


def test_best_threshold_by_hand() -> None:
    assert best_threshold([0.2, 0.6, 0.9], [False, True, True]) == 0.6
    assert best_threshold([0.2, 0.6, 0.9], [True, False, False]) == float("inf")
    assert best_threshold([0.5, 0.5, 0.7], [True, True, False]) == 0.5
    assert best_threshold([0.2, 0.6, 0.9], [True, False, True]) == 0.9  # 0.2 is right as often


def test_signals_of_two_rankings() -> None:
    keyword = [("a", 8.0), ("b", 6.0), ("c", 1.0)]
    assert retrieval_signals(keyword, [("b", 0.7), ("x", 0.1)], 0.5) == [0.5, 0.7, 0.25, 0.1]
    assert retrieval_signals([], [], 0.0) == [0.0, 0.0, 0.0, 0.0]
    assert retrieval_signals([("a", 2.0)], [("a", 1.0)], 1.0) == [1.0, 1.0, 1.0, 0.1]


def test_bad_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="both right and wrong"):
        fit_confidence([[1.0], [2.0]], [True, True])
    with pytest.raises(ValueError, match="signals must be finite"):
        fit_confidence([[1.0], [float("nan")]], [True, False])
    with pytest.raises(ValueError, match="ridge is 0"):
        fit_confidence([[1.0], [2.0]], [True, False], ridge=0)
    with pytest.raises(ValueError, match=r"must be \(n, 1\)"):
        fit_confidence([[1.0], [2.0]], [True, False])([[1.0, 2.0]])
    with pytest.raises(ValueError, match="of one length"):
        risk_coverage([0.5], [True, False])
    with pytest.raises(ValueError, match="max_risk is 2"):
        choose_threshold([0.5], [True], max_risk=2)
    with pytest.raises(ValueError, match="bins is 0"):
        reliability([0.5], [True], bins=0)
    with pytest.raises(ValueError, match="probability reaches"):
        reliability([1.5], [True])
