"""Images: raw pixels to PNG files, depth to 16-bit values, and what kind of file a packed one is.

Raw colour is packed without loss. Bayer mosaics become colour first, by OpenCV's interpolation, for nobody can label on
a mosaic; the same for packed YUV.
"""

from __future__ import annotations

import struct
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from fusion.readers.ros.log import DamageError
from fusion.readers.ros.values import PackedImage, RawImage
from fusion.samples import DepthImage, EncodedImage

Pixels = npt.NDArray[Any]

# encoding: (numpy type, channels, OpenCV's conversion to what imencode takes)
_PLAIN: dict[str, tuple[str, int, int | None]] = {
    "rgb8": ("u1", 3, cv2.COLOR_RGB2BGR),
    "rgba8": ("u1", 4, cv2.COLOR_RGBA2BGRA),
    "bgr8": ("u1", 3, None),
    "bgra8": ("u1", 4, None),
    "mono8": ("u1", 1, None),
    "8UC1": ("u1", 1, None),
    "8UC3": ("u1", 3, None),
    "8UC4": ("u1", 4, None),
    "rgb16": ("u2", 3, cv2.COLOR_RGB2BGR),
    "bgr16": ("u2", 3, None),
    "mono16": ("u2", 1, None),
    "bayer_rggb8": ("u1", 1, cv2.COLOR_BayerRGGB2BGR),
    "bayer_bggr8": ("u1", 1, cv2.COLOR_BayerBGGR2BGR),
    "bayer_gbrg8": ("u1", 1, cv2.COLOR_BayerGBRG2BGR),
    "bayer_grbg8": ("u1", 1, cv2.COLOR_BayerGRBG2BGR),
    "bayer_rggb16": ("u2", 1, cv2.COLOR_BayerRGGB2BGR),
    "bayer_bggr16": ("u2", 1, cv2.COLOR_BayerBGGR2BGR),
    "bayer_gbrg16": ("u2", 1, cv2.COLOR_BayerGBRG2BGR),
    "bayer_grbg16": ("u2", 1, cv2.COLOR_BayerGRBG2BGR),
    "yuv422": ("u1", 2, cv2.COLOR_YUV2BGR_UYVY),
    "uyvy": ("u1", 2, cv2.COLOR_YUV2BGR_UYVY),
    "yuv422_yuy2": ("u1", 2, cv2.COLOR_YUV2BGR_YUY2),
    "yuyv": ("u1", 2, cv2.COLOR_YUV2BGR_YUY2),
}
_DEPTH = {"16UC1": "u2", "mono16": "u2", "32FC1": "f4"}
_LARGEST_SIDE = 1 << 16
_LARGEST_IMAGE = 1 << 27  # pixels; a file of a few bytes may claim anything
_MILLIMETRE = 0.001
_JPEG_SIZES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def is_depth(encoding: str) -> bool:
    """Whether raw pixels of that encoding are distances."""
    return encoding in ("16UC1", "32FC1")


def is_readable(encoding: str) -> bool:
    """Whether raw pixels of that encoding can become a photo or a depth image."""
    return encoding in _PLAIN or encoding in _DEPTH


def pixels(image: RawImage, dtype: str, channels: int) -> Pixels:
    """(H, W) or (H, W, channels) in the machine's byte order. Raises DamageError where bytes are missing."""
    kind = np.dtype((">" if image.big_endian else "<") + dtype)
    row = image.width * channels * kind.itemsize
    step = image.step or row
    sound = 0 < image.width <= _LARGEST_SIDE and 0 < image.height <= _LARGEST_SIDE and step >= row
    if not sound or (image.height - 1) * step + row > len(image.data):
        raise DamageError("an image that is smaller than it says")
    strides = (step, channels * kind.itemsize, kind.itemsize)
    view: Pixels = np.ndarray((image.height, image.width, channels), kind, buffer=image.data, strides=strides)
    native = np.ascontiguousarray(view.astype(kind.newbyteorder("=")))
    return native[:, :, 0] if channels == 1 else native


