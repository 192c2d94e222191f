"""NVIDIA's machine code (SASS) as nvdisasm prints it: instructions, their operands, labels, and the
control codes by which ptxas tells the scheduler when an instruction may go."""
import re

WIDTHS = {"U8": 1, "S8": 1, "U16": 2, "S16": 2, "64": 8, "128": 16}


class Instruction:
    def __init__(self, text, address):
        self.text, self.address = text, address
        words = text.split(None, 1)
        self.guard = None
        if words[0].startswith("@"):
            self.guard = words[0][1:]
            words = words[1].split(None, 1)
        self.name = words[0]
        self.root, *self.kinds = words[0].split(".")
        self.operands = [operand.replace(".reuse", "").strip()
                         for operand in re.split(r", *", words[1])] if len(words) > 1 else []
        self.bytes = next((WIDTHS[kind] for kind in self.kinds if kind in WIDTHS), 4)
        self.target = None

    def take_control(self, high):
        """The upper of an instruction's two words holds, from bit 41 on: 4 bits of cycles until the
        warp's next instruction, a hint, the barriers of 6 that it sets when its result has come and
        when its operands are read (7: none), and the barriers that it waits for."""
        code = high >> 41
        self.stall, self.sets = code & 15, [code >> 5 & 7, code >> 8 & 7]
        self.waits = [bar for bar in range(6) if code >> 11 >> bar & 1]


class Code:
    """One kernel of `nvdisasm -c -hex`."""

    def __init__(self, text, kernel):
        self.instructions, labels, inside = [], {}, False
        for line in text.splitlines():
            label = re.match(r"([.$\w]+):", line)
            if label and label[1].startswith(".text."):
                inside = label[1] == ".text." + kernel
            elif label:
                labels[label[1]] = len(self.instructions)
            elif inside:
                self.take(line)
        for ins in self.instructions:
            target = ins.root in ("BRA", "CALL", "BSSY") and re.search(r"`\((.*?)\)", ins.text)
            if target:
                ins.target = labels[target[1]]
        if not self.instructions:
            raise ValueError("no kernel %s in this code" % kernel)

    def take(self, line):
        whole = re.match(r"\s+/\*([0-9a-f]+)\*/\s+(.*?)\s*;\s+/\* 0x", line)
        rest = re.match(r"\s+/\* (0x[0-9a-f]+) \*/", line)
        if whole:
            text = re.sub(r"\s*\(\*.*?\*\)", "", whole[2])  # a remark, as of a spilled register
            self.instructions.append(Instruction(text, int(whole[1], 16)))
        elif rest and self.instructions:
            self.instructions[-1].take_control(int(rest[1], 16))

    def loop(self):
        """The largest loop: its first and its last instruction."""
        loops = [(ins.target, at) for at, ins in enumerate(self.instructions)
                 if ins.root == "BRA" and ins.target is not None and ins.target < at]
        return max(loops, key=lambda loop: loop[1] - loop[0])
