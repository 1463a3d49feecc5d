"""Streaming models for sherpa-onnx of a few kilobytes, with fixed weights: the real library loads and runs them.

They hear loudness and pitch, no speech. A chunk of sound (0.32 s) is silence, a low tone or a high tone:

    silence  nothing          low tone  布 (不 is nearly as likely)          high tone  冷

Inputs, outputs, states and metadata are those that sherpa-onnx reads of zipformer2 transducers, zipformer2-CTC and
streaming paraformers (its csrc/online-*-model.cc).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

BLANK, BU, BU_CLOTH, COLD = 0, 1, 2, 3
TOKENS = ("<blk>", "不", "布", "冷", "<unk>")
CHUNK, WINDOW, MELS = 32, 45, 80
"""Frames of 10 ms: a step, what a step sees. Mel bands."""
LOUD = -13.0
"""Mean log energy of the bands from which there is sound."""
LOUD_PARAFORMER = 5.0
"""The same where samples are not normalised, inputs are scaled by √5 (the width) and the position is added."""
LOW_BANDS = 40
SURE, UNSURE = 8.0, 7.2
"""Logits of the token that a tone stands for, and of the one nearly as likely."""
NEVER = -20.0
LAYER, HEAD, LEFT, KERNEL = 4, 2, 4, 3
ZIPFORMER = {
    "encoder_dims": LAYER, "query_head_dims": HEAD, "value_head_dims": HEAD, "num_heads": 1, "num_encoder_layers": 1,
    "cnn_module_kernels": KERNEL, "left_context_len": LEFT, "T": WINDOW, "decode_chunk_len": CHUNK,
}  # fmt: skip
STATES: tuple[tuple[int, ...], ...] = (
    (LEFT, 1, HEAD), (1, 1, LEFT, 3 * LAYER // 4), (LEFT, 1, HEAD), (LEFT, 1, HEAD),
    (1, LAYER, KERNEL // 2), (1, LAYER, KERNEL // 2), (1, 128, 3, 19),
)  # fmt: skip
"""Of one layer and of the embedding; behind them comes the count of frames (int64)."""
FLOAT, INT32, INT64 = TensorProto.FLOAT, TensorProto.INT32, TensorProto.INT64


def transducer(folder: Path, without: Sequence[str] = ()) -> Path:
    """`without`: metadata that is left out."""
    nodes, weights = _acoustic("x", "encoder_out", frames=CHUNK // 4 // 2)
    _zipformer(folder / "encoder.onnx", nodes, weights, "encoder_out", {"model_type": "zipformer2"}, without)
    table = np.zeros((len(TOKENS), len(TOKENS)), np.float32)
    table[[BU, BU_CLOTH], BLANK + 1 : COLD] = table[COLD, BLANK + 1 :] = NEVER  # a tone that goes on is said once
    nodes = [
        helper.make_node("Gather", ["y", "last"], ["previous"], axis=1),
        helper.make_node("Gather", ["table", "previous"], ["decoder_out"], axis=0),
    ]
    weights = {"last": np.array(1, np.int64), "table": table}
    _save(
        folder / "decoder.onnx", nodes, weights, {"y": (INT64, ("N", 2))},
        {"decoder_out": (FLOAT, ("N", len(TOKENS)))}, {"context_size": 2, "vocab_size": len(TOKENS)}, without,
    )  # fmt: skip
    shape = ("N", len(TOKENS))
    _save(
        folder / "joiner.onnx", [helper.make_node("Add", ["encoder_out", "decoder_out"], ["logit"])], {},
        {"encoder_out": (FLOAT, shape), "decoder_out": (FLOAT, shape)}, {"logit": (FLOAT, shape)},
        {"joiner_dim": len(TOKENS)}, without,
    )  # fmt: skip
    return _tokens(folder)


def ctc(folder: Path, without: Sequence[str] = ()) -> Path:
    nodes, weights = _acoustic("x", "logits", frames=CHUNK // 4 // 2)
    nodes.append(helper.make_node("LogSoftmax", ["logits"], ["log_probs"], axis=2))
    _zipformer(folder / "model.onnx", nodes, weights, "log_probs", {"model_type": "zipformer2"}, without)
    return _tokens(folder)


def paraformer(folder: Path, without: Sequence[str] = ()) -> Path:
    """Frames of seven, six apart: ten a step, with five before and three behind. One frame of a step fires; its
    embedding is the acoustic logits."""
    frames, width = 5 + 3 + 10, MELS * 7
    nodes, weights = _acoustic("bands_of_all", "enc", frames)
    nodes.insert(0, helper.make_node("Reshape", ["speech", "of_mels"], ["bands_of_all"]))
    nodes += [
        helper.make_node("Identity", ["speech_lengths"], ["enc_len"]),
        helper.make_node("Identity", ["fires"], ["alphas"]),
    ]
    weights |= {"of_mels": np.array([1, frames * 7, MELS], np.int64), "fires": np.zeros((1, frames), np.float32)}
    weights["fires"][0, 7] = 1.0
    weights["loud"] = np.array(LOUD_PARAFORMER, np.float32)
    metadata = {
        "vocab_size": len(TOKENS), "lfr_window_size": 7, "lfr_window_shift": 6, "encoder_output_size": len(TOKENS),
        "decoder_num_blocks": 1, "decoder_kernel_size": KERNEL,
        "neg_mean": ",".join(["0"] * width), "inv_stddev": ",".join(["1"] * width),
    }  # fmt: skip
    _save(
        folder / "encoder.onnx", nodes, weights,
        {"speech": (FLOAT, (1, frames, width)), "speech_lengths": (INT32, (1,))},
        {"enc": (FLOAT, (1, frames, len(TOKENS))), "enc_len": (INT32, (1,)), "alphas": (FLOAT, (1, frames))},
        metadata, without,
    )  # fmt: skip
    cache = (FLOAT, (1, len(TOKENS), KERNEL - 1))
    nodes = [
        helper.make_node("ArgMax", ["acoustic_embeds"], ["sample_ids"], axis=2, keepdims=0),
        helper.make_node("Identity", ["acoustic_embeds"], ["logits"]),
        helper.make_node("Identity", ["in_cache_0"], ["out_cache_0"]),
    ]
    tokens = (FLOAT, (1, "N", len(TOKENS)))
    _save(
        folder / "decoder.onnx", nodes, {},
        {"enc": (FLOAT, (1, "T", len(TOKENS))), "enc_len": (INT32, (1,)), "acoustic_embeds": tokens,
         "acoustic_embeds_len": (INT32, (1,)), "in_cache_0": cache},
        {"logits": tokens, "sample_ids": (INT64, (1, "N")), "out_cache_0": cache}, {}, (),
    )  # fmt: skip
    return _tokens(folder)


def _zipformer(
    file: Path,
    nodes: list[onnx.NodeProto],
    weights: dict[str, np.ndarray],
    output: str,
    metadata: Mapping[str, object],
    without: Sequence[str],
) -> None:
    """States go in and come out as they are."""
    inputs: dict[str, Any] = {"x": (FLOAT, ("N", WINDOW, MELS))}
    outputs: dict[str, Any] = {output: (FLOAT, ("N", CHUNK // 4 // 2, len(TOKENS)))}
    for number, shape in enumerate(STATES):
        inputs[f"state_{number}"], outputs[f"new_state_{number}"] = (FLOAT, shape), (FLOAT, shape)
        nodes.append(helper.make_node("Identity", [f"state_{number}"], [f"new_state_{number}"]))
    inputs["processed"], outputs["new_processed"] = (INT64, (1,)), (INT64, (1,))
    nodes.append(helper.make_node("Identity", ["processed"], ["new_processed"]))
    _save(file, nodes, weights, inputs, outputs, {**ZIPFORMER, **metadata}, without)


def _acoustic(features: str, logits: str, frames: int) -> tuple[list[onnx.NodeProto], dict[str, np.ndarray]]:
    """Features N×T×80 → logits N×frames×tokens, the same in each frame: the mean of the low and of the high bands,
    which of them is louder, and whether either is loud."""
    bands = np.zeros((MELS, 2), np.float32)
    bands[:LOW_BANDS, 0], bands[LOW_BANDS:, 1] = 1 / LOW_BANDS, 1 / (MELS - LOW_BANDS)
    silence, low, high = (np.full(len(TOKENS), NEVER, np.float32) for _ in range(3))
    silence[BLANK], low[[BU_CLOTH, BU]], high[COLD] = SURE, (SURE, UNSURE), SURE
    low[BLANK] = high[BLANK] = 2.0
    node = helper.make_node
    nodes = [
        node("ReduceMean", [features, "time"], ["mean"], keepdims=0),
        node("MatMul", ["mean", "bands"], ["levels"]),
        node("ReduceMax", ["levels", "one"], ["loudest"], keepdims=1),
        node("Greater", ["loudest", "loud"], ["sound"]),
        node("ArgMax", ["levels"], ["which"], axis=1, keepdims=1),
        node("Equal", ["which", "zero"], ["is_low"]),
        node("Where", ["is_low", "low", "high"], ["tone"]),
        node("Where", ["sound", "tone", "silence"], ["once"]),
        node("Unsqueeze", ["once", "one"], ["column"]),
        node("Tile", ["column", "repeats"], [logits]),
    ]
    weights = {
        "time": np.array([1], np.int64), "one": np.array([1], np.int64), "zero": np.array(0, np.int64),
        "bands": bands, "loud": np.array(LOUD, np.float32), "low": low, "high": high, "silence": silence,
        "repeats": np.array([1, frames, 1], np.int64),
    }  # fmt: skip
    return nodes, weights


def _save(
    file: Path,
    nodes: Sequence[onnx.NodeProto],
    weights: Mapping[str, np.ndarray],
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    metadata: Mapping[str, object],
    without: Sequence[str],
) -> None:
    graph = helper.make_graph(
        list(nodes), file.stem,
        [helper.make_tensor_value_info(name, *form) for name, form in inputs.items()],
        [helper.make_tensor_value_info(name, *form) for name, form in outputs.items()],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    helper.set_model_props(model, {key: str(value) for key, value in metadata.items() if key not in without})
    onnx.checker.check_model(model)
    file.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(file))


def _tokens(folder: Path) -> Path:
    lines = [f"{token} {number}\n" for number, token in enumerate(TOKENS)]
    (folder / "tokens.txt").write_text("".join(lines), "utf-8")
    return folder