def check_image(image: RawImage) -> None:
    """Raises DamageError if bytes are missing."""
    dtype, channels = (_DEPTH[image.encoding], 1) if is_depth(image.encoding) else _PLAIN[image.encoding][:2]
    row = image.width * channels * np.dtype(dtype).itemsize
    if image.width <= 0 or image.height <= 0 or image.height * max(row, image.step) > len(image.data) + image.step:
        raise DamageError("an image that is smaller than it says")


def photo(image: RawImage) -> EncodedImage:
    """As a PNG of the same pixels."""
    dtype, channels, conversion = _PLAIN[image.encoding]
    values = pixels(image, dtype, channels)
    try:
        values = values if conversion is None else cv2.cvtColor(values, conversion)
        packed, data = cv2.imencode(".png", values, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    except cv2.error as error:
        raise DamageError(f"an image of {image.width}x{image.height} cannot be {image.encoding}") from error
    if not packed:
        raise DamageError("an image cannot be packed")
    return EncodedImage(data.tobytes(), "image/png")


def depth(image: RawImage, metres_per_unit: float) -> DepthImage:
    """Distances; 32FC1 is in metres. metres_per_unit: of 16-bit values, and the step to which floats are rounded."""
    values = pixels(image, _DEPTH[image.encoding], 1)
    if values.dtype == np.uint16:
        return DepthImage(values, metres_per_unit)
    return depth_from_metres(values, metres_per_unit)


def depth_from_metres(metres: Pixels, metres_per_unit: float) -> DepthImage:
    """Rounded to units; what is no distance, or beyond the range of 16 bits, is 0."""
    units = np.rint(np.where(np.isfinite(metres), metres, 0.0).astype(np.float64) / metres_per_unit)
    return DepthImage(np.where((units > 0) & (units < 65536), units, 0).astype(np.uint16), metres_per_unit)


def is_compressed_depth(image: PackedImage) -> bool:
    """Whether this is the format of ROS's compressed_depth_image_transport."""
    return "compressedDepth" in image.format


def unpacked_depth(image: PackedImage) -> DepthImage:
    """12 bytes of parameters, then a PNG: millimetres, or for floats an inverse (quantised) depth.

    Source: compressed_depth_image_transport, https://wiki.ros.org/compressed_depth_image_transport.
    """
    if len(image.data) < 12 or "rvl" in image.format.lower():
        raise DamageError("a compressed depth image that is no PNG")
    size = image_size(image.data[12:])
    bearable = size is not None and size[0] * size[1] <= _LARGEST_IMAGE
    packed = np.frombuffer(image.data, np.uint8, offset=12)
    values = cv2.imdecode(packed, cv2.IMREAD_UNCHANGED) if bearable else None
    if values is None or values.ndim != 2:
        raise DamageError("a compressed depth image that is no PNG")
    if not image.format.startswith("32FC1"):
        return DepthImage(values.astype(np.uint16), _MILLIMETRE)
    a, b = struct.unpack_from("<ff", image.data, 4)
    with np.errstate(divide="ignore", invalid="ignore"):
        metres = np.where(values > 0, a / (values.astype(np.float64) - b), 0.0)
    return depth_from_metres(metres, _MILLIMETRE)


def media_type(data: bytes) -> str | None:
    """`image/jpeg` or `image/png` by the first bytes, None for anything else."""
    if data[:3] == b"\xff\xd8\xff":
        return "image/jpeg"
    return "image/png" if data[:8] == b"\x89PNG\r\n\x1a\n" else None


def image_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a JPEG or PNG file by its head, None where it does not say or says nonsense."""
    kind = media_type(data)
    size = None
    if kind == "image/png" and len(data) >= 24:
        size = struct.unpack(">II", data[16:24])
    elif kind == "image/jpeg":
        size = _jpeg_size(data)
    return size if size and 0 < min(size) <= max(size) <= _LARGEST_SIDE else None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in _JPEG_SIZES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 1 if marker == 0xFF else 2 + max(length, 2)
    return None
