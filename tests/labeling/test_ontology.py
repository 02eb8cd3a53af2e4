"""The classes, as a person writes them by hand and gets them wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.errors import InputError
from labeling.ontology import Choice, ObjectClass, Ontology, default_ontology, read_ontology, write_ontology

CAR = "classes:\n- {name: car, color_rgb: [1, 2, 3], size_m: [4, 2, 1.5]}\n"
names = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
choices = st.lists(st.builds(Choice, names, st.lists(names, max_size=3).map(tuple)), max_size=2).map(tuple)
channel = st.integers(0, 255)
length = st.floats(0.05, 99)
classes = st.builds(
    ObjectClass,
    names,
    st.tuples(channel, channel, channel),
    st.tuples(length, length, length),
    st.booleans(),
    choices,
    choices,
)


@given(st.lists(classes, max_size=4).map(lambda each: Ontology(tuple(each))))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, ontology: Ontology) -> None:
    path = tmp_path_factory.getbasetemp() / "ontology.yaml"
    write_ontology(ontology, path)
    assert read_ontology(path) == ontology


def test_the_default_is_complete() -> None:
    ontology = default_ontology()
    assert len(set(ontology.names)) == len(ontology.names) == 8
    assert ontology.of("car").size_m == (4.5, 1.9, 1.6)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the ontology is wrong at the start: Input should be a dictionary or an instance of Ontology"),
        ("classes: [", "not valid YAML (while parsing a flow node expected the node content, but found "
         '\'<stream end>\' in "<unicode string>", line 1, column 11: classes: [ ^)'),
        (CAR.replace("car", "''"), "the ontology is wrong at classes.0.name: String should have at least 1 character"),
        (CAR.replace("1, 2, 3", "1, 2, 300"),
         "the ontology is wrong at classes.0.color_rgb.2: Input should be less than or equal to 255"),
        (CAR.replace("4, 2", "4, -2"), "the ontology is wrong at classes.0.size_m.1: Input should be greater than 0"),
        (CAR.replace("color_rgb", "colour"), "the ontology is wrong at classes.0.color_rgb: Field required"),
        (CAR + "labels: []\n", "the ontology is wrong at labels: Unexpected keyword argument"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "ontology.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_ontology(path)
    assert str(caught.value) == f"{message}: {path}"


def test_a_file_that_runs_code_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ontology.yaml"
    path.write_text("!!python/object/apply:os.system ['true']\n")
    with pytest.raises(InputError, match=r"^not valid YAML"):
        read_ontology(path)


def test_no_file_and_no_text(tmp_path: Path) -> None:
    path = tmp_path / "ontology.yaml"
    with pytest.raises(InputError) as caught:
        read_ontology(path)
    assert str(caught.value) == f"the project has no ontology; run `boxwright init DIR`: {path}"
    path.write_bytes(b"classes: []\n# \xe4\n")
    with pytest.raises(InputError, match=r"^not text in UTF-8; save it as UTF-8: "):
        read_ontology(path)


def test_an_unknown_class_is_grey_and_new_ones_get_colours() -> None:
    ontology = Ontology(())
    assert ontology.of("ufo").color_rgb == (160, 160, 160)
    for number in range(9):
        ontology = ontology.with_class(f"c{number}", (1.0, 2.0, 3.0))
    colors = [each.color_rgb for each in ontology.classes]
    assert len(set(colors)) == 7
    assert colors[7] == colors[0]
    assert ontology.of("c3").size_m == (1.0, 2.0, 3.0)
