"""How a view has moved: the transformation that takes a reference picture's features to the present ones.

Matched by Hamming distance, both ways; similarity by RANSAC and homography by MAGSAC (D. Barath et al., CVPR 2020,
in OpenCV), both with a fixed seed. The similarity (4 figures) is preferred as long as a homography (8) does not fit
clearly better: it says much more exactly what happens where there are no features.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.drift.features import Features

Matrix = NDArray[np.float64]
"""(3, 3), takes points (x, y, 1) of the reference to where they are now; the last figure is 1."""

WIDTH_PX = 640.0
"""Width to which the lengths in this package and its settings refer."""
_FARTHEST_BITS = 64  # of the 256 of a descriptor: unrelated ones differ in about 128
_REPROJECTION_PX = 3.0  # at 640 wide
_MIN_MATCHES = 20
_MIN_INLIERS = 18
_MIN_FOR_HOMOGRAPHY = 40
_MIN_SHARE = 0.25  # of all matches
_CELLS, _MIN_CELLS = 4, 4  # inliers lie in so many of 4 x 4 cells
_MAX_AREA_CHANGE = 4.0
_CLEARLY_BETTER = 0.8  # mean squared error of the homography, as a share of the similarity's
_ITERATIONS, _CERTAINTY = 2000, 0.999


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """A transformation that can be relied on.

    Attributes:
        matrix: from the reference to now.
        inliers: matches that agree with it.
        share: of all matches, 0..1.
    """

    matrix: Matrix
    inliers: int
    share: float


def estimate(reference: Features, now: Features, width_px: int, height_px: int) -> Estimate | None:
    """How the view has moved; None: it is not recognised.

    Args:
        reference: features of the picture that is compared with.
        now: features of the present picture, people left out.
        width_px: of both pictures.
        height_px: of both pictures.
    """
    before, after = _matches(reference, now)
    if len(before) < _MIN_MATCHES:
        return None
    limit_px = _REPROJECTION_PX * max(1.0, width_px / WIDTH_PX)
    matrix = _simplest(before, after, limit_px)
    if matrix is None or not is_plausible(matrix, width_px, height_px):
        return None
    fits = _errors_px(matrix, before, after) < limit_px
    inliers, share = int(fits.sum()), float(fits.mean())
    cells = np.unique((before[fits] * _CELLS / (width_px, height_px)).astype(int), axis=0)
    if inliers < _MIN_INLIERS or share < _MIN_SHARE or len(cells) < _MIN_CELLS:
        return None
    return Estimate(matrix, inliers, share)


def corners_px(width_px: float, height_px: float) -> Matrix:
    """The corners of a picture, (4, 2)."""
    return np.array([(0, 0), (width_px, 0), (width_px, height_px), (0, height_px)], np.float64)


def shift_px(matrix: Matrix, width_px: float, height_px: float) -> float:
    """How far a transformation moves the corner of the picture that it moves most."""
    corners = corners_px(width_px, height_px)
    return float(np.linalg.norm(moved(matrix, corners) - corners, axis=1).max())


def moved(matrix: Matrix, points_px: Matrix) -> Matrix:
    """Where points (n, 2) are after a transformation."""
    homogeneous = np.column_stack([points_px, np.ones(len(points_px))]) @ matrix.T
    return np.asarray(homogeneous[:, :2] / homogeneous[:, 2:], np.float64)


def is_plausible(matrix: Matrix, width_px: int, height_px: int) -> bool:
    """Whether a camera can have moved so: the picture stays a picture, neither mirrored nor folded nor tiny."""
    corners = corners_px(width_px, height_px)
    depth = np.column_stack([corners, np.ones(4)]) @ matrix[2]
    if not np.isfinite(matrix).all() or depth.min() <= 0:
        return False
    sides = np.roll(moved(matrix, corners), -1, axis=0) - moved(matrix, corners)
    following = np.roll(sides, -1, axis=0)
    turns = sides[:, 0] * following[:, 1] - sides[:, 1] * following[:, 0]
    area = width_px * height_px
    return bool(turns.min() > area / _MAX_AREA_CHANGE and turns.max() < area * _MAX_AREA_CHANGE)


def _matches(reference: Features, now: Features) -> tuple[Matrix, Matrix]:
    """Where each feature was and is, two (n, 2): mutually nearest ones only."""
    if not len(reference.points_px) or not len(now.points_px):
        return np.zeros((0, 2)), np.zeros((0, 2))
    matcher = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True)
    pairs = matcher.match(reference.descriptors, now.descriptors)
    near = [(pair.queryIdx, pair.trainIdx) for pair in pairs if pair.distance < _FARTHEST_BITS]
    index = np.array(near, np.intp).reshape(-1, 2)
    return (
        reference.points_px[index[:, 0]].astype(np.float64),
        now.points_px[index[:, 1]].astype(np.float64),
    )


def _simplest(before: Matrix, after: Matrix, limit_px: float) -> Matrix | None:
    """The similarity, or the homography where that is clearly better."""
    affine, _ = cv2.estimateAffinePartial2D(
        before,
        after,
        method=cv2.RANSAC,
        ransacReprojThreshold=limit_px,
        maxIters=_ITERATIONS,
        confidence=_CERTAINTY,
    )
    similarity = _whole(affine)
    found, _ = cv2.findHomography(
        before, after, cv2.USAC_MAGSAC, limit_px, maxIters=_ITERATIONS, confidence=_CERTAINTY
    )
    homography = _refined(_whole(found), before, after, limit_px)
    if similarity is None or homography is None:
        return homography if similarity is None else similarity
    fits_one = _errors_px(homography, before, after) < limit_px
    fits_one |= _errors_px(similarity, before, after) < limit_px
    if int(fits_one.sum()) < _MIN_FOR_HOMOGRAPHY:
        return similarity
    errors = [
        np.mean(np.minimum(_errors_px(matrix, before[fits_one], after[fits_one]), 2 * limit_px) ** 2)
        for matrix in (homography, similarity)
    ]
    return homography if errors[0] < _CLEARLY_BETTER * errors[1] else similarity


def _whole(matrix: Any) -> Matrix | None:
    """What OpenCV found, (2, 3) or (3, 3) or nothing, as (3, 3)."""
    if matrix is None:
        return None
    return np.asarray(np.vstack([matrix, (0, 0, 1)]) if len(matrix) == 2 else matrix, np.float64)


def _refined(matrix: Matrix | None, before: Matrix, after: Matrix, limit_px: float) -> Matrix | None:
    """Least squares over the matches that agree with a first estimate."""
    if matrix is None:
        return None
    fits = _errors_px(matrix, before, after) < limit_px
    if int(fits.sum()) < _MIN_INLIERS:
        return matrix
    better, _ = cv2.findHomography(before[fits], after[fits], 0)
    whole = _whole(better)
    return matrix if whole is None else whole


def _errors_px(matrix: Matrix, before: Matrix, after: Matrix) -> Matrix:
    with np.errstate(divide="ignore", invalid="ignore"):
        errors = np.linalg.norm(moved(matrix, before) - after, axis=1)
    return np.asarray(np.nan_to_num(errors, nan=np.inf), np.float64)
