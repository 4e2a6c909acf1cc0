package dev.likeness.diffusion.internal.file;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.io.UninterruptibleIo;
import dev.likeness.diffusion.tensor.DType;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The checked header of a safetensors file: its tensors and their positions. Reads only the header
 * and does not need libtorch.
 *
 * <p>Rules: huggingface/safetensors {@code safetensors/src/tensor.rs} ({@code read_metadata},
 * {@code validate}), and stricter in two places: a duplicate name and a header above the cap are
 * refused.
 */
public final class SafetensorsHeader implements TensorNames {
  /**
   * The default limit of the header in bytes: 16 MiB. Headers of published files stay below 1 MiB.
   */
  public static final long DEFAULT_CAP = 16L << 20;

  /** The limit of the format for the header, in bytes. */
  public static final long FORMAT_CAP = 100_000_000;

  static final String SAVE_AGAIN_ADVICE = "the file is damaged; download or save it again";
  private static final int LENGTH_BYTES = 8;

  private final String source;
  private final long dataStart;
  private final Map<String, Entry> tensors;
  private final Map<String, String> metadata;

  private SafetensorsHeader(String source, long dataStart, SafetensorsParser json) {
    this.source = source;
    this.dataStart = dataStart;
    this.tensors = Collections.unmodifiableMap(json.tensors());
    this.metadata = Collections.unmodifiableMap(json.metadata());
  }

  /**
   * Reads the header of {@code file}, of at most {@link #DEFAULT_CAP} bytes.
   *
   * @throws InvalidInputException if the file breaks a rule of the format; the message names place
   *     and rule
   */
  public static SafetensorsHeader read(Path file) {
    return read(file, DEFAULT_CAP);
  }

  /** Reads the header of {@code file}, of at most {@code cap} bytes; see {@link #read(Path)}. */
  public static SafetensorsHeader read(Path file, long cap) {
    try {
      return UninterruptibleIo.read(file, from -> open(from, cap));
    } catch (IOException e) {
      throw new InvalidInputException("cannot read " + file + ": " + Quoted.reason(e), e);
    }
  }

  private static SafetensorsHeader open(Path file, long cap) throws IOException {
    try (SeekableByteChannel channel = Files.newByteChannel(ModelFile.regular(file))) {
      requireWeights(channel, file);
      return read(channel, file.toString(), cap);
    }
  }

  private static void requireWeights(SeekableByteChannel channel, Path file) throws IOException {
    ByteBuffer head = fill(channel, (int) Math.min(channel.size(), ModelFile.HEAD));
    ModelFile.requireWeights(file, head.array());
    channel.position(0);
  }

  static SafetensorsHeader read(SeekableByteChannel channel, String source, long cap)
      throws IOException {
    long length = channel.size();
    if (length < LENGTH_BYTES) {
      throw new InvalidInputException(source + " has fewer bytes (" + length
          + ") than any safetensors file, which has at least 8; " + SAVE_AGAIN_ADVICE);
    }
    long headerLength =
        fill(channel, LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN).getLong();
    checkLength(source, headerLength, length, Math.min(cap, FORMAT_CAP));
    SafetensorsParser json =
        SafetensorsParser.parse(source, decode(source, fill(channel, (int) headerLength)));
    SafetensorsParser.HeaderLayout.check(
        source, json.tensors(), length - LENGTH_BYTES - headerLength);
    return new SafetensorsHeader(source, LENGTH_BYTES + headerLength, json);
  }

  private static void checkLength(String source, long headerLength, long fileLength, long cap) {
    if (Long.compareUnsigned(headerLength, fileLength - LENGTH_BYTES) > 0) {
      throw new InvalidInputException(
          source + " announces a header of " + Long.toUnsignedString(headerLength)
              + " bytes, but only " + (fileLength - LENGTH_BYTES)
              + " bytes follow the length field; the file was cut short or is not a safetensors"
              + " file: download it again, or give another file");
    }
    if (headerLength > cap) {
      throw new InvalidInputException(source + " has a header of " + headerLength
          + " bytes, more than the " + cap + " allowed; " + SAVE_AGAIN_ADVICE);
    }
  }

  private static ByteBuffer fill(SeekableByteChannel channel, int bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(bytes);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) {
        throw new EOFException("the file became shorter while it was read");
      }
    }
    return buffer.flip();
  }

  private static String decode(String source, ByteBuffer bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      throw new InvalidInputException(
          source + ": the header is not UTF-8 text; " + SAVE_AGAIN_ADVICE, e);
    }
  }

  /** Returns the tensors by name, in the header's order. */
  public Map<String, Entry> tensors() {
    return tensors;
  }

  @Override
  public Set<String> names() {
    return tensors.keySet();
  }

  @Override
  public long[] shape(String name) {
    return entry(name).sizes();
  }

  @Override
  public DType dtype(String name) {
    return entry(name).dtype();
  }

  @Override
  public String describe() {
    return source;
  }

  /** Returns the texts under {@code __metadata__}; empty if there are none. */
  @Override
  public Map<String, String> metadata() {
    return metadata;
  }

  /** Returns the file offset of byte 0 of the entries: one past the header. */
  public long dataStart() {
    return dataStart;
  }

  /** Returns the length of the file in bytes. */
  public long fileLength() {
    return dataStart + tensors.values().stream().mapToLong(Entry::end).max().orElse(0);
  }

  /** Returns the entry of one tensor. */
  Entry entry(String name) {
    Entry entry = tensors.get(name);
    if (entry == null) {
      throw new IllegalArgumentException("no tensor " + Quoted.of(name) + " in " + source);
    }
    return entry;
  }

  @Override
  public String toString() {
    return source + ": " + tensors.size() + " tensors";
  }

  /**
   * The entry of one tensor in a safetensors header.
   *
   * @param dtype element type
   * @param shape sizes, each 0 or more; empty for a scalar
   * @param begin first byte, counted from the end of the header
   * @param end one past the last byte, counted in the same way
   */
  public record Entry(DType dtype, List<Long> shape, long begin, long end) {
    public Entry {
      shape = List.copyOf(shape);
    }

    /** Returns the number of elements; 1 for a scalar. */
    public long elements() {
      return shape.stream().reduce(1L, (a, b) -> a * b);
    }

    /** Returns the number of bytes in the file. */
    public long bytes() {
      return end - begin;
    }

    /** Returns the shape as a new array, as libtorch needs it. */
    public long[] sizes() {
      return shape.stream().mapToLong(Long::longValue).toArray();
    }
  }
}
