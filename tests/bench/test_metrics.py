"""The statistics of the bench: spreads, ratios, aims."""

import pytest

from bench.metrics import CALLS, SCENARIOS, STARTS, Aim, Samples, Spread, ratio, reached


def spread(*samples: float) -> Spread:
    found = Spread.of(samples)
    assert found is not None
    return found


def test_a_spread_is_the_median_and_both_ends() -> None:
    assert spread(30, 10, 20) == Spread(median=20, least=10, most=30, count=3)
    assert spread(10, 20, 30, 100).median == 25
    assert spread(7) == Spread(7, 7, 7, 1)


def test_nothing_measured_has_no_spread() -> None:
    assert Spread.of([]) is None


def test_samples_are_kept_apart_by_scenario_page_and_metric() -> None:
    samples = Samples()
    samples.add("cold", "ours", "ready", 900)
    samples.add("cold", "ours", "ready", 1100, 1000)
    samples.add("cold", "reference", "ready", 200)
    samples.add("warm", "ours", "ready", 1)
    assert samples.spread("cold", "ours", "ready") == Spread(1000, 900, 1100, 3)
    assert samples.spread("cold", "reference", "ready") == spread(200)
    assert samples.spread("cold", "ours", "paint") is None


def test_the_ratio_is_of_medians() -> None:
    assert ratio(spread(1, 3, 1000), spread(1, 2, 3)) == 1.5


@pytest.mark.parametrize(("ours", "reference"), [((), (1,)), ((1,), ()), ((1,), (0,))])
def test_there_is_no_ratio_to_nothing(ours: tuple[float, ...], reference: tuple[float, ...]) -> None:
    assert ratio(Spread.of(ours), Spread.of(reference)) is None


@pytest.mark.parametrize(
    ("aim", "ours", "reference", "expected"),
    [
        (Aim(ratio=5), 1000, 200, True),
        (Aim(ratio=5), 1001, 200, False),
        (Aim(slower=5), 105, 100, True),
        (Aim(slower=5), 106, 100, False),
        (Aim(slower=5), 50, 100, True),
        (Aim(at_most=4500), 4500, 1, True),
        (Aim(at_most=4500), 4501, 9000, False),
    ],
)
def test_an_aim_is_reached_or_not(aim: Aim, ours: float, reference: float, expected: bool) -> None:
    assert reached(aim, spread(ours), spread(reference)) is expected


@pytest.mark.parametrize("aim", [Aim(ratio=5), Aim(slower=5)])
def test_a_comparison_with_nothing_tells_nothing(aim: Aim) -> None:
    assert reached(aim, spread(1), None) is None
    assert reached(aim, None, spread(1)) is None


def test_an_absolute_aim_needs_no_reference() -> None:
    assert reached(Aim(at_most=2), spread(1), None) is True


def test_every_aim_says_one_thing_about_a_known_scenario() -> None:
    for metric in (*STARTS, *CALLS):
        assert metric.aims.keys() <= set(SCENARIOS)
        for aim in metric.aims.values():
            assert [aim.ratio, aim.slower, aim.at_most].count(None) == 2
