"""The table, and what may become of bench/RESULTS.md."""

import pytest

from bench.metrics import Samples
from bench.report import HEAD, Machine, markdown, rows, section, text, updated

MACHINE = Machine(cores=2, chromium="Chromium 156.0", date="2026-11-22 10:00 UTC", load=0.25)


def samples() -> Samples:
    made = Samples()
    for page, factor in (("reference", 1), ("ours", 4)):
        made.add("cold", page, "ready", 190 * factor, 200 * factor, 250 * factor)
        made.add("cold", page, "bytes", 0.05 * factor)
        made.add("slow cold", page, "ready", 1000 * factor)
        made.add("call", page, "click", 20 + factor)
    return made


def row(label: str, given: Samples) -> dict[str, str]:
    (found,) = (line for line in rows(given) if line[0] == label)
    return dict(zip(HEAD, found, strict=True))


def test_a_row_has_both_pages_their_ratio_and_the_aim() -> None:
    assert row("`ready`, cold", samples()) == {
        "measure": "`ready`, cold",
        "reference": "200 ms (190–250, n=3)",
        "ours": "800 ms (760–1000, n=3)",
        "ratio": "4.00",
        "aim": "at most 5, better 3",
        "reached": "yes",
    }


def test_a_call_is_compared_by_its_difference() -> None:
    told = row("click to INVITE on the wire, call", samples())
    assert told["aim"] == "at most 5 ms slower"
    assert told["reached"] == "yes (+3.0 ms)"


def test_a_missed_aim_stands_out() -> None:
    given = samples()
    given.add("slow cold", "ours", "ready", 9000, 9000)
    assert row("`ready`, slow cold", given)["reached"] == "**no**"


def test_a_metric_without_an_aim_has_empty_cells() -> None:
    given = samples()
    given.add("cold", "ours", "memory", 120.4)
    given.add("cold", "reference", "memory", 60.2)
    told = row("renderer memory, cold", given)
    assert (told["ours"], told["ratio"], told["aim"], told["reached"]) == (
        "120 MB (120–120, n=1)",
        "2.00",
        "",
        "",
    )


def test_what_only_one_page_has_is_shown_without_a_verdict() -> None:
    given = Samples()
    given.add("warm", "reference", "ready", 200)
    told = row("`ready`, warm", given)
    assert (told["ours"], told["ratio"], told["reached"]) == ("–", "–", "–")


def test_what_was_not_measured_has_no_row() -> None:
    assert [line[0] for line in rows(samples())] == [
        "`ready`, cold",
        "bytes before `ready`, cold",
        "`ready`, slow cold",
        "click to INVITE on the wire, call",
    ]
    assert rows(Samples()) == []


def test_few_bytes_are_not_rounded_to_none() -> None:
    assert row("bytes before `ready`, cold", samples())["reference"].startswith("0.050 MB")


def test_markdown_has_a_ruler_and_as_many_cells_in_each_line() -> None:
    lines = markdown(rows(samples())).splitlines()
    assert lines[1] == "| --- | --- | --- | --- | --- | --- |"
    assert {line.count("|") for line in lines} == {len(HEAD) + 1}
    assert len(lines) == 2 + len(rows(samples()))


def test_text_has_its_columns_under_each_other() -> None:
    head, *lines = text(rows(samples())).splitlines()
    at = head.index("ours")
    assert all(line[at - 1] == " " and line[at] != " " for line in lines)


def test_a_section_names_the_machine_and_what_failed() -> None:
    told = section(MACHINE, ["7 of 7 runs", "failed: cold, ours, run 3: no ready"], rows(samples()))
    assert "2026-11-22 10:00 UTC, 2 cores (load 0.2 before), Chromium 156.0" in told
    assert "- failed: cold, ours, run 3: no ready\n" in told
    assert told.endswith(markdown(rows(samples())))


def test_a_new_file_has_every_part() -> None:
    new = updated("", "quick", "the table\n")
    assert "<!-- quick:begin -->\nthe table\n<!-- quick:end -->" in new
    assert "<!-- full:begin -->\nNot measured yet.\n<!-- full:end -->" in new
    assert "<!-- kept:begin -->\n\n<!-- kept:end -->" in new


def test_an_update_changes_its_own_part_only() -> None:
    old = updated(updated("", "full", "full 1\n"), "quick", "quick 1\n")
    new = updated(old, "full", "full 2\n")
    assert new == old.replace("full 1", "full 2")


def test_what_was_written_by_hand_survives_to_the_byte() -> None:
    by_hand = "\n### The glue\n\nBought 30 %.  \n\\1 <!-- full:end --x> | & \\g<0>\n\n"
    old = updated("", "full", "1\n").replace(
        "kept:begin -->\n\n<!-- kept", f"kept:begin -->\n{by_hand}<!-- kept"
    )
    assert by_hand in old
    for name in ("full", "quick", "full"):
        old = updated(old, name, f"{name} again\n")
    assert f"<!-- kept:begin -->\n{by_hand}<!-- kept:end -->\n" in old


@pytest.mark.parametrize("marker", ["kept:begin", "kept:end", "full:begin", "quick:end"])
def test_a_file_that_lost_a_marker_is_not_touched(marker: str) -> None:
    broken = updated("", "full", "1\n").replace(f"<!-- {marker} -->", "")
    with pytest.raises(ValueError, match=marker.split(":")[0]):
        updated(broken, "full", "2\n")


def test_a_marker_twice_is_not_guessed_about() -> None:
    twice = updated("", "full", "1\n") + "\n<!-- kept:begin -->\nmore\n<!-- kept:end -->\n"
    with pytest.raises(ValueError, match="once"):
        updated(twice, "full", "2\n")


def test_the_results_of_the_project_can_be_updated() -> None:
    from bench.__main__ import RESULTS

    assert "again" in updated(RESULTS.read_text("utf-8"), "full", "again\n")
