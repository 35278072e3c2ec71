"""A reader of Bicep, as much of it as mlnsgc writes; independent of the writer.

    file = bicep.parse(text)
    file.params, file.variables, file.outputs      name -> Declaration
    file.resources                                 symbol -> Resource, in the order of the file

A value is a str, int, bool, None, list, dict, or an expression: Ref("vnetMl.id"), Template([parts]),
Call(name, arguments, property or None). Anything else of the language is a Fault."""

import re


class Fault(Exception):
    pass


class Ref(str):
    pass


class Template:
    def __init__(self, parts):
        self.parts = parts      # texts and expressions, beginning and ending with a text


class Call:
    def __init__(self, name, arguments, prop):
        self.name, self.arguments, self.prop = name, arguments, prop


class Declaration:
    def __init__(self, kind, value, description):
        self.kind, self.value, self.description = kind, value, description


class Resource:
    def __init__(self, symbol, kind, api, existing, body):
        self.symbol, self.kind, self.api, self.existing, self.body = symbol, kind, api, existing, body


class File:
    def __init__(self):
        self.params, self.variables, self.outputs, self.resources = {}, {}, {}, {}
        self.names = []     # of everything that an expression can name


TOKEN = re.compile(r"(?P<blank>[ \t]+)|(?P<comment>//[^\n]*)|(?P<line>\n)|(?P<number>-?\d+)"
                   r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>[{}\[\]():.,=@])|(?P<quote>')")
ESCAPE = re.compile(r"\\(?:([nrt'\\$])|u\{([0-9a-f]{1,6})\})")
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "'": "'", "\\": "\\", "$": "$"}


class Reader:
    def __init__(self, text):
        self.text, self.at = text, 0

    def fault(self, what):
        raise Fault(f"line {self.text.count(chr(10), 0, self.at) + 1}: {what}")

    def peek(self, lines=False):
        while True:
            if self.at >= len(self.text):
                return "end", ""
            match = TOKEN.match(self.text, self.at)
            if not match:
                self.fault(f"unexpected {self.text[self.at]!r}")
            if match.lastgroup in ("blank", "comment") or (match.lastgroup == "line" and not lines):
                self.at = match.end()
                continue
            return match.lastgroup, match.group()

    def take(self, wanted=None, lines=False):
        kind, text = self.peek(lines)
        if wanted and wanted not in (kind, text):
            self.fault(f"{wanted!r} expected, not {text!r}")
        self.at += len(text)
        return text

    def end_line(self):
        if self.peek(True)[0] not in ("line", "end"):
            self.fault("the line goes on")

    # Declarations

    def file(self):
        out = File()
        while self.peek()[0] != "end":
            description = None
            if self.peek()[1] == "@":
                self.take("@")
                self.take("description")
                self.take("(")
                description = self.string()
                self.take(")")
                self.take("line", True)
            self.declaration(out, self.take("name"), description)
            self.end_line()
        return out

    def declaration(self, out, word, description):
        name = self.take("name")
        if word == "resource":
            self.resource(out, name)
        elif word in ("param", "var", "output"):
            kind = self.take("name") if word != "var" else None
            value = None
            if word != "param" or self.peek(True)[1] == "=":
                self.take("=")
                value = self.value()
            where = {"param": out.params, "var": out.variables, "output": out.outputs}[word]
            if name in where:
                self.fault(f"{name} twice")
            where[name] = Declaration(kind, value, description)
        else:
            self.fault(f"no declaration begins with {word!r}")
        if word != "output":
            out.names.append(name)

    def resource(self, out, symbol):
        kind, api = self.string().split("@")
        existing = self.peek()[1] == "existing"
        if existing:
            self.take()
        self.take("=")
        out.resources[symbol] = Resource(symbol, kind, api, existing, self.value())

    # Values

    def value(self):
        kind, text = self.peek()
        if kind == "quote":
            return self.string()
        if kind == "number":
            return int(self.take())
        if text == "[":
            return self.array()
        if text == "{":
            return self.object()
        if kind == "name":
            return self.reference()
        return self.fault(f"a value expected, not {text!r}")

    def array(self):
        """Items are parted by commas or line ends."""
        self.take("[")
        items = []
        while self.peek()[1] != "]":
            items.append(self.value())
            kind, text = self.peek(True)
            if text == ",":
                self.take(",")
            elif text != "]" and kind != "line":
                self.fault("items of an array on one line without a comma")
        self.take("]")
        return items

    def object(self):
        self.take("{")
        members = {}
        while self.peek()[1] != "}":
            key = self.string() if self.peek()[0] == "quote" else self.take("name")
            if key in members:
                self.fault(f"{key} twice")
            self.take(":", True)
            members[key] = self.value()
            if self.peek(True)[0] != "line":
                self.fault("two members on one line")
        self.take("}")
        return members

    def reference(self):
        name = self.take("name")
        if name in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[name]
        if self.peek(True)[1] == "(":
            self.take("(")
            arguments = []
            while self.peek()[1] != ")":
                arguments.append(self.value())
                if self.peek()[1] != ")":
                    self.take(",")
            self.take(")")
            prop = None
            if self.peek(True)[1] == ".":
                self.take(".")
                prop = self.take("name")
            return Call(name, arguments, prop)
        while self.peek(True)[1] == ".":
            self.take(".")
            name += "." + self.take("name")
        return Ref(name)

    def string(self):
        self.take("quote")
        parts, text = [], ""
        while True:
            c = self.text[self.at:self.at + 1]
            if c in ("", "\n"):
                self.fault("the string has no end")
            if c == "'":
                self.at += 1
                return Template(parts + [text]) if parts else text
            if self.text.startswith("${", self.at):
                self.at += 2
                parts += [text, self.value()]
                text = ""
                self.take("}")
            elif c == "\\":
                match = ESCAPE.match(self.text, self.at)
                if not match:
                    self.fault("no such escape")
                text += ESCAPES[match[1]] if match[1] else chr(int(match[2], 16))
                self.at = match.end()
            else:
                text, self.at = text + c, self.at + 1


def parse(text):
    return Reader(text).file()


def references(value):
    """Every Ref in a value."""
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        yield from references(list(value.values()))
    elif isinstance(value, Template):
        yield from references(value.parts)
    elif isinstance(value, Call):
        yield from references(value.arguments)


def calls(value):
    """The name of every function that is called in a value."""
    if isinstance(value, Call):
        yield value.name
        yield from calls(value.arguments)
    elif isinstance(value, list):
        for item in value:
            yield from calls(item)
    elif isinstance(value, dict):
        yield from calls(list(value.values()))
    elif isinstance(value, Template):
        yield from calls(value.parts)
