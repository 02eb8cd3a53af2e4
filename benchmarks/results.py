"""RESULTS.md: sections that commands replace, each its own."""

from __future__ import annotations

from pathlib import Path

RESULTS = Path(__file__).parent / "RESULTS.md"


def replace_section(path: Path, name: str, text: str) -> None:
    """Put `text` between the markers of the section, or at the end of the page if it is not there yet."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    page = path.read_text(encoding="utf-8") if path.exists() else ""
    section = f"{begin}\n{text.strip()}\n{end}\n"
    if begin in page and end in page:
        before, rest = page.split(begin, 1)
        after = rest.split(end, 1)[1].lstrip("\n")
        page = before + section + (f"\n{after}" if after else "")
    else:
        page = (page.rstrip("\n") + "\n\n" if page.strip() else "") + section
    path.write_text(page, encoding="utf-8")


def section_of(path: Path, name: str) -> str:
    """The text between the markers of a section; empty if it is not there."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    page = path.read_text(encoding="utf-8")
    return page.split(begin, 1)[1].split(end, 1)[0].strip() + "\n" if begin in page and end in page else ""
