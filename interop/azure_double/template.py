"""ARM template expressions: read and worked out, with the functions of "ARM template functions"."""

import base64
import hashlib
import json
import re
import uuid


class TemplateWrong(Exception):
    """What ARM answers as InvalidTemplate."""


TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>\d+)|(?P<name>[A-Za-z_]\w*)|(?P<mark>[()\[\].,])|$)")


def is_expression(value) -> bool:
    return isinstance(value, str) and value.startswith("[") and value.endswith("]") and not value.startswith("[[")


class Expression:
    def __init__(self, text: str):
        self.tokens, at = [], 0
        while at < len(text):
            match = TOKEN.match(text, at)
            if not match:
                raise TemplateWrong(f"Unable to parse language expression '{text}'")
            at = match.end()
            if match.lastgroup:
                self.tokens.append((match.lastgroup, match[match.lastgroup]))
        self.at = 0

    def value(self, scope: "Scope"):
        found = self.one(scope)
        if self.at != len(self.tokens):
            raise TemplateWrong("Unable to parse language expression: something follows its end")
        return found

    def next(self, kind: str | None = None, value: str | None = None):
        if self.at == len(self.tokens):
            raise TemplateWrong("Unable to parse language expression: it ends too early")
        token = self.tokens[self.at]
        if (kind and token[0] != kind) or (value and token[1] != value):
            raise TemplateWrong(f"Unable to parse language expression: unexpected {token[1]!r}")
        self.at += 1
        return token[1]

    def sees(self, mark: str) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at] == ("mark", mark)

    def one(self, scope):
        kind, token = self.tokens[self.at] if self.at < len(self.tokens) else (None, None)
        self.at += 1
        if kind == "text":
            found = token[1:-1].replace("''", "'")
        elif kind == "number":
            found = int(token)
        elif kind == "name":
            self.next("mark", "(")
            if token == "if":
                found = self.chosen(scope)
            else:
                arguments = []
                while not self.sees(")"):
                    arguments.append(self.one(scope))
                    if not self.sees(")"):
                        self.next("mark", ",")
                self.next("mark", ")")
                found = scope.call(token, arguments)
        else:
            raise TemplateWrong(f"Unable to parse language expression: unexpected {token!r}")
        while self.sees(".") or self.sees("["):
            if self.next() == ".":
                found = member(found, self.next("name"))
            else:
                found = member(found, self.one(scope))
                self.next("mark", "]")
        return found

    def chosen(self, scope):
        """Only the branch that is taken is worked out."""
        condition = self.one(scope)
        values = []
        for wanted in (condition, not condition):
            self.next("mark", ",")
            values.append(self.one(scope if wanted else Unknown()))
        self.next("mark", ")")
        return values[0] if condition else values[1]


class Unknown:
    """A value that is there only once what it comes from is made; and the branch that is not taken."""

    def call(self, _name, _arguments):
        return self


def known(value):
    """What can be said beforehand: a JSON value without what is unknown."""
    if isinstance(value, dict):
        return {key: known(item) for key, item in value.items() if not isinstance(item, Unknown)}
    if isinstance(value, list):
        return [known(item) for item in value if not isinstance(item, Unknown)]
    return value


def member(of, name):
    if isinstance(of, Unknown):
        return of
    try:
        if isinstance(name, int):
            return of[name]
        folded = {key.lower(): value for key, value in of.items()}
        return folded[name.lower()]
    except (KeyError, IndexError, AttributeError, TypeError):
        raise TemplateWrong(f"The language expression property '{name}' doesn't exist.") from None


