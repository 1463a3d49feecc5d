"""ONNX models on one thread: a call's sound must not wait for another call's threads."""

from __future__ import annotations

from pathlib import Path

import onnxruntime as ort

from ivr.errors import NotPrepared

SILENT = 3
"""onnxruntime's log level for errors only."""


def open_model(file: Path, what: str) -> ort.InferenceSession:
    """The model in `file`; `what` names it for people. Raises `NotPrepared`."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = SILENT
    if not file.is_file():
        raise NotPrepared(f"缺少{what}模型 {file}：请先运行 make prepare。")
    try:
        return ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the classes of onnxruntime's C++ binding have no common base
        raise NotPrepared(f"{what}模型 {file} 读不出来（{error}）：请删除它，再运行 make prepare。") from error
