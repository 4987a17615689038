"""Bicep's syntax, as much of it as a deployment of one resource group uses, read into plain tuples.

    ("text", [part, …])  ("value", v)  ("name", n)  ("call", n, [e])  ("member", e, n)  ("at", e, e)
    ("object", [(key, e)])  ("array", [e])  ("binary", op, e, e)  ("not", e)  ("minus", e)  ("if", e, e, e)

What it can't read is an error with the line: nothing is skipped.
"""

import dataclasses
import re


class SyntaxWrong(Exception):
    pass


@dataclasses.dataclass
class Token:
    kind: str
    value: object
    line: int


PUNCTUATION = ["??", "||", "&&", "==", "!=", "<=", ">=", "=~", "!~", ".?", "::", *"{}[]():,.=?<>+-*/%!@|"]
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "'": "'", "$": "$"}
BINARY = [["??"], ["||"], ["&&"], ["==", "!=", "=~", "!~"], ["<", "<=", ">", ">="], ["+", "-"], ["*", "/", "%"]]


def tokens(text: str, line: int = 1) -> list[Token]:
    found, at = [], 0
    while at < len(text):
        if match := re.compile(r"[ \t\r]+|//[^\n]*|/\*.*?\*/", re.DOTALL).match(text, at):
            line += match.group().count("\n")
            at = match.end()
        elif text[at] == "\n":
            found.append(Token("newline", "\n", line))
            line, at = line + 1, at + 1
        elif text.startswith("'''", at):
            end = text.index("'''", at + 3)
            content = text[at + 3 : end].removeprefix("\n")
            found.append(Token("text", [content], line))
            line, at = line + text.count("\n", at, end), end + 3
        elif text[at] == "'":
            parts, at = interpolated(text, at + 1, line)
            found.append(Token("text", parts, line))
        elif match := re.compile(r"[A-Za-z_]\w*").match(text, at):
            found.append(Token("name", match.group(), line))
            at = match.end()
        elif match := re.compile(r"\d+").match(text, at):
            found.append(Token("value", int(match.group()), line))
            at = match.end()
        else:
            for mark in PUNCTUATION:
                if text.startswith(mark, at):
                    found.append(Token("mark", mark, line))
                    at += len(mark)
                    break
            else:
                raise SyntaxWrong(f"line {line}: {text[at]!r}")
    found.append(Token("end", "", line))
    return found


def interpolated(text: str, at: int, line: int):
    parts, plain = [], ""
    while text[at] != "'":
        if text[at] == "\n":
            raise SyntaxWrong(f"line {line}: BCP004: The string at this location is not terminated")
        if text[at] == "\\":
            if text[at + 1] not in ESCAPES:
                raise SyntaxWrong(f"line {line}: BCP006: The specified escape sequence is not recognized")
            plain, at = plain + ESCAPES[text[at + 1]], at + 2
        elif text.startswith("${", at):
            depth, end = 1, at + 2
            while depth:
                depth += {"{": 1, "}": -1}.get(text[end], 0)
                end += 1
            parser = Parser(tokens(text[at + 2 : end - 1], line))
            parts += [plain] if plain else []
            parts.append(parser.expression())
            parser.expect("end")
            plain, at = "", end
        else:
            plain, at = plain + text[at], at + 1
    return parts + ([plain] if plain or not parts else []), at + 1


class Parser:
    def __init__(self, found: list[Token]):
        self.tokens, self.at = found, 0

    def now(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.now()
        self.at += 1
        return token

    def sees(self, *values) -> bool:
        return self.now().kind in ("mark", "name", "newline", "end") and self.now().value in values

    def maybe(self, *values) -> bool:
        if self.sees(*values):
            self.at += 1
            return True
        return False

    def expect(self, value: str) -> Token:
        token = self.take()
        if value not in (token.value if token.kind in ("mark", "name") else None, token.kind):
            raise SyntaxWrong(f"line {token.line}: {value!r} is expected, and there is {token.value!r}")
        return token

    def newlines(self):
        while self.maybe("\n"):
            pass

    def name(self) -> str:
        return self.expect("name").value

    def expression(self):
        condition = self.binary(0)
        self.continued("?")
        if not self.maybe("?"):
            return condition
        self.newlines()
        then = self.expression()
        self.newlines()
        self.expect(":")
        self.newlines()
        return ("if", condition, then, self.expression())

    def continued(self, *marks):
        """A line that begins with one of these goes on with the one before."""
        at = self.at
        self.newlines()
        if not self.sees(*marks):
            self.at = at

    def binary(self, level: int):
        if level == len(BINARY):
            return self.unary()
        left = self.binary(level + 1)
        while self.sees(*BINARY[level]):
            operator = self.take().value
            self.newlines()
            left = ("binary", operator, left, self.binary(level + 1))
        return left

    def unary(self):
        if self.maybe("!"):
            return ("not", self.unary())
        if self.maybe("-"):
            return ("minus", self.unary())
        return self.postfix(self.primary())

    def postfix(self, value):
        while True:
            if self.maybe(".", ".?"):
                member = self.name()
                if self.sees("("):
                    value = ("method", value, member, self.arguments())
                else:
                    value = ("member", value, member)
            elif self.maybe("["):
                value = ("at", value, self.expression())
                self.expect("]")
            elif self.sees("!") and not self.tokens[self.at + 1].kind == "name":
                self.take()
            else:
                return value

    def arguments(self) -> list:
        self.expect("(")
        found = []
        self.newlines()
        while not self.maybe(")"):
            found.append(self.expression())
            self.newlines()
            if not self.sees(")"):
                self.expect(",")
                self.newlines()
        return found

    def primary(self):
        token = self.take()
        if token.kind == "text":
            return ("text", token.value)
        if token.kind == "value":
            return ("value", token.value)
        if token.kind == "name":
            if token.value in ("true", "false", "null"):
                return ("value", {"true": True, "false": False, "null": None}[token.value])
            return ("call", token.value, self.arguments()) if self.sees("(") else ("name", token.value)
        if token.value == "(":
            self.newlines()
            inner = self.expression()
            self.newlines()
            self.expect(")")
            return inner
        if token.value == "{":
            return ("object", self.items("}", self.pair))
        if token.value == "[":
            self.newlines()
            if self.sees("for"):
                raise SyntaxWrong(f"line {token.line}: this stand-in reads no loops")
            return ("array", self.items("]", self.expression))
        raise SyntaxWrong(f"line {token.line}: {token.value!r} is no expression")

    def items(self, end: str, one) -> list:
        found = []
        while True:
            while self.maybe("\n", ","):
                pass
            if self.maybe(end):
                return found
            found.append(one())
            if not self.sees("\n", ",", end):
                raise SyntaxWrong(f"line {self.now().line}: a new line, ',' or {end!r} is expected")

    def pair(self):
        token = self.take()
        if token.kind not in ("name", "text"):
            raise SyntaxWrong(f"line {token.line}: {token.value!r} is no property's name")
        self.expect(":")
        self.newlines()
        key = ("text", token.value) if token.kind == "text" else ("text", [token.value])
        return key, self.expression()
