"""A mixed-integer programme handed to HiGHS, with progress and a proven bound; HiGHS decides, nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_array, csr_array  # type: ignore[import-untyped, unused-ignore]

from geo.siting.answer import SitingError, Tell, silent

Floats = npt.NDArray[np.float64]
_TALKED_ABOUT = 25


@dataclass
class Programme:
    """min or max `objective` x with `row_lower` <= rows x <= `row_upper`, `lower` <= x <= `upper`.

    `whole` (bool per column) marks integer columns. Columns and row limits are float64 arrays.
    """

    objective: Floats
    lower: Floats
    upper: Floats
    whole: npt.NDArray[np.bool_]
    rows: csr_array
    row_lower: Floats
    row_upper: Floats
    more_is_better: bool = False


@dataclass(frozen=True)
class Solved:
    """The best point found (None if there is none), its value, and the bound that is proven."""

    values: Floats | None
    objective: float
    bound: float


class Solver:
    """HiGHS with one programme in it, to which rows may be added between runs."""

    def __init__(self, programme: Programme, tell: Tell = silent) -> None:
        self._programme = programme
        self._highs = highspy.Highs()  # type: ignore[no-untyped-call, unused-ignore]
        for option, value in (("output_flag", False), ("mip_rel_gap", 0.0), ("mip_abs_gap", 1.0 - 1e-4)):
            self._highs.setOptionValue(option, value)
        self._highs.setOptionValue("random_seed", 1)
        self._highs.passModel(_model(programme))
        if tell is not silent:
            _listen(self._highs, tell)

    def add_rows(self, rows: csr_array, row_lower: Floats) -> None:
        """Add rows that must be at least `row_lower`."""
        rows = csr_array(rows)
        upper = np.full(rows.shape[0], highspy.kHighsInf)
        starts = rows.indptr[:-1].astype(np.int32)
        self._highs.addRows(
            rows.shape[0], row_lower, upper, rows.nnz, starts, rows.indices.astype(np.int32), rows.data.astype(float)
        )

    def limit_columns(self, many: int, lower: Floats, upper: Floats) -> None:
        """Give the first `many` columns other limits."""
        self._highs.changeColsBounds(many, np.arange(many, dtype=np.int32), lower, upper)

    def prices(self) -> Floats:
        """Give what each column's next unit would cost, after a relaxed run."""
        return np.array(self._highs.getSolution().col_dual, dtype=np.float64)

    def run(self, time_limit: float, *, relaxed: bool = False, start: Floats | None = None) -> Solved:
        """Solve for at most `time_limit` seconds, without asking for whole numbers when `relaxed`."""
        highs = self._highs
        highs.setOptionValue("solve_relaxation", relaxed)
        highs.setOptionValue("time_limit", highs.getRunTime() + max(float(time_limit), 0.1))
        if start is not None:
            first = highspy.HighsSolution()
            first.col_value = list(start)
            highs.setSolution(first)
        highs.run()
        return _read(highs, relaxed or not self._programme.whole.any())


def solve(programme: Programme, time_limit: float, tell: Tell = silent, start: Floats | None = None) -> Solved:
    """Hand a programme to HiGHS for at most `time_limit` seconds, beginning from a known point if there is one.

    The bound is proven even when the time is over. Raises SitingError when no point satisfies the rows.
    """
    return Solver(programme, tell).run(time_limit, start=start)


def _model(programme: Programme) -> highspy.HighsLp:
    model = highspy.HighsLp()
    columns = csc_array(programme.rows)
    model.num_col_, model.num_row_ = columns.shape[1], columns.shape[0]
    model.col_cost_ = programme.objective
    model.col_lower_, model.col_upper_ = programme.lower, programme.upper
    model.row_lower_, model.row_upper_ = programme.row_lower, programme.row_upper
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = columns.indptr.astype(np.int32)
    model.a_matrix_.index_ = columns.indices.astype(np.int32)
    model.a_matrix_.value_ = columns.data.astype(np.float64)
    kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
    model.integrality_ = [kinds[int(one)] for one in programme.whole]
    if programme.more_is_better:
        model.sense_ = highspy.ObjSense.kMaximize
    return model


def _listen(highs: highspy.Highs, tell: Tell) -> None:
    heard = 0

    def hear(event: highspy.HighsCallbackEvent) -> None:
        nonlocal heard
        heard += 1
        if heard % _TALKED_ABOUT == 1:
            tell("exact", float(event.data_out.mip_primal_bound), float(event.data_out.mip_dual_bound))

    highs.cbMipInterrupt += hear


def _read(highs: highspy.Highs, relaxed: bool) -> Solved:
    status = highs.getModelStatus()
    if status in (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible):
        raise SitingError("没有一种选法满足这些条件")
    info = highs.getInfo()
    found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    values = np.array(highs.getSolution().col_value, dtype=np.float64) if found else None
    if not relaxed:
        return Solved(values, info.objective_function_value, info.mip_dual_bound)
    value = info.objective_function_value if status == highspy.HighsModelStatus.kOptimal else np.nan
    return Solved(values, value, value)
