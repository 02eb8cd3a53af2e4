"""Boards that are photographed: chessboards, ChArUco boards, and Kalibr's grids of AprilTags."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from calibration.errors import UsageError
from calibration.quaternion import FloatArray

_FEWEST = 3


class BoardKind(StrEnum):
    """What is printed on it."""

    CHESSBOARD = "chessboard"
    CHARUCO = "charuco"
    APRILGRID = "aprilgrid"


@dataclass(frozen=True, slots=True)
class Board:
    """columns, rows: of a chessboard its inner corners; of a ChArUco board its squares; of an AprilGrid its tags.

    square_m: edge of a square, or of a tag. gap: of an AprilGrid, between tags, in edges of a tag; of a ChArUco board,
    edge of a marker in edges of a square. Raises UsageError for a board of less than three by three.
    """

    kind: BoardKind
    columns: int
    rows: int
    square_m: float = 1.0
    gap: float = 0.3

    def __post_init__(self) -> None:
        least = _FEWEST if self.kind is BoardKind.CHESSBOARD else 2
        if min(self.columns, self.rows) < least or not self.square_m > 0.0 or not self.gap > 0.0:
            raise UsageError(
                f"a {self.kind} of {self.columns}x{self.rows} with {self.square_m:g} m is none",
                do=f"give at least {least}x{least} and a positive size",
            )

    @property
    def name(self) -> str:
        """Such as 7x5."""
        return f"{self.columns}x{self.rows}"

    @property
    def points_m(self) -> FloatArray:
        """(N, 3) corners in the board's own plane, metres, in the order of their numbers."""
        if self.kind is BoardKind.APRILGRID:
            step = 1.0 + self.gap
            corners = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])  # anticlockwise from the lower left
            places = [
                corners + step * np.array([column, row]) for row in range(self.rows) for column in range(self.columns)
            ]
            flat = np.concatenate(places)
        else:
            less = 1 if self.kind is BoardKind.CHARUCO else 0
            x, y = np.meshgrid(np.arange(self.columns - less), np.arange(self.rows - less))
            flat = np.column_stack([x.ravel(), y.ravel()])
        return self.square_m * np.column_stack([flat, np.zeros(len(flat))])


def board_of(text: str, square_m: float = 1.0, kind: str = "chessboard", gap: float | None = None) -> Board:
    """From `7x5`. Raises UsageError for what is no size or no kind."""
    match = re.fullmatch(r"(\d{1,3})x(\d{1,3})", text.strip().lower())
    if match is None:
        raise UsageError(f"{text!r} is no size of a board", do="give columns x rows, for example 7x5")
    if kind not in list(BoardKind):
        raise UsageError(f"there is no board {kind!r}", do=f"one of {', '.join(BoardKind)}")
    usual = 0.75 if kind == BoardKind.CHARUCO else 0.3
    return Board(BoardKind(kind), int(match[1]), int(match[2]), square_m, usual if gap is None else gap)
