"""What a warp of 32 lanes holds, and how its instructions reach it: registers, predicates, memory and
its banks, the next instruction. warp.py has the instructions."""
import functools
import re

import numpy as np

LANES = np.arange(32)
U32, U64, F32 = np.uint32, np.uint64, np.float32
R, UR, P, UP = 0, 256, 0, 8  # where registers and predicates begin; RZ, URZ, PT, UPT are the last
ZEROS, ALWAYS = (R + 255, UR + 63), (P + 7, UP + 7)


class Unknown(Exception):
    """An instruction that is not known here."""


@functools.lru_cache(None)
def register(text):
    """Its place, or None."""
    match = re.fullmatch(r"(U?)R(\d+|Z)(\.64|\.U32|\.X\d+)?", text)
    if not match:
        return None
    base = UR if match[1] else R
    return base + ((63 if match[1] else 255) if match[2] == "Z" else int(match[2]))


@functools.lru_cache(None)
def predicate(text):
    """Its place and whether it is negated, or None."""
    match = re.fullmatch(r"(!?)(U?)P(\d|T)", text)
    if not match:
        return None
    return (UP if match[2] else P) + (7 if match[3] == "T" else int(match[3])), bool(match[1])


@functools.lru_cache(None)
def terms(text, wide):
    """The sum within [brackets]: registers, each with its factor and whether it is the lower of two,
    and numbers. In a wide address uniform registers are pairs."""
    found = []
    for term in re.findall(r"-?[\w.]+", text[text.rindex("[") + 1:-1].replace("+-", "-")):
        name, _, factor = term.partition(".X")
        place = register(name)
        found.append((place, int(factor or 1), ".64" in term or wide and term[0] == "U",
                      int(term, 0) if place is None else 0))
    return found


def conflicts(index, mask):
    """The most distinct words that lie in one of the 32 banks."""
    asked = np.fromiter(set(index[mask].ravel().tolist()), np.int64)
    return int(np.bincount(asked % 32).max()) if asked.size else 0


def wavefronts(index, mask):
    """Cycles of shared memory for the words of 32 lanes, `index` (32, words). Two words a lane go
    by halves of the warp and four by quarters, but two of these together where lanes agree in
    pairs. Four words take two cycles even where all lanes agree: seen on an H200."""
    words = index.shape[1]
    if words == 1 or not mask.any():
        return conflicts(index, mask)

    def paired(lanes):
        return any(all((index[i] == index[i ^ bit]).all() for i in lanes
                       if mask[i] and mask[i ^ bit]) for bit in (1, 2))

    def waves(lanes, parts):
        if parts == 1 or paired(lanes):
            return conflicts(index[lanes], mask[lanes])
        half = len(lanes) // 2
        return sum(conflicts(index[part], mask[part]) for part in (lanes[:half], lanes[half:]))

    halves = LANES[:16], LANES[16:]
    if words == 2:
        return waves(LANES, 2)
    return sum(waves(half, 2) for half in halves)


