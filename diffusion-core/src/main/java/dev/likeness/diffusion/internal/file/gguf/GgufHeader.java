package dev.likeness.diffusion.internal.file.gguf;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.tensor.DType;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;

/**
 * The checked header of a GGUF file, versions 2 and 3. libtorch is not needed.
 *
 * <p>Source: {@code docs/gguf.md} of ggml-org/ggml.
 */
public final class GgufHeader implements TensorNames {
  /** The first four bytes of a GGUF file. */
  public static final String MAGIC = "GGUF";

  private static final long MAGIC_NUMBER = 0x46554747L;
  private static final long ALIGNMENT = 32;
  private static final int MAX_DIMENSIONS = 4;
  /** The smallest size of a tensor's entry in bytes: name length, dimensions, type and offset. */
  private static final int MIN_ENTRY = 24;

  private static final int MIN_PAIR = 13;
  private static final String SHAPE = "comfy.gguf.orig_shape.";
  /** Tensors whose first size is 1, which GGML drops, with the number of sizes that are left. */
  private static final Map<String, Integer> LEADING_ONES =
      Map.of("x_pad_token", 1, "cap_pad_token", 1, "pos_embed", 2);

  private final String source;
  private final Map<String, Object> metadata = new LinkedHashMap<>();
  private final Map<String, Entry> tensors = new LinkedHashMap<>();

  /**
   * A tensor.
   *
   * @param begin offset of its first byte in the file
   */
  record Entry(GgmlType type, long begin, long... sizes) {
    long elements() {
      long count = 1;
      for (long size : sizes) {
        count *= size;
      }
      return count;
    }

    long bytes() {
      return elements() / type.blockElements() * type.blockBytes();
    }
  }

  private GgufHeader(Path file) {
    source = file.toString();
    try (GgufInput in = GgufInput.open(file)) {
      read(in);
    }
  }

  /**
   * Reads the header of {@code file}.
   *
   * @throws InvalidInputException if the file breaks a rule of the format, or has an unsupported
   *     type
   */
  public static GgufHeader read(Path file) {
    return new GgufHeader(file);
  }

  private void read(GgufInput in) {
    if (in.u32() != MAGIC_NUMBER) {
      throw in.damaged("does not begin with " + MAGIC);
    }
    long version = in.u32();
    if (version != 2 && version != 3) {
      throw new InvalidInputException(source + " is GGUF of version " + version
          + "; supported are 2 and 3: convert the model again");
    }
    long count = in.count(MIN_ENTRY, "tensors");
    long pairs = in.count(MIN_PAIR, "pairs of metadata");
    for (long i = 0; i < pairs; i++) {
      String key = in.text();
      metadata.put(key, in.value());
    }
    for (long i = 0; i < count; i++) {
      readEntry(in);
    }
    long alignment = metadata.get("general.alignment") instanceof Long given ? given : ALIGNMENT;
    if (alignment < 1 || alignment > in.length()) {
      throw in.damaged("has the alignment " + alignment + ", expected 1 to the size of the file");
    }
    long start = (in.position() + alignment - 1) / alignment * alignment;
    tensors.replaceAll((name, entry) -> place(name, entry, start, in));
  }

  private void readEntry(GgufInput in) {
    String name = in.text();
    long dimensions = in.u32();
    if (dimensions > MAX_DIMENSIONS) {
      throw in.damaged(
          "has a tensor of " + dimensions + " dimensions, expected at most " + MAX_DIMENSIONS);
    }
    long[] sizes = new long[(int) dimensions];
    for (int i = sizes.length - 1; i >= 0; i--) {
      sizes[i] = in.i64();
    }
    GgmlType type = GgmlType.of(in.u32(), source, Quoted.of(name));
    if (tensors.put(name, new Entry(type, in.i64(), sizes)) != null) {
      throw in.damaged("names the tensor " + Quoted.of(name) + " twice");
    }
  }

  private Entry place(String name, Entry entry, long start, GgufInput in) {
    // A size of zero must not hide an overflow, because libtorch multiplies strides without it.
    long strides = Long.BYTES;
    for (long size : entry.sizes) {
      if (size < 0 || strides > Long.MAX_VALUE / Math.max(1, size)) {
        throw in.damaged(
            "has a tensor " + Quoted.of(name) + " whose size is negative or too large");
      }
      strides *= Math.max(1, size);
    }
    long elements = entry.elements();
    if (elements % entry.type.blockElements() != 0
        || entry.begin < 0
        || entry.begin > in.length()
        || start + entry.begin > in.length() - entry.bytes()) {
      throw in.damaged("has a tensor " + Quoted.of(name) + " that lies outside the file");
    }
    return new Entry(entry.type, start + entry.begin, originalShape(name, entry, elements));
  }

  // If blocks do not fit the rows of a convolution, it is stored flattened, and metadata gives its
  // true shape.
  private long[] originalShape(String name, Entry entry, long elements) {
    if (metadata.get(SHAPE + name) instanceof List<?> sizes
        && sizes.stream().allMatch(Long.class::isInstance)) {
      long[] shape = sizes.stream().mapToLong(size -> (Long) size).toArray();
      return isShapeOf(elements, shape) ? shape : entry.sizes;
    }
    Integer left = LEADING_ONES.get(name.substring(name.lastIndexOf('.') + 1));
    return left == null || left != entry.sizes.length
        ? entry.sizes
        : LongStream.concat(LongStream.of(1), LongStream.of(entry.sizes)).toArray();
  }

  private static boolean isShapeOf(long elements, long... shape) {
    long left = elements;
    for (long size : shape) {
      if (size < 1 || left % size != 0) {
        return false;
      }
      left /= size;
    }
    return left == 1;
  }

  /** Returns the metadata: numbers, flags and texts; long lists are null. */
  public Map<String, Object> values() {
    return Collections.unmodifiableMap(metadata);
  }

  Entry entry(String name) {
    return tensors.get(name);
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(tensors.keySet());
  }

  @Override
  public long[] shape(String name) {
    return tensors.get(name).sizes.clone();
  }

  @Override
  public DType dtype(String name) {
    return tensors.get(name).type.dtype();
  }

  @Override
  public String describe() {
    return source;
  }
}
