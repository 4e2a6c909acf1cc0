"""Packs the golden safetensors files of test resources, so that they take half the room.

    python pack.py                # packs what scripts wrote anew; what is packed already stays as it is
    python pack.py --unpack       # the files whole again, beside the packed ones, for scripts that read them

`x.safetensors.packed` is the gzip of three things: which tensors another file of the same `golden` folder has too, as
JSON {file: {name: name there}} behind its length in eight bytes, as a safetensors header lies behind its own; the
file's header as it was; and the bytes of the tensors that are its own. These lie in planes, as HDF5's shuffle filter
lays them: the first bytes of all words of four, then the second ones, so that signs and exponents, which repeat, lie
together. `PackedTensors.java` reads it. """
import argparse
import gzip
import json
from fnmatch import fnmatch
from pathlib import Path

import numpy

try:
    from zopfli.gzip import compress        # smaller by a hundredth
except ImportError:
    def compress(content):
        return gzip.compress(content, 9, mtime=0)

REPOSITORY = Path(__file__).parents[2]
WHOLE, PACKED = ".safetensors", ".safetensors.packed"

# What tests compare with a tolerance of 1e-4 of its spread or wider: 17 bits of such a number tell all that they ask.
# What
# networks are given stays as it was, and so do answers that are compared more closely: lora's text and unet, kinds,
# vision,
# gguf, optimizers, and what SDXL's text encoders say.
BITS = 17
ROUNDED = [
    "*#run*.images", "*#run*.latents", "*#run*.steps", "*#case*.images", "*#case*.latents",
    "gguf/flux-dev-q8_0*#images", "qwen/images*", "chroma/images*", "ipadapter/joint*",
    "*#unet.output", "*#net.output", "*#net.skipped", "*#t5.output", "approximated/*#run*.output",
    "control/*#pixels.blocks", "*#vae.decoded", "*#vae.encoded", "*#vae.mean", "*#vae.logvar", "*#vae.drawn", "taesd*",
    "sd1/*#text.last_hidden_state", "sd1/*#text.penultimate", "sd1/*#text.pooled", "klein/*#text.*", "zimage/*#text.*",
    "training/*#gradient.*", "training/*#after.*", "joint/*.gradient", "joint/*.after",
]
# Not where one number is so large that its rounding would be felt: as a share of the spread, within the reference's own
# noise.
UNFELT = 3e-5
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


def rounded(data):
    """Single precision to the nearest number of `BITS` bits."""
    numbers = numpy.frombuffer(data, "<f4")
    dropped = 24 - BITS
    near = (numbers.view("<u4") + numpy.uint32(1 << dropped - 1) >> dropped << dropped).view("<f4")
    return near.tobytes() if abs(near - numbers).max() <= UNFELT * numbers.std() else data


def read(root):
    """Headers and tensors by file, whole, be they packed or not; a file written anew goes before its packed form."""
    headers, tensors, elsewhere = {}, {}, {}
    for path in sorted(root.rglob("*" + PACKED)):
        file = path.relative_to(root).as_posix().removesuffix(".packed")
        record, rest = unframed(gzip.decompress(path.read_bytes()))
        headers[file], data = unframed(rest)
        elsewhere[file] = json.loads(record)
        missing = {name for names in elsewhere[file].values() for name in names}
        tensors[file] = cut(interleaved(data),
                            {n: size for n, size in lengths(headers[file]).items() if n not in missing})
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
            if any(fnmatch(f"{file}#{name}", pattern) for pattern in ROUNDED):
                data = rounded(data)
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
