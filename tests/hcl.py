"""A reader of Terraform's language, as much of it as mlnsgc writes; independent of the writer.

    body = hcl.parse(text)
    for block in body.blocks("resource"):       block.labels, block.get("name"), block.blocks("security_rule")

A value is a str, int, bool, None, a list, or an expression: Ref("azurerm_subnet.jump.id"), Template([parts]),
Call(name, arguments). Anything else of the language is a Fault."""

import re


class Fault(Exception):
    pass


class Ref(str):
    pass


class Template:
    def __init__(self, parts):
        self.parts = parts


class Call:
    def __init__(self, name, arguments):
        self.name, self.arguments = name, arguments


class Block:
    def __init__(self, kind, labels):
        self.kind, self.labels, self.attributes, self.inside = kind, labels, {}, []

    def get(self, key):
        return self.attributes.get(key)

    def blocks(self, kind):
        return [block for block in self.inside if block.kind == kind]

    def walk(self):
        yield self
        for block in self.inside:
            yield from block.walk()


TOKEN = re.compile(r"(?P<blank>[ \t]+)|(?P<comment>#[^\n]*)|(?P<line>\n)|(?P<number>-?\d+(\.\d+)?)"
                   r"|(?P<name>[A-Za-z_][A-Za-z0-9_-]*)|(?P<sign>[{}\[\]().,=])|(?P<quote>\")")
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


class Reader:
    def __init__(self, text):
        self.text, self.at = text, 0

    def fault(self, what):
        raise Fault(f"line {self.text.count(chr(10), 0, self.at) + 1}: {what}")

    def peek(self, lines=False):
        """Kind and text of the next token; line ends only when asked for."""
        while True:
            if self.at >= len(self.text):
                return "end", ""
            match = TOKEN.match(self.text, self.at)
            if not match:
                self.fault(f"unexpected {self.text[self.at]!r}")
            if match.lastgroup in ("blank", "comment") or (match.lastgroup == "line" and not lines):
                self.at = match.end()
                continue
            kind = next(name for name, value in match.groupdict().items() if value is not None)
            return kind, match.group()

    def take(self, wanted=None, lines=False):
        kind, text = self.peek(lines)
        if wanted and wanted not in (kind, text):
            self.fault(f"{wanted!r} expected, not {text!r}")
        self.at += len(text)
        return text

    # Bodies

    def body(self, block, closing):
        while self.peek()[1] != closing:
            if self.peek()[0] == "end" and closing:
                self.fault("the block has no end")
            self.item(block)
        if closing:
            self.take(closing)

    def item(self, block):
        name = self.take("name")
        if self.peek(True)[1] == "=":
            self.take("=")
            if name in block.attributes:
                self.fault(f"{name} stands here twice")
            block.attributes[name] = self.value()
            if self.peek(True)[0] not in ("line", "end"):
                self.fault("the line goes on behind the value")
            return
        labels = []
        while self.peek(True)[0] == "quote":
            labels.append(self.string())
        self.take("{", True)
        inner = Block(name, labels)
        block.inside.append(inner)
        self.body(inner, "}")

    # Values

    def value(self):
        kind, text = self.peek()
        if kind == "quote":
            return self.string()
        if kind == "number":
            return int(self.take())
        if text == "[":
            return self.sequence("]")
        if text == "{":
            self.take()
            inner = Block("object", [])
            self.body(inner, "}")
            return inner
        if kind == "name":
            return self.traversal()
        return self.fault(f"a value expected, not {text!r}")

    def sequence(self, closing):
        self.take()
        values = []
        while self.peek()[1] != closing:
            values.append(self.value())
            if self.peek()[1] != closing:
                self.take(",")
        self.take(closing)
        return values

    def traversal(self):
        name = self.take("name")
        if name in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[name]
        if self.peek(True)[1] == "(":
            return Call(name, self.sequence(")"))
        while self.peek(True)[1] in (".", "["):
            if self.take() == ".":
                name += "." + self.take("name")
            else:
                name += "[" + self.take("number") + "]"
                self.take("]")
        return Ref(name)

    def string(self):
        self.take("quote")
        parts, text = [], ""
        while True:
            c = self.text[self.at:self.at + 1]
            two, three = self.text[self.at:self.at + 2], self.text[self.at:self.at + 3]
            if c in ("", "\n"):
                self.fault("the string has no end")
            if c == '"':
                self.at += 1
                break
            if three in ("$${", "%%{"):
                text, self.at = text + three[1:], self.at + 3
            elif two == "${":
                self.at += 2
                parts += [text, self.value()]
                text = ""
                self.take("}")
            elif two == "%{":
                self.fault("a directive")
            elif c == "\\":
                text += self.escape()
            else:
                text, self.at = text + c, self.at + 1
        return Template(parts + [text]) if parts else text

    def escape(self):
        match = re.compile(r"\\(?:([nrt\"\\])|u([0-9a-f]{4})|U([0-9a-f]{8}))").match(self.text, self.at)
        if not match:
            self.fault("no such escape")
        self.at = match.end()
        return ESCAPES[match[1]] if match[1] else chr(int(match[2] or match[3], 16))


def parse(text):
    body = Block("file", [])
    Reader(text).body(body, "")
    return body


def references(value):
    """Every Ref in a value."""
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, Template):
        yield from references(value.parts)
    elif isinstance(value, Call):
        yield from references(value.arguments)
    elif isinstance(value, Block):
        for block in value.walk():
            yield from references(list(block.attributes.values()))
