"""A stand-in for Bicep's compiler, which no package registry has: `bicep build FILE --stdout`.

It makes an ARM template of what main.bicep uses and refuses the rest. It holds the compiler's rules
that are met in practice: names must be declared (BCP057), a name of a resource is known before the
deployment starts (BCP120), a module's parameters are those that it has (BCP035, BCP037).
"""

import json
import pathlib
import sys

from .bicep_expressions import Expressions, quoted
from .bicep_syntax import Parser, SyntaxWrong, tokens

VERSION = "0.99.0"
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
CONSTRAINTS = {"minLength": "minLength", "maxLength": "maxLength", "minValue": "minValue", "maxValue": "maxValue",
               "allowed": "allowedValues"}


class Compiler(Expressions):
    def __init__(self, path: pathlib.Path):
        super().__init__()
        self.path = path
        self.metadata = {}
        self.parse()

    def parse(self):
        self.parser = parser = Parser(tokens(self.path.read_text()))
        decorators = []
        while True:
            parser.newlines()
            if parser.sees("end") or parser.now().kind == "end":
                return
            if parser.maybe("@"):
                decorators.append(parser.expression())
                continue
            kind, line = parser.name(), parser.now().line
            read = getattr(self, f"read_{kind}", None)
            if read is None:
                raise SyntaxWrong(f"line {line}: this stand-in reads no {kind}")
            read(decorators)
            decorators = []
            if not parser.sees("\n") and parser.now().kind != "end":
                raise SyntaxWrong(f"line {parser.now().line}: a new line is expected")

    def read_targetScope(self, _):
        self.parser.expect("=")
        scope = self.parser.expression()
        if scope != ("text", ["resourceGroup"]):
            raise SyntaxWrong(f"this stand-in knows no target scope {scope}")

    def read_metadata(self, _):
        name = self.parser.name()
        self.parser.expect("=")
        self.metadata[name] = self.constant(self.parser.expression())

    def read_param(self, decorators):
        name, kind = self.parser.name(), self.parser.name()
        default = None
        if self.parser.maybe("?"):
            kind = f"{kind}?"
        if self.parser.maybe("="):
            default = self.parser.expression()
        self.parameters[name] = (kind, default, decorators)

    def read_var(self, _):
        name = self.parser.name()
        self.parser.expect("=")
        self.variables[name] = self.parser.expression()

    def read_output(self, _):
        name, kind = self.parser.name(), self.parser.name()
        self.parser.expect("=")
        self.outputs[name] = (kind, self.parser.expression())

    def read_resource(self, _):
        name, kind = self.parser.name(), self.parser.expect("text").value[0]
        existing = self.parser.maybe("existing")
        self.parser.expect("=")
        condition = None
        if self.parser.maybe("if"):
            condition = self.parser.primary()
        body = dict_of(self.parser.expression())
        self.resources[name] = {"type": kind, "existing": existing, "condition": condition, "body": body}

    def read_module(self, _):
        name, file = self.parser.name(), self.parser.expect("text").value[0]
        self.parser.expect("=")
        body = dict_of(self.parser.expression())
        self.modules[name] = {"compiler": Compiler(self.path.parent / file), "body": body}

    def template(self) -> dict:
        resources = [self.resource(name) for name, of in self.resources.items() if not of["existing"]]
        resources += [self.module(name) for name in self.modules]
        variables = {}
        for name, value in self.variables.items():
            if "reference(" not in self.code(value):
                variables[name] = self.json(value)
        outputs = {name: {"type": kind, "value": self.json(value)} for name, (kind, value) in self.outputs.items()}
        for key, (file,) in self.loaded.items():
            variables[key] = json.loads((self.path.parent / file).read_text())
        generator = {"name": "bicep", "version": VERSION, "templateHash": "0"}
        return {
            "$schema": SCHEMA,
            "contentVersion": "1.0.0.0",
            "metadata": {**self.metadata, "_generator": generator},
            "parameters": {name: self.parameter(*of) for name, of in self.parameters.items()},
            "variables": variables,
            "resources": resources,
            "outputs": outputs,
        }

    def parameter(self, kind: str, default, decorators) -> dict:
        made = {"type": {"object": "object", "array": "array"}.get(kind.rstrip("?"), kind.rstrip("?"))}
        if kind.endswith("?"):
            made["nullable"] = True
        if default is not None:
            made["defaultValue"] = self.json(default)
        for decorator in decorators:
            _, name, *arguments = decorator if decorator[0] == "call" else ("call", decorator[1], [])
            values = [self.constant(argument) for argument in arguments[0]]
            if name == "description":
                made.setdefault("metadata", {})["description"] = values[0]
            elif name == "metadata":
                made.setdefault("metadata", {}).update(values[0])
            elif name == "secure":
                made["type"] = {"string": "securestring", "object": "secureObject"}[made["type"]]
            elif name in CONSTRAINTS:
                made[CONSTRAINTS[name]] = values[0]
            else:
                raise SyntaxWrong(f"BCP057: there is no decorator {name}")
        return made

    def resource(self, name: str) -> dict:
        of = self.resources[name]
        kind, version = of["type"].split("@")
        body = of["body"]
        names = self.names(name)
        if any("reference(" in part for part in names):
            raise SyntaxWrong(
                f"{name}: BCP120: This expression is being used in an assignment to the \"name\" property, which "
                "requires a value that can be calculated at the start of the deployment."
            )
        joined = names[0]
        if len(names) > 1:
            places = "/".join(f"{{{number}}}" for number in range(len(names)))
            joined = f"format({', '.join([quoted(places), *names])})"
        made = {"type": kind, "apiVersion": version, "name": f"[{joined}]"}
        if of["condition"] is not None:
            made["condition"] = self.json(of["condition"])
        if "scope" in body:
            made["scope"] = f"[{self.code(body['scope'])}]"
        used = set()
        for key, value in body.items():
            if key != "dependsOn":
                used |= self.uses(value)
                if key not in ("name", "parent", "scope"):
                    made[key] = self.json(value)
        return self.after(made, used, body)

    def after(self, made: dict, used: set, body: dict) -> dict:
        used |= self.uses(body.get("dependsOn", ("array", [])))
        needed = []
        for other in sorted(used):
            if other in self.modules:
                needed.append(f"[{self.module_id(other)}]")
            elif not self.resources[other]["existing"]:
                needed.append(f"[{self.identity(other)}]")
        return {**made, **({"dependsOn": needed} if needed else {})}

    def module(self, name: str) -> dict:
        of = self.modules[name]
        given = dict_of(of["body"].get("params", ("object", [])))
        inner: Compiler = of["compiler"]
        for parameter in given:
            if parameter not in inner.parameters:
                raise SyntaxWrong(f'{name}: BCP037: The property "{parameter}" is not allowed')
        for parameter, (kind, default, _) in inner.parameters.items():
            if default is None and not kind.endswith("?") and parameter not in given:
                raise SyntaxWrong(f'{name}: BCP035: the required property "{parameter}" is missing')
        made = {
            "type": "Microsoft.Resources/deployments",
            "apiVersion": "2022-09-01",
            "name": self.json(of["body"]["name"]),
            "properties": {
                "expressionEvaluationOptions": {"scope": "inner"},
                "mode": "Incremental",
                "parameters": {key: {"value": self.json(value)} for key, value in given.items()},
                "template": inner.template(),
            },
        }
        used = set().union(*(self.uses(value) for key, value in of["body"].items() if key != "dependsOn"))
        return self.after(made, used, of["body"])


def dict_of(expression) -> dict:
    assert expression[0] == "object", expression
    return {"".join(key[1]): value for key, value in expression[1]}


def main(arguments: list[str]) -> int:
    match arguments:
        case ["--version"]:
            print(f"Bicep CLI version {VERSION} (a stand-in)")
            return 0
        case ["build", "--stdout", file] | ["build", file, "--stdout"]:
            pass
        case ["build", "--file", file, "--stdout"] | ["build", "--stdout", "--file", file]:
            pass
        case _:
            print(f"this stand-in knows no: bicep {' '.join(arguments)}", file=sys.stderr)
            return 1
    try:
        print(json.dumps(Compiler(pathlib.Path(file)).template(), indent=2))
    except SyntaxWrong as wrong:
        print(f"{file}: Error {wrong}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
