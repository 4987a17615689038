"""Bicep's expressions, written as ARM's."""

import json

from .bicep_syntax import SyntaxWrong

OPERATORS = {"==": "equals", "<": "less", "<=": "lessOrEquals", ">": "greater", ">=": "greaterOrEquals",
             "||": "or", "&&": "and", "??": "coalesce", "+": "add", "-": "sub", "*": "mul", "/": "div", "%": "mod"}


class Expressions:
    """What a file declares, by name: the compiler fills it as it reads."""

    def __init__(self):
        self.parameters, self.variables, self.resources, self.modules, self.outputs = {}, {}, {}, {}, {}
        # The files that loadJsonContent names, by the variable that each becomes.
        self.loaded = {}

    # What is known when the template is made.
    def constant(self, expression):
        kind = expression[0]
        if kind == "text" and all(isinstance(part, str) for part in expression[1]):
            return "".join(expression[1])
        if kind == "value":
            return expression[1]
        if kind == "object":
            return {self.constant(key): self.constant(value) for key, value in expression[1]}
        if kind == "array":
            return [self.constant(value) for value in expression[1]]
        raise SyntaxWrong(f"BCP032: The value must be a compile-time constant: {expression}")

    # Expressions, as ARM writes them.
    def code(self, expression) -> str:
        kind, *rest = expression
        match kind:
            case "text":
                return self.text(rest[0])
            case "value":
                value = rest[0]
                is_number = isinstance(value, int) and not isinstance(value, bool)
                return str(value) if is_number else f"{json.dumps(value)}()"
            case "name":
                return self.named(rest[0])
            case "call":
                return self.call(*rest)
            case "method":
                return self.call(rest[1], [rest[0], *rest[2]])
            case "member":
                return self.member(*rest)
            case "at":
                return f"{self.code(rest[0])}[{self.code(rest[1])}]"
            case "not":
                return f"not({self.code(rest[0])})"
            case "minus":
                return f"sub(0, {self.code(rest[0])})"
            case "if":
                return f"if({', '.join(map(self.code, rest))})"
            case "binary":
                operator, left, right = rest
                if operator == "!=":
                    return f"not(equals({self.code(left)}, {self.code(right)}))"
                return f"{OPERATORS[operator]}({self.code(left)}, {self.code(right)})"
            case "object":
                pairs = [f"{self.code(key)}, {self.code(value)}" for key, value in rest[0]]
                return f"createObject({', '.join(pairs)})"
            case "array":
                return f"createArray({', '.join(map(self.code, rest[0]))})"
        raise SyntaxWrong(f"{expression}")

    def text(self, parts) -> str:
        if all(isinstance(part, str) for part in parts):
            return quoted("".join(parts))
        pattern, values = "", []
        for part in parts:
            if isinstance(part, str):
                pattern += part.replace("{", "{{").replace("}", "}}")
            else:
                pattern += f"{{{len(values)}}}"
                values.append(self.code(part))
        return f"format({', '.join([quoted(pattern), *values])})"

    def named(self, name: str) -> str:
        if name in self.parameters:
            return f"parameters('{name}')"
        if name in self.variables:
            code = self.code(self.variables[name])
            # What runs only in the deployment is no variable of a template.
            return code if "reference(" in code else f"variables('{name}')"
        if name in self.resources:
            return self.identity(name)
        raise SyntaxWrong(f"BCP057: The name \"{name}\" does not exist in the current context.")

    def call(self, name: str, arguments: list) -> str:
        if name == "loadJsonContent":
            file = self.constant(arguments[0])
            key = f"$fxv#{len(self.loaded)}"
            for known, content in self.loaded.items():
                if content == (file,):
                    key = known
            self.loaded[key] = (file,)
            return f"variables('{key}')"
        if name == "any":
            return self.code(arguments[0])
        return f"{name}({', '.join(map(self.code, arguments))})"

    def member(self, of, name: str) -> str:
        if of[0] == "name" and of[1] in self.resources:
            resource = self.resources[of[1]]
            kind, version = resource["type"].split("@")
            simple = {"id": self.identity(of[1]), "type": quoted(kind), "apiVersion": quoted(version)}
            if name in simple:
                return simple[name]
            if name == "name":
                return self.code(resource["body"]["name"])
            if name == "properties":
                return f"reference({self.identity(of[1])}, '{version}')"
            return f"reference({self.identity(of[1])}, '{version}', 'full').{name}"
        if of[0] == "member" and of[1][0] == "name" and of[1][1] in self.modules and of[2] == "outputs":
            return f"reference({self.module_id(of[1][1])}, '2022-09-01').outputs.{name}.value"
        return f"{self.code(of)}.{name}"

    def module_id(self, name: str) -> str:
        return f"resourceId('Microsoft.Resources/deployments', {self.code(self.modules[name]['body']['name'])})"

    def names(self, name: str) -> list[str]:
        """A resource's name, a segment for each of its parents."""
        body = self.resources[name]["body"]
        parents = self.names(body["parent"][1]) if "parent" in body else []
        return [*parents, self.code(body["name"])]

    def identity(self, name: str) -> str:
        kind = self.resources[name]["type"].split("@")[0]
        arguments = [quoted(kind), *self.names(name)]
        scope = self.resources[name]["body"].get("scope")
        if scope:
            return f"extensionResourceId({self.code(scope)}, {', '.join(arguments)})"
        return f"resourceId({', '.join(arguments)})"

    # JSON, with [expressions] in it.
    def json(self, expression):
        kind = expression[0]
        if kind == "object":
            return {self.json(key): self.json(value) for key, value in expression[1]}
        if kind == "array":
            return [self.json(value) for value in expression[1]]
        if kind == "value":
            return expression[1]
        if kind == "text" and all(isinstance(part, str) for part in expression[1]):
            value = "".join(expression[1])
            return f"[{value}" if value.startswith("[") else value
        return f"[{self.code(expression)}]"

    def uses(self, expression) -> set[str]:
        """The resources and modules that an expression names, by way of variables too."""
        if isinstance(expression, list):
            return set().union(*map(self.uses, expression))
        if not isinstance(expression, tuple):
            return set()
        if expression[0] == "name" and isinstance(expression[1], str):
            name = expression[1]
            if name in self.variables:
                return self.uses(self.variables[name])
            return {name} if name in self.resources or name in self.modules else set()
        return set().union(*(self.uses(part) for part in expression[1:]))


def quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
