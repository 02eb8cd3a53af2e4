"""Find the system libraries that open3d links to, or install them: `python -m tests.system_libraries`."""

from __future__ import annotations

import os
import sys

from calibration import BoxwrightError
from fusion.scenario.sensing.ray_caster import DEBIAN_PACKAGES, open3d
from tests.browser import apt_install


def main() -> int:
    """0 if open3d loads now. Debian's packages are installed when we are root."""
    try:
        open3d()
    except BoxwrightError as error:
        print(f"{error}; trying to install it", file=sys.stderr)
    else:
        return 0
    apt_install(*DEBIAN_PACKAGES.values())
    try:
        open3d()
    except BoxwrightError as error:
        print(error, file=sys.stderr)
        return 1 if os.environ.get("CI") == "true" else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
