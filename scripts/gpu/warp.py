"""Runs SASS on warps of 32 lanes: which way an update goes, and which banks it asks for, without a
GPU. Not fast, and floats need not be right to the bit: what counts is the path."""
import numpy as np

from lanes import F32, LANES, U32, U64, UP, Lanes, P, Unknown, predicate

RELATIONS = {"LT": np.less, "EQ": np.equal, "LE": np.less_equal, "GT": np.greater,
             "NE": np.not_equal, "GE": np.greater_equal}
SHARED_START = 0x400  # the first KiB is the system's


class Warp(Lanes):
    def do_nothing(self, ins, mask):
        pass

    do_NOP = do_BSSY = do_BSYNC = do_WARPSYNC = do_YIELD = do_MEMBAR = do_ERRBAR = do_nothing
    do_CCTL = do_DEPBAR = do_BREAK = do_FENCE = do_nothing

    def do_BRA(self, ins, mask):
        for operand in ins.operands[:-1]:
            if predicate(operand):
                mask = mask & self.test(operand)
        self.pc[mask] = ins.target

    def do_CALL(self, ins, mask):
        self.pc[mask] = ins.target

    def do_RET(self, ins, mask):
        self.pc[mask] = self.u32(ins.operands[0].split(" ")[0])[mask] // 16

    def do_EXIT(self, ins, mask):
        self.alive = self.alive & ~mask

    def do_BAR(self, ins, mask):
        self.waits = bool(mask.any())

    # ---- moves ----

    def do_MOV(self, ins, mask):
        self.put(ins.operands[0], self.u32(ins.operands[1]), mask)

    def do_CS2R(self, ins, mask):
        if ins.operands[1] != "SRZ":
            raise Unknown(ins.text)
        (self.put if "32" in ins.kinds else self.put_wide)(ins.operands[0], np.zeros(32, U64), mask)

    def do_S2R(self, ins, mask):
        special = {"SR_TID.X": self.item, "SR_CTAID.X": self.group, "SR_CgaCtaId": 0,
                   "SR_LANEID": LANES, "SR_TID.Y": 0, "SR_TID.Z": 0}
        if ins.operands[1] not in special:
            raise Unknown(ins.text)
        self.put(ins.operands[0], np.broadcast_to(special[ins.operands[1]], (32,)), mask)

    do_S2UR = do_S2R

    def do_R2UR(self, ins, mask):
        value = self.u32(ins.operands[-1])
        self.put(ins.operands[0], value[np.argmax(mask)], mask)

    def do_LDC(self, ins, mask):
        address = self.constant_address(ins.operands[1])
        value = self.memory.constant(address)
        if ins.bytes == 8:
            value |= self.memory.constant(address + 4) << 32
        (self.put_wide if ins.bytes == 8 else self.put)(ins.operands[0], np.full(32, value, U64),
                                                        mask)

    def do_SEL(self, ins, mask):
        d, a, b, p = ins.operands
        self.put(d, np.where(self.test(p), self.u32(a), self.u32(b)), mask)

    def do_FSEL(self, ins, mask):
        d, a, b, p = ins.operands
        self.put_float(d, np.where(self.test(p), self.f32(a), self.f32(b)), mask)

    def do_HFMA2(self, ins, mask):
        d, a, b, high, low = ins.operands
        if a.lstrip("-") != "RZ" or b != "RZ":
            raise Unknown(ins.text)
        halves = np.array([float(low), float(high)], np.float16).view(np.uint16)
        self.put(d, np.full(32, int(halves[0]) | int(halves[1]) << 16, U64), mask)

    def do_PRMT(self, ins, mask):
        d, a, selector, b = ins.operands
        both, select = self.u32(a).astype(U64) | self.u32(b).astype(U64) << U64(32), \
            self.u32(selector).astype(U64)
        total = np.zeros(32, U64)
        for byte in range(4):
            which = (select >> U64(4 * byte) & U64(7)) * U64(8)
            total |= (both >> which & U64(255)) << U64(8 * byte)
        self.put(d, total, mask)

    def do_SHFL(self, ins, mask):
        d, a, b, c = ins.operands[-4:]
        far, value = self.u32(b).astype(np.int64), self.u32(a)
        lane = {"IDX": far, "UP": LANES - far, "DOWN": LANES + far, "BFLY": LANES ^ far}[
            ins.kinds[0]]
        inside = (lane >= 0) & (lane < 32)
        self.put(d, value[np.where(inside, lane, LANES)], mask)
        if len(ins.operands) == 5:
            self.put_test(ins.operands[0], inside, mask)
        return 1

    # ---- integers ----

    def split(self, ins):
        """The result, the predicates of carries that follow it, and the sources."""
        rest = ins.operands[1:]
        carries = []
        while rest and predicate(rest[0]):
            carries.append(rest.pop(0))
        return ins.operands[0], carries, rest

    def carry_in(self, sources):
        total = np.zeros(32, U64)
        for source in sources:
            total = total + self.test(source)
        return total

    def do_IADD3(self, ins, mask):
        d, carries, sources = self.split(ins)
        total = sum(self.whole(source) for source in sources[:3])
        if "X" in ins.kinds:
            total = total + self.carry_in(sources[3:])
        self.put(d, total & U64(0xffffffff), mask)
        for times, carry in enumerate(carries):
            self.put_test(carry, total >> U64(32) > times, mask)

    def do_VIADD(self, ins, mask):
        d, a, b = ins.operands
        self.put(d, self.whole(a) + self.whole(b) & U64(0xffffffff), mask)

    def do_IMAD(self, ins, mask):
        d, carries, (a, b, c, *more) = self.split(ins)
        signed = "U32" not in ins.kinds and ("WIDE" in ins.kinds or "HI" in ins.kinds)
        if signed:
            product = (self.u32(a).view(np.int32).astype(np.int64) *
                       self.u32(b).view(np.int32).astype(np.int64)).view(U64)
        else:
            product = self.u32(a).astype(U64) * self.u32(b).astype(U64)
        if "WIDE" in ins.kinds:
            total = product + self.u64(c)
            self.put_wide(d, total, mask)
            if carries:
                self.put_test(carries[0], total < product, mask)
            return
        product = product >> U64(32) if "HI" in ins.kinds else product & U64(0xffffffff)
        total = product + self.whole(c) + self.carry_in(more if "X" in ins.kinds else [])
        self.put(d, total & U64(0xffffffff), mask)
        if carries:
            self.put_test(carries[0], total >> U64(32) != 0, mask)

    def do_LEA(self, ins, mask):
        d, carries, (a, b, *more) = self.split(ins)
        low = self.u32(a).astype(U64)
        if "HI" in ins.kinds:
            if "SX32" in ins.kinds:
                high = np.where(low >> U64(31) != 0, U64(0xffffffff), U64(0))
            else:
                high = self.u32(more.pop(0)).astype(U64)
            shifted = (high << U64(32) | low) << U64(int(more[0], 0)) >> U64(32)
        else:
            shifted = low << U64(int(more[0], 0)) & U64(0xffffffff)
        total = shifted + self.whole(b) + self.carry_in(more[1:] if "X" in ins.kinds else [])
        self.put(d, total & U64(0xffffffff), mask)
        if carries:
            self.put_test(carries[0], total >> U64(32) != 0, mask)

    def do_SHF(self, ins, mask):
        d, low, count, high = ins.operands
        both = self.u32(high).astype(U64) << U64(32) | self.u32(low).astype(U64)
        n = self.u32(count).astype(U64) & U64(63 if "U64" in ins.kinds or "S64" in ins.kinds else 31)
        if "L" in ins.kinds:
            value = both << n >> U64(32) if "HI" in ins.kinds else \
                self.u32(low).astype(U64) << n
        elif "HI" in ins.kinds and ("S32" in ins.kinds or "S64" in ins.kinds):
            value = (self.u32(high).view(np.int32) >> n.astype(np.int32)).view(U32)
        else:
            value = both >> n >> U64(32) if "HI" in ins.kinds else both >> n
        self.put(d, value.astype(U64) & U64(0xffffffff), mask)

    @staticmethod
    def look_up(table, inputs, ones):
        value = inputs[0] ^ inputs[0]
        for case in range(8):
            if table >> case & 1:
                term = value ^ value ^ ones
                for bit, given in zip((4, 2, 1), inputs):
                    term = term & (given if case & bit else given ^ ones)
                value = value | term
        return value

    def do_LOP3(self, ins, mask):
        operands = list(ins.operands)
        test = operands.pop(0) if predicate(operands[0]) else None
        d, a, b, c, table = operands[:5]
        value = self.look_up(int(table, 0), [self.u32(s) for s in (a, b, c)], U32(0xffffffff))
        self.put(d, value, mask)
        if test:
            self.put_test(test, value != 0, mask)

    def do_PLOP3(self, ins, mask):
        d, second, a, b, c, table, other = ins.operands
        inputs = [self.test(source) for source in (a, b, c)]
        self.put_test(d, self.look_up(int(table, 0), inputs, True), mask)
        self.put_test(second, self.look_up(int(other, 0), inputs, True), mask)

    def joined(self, ins, value, source):
        other = self.test(source)
        if "OR" in ins.kinds:
            return value | other
        return value ^ other if "XOR" in ins.kinds else value & other

    def do_ISETP(self, ins, mask):
        d, second, a, b, other, *below = ins.operands
        kind = np.uint32 if "U32" in ins.kinds else np.int32
        x, y, relation = self.u32(a).view(kind), self.u32(b).view(kind), ins.kinds[0]
        value = RELATIONS[relation](x, y)
        if "EX" in ins.kinds:
            low = self.test(below[0])
            strict = {"EQ": value & low, "NE": value | low}
            value = strict.get(relation, RELATIONS["LT" if relation[0] == "L" else "GT"](x, y) |
                               (x == y) & low)
        self.put_test(d, self.joined(ins, value, other), mask)
        self.put_test(second, self.joined(ins, ~value, other), mask)

    def do_IMNMX(self, ins, mask):
        d, a, b, p = ins.operands
        kind = np.uint32 if "U32" in ins.kinds else np.int32
        x, y = self.u32(a).view(kind), self.u32(b).view(kind)
        self.put(d, np.where(self.test(p), np.minimum(x, y), np.maximum(x, y)).view(U32), mask)

    do_VIMNMX = do_IMNMX

    def do_VIADDMNMX(self, ins, mask):
        d, a, b, c, p = ins.operands
        signed = "U32" not in ins.kinds
        x, y = self.u32(a) + self.u32(b), self.u32(c)
        if signed:
            x, y = x.view(np.int32), y.view(np.int32)
        self.put(d, np.where(self.test(p), np.minimum(x, y), np.maximum(x, y)), mask)

    def do_IABS(self, ins, mask):
        self.put(ins.operands[0], np.abs(self.u32(ins.operands[1]).view(np.int32)).view(U32), mask)

    def do_POPC(self, ins, mask):
        value = self.u32(ins.operands[1])
        self.put(ins.operands[0], [bin(v).count("1") for v in value], mask)

    def do_FLO(self, ins, mask):
        value = self.u32(ins.operands[-1])
        self.put(ins.operands[0], [int(v).bit_length() - 1 & 0xffffffff for v in value], mask)

    def do_P2R(self, ins, mask):
        total = np.zeros(32, U64)
        for place in range(7):
            total |= self.predicates[place].astype(U64) << U64(place)
        self.put(ins.operands[0], self.whole(ins.operands[2]) | total & self.whole(ins.operands[3]),
                 mask)

    def do_R2P(self, ins, mask):
        value, which = self.u32(ins.operands[1]), int(ins.operands[2], 0)
        for place in range(7):
            if which >> place & 1:
                self.put_test("P%d" % place, value >> U32(place) & U32(1) != 0, mask)

    def do_VOTE(self, ins, mask):
        d, p, source = ins.operands if len(ins.operands) == 3 else [None] + ins.operands
        votes = self.test(source) & mask
        if d:
            self.put(d, np.full(32, sum(1 << lane for lane in LANES[votes]), U64), mask)
        self.put_test(p, np.full(32, votes.any() if "ANY" in ins.kinds else
                                 (votes == mask).all()), mask)

    def do_REDUX(self, ins, mask):
        value = self.u32(ins.operands[1])[mask]
        if not set(ins.kinds) & {"OR", "AND", "XOR"}:
            raise Unknown(ins.text)
        how = {"OR": np.bitwise_or, "AND": np.bitwise_and, "XOR": np.bitwise_xor}[ins.kinds[0]]
        self.put(ins.operands[0], how.reduce(value) if value.size else 0, mask)

    # ---- floats ----

    def do_FADD(self, ins, mask):
        self.put_float(ins.operands[0], self.f32(ins.operands[1]) + self.f32(ins.operands[2]), mask)

    def do_FMUL(self, ins, mask):
        self.put_float(ins.operands[0], self.f32(ins.operands[1]) * self.f32(ins.operands[2]), mask)

    def do_FFMA(self, ins, mask):
        a, b, c = (self.f32(source).astype(np.longdouble) for source in ins.operands[1:4])
        self.put_float(ins.operands[0], a * b + c, mask)

    def do_FMNMX(self, ins, mask):
        d, a, b, p = ins.operands
        x, y = self.f32(a), self.f32(b)
        self.put_float(d, np.where(self.test(p), np.minimum(x, y), np.maximum(x, y)), mask)

    def do_FSETP(self, ins, mask):
        d, second, a, b, other = ins.operands
        x, y, relation = self.f32(a), self.f32(b), ins.kinds[0]
        unordered = np.isnan(x) | np.isnan(y)
        if relation in ("NUM", "NAN"):
            value = unordered ^ (relation == "NUM")
        else:
            value = RELATIONS[relation[:2]](x, y) & ~unordered
            value = value | unordered if relation.endswith("U") else value
        self.put_test(d, self.joined(ins, value, other), mask)
        self.put_test(second, self.joined(ins, ~value, other), mask)

    def do_MUFU(self, ins, mask):
        x = self.f32(ins.operands[1])
        how = {"RCP": lambda x: 1 / x, "RSQ": lambda x: 1 / np.sqrt(x), "SQRT": np.sqrt,
               "EX2": np.exp2, "LG2": np.log2, "TANH": np.tanh}
        self.put_float(ins.operands[0], how[ins.kinds[0]](x), mask)

    def do_FCHK(self, ins, mask):
        near = [(np.abs(x) > 2.0 ** -100) & (np.abs(x) < 2.0 ** 100)
                for x in map(self.f32, ins.operands[1:3])]
        self.put_test(ins.operands[0], ~(near[0] & near[1]), mask)

    def do_I2F(self, ins, mask):
        wide = "U64" in ins.kinds or "S64" in ins.kinds
        value = self.u64(ins.operands[1]) if wide else self.u32(ins.operands[1])
        if not any(kind.startswith("U") for kind in ins.kinds):
            value = value.view(np.int64 if wide else np.int32)
        result = value.astype(F32)
        if "RP" in ins.kinds:
            low = result.astype(np.longdouble) < value.astype(np.longdouble)
            result = np.where(low, np.nextafter(result, F32(np.inf)), result)
        self.put_float(ins.operands[0], result, mask)

    do_I2FP = do_I2F

    def do_F2I(self, ins, mask):
        if "TRUNC" not in ins.kinds:
            raise Unknown(ins.text)
        value = np.trunc(np.nan_to_num(self.f32(ins.operands[1]).astype(np.float64)))
        if "U64" in ins.kinds:
            self.put_wide(ins.operands[0], np.clip(value, 0, 2.0 ** 63).astype(U64), mask)
        elif "U32" in ins.kinds:
            self.put(ins.operands[0], np.clip(value, 0, 2.0 ** 32 - 1).astype(U32), mask)
        else:
            self.put(ins.operands[0], value.astype(np.int32).view(U32), mask)

    # ---- loads and stores ----

    def do_LDS(self, ins, mask):
        return self.load(ins, mask, "S")

    def do_STS(self, ins, mask):
        return self.store(ins, mask, "S")

    def do_LDG(self, ins, mask):
        return self.load(ins, mask, "G")

    def do_STG(self, ins, mask):
        return self.store(ins, mask, "G")

    def do_LDL(self, ins, mask):
        return self.load(ins, mask, "L")

    def do_STL(self, ins, mask):
        return self.store(ins, mask, "L")

    def do_ATOMS(self, ins, mask):
        memory, index, waves = self.access(ins, mask, "S")
        value = self.u32(ins.operands[-1])
        how = {"OR": np.bitwise_or, "AND": np.bitwise_and, "ADD": np.add, "MAX": np.maximum}
        if ins.kinds[0] not in how:
            raise Unknown(ins.text)
        self.put(ins.operands[0], memory[index[:, 0]], mask)
        how[ins.kinds[0]].at(memory, index[mask, 0], value[mask])
        return waves


def run_group(code, memory, items, steps):
    """All warps of a work-group, from barrier to barrier, until they end; their traces."""
    shared = np.zeros((SHARED_START + 227 * 1024) // 4, U32)
    warps = [Warp(code, memory, shared, first, items, 0) for first in range(0, items, 32)]
    with np.errstate(all="ignore"):
        while any(warp.alive.any() for warp in warps):
            for warp in warps:
                warp.waits = False
                while warp.alive.any() and not warp.waits:
                    warp.step()
                    if len(warp.trace) > steps:
                        raise Unknown("no end after %d instructions" % steps)
    return [warp.trace for warp in warps]
