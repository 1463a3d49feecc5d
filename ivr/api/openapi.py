"""The description of the API (OpenAPI 3.1), made from the table of routes and the types of `forms`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from ivr.api import forms
from ivr.api.problem import CONTENT_TYPE
from ivr.api.routes import PATH, Route

VERSION = "1.0.0"
"""Of the API: the second number rises with what is added, the first with what breaks."""
ABOUT = """工单、通话、客户资料，给别的系统用。每个请求带一个令牌（`ivr api token add`）；改工单要带读到的 ETag
（If-Match），别人先改了就得到 412，再读一次。出错时是 application/problem+json：
`detail` 是给人看的一句话，`code` 给程序判断。"""
ALWAYS = (400, 401, 403, 405, 413, 422, 429, 500, 503)


def describe(routes: Sequence[Route]) -> dict[str, Any]:
    types = [forms.ProblemForm, *(form for form, _ in WEBHOOKS.values()), *PATH.values()]
    for route in routes:
        types += [kind for kind in (route.query, route.body, route.answer) if not (kind is None or _is_file(kind))]
    found, components = forms.schemas(types)
    schema_of = {id(kind): schema for kind, schema in zip(types, found, strict=True)}
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schema_of, components)
    for route in routes:  # parameters are spelled out; nothing refers to these
        components.pop(route.query.__name__, None)
    return {
        "openapi": "3.1.0",
        "info": {"title": "投诉热线工单 API", "version": VERSION, "description": ABOUT},
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "webhooks": {name: {"post": _webhook(*told)} for name, told in WEBHOOKS.items()},
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "ivr_…"}},
        },
    }


SOUND = "audio/wav"
WEBHOOKS: Mapping[str, tuple[type, str]] = {
    "ticket": (forms.TicketEvent, "工单有了变化，或坐席的电话响了；签名见 docs/webhooks.md"),
    "test": (forms.TestEvent, "ivr webhooks test 送来试一试"),
}


def _operation(route: Route, schema_of: dict[int, Any], components: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "tags": [route.tag],
        "parameters": _parameters(route, schema_of, components),
        "responses": _responses(route, schema_of),
        "x-scope": route.scope,
    }
    if route.body is not None:
        content = {"application/json": {"schema": schema_of[id(route.body)]}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _parameters(route: Route, schema_of: dict[int, Any], components: dict[str, Any]) -> list[dict[str, Any]]:
    found = [
        {"name": name, "in": "path", "required": True, "schema": schema_of[id(PATH[name])]} for name in route.names
    ]
    query = components[route.query.__name__]
    found += [
        {"name": name, "in": "query", "required": name in query.get("required", []), "schema": _not_null(schema)}
        for name, schema in query["properties"].items()
    ]
    tag = {"type": "string", "pattern": r'^"[\x21\x23-\x7e]{1,100}"$'}
    if route.if_match:
        found.append(
            {"name": "If-Match", "in": "header", "required": True, "schema": tag, "description": "读到的 ETag"}
        )
    if route.etag:
        found.append({"name": "If-None-Match", "in": "header", "required": False, "schema": tag})
    if route.answer == SOUND:
        span = {"type": "string", "pattern": "^bytes=[0-9]{1,9}-[0-9]{0,9}$"}
        found.append({"name": "Range", "in": "header", "required": False, "schema": span})
    return found


def _not_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter is there or is not; null cannot be written in an address."""
    kinds = [kind for kind in schema.get("anyOf", []) if kind != {"type": "null"}]
    values = [value for value in schema.get("enum", []) if value is not None]
    if len(kinds) == 1:
        return dict(kinds[0])
    without = {key: value for key, value in schema.items() if not (key == "default" and value is None)}
    return without | ({"enum": values} if values else {})


def _responses(route: Route, schema_of: dict[int, Any]) -> dict[str, Any]:
    headers = {"ETag": {"schema": {"type": "string"}}} if route.etag or route.if_match else {}
    binary = {"schema": {"type": "string", "format": "binary"}}
    found: dict[str, Any]
    if route.answer == SOUND:
        sound = {"content": {SOUND: binary}}
        found = {"200": {"description": "全部", **sound}, "206": {"description": "要的一段", **sound}}
    elif _is_file(route.answer):
        tickets = {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Ticket"}}}
        kinds = [media.partition(";")[0] for media in route.answer]
        content = {kind: tickets if kind == "application/json" else binary for kind in kinds}
        found = {"200": {"description": "文件", "content": content}}
    else:
        content = {"application/json": {"schema": schema_of[id(route.answer)]}}
        found = {"200": {"description": "好了", "content": content, **({"headers": headers} if headers else {})}}
    if route.etag:
        found["304"] = {"description": "没有变"}
    conditional = (412, 428) if route.if_match else ()
    with_body = () if route.body is None else (408, 415)
    problem = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemForm"}}}
    for status in sorted({*ALWAYS, *route.problems, *conditional, *with_body}):
        found[str(status)] = {"description": HTTPStatus(status).phrase, "content": problem}
    return found


def _is_file(answer: Any) -> bool:
    return isinstance(answer, str | tuple)


def _webhook(form: type, summary: str) -> dict[str, Any]:
    content = {"application/cloudevents+json": {"schema": {"$ref": f"#/components/schemas/{form.__name__}"}}}
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    return {
        "summary": summary,
        "parameters": [{"name": n, "in": "header", "required": True, "schema": {"type": "string"}} for n in names],
        "requestBody": {"required": True, "content": content},
        "responses": {"2XX": {"description": "收下了，不会再送"}, "410": {"description": "不要了，不再送"}},
    }