class Lanes:
    def __init__(self, code, memory, shared, first_item, items, group):
        self.code, self.memory, self.shared = code, memory, shared
        self.registers = np.zeros((UR + 64, 32), U32)
        self.predicates = np.zeros((16, 32), bool)
        self.predicates[list(ALWAYS)] = True
        self.item, self.group = first_item + LANES, group
        self.pc = np.zeros(32, np.int64)
        self.alive = self.item < items
        self.waits = False
        self.stack = np.zeros((32, 4096), U32)
        self.lines = set()  # of 128 bytes of global memory, asked for in this step
        self.trace = []     # of (instruction, wavefronts, lines)

    # ---- operands ----

    def u32(self, text):
        """A value as 32 bits."""
        place = register(text)
        if place is not None:
            return self.registers[place]
        return (self.whole(text) & U64(0xffffffff)).astype(U32)

    def whole(self, text):
        """A value as 64 bits; 1 more than 32 of them hold where 0 is negated (for its carry)."""
        sign, text = (text[0], text[1:]) if text[0] in "-~" else ("", text)
        place = register(text)
        if place is not None:
            value = self.registers[place].astype(U64)
        elif text.startswith("c["):
            value = np.full(32, self.memory.constant(self.constant_address(text)), U64)
        elif re.fullmatch(r"0x[0-9a-f]+|\d+", text):
            value = np.full(32, int(text, 0), U64)
        elif text == "SRZ" or text == "PR":
            value = np.zeros(32, U64)
        else:
            raise Unknown("operand " + text)
        if sign == "-":
            return U64(1 << 32) - value
        return value ^ U64(0xffffffff) if sign else value

    def constant_address(self, text):
        bank, inside = re.fullmatch(r"c\[(0x\w+)\]\[(.*)\]", text).groups()
        if bank != "0x0":
            raise Unknown("constants " + text)
        return int(self.address("[" + inside + "]", False)[0])

    def f32(self, text):
        sign, text = (text[0] == "-", text.lstrip("-+"))
        if re.fullmatch(r"[\d.]+(e[-+]?\d+)?|INF|QNAN", text):
            value = np.full(32, float(text.replace("QNAN", "nan")), F32)
        else:
            value = self.u32(text.strip("|")).view(F32)
            value = np.abs(value) if "|" in text else value
        return -value if sign else value

    def u64(self, text):
        place = register(text)
        if place is None or place in ZEROS:
            return self.whole(text)
        return self.registers[place].astype(U64) | self.registers[place + 1].astype(U64) << U64(32)

    def test(self, text):
        place, negated = predicate(text)
        return self.predicates[place] ^ negated

    def address(self, text, wide):
        total = np.zeros(32, np.int64)
        for place, factor, double, number in terms(text, wide):
            if place is None:
                total += number
                continue
            total += self.registers[place].astype(np.int64) * factor
            if double and place not in ZEROS:
                total += self.registers[place + 1].astype(np.int64) << 32
        return total if wide else total & 0xffffffff

    # ---- results ----

    @staticmethod
    def lanes(uniform, mask):
        """Where to write: a uniform register has one value for the warp."""
        return np.full(32, mask.any()) if uniform else mask

    def put(self, text, value, mask):
        place = register(text)
        if place in ZEROS:
            return
        value = np.asarray(value).astype(U32, copy=False)
        np.copyto(self.registers[place], value, where=self.lanes(place >= UR, mask))

    def put_float(self, text, value, mask):
        self.put(text, value.astype(F32).view(U32), mask)

    def put_wide(self, text, value, mask):
        value = np.asarray(value, U64)
        self.put(text, value & U64(0xffffffff), mask)
        if register(text) not in ZEROS:
            place = register(text) + 1
            high = (value >> U64(32)).astype(U32)
            np.copyto(self.registers[place], high, where=self.lanes(place >= UR, mask))

    def put_test(self, text, value, mask):
        place, _ = predicate(text)
        if place not in ALWAYS:
            np.copyto(self.predicates[place], value, where=self.lanes(place >= UP, mask))

    # ---- memory ----

    def access(self, ins, mask, kind):
        """The 32-bit words that an instruction names: the memory, an index for each lane and word,
        and the wavefronts it takes."""
        text = next(operand for operand in ins.operands if operand.endswith("]"))
        address = self.address(text, kind == "G")
        words = max(1, ins.bytes // 4)
        index = np.where(mask, address // 4, 0)[:, None] + np.arange(words)
        if kind == "S":
            return self.shared, index, max(1, wavefronts(index, mask))
        if kind == "L":
            return self.stack, index, words
        lines = set((index[mask] // 32).ravel().tolist())
        self.lines |= lines
        return self.memory.words, index, max(1, len(lines))

    def load(self, ins, mask, kind):
        memory, index, waves = self.access(ins, mask, kind)
        place = register(ins.operands[0])
        for word in range(index.shape[1]):
            if place in ZEROS:
                break
            value = memory[LANES, index[:, word]] if kind == "L" else memory[index[:, word]]
            np.copyto(self.registers[place + word], value, where=mask)
        return waves

    def store(self, ins, mask, kind):
        memory, index, waves = self.access(ins, mask, kind)
        place = register(ins.operands[-1])
        for word in range(index.shape[1]):
            value = self.registers[place if place in ZEROS else place + word]
            if kind == "L":
                memory[LANES[mask], index[mask, word]] = value[mask]
            else:
                memory[index[mask, word]] = value[mask]
        return waves

    # ---- control ----

    def step(self):
        """One instruction, of the lanes that are furthest behind."""
        at = int(self.pc[self.alive].min())
        ins = self.code.instructions[at]
        active = self.alive & (self.pc == at)
        mask = active & self.test(ins.guard) if ins.guard else active
        self.pc[active] = at + 1
        handler = getattr(self, "do_" + ins.root, None) or getattr(
            self, "do_" + ins.root[1:] if ins.root.startswith("U") else "", None)
        if not handler:
            raise Unknown(ins.text)
        self.lines = set()
        waves = handler(ins, mask) or 0
        self.trace.append((at, waves, self.lines))