class Scope:
    """One template with its parameters: `environment` has what `subscription()` and its like answer,
    `reference(id, full)` gives a resource that is deployed."""

    def __init__(self, template: dict, parameters: dict, environment: dict, reference):
        self.template, self.environment, self.reference = template, environment, reference
        self.parameters = self.checked(parameters)

    def checked(self, given: dict) -> dict:
        declared = self.template.get("parameters", {})
        if unknown := sorted(set(given) - set(declared)):
            raise TemplateWrong(
                f"The following parameters were supplied, but do not correspond to any parameters defined in the "
                f"template: '{', '.join(unknown)}'. The parameters defined in the template are: "
                f"'{', '.join(declared)}'."
            )
        self.parameters, found = {}, {}
        for name, rule in declared.items():
            if name in given and given[name].get("value") is not None:
                value = given[name]["value"]
            elif "defaultValue" in rule:
                value = self.resolve(rule["defaultValue"])
            elif rule.get("nullable"):
                value = None
            else:
                raise TemplateWrong(f"The value for the template parameter '{name}' is not provided.")
            if not isinstance(value, Unknown):
                self.rules(name, rule, value)
            found[name] = self.parameters[name] = value
        return found

    @staticmethod
    def rules(name: str, rule: dict, value):
        kinds = {"string": str, "securestring": str, "int": int, "bool": bool, "object": dict, "array": list}
        kind = rule["type"].lower()
        if value is not None and not isinstance(value, kinds.get(kind, dict)):
            raise TemplateWrong(
                f"Template parameter JToken type is not valid. Expected '{kind}', actual "
                f"'{type(value).__name__}' for '{name}'."
            )
        if isinstance(value, (str, list)):
            if len(value) < rule.get("minLength", 0):
                raise TemplateWrong(
                    f"The provided value for the template parameter '{name}' is not valid. Length of the value should "
                    f"be greater than or equal to '{rule['minLength']}'."
                )
            if len(value) > rule.get("maxLength", 10**6):
                raise TemplateWrong(
                    f"The provided value for the template parameter '{name}' is not valid. Length of the value should "
                    f"be less than or equal to '{rule['maxLength']}'."
                )
        if "allowedValues" in rule and value not in rule["allowedValues"]:
            raise TemplateWrong(f"The provided value for the template parameter '{name}' is not part of the allowed values.")

    def resolve(self, value):
        """A JSON value with its expressions worked out."""
        if isinstance(value, dict):
            return {self.resolve(key): self.resolve(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        if is_expression(value):
            return Expression(value[1:-1]).value(self)
        if isinstance(value, str) and value.startswith("[["):
            return value[1:]
        return value

    def call(self, name: str, arguments: list):
        special = getattr(self, f"do_{name}", None)
        function = special or FUNCTIONS.get(name)
        if function is None:
            raise TemplateWrong(f"The template function '{name}' is not valid.")
        if any(isinstance(argument, Unknown) for argument in arguments):
            return Unknown()
        try:
            return function(*arguments)
        except (TypeError, ValueError, IndexError, AttributeError) as why:
            raise TemplateWrong(f"Unable to evaluate template language function '{name}': {why}") from None

    def do_parameters(self, name):
        if name not in self.parameters:
            raise TemplateWrong(f"The template parameter '{name}' is not found.")
        return self.parameters[name]

    def do_variables(self, name):
        if name not in self.template.get("variables", {}):
            raise TemplateWrong(f"The template variable '{name}' is not found.")
        return self.resolve(self.template["variables"][name])

    def do_resourceGroup(self):
        return self.environment["resourceGroup"]

    def do_subscription(self):
        return self.environment["subscription"]

    def do_tenant(self):
        return self.environment["tenant"]

    def do_environment(self):
        return self.environment["environment"]

    def do_deployment(self):
        return self.environment["deployment"]

    def do_resourceId(self, *arguments):
        if "/" not in arguments[0]:
            raise ValueError("a resource id of another group is not played")
        return f"{self.environment['resourceGroup']['id']}/providers/{typed(*arguments)}"

    def do_subscriptionResourceId(self, *arguments):
        return f"{self.environment['subscription']['id']}/providers/{typed(*arguments)}"

    def do_extensionResourceId(self, scope, *arguments):
        return f"{scope}/providers/{typed(*arguments)}"

    def do_reference(self, identity, _version=None, full=None):
        return self.reference(identity, full == "full")


def typed(kind: str, *names: str) -> str:
    provider, *kinds = kind.split("/")
    if len(kinds) != len(names):
        raise ValueError(f"the type '{kind}' needs {len(kinds)} names, and has {len(names)}")
    return "/".join([provider, *(f"{part}/{name}" for part, name in zip(kinds, names))])


def unique_string(*parts: str) -> str:
    """Thirteen letters and digits that are the same for the same values; not Azure's own ones."""
    digest = hashlib.sha256("-".join(parts).encode()).digest()
    return base64.b32encode(digest).decode().lower()[:13]


def filled(pattern: str, *values) -> str:
    return pattern.format(*(string(value) for value in values))


def string(value) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"))


def union(*values):
    if isinstance(values[0], list):
        return [item for n, item in enumerate(sum(values, [])) if item not in sum(values, [])[:n]]
    return {key: item for value in values for key, item in value.items()}


def take(value, count: int):
    return value[: max(count, 0)]


def coalesce(*values):
    return next((value for value in values if value is not None), None)


FUNCTIONS = {
    "format": filled,
    "string": string,
    "json": json.loads,
    "replace": lambda text, old, new: text.replace(old, new),
    "split": lambda text, mark: text.split(mark),
    "join": lambda values, mark: mark.join(values),
    "concat": lambda *values: sum(values, []) if isinstance(values[0], list) else "".join(map(string, values)),
    "toLower": lambda text: text.lower(),
    "toUpper": lambda text: text.upper(),
    "trim": lambda text: text.strip(),
    "substring": lambda text, start, length=None: text[start : None if length is None else start + length],
    "take": take,
    "skip": lambda value, count: value[count:],
    "first": lambda value: value[0],
    "last": lambda value: value[-1],
    "length": len,
    "empty": lambda value: not value,
    "contains": lambda of, item: item in of,
    "startsWith": lambda text, start: text.lower().startswith(start.lower()),
    "endsWith": lambda text, end: text.lower().endswith(end.lower()),
    "indexOf": lambda text, part: text.lower().find(part.lower()),
    "padLeft": lambda text, width, fill=" ": str(text).rjust(width, fill),
    "uniqueString": unique_string,
    "guid": lambda *parts: str(uuid.uuid5(uuid.NAMESPACE_URL, "-".join(parts))),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "union": union,
    "createObject": lambda *pairs: dict(zip(pairs[::2], pairs[1::2])),
    "createArray": lambda *values: list(values),
    "array": lambda value: value if isinstance(value, list) else [value],
    "coalesce": coalesce,
    "equals": lambda left, right: left == right,
    "not": lambda value: not value,
    "and": lambda *values: all(values),
    "or": lambda *values: any(values),
    "less": lambda left, right: left < right,
    "lessOrEquals": lambda left, right: left <= right,
    "greater": lambda left, right: left > right,
    "greaterOrEquals": lambda left, right: left >= right,
    "add": lambda left, right: left + right,
    "sub": lambda left, right: left - right,
    "mul": lambda left, right: left * right,
    "div": lambda left, right: left // right,
    "mod": lambda left, right: left % right,
    "min": min,
    "max": max,
    "int": int,
    "bool": lambda value: value in (True, 1, "true", "True"),
    "true": lambda: True,
    "false": lambda: False,
    "null": lambda: None,
}
