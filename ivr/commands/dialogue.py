"""`ivr dialogue …`: what dialogue designers work with (docs/designing-dialogues.md)."""

from __future__ import annotations

import typer

from ivr.commands import dialogue_check, dialogue_flow, dialogue_publish, dialogue_test, dialogue_train, dialogue_try

app = typer.Typer(no_args_is_help=True, help="设计对话：改 YAML，检查，训练，试，测，发布。")
app.command("check")(dialogue_check.command)
app.command("train")(dialogue_train.command)
app.command("try")(dialogue_try.command)
app.command("test")(dialogue_test.command)
app.command("publish")(dialogue_publish.publish)
app.command("rollback")(dialogue_publish.rollback)
app.command("flow")(dialogue_flow.command)
