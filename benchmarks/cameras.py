"""One camera of each kind, with numbers as calibrations give them."""

from __future__ import annotations

from calibration.camera import (
    EUCM,
    MEI,
    UCM,
    BrownConrady,
    CameraModel,
    DoubleSphere,
    FieldOfView,
    KannalaBrandt,
    OCam,
    Pinhole,
    Rational,
)

_SIZE = (1280, 960)
_PLACE = (*_SIZE, 380.0, 381.0, 641.0, 478.0)

CAMERAS: dict[str, CameraModel] = {
    "pinhole": Pinhole(1920, 1080, 1970.0, 1969.0, 970.0, 483.3),
    "brown": BrownConrady(1920, 1080, 930.0, 931.0, 965.0, 508.0, k1=-0.16, k2=0.01, p1=-0.0003, p2=0.0002, k3=0.01),
    "rational": Rational(*_SIZE, 600.0, 601.0, 640.0, 480.0, 0.6, 0.05, 1e-4, -2e-4, 0.002, 0.95, 0.17, 0.01),
    "prism": Rational(
        *(*_SIZE, 600.0, 601.0, 640.0, 480.0, -0.25, 0.05, 1e-3, -2e-3, 0.002),
        **{"s1": 1e-3, "s2": -2e-4, "s3": 3e-3, "s4": 1e-4},
    ),
    "fisheye": KannalaBrandt(*_PLACE, k1=-0.01, k2=0.003, k3=-0.002, k4=0.0003),
    # The rig of TUM's visual-inertial data set, as published for its first camera.
    "fisheye-tum": KannalaBrandt(
        *(512, 512, 190.978, 190.973, 254.932, 256.897, 0.0034823894, 0.0007150348, -0.0020532361, 0.00020293673)
    ),
    "ucm": UCM(*_PLACE, alpha=0.6),
    "ucm-flat": UCM(*_PLACE, alpha=0.3),
    "eucm": EUCM(*_PLACE, alpha=0.62, beta=1.1),
    "mei": MEI(*_SIZE, 1300.0, 1301.0, 640.0, 480.0, xi=1.47, k1=-0.08, k2=0.05, p1=1e-3, p2=-5e-4),
    "mei-flat": MEI(*_SIZE, 600.0, 601.0, 640.0, 480.0, xi=0.8, k1=-0.2, k2=0.05, p1=1e-3, p2=-5e-4),
    "double_sphere": DoubleSphere(*_PLACE, xi=-0.2, alpha=0.6),
    "fov": FieldOfView(*_SIZE, 480.0, 481.0, 641.0, 478.0, omega_rad=0.93),
    "ocam": OCam.from_scaramuzza(*_SIZE, (-350.0, 0.0, 1.2e-3, -4e-7, 9e-10), (482.0, 637.0), (0.9998, 2e-4, -1e-4)),
}
WIDE = {name: camera for name, camera in CAMERAS.items() if not camera.is_perspective}
