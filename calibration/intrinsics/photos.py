"""Photos of a board, looked through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from calibration.errors import CalibrationError
from calibration.intrinsics.boards import Board
from calibration.intrinsics.calibrating import FEWEST_VIEWS
from calibration.intrinsics.detecting import Gray, Seen, find_board


@dataclass(slots=True)
class Looked:
    """seen: the board by photo; failures: why it was not found; size_px: width and height of the photos."""

    seen: dict[str, Seen] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    size_px: tuple[int, int] = (0, 0)

    def check(self, board: Board) -> None:
        """Raises CalibrationError where there are too few, with the photos and why."""
        if len(self.seen) >= FEWEST_VIEWS:
            return
        likes = Counter(why for why in self.failures.values() if why.startswith("it looks like"))
        if likes:
            other, count = likes.most_common(1)[0]
            raise CalibrationError(
                f"no board of {board.name}: in {count} photos {other}", do=f"try --board {other.split()[-1]}"
            )
        told = ", ".join(f"{name}: {why}" for name, why in list(self.failures.items())[:5])
        more = f" and {len(self.failures) - 5} more" if len(self.failures) > 5 else ""
        raise CalibrationError(
            f"the board was found in {len(self.seen)} photos, at least {FEWEST_VIEWS} are needed ({told}{more})"
        )


def look(photos: Iterable[tuple[str, Gray]], board: Board) -> Looked:
    """Find the board in every photo (name, grey image). Photos of another size than most are failures."""
    found, sizes = Looked(), {}
    for name, photo in photos:
        sizes[name] = (photo.shape[1], photo.shape[0])
        seen = find_board(photo, board)
        if isinstance(seen, str):
            found.failures[name] = seen
        else:
            found.seen[name] = seen
    if sizes:
        found.size_px = Counter(sizes.values()).most_common(1)[0][0]
    for name, size in sizes.items():
        if size != found.size_px:
            found.seen.pop(name, None)
            found.failures[name] = f"{size[0]}x{size[1]} px, the others have {found.size_px[0]}x{found.size_px[1]}"
    return found
