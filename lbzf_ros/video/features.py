"""What makes a view recognisable: ORB key points and descriptors, as a blob and back.

Source: E. Rublee et al., "ORB: an efficient alternative to SIFT or SURF", ICCV 2011; as in OpenCV.
"""

from __future__ import annotations

import io
import zipfile
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.core.errors import InvalidValue

_MAX_FEATURES = 500


class Features(NamedTuple):
    """Key points of a picture.

    Attributes:
        points_px: float32 (n, 2), x and y.
        descriptors: uint8 (n, 32).
    """

    points_px: NDArray[np.float32]
    descriptors: NDArray[np.uint8]


def find_features(image_bgr: NDArray[np.uint8]) -> Features:
    """The features of a picture (height, width, 3); a picture without any contrast has none."""
    points, descriptors = cv2.ORB.create(nfeatures=_MAX_FEATURES).detectAndCompute(image_bgr, None)
    if not points:
        return Features(np.zeros((0, 2), np.float32), np.zeros((0, 32), np.uint8))
    return Features(np.array([point.pt for point in points], np.float32), descriptors.astype(np.uint8))


def features_to_bytes(features: Features) -> bytes:
    """As NumPy's compressed archive: readable without LBZF."""
    blob = io.BytesIO()
    np.savez_compressed(blob, points_px=features.points_px, descriptors=features.descriptors)
    return blob.getvalue()


def features_from_bytes(blob: bytes) -> Features:
    """The features that `features_to_bytes` wrote.

    Raises:
        InvalidValue: the blob holds none.
    """
    try:
        with np.load(io.BytesIO(blob), allow_pickle=False) as archive:
            return Features(archive["points_px"], archive["descriptors"])
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise InvalidValue(f"features of {len(blob)} bytes: cannot be read: {error}") from error
