"""Packs the golden safetensors files of test resources, so that they take half the room.

    python pack.py                # packs what scripts wrote anew; what is packed already stays as it is
    python pack.py --unpack       # the files whole again, beside the packed ones, for scripts that read them

`x.safetensors.packed` is the gzip of three things: which tensors another file of the same `golden` folder has too, as JSON
{file: {name: name there}} behind its length in eight bytes, as a safetensors header lies behind its own; the file's header as
it was; and the bytes of the tensors that are its own. These lie in planes, as HDF5's shuffle filter lays them: the first bytes
of all words of four, then the second ones, so that signs and exponents, which repeat, lie together. `PackedTensors.java` reads
it.
"""
import argparse
import gzip
import json
from pathlib import Path

import numpy

try:
    from zopfli.gzip import compress        # smaller by a hundredth
except ImportError:
    def compress(content):
        return gzip.compress(content, 9, mtime=0)

REPOSITORY = Path(__file__).parents[2]
WHOLE, PACKED = ".safetensors", ".safetensors.packed"

# A shorter tensor is told in fewer bytes than where it is.
LEAST = 64


def framed(json_bytes):
    return len(json_bytes).to_bytes(8, "little") + json_bytes


def unframed(content):
    """The JSON that `content` begins with, framed by its length, and what follows."""
    end = 8 + int.from_bytes(content[:8], "little")
    return content[8:end], content[end:]


def lengths(header):
    """The bytes of each tensor by name, in the order of a file."""
    offsets = {name: entry["data_offsets"] for name, entry in json.loads(header).items() if name != "__metadata__"}
    assert list(offsets.values()) == sorted(offsets.values())
    return {name: end - begin for name, (begin, end) in offsets.items()}


def cut(data, sizes):
    """The tensors that lie in `data` one behind the other."""
    tensors, at = {}, 0
    for name, size in sizes.items():
        tensors[name] = data[at:at + size]
        at += size
    return tensors


def planes(data):
    words = numpy.frombuffer(data + bytes(-len(data) % 4), numpy.uint8).reshape(-1, 4)
    return words.T.tobytes()


def interleaved(data):
    return numpy.frombuffer(data, numpy.uint8).reshape(4, -1).T.tobytes()


def read(root):
    """Headers and tensors by file, whole, be they packed or not; a file written anew goes before its packed form."""
    headers, tensors, elsewhere = {}, {}, {}
    for path in sorted(root.rglob("*" + PACKED)):
        file = path.relative_to(root).as_posix().removesuffix(".packed")
        record, rest = unframed(gzip.decompress(path.read_bytes()))
        headers[file], data = unframed(rest)
        elsewhere[file] = json.loads(record)
        missing = {name for names in elsewhere[file].values() for name in names}
        tensors[file] = cut(interleaved(data), {n: size for n, size in lengths(headers[file]).items() if n not in missing})
    for file, others in elsewhere.items():
        for other, names in others.items():
            tensors[file].update({name: tensors[other][there] for name, there in names.items()})
    for path in sorted(root.rglob("*" + WHOLE)):
        file = path.relative_to(root).as_posix()
        headers[file], data = unframed(path.read_bytes())
        tensors[file] = cut(data, lengths(headers[file]))
    return headers, tensors


def write(path, content):
    """Compresses `content`, unless that is what the file holds already."""
    if not path.exists() or gzip.decompress(path.read_bytes()) != content:
        path.write_bytes(compress(content))


def pack(root):
    headers, tensors = read(root)
    places = {}
    for file in sorted(headers):
        own, elsewhere = [], {}
        for name in lengths(headers[file]):
            data = tensors[file][name]
            other, there = places.setdefault(data, (file, name)) if len(data) >= LEAST else (file, name)
            if (other, there) == (file, name):
                own.append(data)
            else:
                elsewhere.setdefault(other, {})[name] = there
        record = json.dumps(elsewhere, separators=(",", ":")).encode()
        write(root / f"{file}.packed", framed(record) + framed(headers[file]) + planes(b"".join(own)))
        (root / file).unlink(missing_ok=True)


def unpack(root):
    headers, tensors = read(root)
    for file, header in headers.items():
        data = b"".join(tensors[file][name] for name in lengths(header))
        (root / file).write_bytes(framed(header) + data)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--unpack", action="store_true")
    work = unpack if parser.parse_args().unpack else pack
    for root in sorted(REPOSITORY.glob("*/src/test/resources/golden")):
        work(root)


if __name__ == "__main__":
    main()
