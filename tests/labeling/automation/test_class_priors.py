"""A class is recognised by whatever name a dataset gives it, and its prior is a thing that can exist."""

from __future__ import annotations

import pytest

from labeling.automation.class_priors import CLASS_PRIORS, UNKNOWN, class_prior
from labeling.ontology import default_ontology


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Car", "car"),
        ("REGULAR_VEHICLE", "car"),
        ("vehicle.car", "car"),
        ("Pickup Truck", "pickup"),
        ("Medium-sized Truck", "truck"),
        ("BOX_TRUCK", "truck"),
        ("LARGE_VEHICLE", "truck"),
        ("Semi-truck", "semi"),
        ("vehicle.bus.bendy", "articulated_bus"),
        ("SCHOOL_BUS", "bus"),
        ("VEHICULAR_TRAILER", "trailer"),
        ("vehicle.construction", "construction_vehicle"),
        ("CONSTRUCTION_CONE", "cone"),
        ("Van", "van"),
        ("Tram", "tram"),
        ("human.pedestrian.adult", "pedestrian"),
        ("Person_sitting", "pedestrian"),
        ("Pedestrian with Object", "pedestrian"),
        ("BICYCLIST", "cyclist"),
        ("BicycleRider", "cyclist"),
        ("MotorcyleRider", "motorcyclist"),
        ("Motorized Scooter", "motorcycle"),
        ("Personal Mobility Device", "scooter"),
        ("BICYCLE", "bicycle"),
        ("forklift", "forklift"),
        ("cart", "cart"),
        ("STOP_SIGN", "sign"),
        ("Animals - Other", "animal"),
        ("whatsit", "unknown"),
        ("", "unknown"),
    ],
)
def test_names_of_datasets_find_their_prior(name: str, kind: str) -> None:
    assert class_prior(name).kind == kind


def test_the_default_ontologys_sizes_are_within_two_spreads_of_their_priors() -> None:
    for each in default_ontology().classes:
        prior = class_prior(each.name)
        if prior is not UNKNOWN:
            for size, mean, spread in zip(each.size_m, prior.size_m, prior.spread_m, strict=True):
                assert abs(size - mean) <= 2.0 * spread, each.name


def test_priors_are_of_things_that_can_exist() -> None:
    for prior in CLASS_PRIORS.values():
        assert all(0.0 < spread < mean for mean, spread in zip(prior.size_m, prior.spread_m, strict=True))
        assert prior.movable == (prior.motion.speed_mps > 0.0) or prior.kind == "container"
        assert prior.motion.holonomic or prior.motion.least_turn_radius_m > 0.0
