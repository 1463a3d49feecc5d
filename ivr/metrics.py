"""What the line did, as numbers: Prometheus metrics and one log line a turn, both from the events of its calls.

No clock and no network: `take` is told every event that the event stream carries (docs/architecture.md), `page` is
what `GET /metrics` answers (`ivr.events`). Names follow Prometheus' conventions; docs/metrics.md lists them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from ivr.call.ports import RecogniserWork

log = logging.getLogger(__name__)

PHASES = ("end_of_turn", "recognition", "dialogue", "first_sound")
"""Of a turn, in order: the silence that ended the caller's speech, words, the dialogue's answer, its first sound."""
BUCKETS_S = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.9, 1.2, 1.5, 2.0, 3.0, 5.0, 10.0)
KINDS = {"heard": "speech", "keys": "keys", "silence": "silence"}
"""Event that begins a turn of the bot → what the caller's turn was."""
COUNTED = {
    "barge_in": "barge_ins",
    "resumed": "false_barge_ins",
    "backchannel": "backchannels",
    "filler": "fillers",
    "silence": "silences",
}
"""Events that are only counted → the counter."""


@dataclass(slots=True)
class _Turn:
    """One turn under way."""

    kind: str
    phases_ms: dict[str, int] = field(default_factory=dict)
    fillers: int = 0


@dataclass(slots=True)
class _Call:
    hotline: str
    turns: int = 0
    turn: _Turn | None = None
    handoff: str = ""
    """Why a human takes it."""


