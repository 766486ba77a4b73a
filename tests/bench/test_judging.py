"""Medians, ratios, verdicts and bars come of the rounds that were measured."""

from __future__ import annotations

from xml.etree import ElementTree

from bench.figures import Case, Figures
from bench.goals import verdicts
from bench.plot import SCALE_ENDS_AT, draw
from bench.report import judged, table
from bench.soak.flatness import Sample, judge


def _case(name: str = "frontend", **rounds: list[Figures]) -> Case:
    case = Case(name, "A file", "GET")
    for peer, figures in rounds.items():
        for one in figures:
            case.add(peer, one)
    return case


def test_one_disturbed_round_does_not_move_the_median() -> None:
    case = _case(nginx=[{"cpu_us": 20}, {"cpu_us": 900}, {"cpu_us": 22}])
    assert case.medians("nginx") == {"cpu_us": 22}


def test_a_ratio_is_one_of_medians() -> None:
    case = _case(nginx=[{"cpu_us": 20}], wixproxy=[{"cpu_us": 50}])
    assert (case.ratio("wixproxy"), case.ratio("nginx"), case.ratio("caddy")) == (2.5, 1, None)


def test_a_goal_is_met_up_to_its_bound_and_missed_beyond_it() -> None:
    for ours, is_met in ((50, True), (50.1, False)):
        case = _case(nginx=[{"cpu_us": 20}], wixproxy=[{"cpu_us": ours}])
        assert [verdict.is_met for verdict in verdicts([case])] == [is_met]


def test_a_goal_of_added_latency_takes_away_what_there_is_without_a_proxy() -> None:
    case = _case("events", direct=[{"p99_ms": 3}], wixproxy=[{"p99_ms": 7.5}])
    (verdict,) = verdicts([case])
    assert (verdict.found, verdict.is_met) == (4.5, True)


def test_a_goal_that_asks_for_more_is_missed_by_less() -> None:
    case = _case(
        "download",
        nginx=[{"mib_per_second": 1000, "growth_mib": 0}],
        wixproxy=[{"mib_per_second": 400, "growth_mib": 1}],
    )
    assert [verdict.is_met for verdict in verdicts([case])] == [False, True]


def test_what_was_not_measured_is_not_judged() -> None:
    assert verdicts([_case(nginx=[{"cpu_us": 20}])]) == []
    assert "No goal" in judged([])


def test_a_peer_that_was_left_out_is_told_with_the_reason() -> None:
    case = _case(nginx=[{"cpu_us": 20}])
    case.left_out["caddy"] = "it did not start"
    assert "caddy was left out: it did not start" in table(case)


def test_errors_of_all_rounds_are_counted() -> None:
    assert _case(nginx=[{"errors": 1}, {"errors": 0}], caddy=[{"errors": 2}]).errors == 3


def test_a_bar_beyond_the_scale_is_torn_off() -> None:
    case = _case(
        nginx=[{"cpu_us": 20}],
        wixproxy=[{"cpu_us": 50}],
        mitmproxy=[{"cpu_us": 50 * SCALE_ENDS_AT * 10}],
    )
    drawn = draw([case], "a note with <signs> & more")
    picture = ElementTree.fromstring(drawn)  # noqa: S314 - our own
    bars = [element.get("d", "") for element in picture.iter("{http://www.w3.org/2000/svg}path")]
    assert [bar.count("L") for bar in bars] == [0, 0, 5]


def _samples(memory: list[float], opened: list[int]) -> list[Sample]:
    return [
        Sample(minute, rss, count, 0, 0)
        for minute, (rss, count) in enumerate(zip(memory, opened, strict=True), 1)
    ]


def test_memory_that_fills_caches_first_is_flat() -> None:
    assert judge(_samples([60, 80, 100, *[104] * 3, *[106] * 3], [50] * 9)).flat is True


def test_memory_or_descriptors_that_go_on_growing_are_not_flat() -> None:
    steady, growing = [100.0] * 9, [100.0 + 3 * minute for minute in range(9)]
    assert judge(_samples(growing, [50] * 9)).flat is False
    assert judge(_samples(steady, [50 + 10 * minute for minute in range(9)])).flat is False


def test_a_few_minutes_tell_nothing() -> None:
    assert judge(_samples([100] * 8, [50] * 8)).flat is None
