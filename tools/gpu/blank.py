"""Blanks a CUDA library's code for other GPUs than one kind, so that the library packs small.

    python blank.py LIBRARY OUT [ARCHITECTURE]

ARCHITECTURE is 90 (H100, H200) by default. Every fat binary in the section .nv_fatbin keeps its headers and addresses;
the code of other architectures becomes zeros. A fat binary without code for the architecture keeps everything, because
the driver may compile its PTX. The library then works on GPUs of that architecture only.
"""
import collections
import struct
import sys
from pathlib import Path

MAGIC = 0xBA55ED50
PTX, ELF = 1, 2


def section(data, wanted):
    """Offset and size of a section of a 64-bit little-endian ELF file."""
    table, = struct.unpack_from("<Q", data, 0x28)
    size, count, names = struct.unpack_from("<HHH", data, 0x3A)
    headers = [struct.unpack_from("<IIQQQQ", data, table + i * size) for i in range(count)]
    start = headers[names][4]
    for header in headers:
        end = data.index(b"\0", start + header[0])
        if data[start + header[0]:end] == wanted.encode():
            return header[4], header[5]
    raise SystemExit(f"no section {wanted}: not a CUDA library")


def entries(data, start, end):
    """Kind, architecture, and range of the code of each entry of a fat binary."""
    while start < end:
        kind, _, header, size = struct.unpack_from("<HHIQ", data, start)
        if kind not in (PTX, ELF) or size == 0 or start + header + size > end:
            raise SystemExit(f"unknown entry in a fat binary at byte {start}: kind {kind}")
        arch, = struct.unpack_from("<I", data, start + 28)
        yield kind, arch, start + header, start + header + size
        start += header + size


def blank(data, arch):
    """Returns the bytes of code by (kind, architecture): all, and kept."""
    found, kept = collections.Counter(), collections.Counter()
    at, size = section(data, ".nv_fatbin")
    end = at + size
    while at + 16 <= end:
        magic, _, header, length = struct.unpack_from("<IHHQ", data, at)
        if magic != MAGIC:
            at += 8
            continue
        all_of = list(entries(data, at + header, at + header + length))
        own = any(kind == ELF and code == arch for kind, code, *_ in all_of)
        for kind, code, start, stop in all_of:
            found[kind, code] += stop - start
            if own and (kind, code) != (ELF, arch):
                data[start:stop] = bytes(stop - start)
            else:
                kept[kind, code] += stop - start
        at += header + length
    return found, kept


def main():
    arch = int(sys.argv[3]) if len(sys.argv) > 3 else 90
    data = bytearray(Path(sys.argv[1]).read_bytes())
    found, kept = blank(data, arch)
    for key in sorted(found):
        print(f"{'PTX' if key[0] == PTX else 'code'} {key[1]}: {found[key] >> 20} MiB, kept {kept[key] >> 20} MiB")
    if kept[ELF, arch] == 0:
        raise SystemExit(f"{sys.argv[1]} has no code for architecture {arch}")
    Path(sys.argv[2]).write_bytes(data)


if __name__ == "__main__":
    main()
