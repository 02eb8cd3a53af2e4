"""Rule profiles: those that are shipped, and those that people write."""

from __future__ import annotations

from pathlib import Path

import pytest

from calibration.errors import FormatError, UsageError
from labeling.quality.finding import FindingKind
from labeling.quality.profile import profile_schema, rule_profile, shipped_profiles


def test_shipped_profiles_are_whole() -> None:
    assert shipped_profiles() == ("driving", "indoor_robot")
    for name in shipped_profiles():
        profile = rule_profile(name)
        assert profile.name == name
        assert FindingKind.MISSING_OBJECT in profile.rules
        assert all(each.length_m[0] < each.length_m[1] for each in profile.classes)


def test_classes_are_found_by_what_datasets_call_them() -> None:
    car = rule_profile("driving").of_class("REGULAR_VEHICLE")
    assert car is not None
    assert car.kind == "car"
    assert rule_profile("driving").of_class("Zebra crossing") is None


def test_a_wrong_profile_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no rule profile 'cars'; one of driving, indoor_robot, or give a YAML file"):
        rule_profile("cars")
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\nversion: 0\nabout: x\nrules: {}\nclasses: []\n")
    with pytest.raises(FormatError, match="the rule profile is wrong at version"):
        rule_profile(str(path))
    path.write_text("name: mine\nversion: 1\nabout: x\nrules: {flying: {}}\nclasses: []\n")
    with pytest.raises(FormatError, match="the rule profile is wrong at rules"):
        rule_profile(str(path))


def test_the_schema_names_every_part() -> None:
    assert {"rules", "classes", "version", "least_confidence"} <= profile_schema()["properties"].keys()