class LineMetrics:
    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._calls: dict[str, _Call] = {}
        self._phase = Histogram(
            "ivr_turn_phase_seconds", "一轮里每一段的用时", ["phase"], buckets=BUCKETS_S, registry=registry
        )
        self._answer = Histogram(
            "ivr_answer_seconds", "从来电人最后的声音（或按键、沉默）到回答的第一个声音", ["kind"],
            buckets=BUCKETS_S, registry=registry,
        )  # fmt: skip
        self._now = Gauge("ivr_calls", "正在进行的通话", registry=registry)
        self._now.set_function(lambda: len(self._calls))
        self._started = Counter("ivr_calls_started", "接起的电话", ["hotline"], registry=registry)
        self._ended = Counter(
            "ivr_calls_ended", "结束的电话", ["hotline", "ending", "reason"], registry=registry
        )  # fmt: skip
        self._failures = Counter("ivr_failures", "使电话转给人的故障", ["part"], registry=registry)
        counted = {
            "barge_ins": "打断",
            "false_barge_ins": "停了一下又接着说（咳嗽、回声）",
            "backchannels": "打断里只是嗯一声的",
            "fillers": "先应一声",
            "silences": "来电人不说话",
        }
        self._counted = {name: Counter(f"ivr_{name}", zh, registry=registry) for name, zh in counted.items()}
        self._admissions = Counter("ivr_admissions", "来电去了哪里", ["route"], registry=registry)
        self._look_ups = Counter(
            "ivr_customer_look_ups", "查客户资料的结果", ["source", "outcome"], registry=registry
        )  # fmt: skip
        self._look_up_took = Histogram(
            "ivr_customer_look_up_seconds", "查一次客户资料的用时（歇着和有缓存时不算）", ["source"],
            buckets=BUCKETS_S, registry=registry,
        )  # fmt: skip
        self._handoffs = Counter("ivr_handoffs", "转人工以后怎样了", ["outcome"], registry=registry)
        for part in ("dialogue", "speech"):
            self._failures.labels(part)  # a counter that is 0 is there, too: alerts need its first step
        for phase in PHASES:
            self._phase.labels(phase)

    # --- what happens

    def take(self, event: Mapping[str, Any]) -> None:
        """One event of a call."""
        call_id, kind = str(event["call_id"]), str(event["kind"])
        if kind == "started":
            self._calls[call_id] = _Call(str(event.get("hotline", "")))
            self._started.labels(self._calls[call_id].hotline).inc()
            return
        if name := COUNTED.get(kind):
            self._counted[name].inc()
        call = self._calls.get(call_id)
        if call is None:
            return
        if kind in KINDS:
            self._close(call_id, call)
            call.turn = _Turn(KINDS[kind])
        match kind:
            case "heard":
                self._note(call, "end_of_turn", event.get("end_of_turn_ms"))
                self._note(call, "recognition", event.get("took_ms"))
            case "reply":
                self._note(call, "dialogue", event.get("took_ms"))
            case "filler" if call.turn:
                call.turn.fillers += 1
            case "speaking":
                if call.turn and "dialogue" in call.turn.phases_ms:
                    self._note(call, "first_sound", event.get("took_ms"))
                    self._close(call_id, call)
            case "failed":
                self._failures.labels(str(event.get("part", "other"))).inc()
            case "handoff":
                call.handoff = str(event.get("reason", ""))
            case "ended":
                self._close(call_id, call)
                self._end(call_id, call, str(event.get("how", "")))
            case _:
                pass

    def admitted(self, route: str) -> None:
        """FastAGI sent a call there: bot, human, closed, unknown."""
        self._admissions.labels(route).inc()

    def handed_over(self, outcome: str) -> None:
        """What became of a hand-over: answered, no_agent, …"""
        self._handoffs.labels(outcome).inc()

    def looked_up(self, source: str, outcome: str, took_s: float) -> None:
        """A CRM was asked who calls: found, unknown, timeout, failed; cached and resting: it was not."""
        self._look_ups.labels(source, outcome).inc()
        if outcome not in {"cached", "resting"}:
            self._look_up_took.labels(source).observe(took_s)

    # --- what is asked for

    def watch_recogniser(self, work: Callable[[], RecogniserWork]) -> None:
        self._registry.register(_Recognition(work))

    def watch_dialogue(self, up: Callable[[], bool]) -> None:
        Gauge("ivr_dialogue_up", "Rasa 和动作服务都在回答", registry=self._registry).set_function(lambda: float(up()))

    def watch_queues(self, up: Callable[[], bool]) -> None:
        Gauge("ivr_ami_up", "AMI 连着，知道谁空着", registry=self._registry).set_function(lambda: float(up()))

    def page(self) -> bytes:
        """Prometheus' text format."""
        return generate_latest(self._registry)

    # --- inside

    def _note(self, call: _Call, phase: str, took_ms: object) -> None:
        """A phase of the turn under way; only its first answer counts (one that noise had interrupted comes twice)."""
        if call.turn is None or phase in call.turn.phases_ms or not isinstance(took_ms, int):
            return
        call.turn.phases_ms[phase] = took_ms
        self._phase.labels(phase).observe(took_ms / 1000)

    def _close(self, call_id: str, call: _Call) -> None:
        """The turn is over: its sound is heard, or the caller spoke on before."""
        turn, call.turn = call.turn, None
        if turn is None:
            return
        call.turns += 1
        whole = sum(turn.phases_ms.values())
        if "first_sound" in turn.phases_ms:
            self._answer.labels(turn.kind).observe(whole / 1000)
        phases = " ".join(f"{phase}_ms={turn.phases_ms.get(phase, '-')}" for phase in PHASES)
        log.info(
            "turn call=%s number=%d kind=%s %s total_ms=%d fillers=%d",
            call_id, call.turns, turn.kind, phases, whole, turn.fillers,
        )  # fmt: skip

    def _end(self, call_id: str, call: _Call, how: str) -> None:
        del self._calls[call_id]
        reason = (call.handoff or "bot_failure") if how == "handed_over" else ""
        self._ended.labels(call.hotline, how, reason).inc()


class _Recognition:
    """The recogniser's own count of its work, asked at each scrape."""

    def __init__(self, work: Callable[[], RecogniserWork]) -> None:
        self._work = work

    def collect(self) -> Iterable[Metric]:
        work = self._work()
        yield GaugeMetricFamily("ivr_recognition_waiting", "排队或正在进行的识别", work.waiting)
        yield CounterMetricFamily("ivr_recognitions", "做过的识别", work.done)
        yield CounterMetricFamily("ivr_recognitions_wasted", "提早识别、话又接着说，结果作废", work.wasted)
        yield CounterMetricFamily("ivr_recognitions_refused", "排队已满而拒绝的识别", work.refused)
