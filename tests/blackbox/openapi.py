"""docs/openapi.yaml as something that answers can be held against: routes, documented statuses, and the shapes of JSON Schema that the document uses."""
import re

import yaml

from harness import ROOT

METHODS = ("get", "post", "put", "patch", "delete", "head")
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool, "null": type(None)}
KNOWN = {"$ref", "type", "required", "properties", "items", "enum", "const", "oneOf", "anyOf", "pattern", "minimum", "maximum", "minItems", "maxItems", "maxLength", "additionalProperties", "format", "description",
         "examples", "default"}


class Document:
    def __init__(self):
        self.root = yaml.safe_load((ROOT / "docs/openapi.yaml").read_text())

    def resolve(self, node):
        while isinstance(node, dict) and "$ref" in node:
            found = self.root
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            node = found
        return node

    def routes(self):
        """[(METHOD, path)] without the admin listener's."""
        return [(method.upper(), path) for path, item in self.root["paths"].items() if "servers" not in item for method in item if method in METHODS]

    def answers(self, method, path):
        return {status: self.resolve(answer) for status, answer in self.root["paths"][path][method.lower()]["responses"].items()}

    def problems(self, value, schema, where="answer"):
        """What of the value is not as the schema says."""
        schema = self.resolve(schema)
        unknown = set(schema) - KNOWN
        assert not unknown, f"openapi.py does not know {unknown} at {where}"
        for choice in ("oneOf", "anyOf"):
            if choice in schema and not any(not list(self.problems(value, one, where)) for one in schema[choice]):
                yield f"{where}: fits none of {choice}: {str(value)[:200]}"
        if "const" in schema and value != schema["const"]:
            yield f"{where}: {value!r} is not {schema['const']!r}"
        if "enum" in schema and value not in schema["enum"]:
            yield f"{where}: {value!r} is none of {schema['enum']}"
        wanted = schema.get("type")
        if wanted:
            names = wanted if isinstance(wanted, list) else [wanted]
            if not any(isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool)) for name in names):
                yield f"{where}: {str(value)[:100]!r} is no {wanted}"
                return
        if isinstance(value, dict):
            yield from self.object_problems(value, schema, where)
        if isinstance(value, list):
            for i, one in enumerate(value):
                yield from self.problems(one, schema.get("items", {}), f"{where}[{i}]")
            if len(value) < schema.get("minItems", 0):
                yield f"{where}: has only {len(value)}"
        if isinstance(value, str):
            if "pattern" in schema and not re.search(schema["pattern"], value):
                yield f"{where}: {value!r} is not like {schema['pattern']}"
            if schema.get("format") == "date-time" and not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", value):
                yield f"{where}: {value!r} is no RFC 3339 time in UTC"
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            if value < schema.get("minimum", value) or value > schema.get("maximum", value):
                yield f"{where}: {value} is out of range"

    def object_problems(self, value, schema, where):
        properties = schema.get("properties", {})
        for name in schema.get("required", []):
            if name not in value:
                yield f"{where}: has no '{name}'"
        for name, one in value.items():
            if name in properties:
                yield from self.problems(one, properties[name], f"{where}.{name}")
            elif isinstance(schema.get("additionalProperties"), dict):
                yield from self.problems(one, schema["additionalProperties"], f"{where}.{name}")
            elif properties:
                yield f"{where}: '{name}' is not documented"
