"""Optimal assignment inside compiled loops.

D. Crouse, "On implementing 2D rectangular assignment algorithms", IEEE Transactions on Aerospace and Electronic
Systems, 2016: shortest augmenting paths. Among equally good assignments it finds the one that scipy finds.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from calibration.quaternion import FloatArray

IndexArray = npt.NDArray[np.int64]


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def best_assignment(scores: FloatArray) -> tuple[IndexArray, IndexArray]:
    """Rows and columns, min(N, M) each and rows increasing, whose scores (N, M) have the largest sum."""
    if scores.shape[0] > scores.shape[1]:
        columns = _columns_of_rows(-scores.T)
        order = np.argsort(columns)
        return columns[order], order
    return np.arange(scores.shape[0]), _columns_of_rows(-scores)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _columns_of_rows(costs: FloatArray) -> IndexArray:
    """The column of each row, for no more rows than columns."""
    rows, columns = costs.shape
    row_price, column_price = np.zeros(rows), np.zeros(columns)
    column_of, row_of = np.full(rows, -1, np.int64), np.full(columns, -1, np.int64)
    path, in_tree = np.full(columns, -1, np.int64), np.zeros(columns, np.bool_)
    for start in range(rows):
        shortest = np.full(columns, np.inf)
        in_tree[:] = False
        column, lowest = _shortest_path(costs, start, row_price, column_price, row_of, path, shortest, in_tree)
        row_price[start] += lowest
        for i in range(rows):
            if i != start and column_of[i] != -1 and in_tree[column_of[i]]:
                row_price[i] += lowest - shortest[column_of[i]]
        for j in range(columns):
            if in_tree[j]:
                column_price[j] -= lowest - shortest[j]
        row = -1
        while row != start:
            row = path[column]
            row_of[column] = row
            column_of[row], column = column, column_of[row]
    return column_of


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _shortest_path(
    costs: FloatArray,
    start: int,
    row_price: FloatArray,
    column_price: FloatArray,
    row_of: IndexArray,
    path: IndexArray,
    shortest: FloatArray,
    in_tree: npt.NDArray[np.bool_],
) -> tuple[int, float]:
    """The nearest free column from a row, by Dijkstra's algorithm on reduced costs, and how far it is."""
    remaining = np.arange(costs.shape[1])[::-1].copy()  # the order decides ties
    left, row, lowest = costs.shape[1], start, 0.0
    while True:
        nearest, index = np.inf, -1
        for k in range(left):
            column = remaining[k]
            length = lowest + costs[row, column] - row_price[row] - column_price[column]
            if length < shortest[column]:
                path[column], shortest[column] = row, length
            if shortest[column] < nearest or (shortest[column] == nearest and row_of[column] == -1):
                nearest, index = shortest[column], k
        lowest, column = nearest, remaining[index]
        in_tree[column] = True
        if row_of[column] == -1:
            return column, lowest
        row = row_of[column]
        left -= 1
        remaining[index] = remaining[left]
