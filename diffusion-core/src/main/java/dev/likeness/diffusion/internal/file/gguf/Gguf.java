package dev.likeness.diffusion.internal.file.gguf;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.MappedFile;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.LongStream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A memory-mapped GGUF file. Plain tensors are views of it; quantised ones are converted to f32
 * when they are read. Thread-safe.
 */
public final class Gguf implements TensorSource {
  /** Number of blocks that are dequantised at once. */
  private static final int BLOCKS_AT_ONCE = 4096;

  private final GgufHeader header;
  private final MappedFile file;

  private Gguf(GgufHeader header, MappedFile file) {
    this.header = header;
    this.file = file;
  }

  /**
   * Checks the header of {@code file} and maps it.
   *
   * @throws InvalidInputException if the file breaks a rule of the format, or has an unsupported
   *     type
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the file cannot be mapped
   */
  public static Gguf open(Path file) {
    GgufHeader header = GgufHeader.read(file);
    try {
      return new Gguf(header, MappedFile.open(file, Files.size(file)));
    } catch (IOException e) {
      throw new InvalidInputException("cannot read " + file + ": " + Quoted.reason(e), e);
    }
  }

  /** Returns the header: names, shapes, types, metadata. */
  public GgufHeader header() {
    return header;
  }

  @Override
  public Set<String> names() {
    return header.names();
  }

  @Override
  public long[] shape(String name) {
    return header.shape(name);
  }

  @Override
  public DType dtype(String name) {
    return header.dtype(name);
  }

  @Override
  public long storedBytes(String name) {
    return header.entry(name).bytes();
  }

  @Override
  public Tensor read(String name) {
    GgufHeader.Entry entry = header.entry(name);
    if (!entry.type().isQuantised()) {
      return file.read(entry.type().dtype(), entry.begin(), entry.sizes());
    }
    try (TensorScope scope = TensorScope.open();
        InferenceMode recording = new InferenceMode(false)) {
      Tensor out = torch.empty(
          new long[] {entry.elements()},
          new TensorOptions(ScalarType.Float),
          new MemoryFormatOptional());
      dequantise(entry, file.read(DType.U8, entry.begin(), entry.bytes()), out);
      return scope.promote(out.view(entry.sizes()));
    }
  }

  private static void dequantise(GgufHeader.Entry entry, Tensor stored, Tensor out) {
    GgmlType type = entry.type();
    long blocks = entry.elements() / type.blockElements();
    BytePointer from = new BytePointer(stored.data_ptr());
    FloatPointer to = new FloatPointer(out.data_ptr());
    // A training dequantises each weight again and again, so all cores work.
    LongStream.range(0, (blocks + BLOCKS_AT_ONCE - 1) / BLOCKS_AT_ONCE)
        .map(part -> part * BLOCKS_AT_ONCE)
        .parallel()
        .forEach(block ->
            dequantise(type, block, (int) Math.min(BLOCKS_AT_ONCE, blocks - block), from, to));
  }

  /** Converts {@code count} blocks from block {@code block} on. */
  private static void dequantise(
      GgmlType type, long block, int count, BytePointer from, FloatPointer to) {
    byte[] packed = new byte[count * type.blockBytes()];
    float[] numbers = new float[count * type.blockElements()];
    new BytePointer(from).position(block * type.blockBytes()).get(packed);
    ByteBuffer in = ByteBuffer.wrap(packed).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      Dequantizer.block(type, in, numbers, i * type.blockElements());
    }
    new FloatPointer(to).position(block * type.blockElements()).put(numbers);
  }

  @Override
  public String describe() {
    return header.describe();
  }

  @Override
  public void close() {
    file.close();
  }

  /**
   * Converts quantised blocks to f32. It rounds like {@code quants.py} of the {@code gguf} package:
   * every product and difference is rounded to f32.
   */
  static final class Dequantizer {
    private static final int SUPER = 256;

    private Dequantizer() {}

    /**
     * Reads one block of {@code type} at the position of {@code in} and writes its elements to
     * {@code out} from index {@code at} on.
     */
    static void block(GgmlType type, ByteBuffer in, float[] out, int at) {
      switch (type) {
        case Q8_0 -> eightBits(in, out, at);
        case Q4_0, Q4_1, Q5_0, Q5_1 -> small(type, in, out, at);
        case Q4_K, Q5_K -> mixed(type == GgmlType.Q5_K, in, out, at);
        case Q6_K -> sixBits(in, out, at);
        default ->
          throw new IllegalArgumentException(
              "the GGML type " + type + " is not quantised, so it has no blocks to decode");
      }
    }

    private static void eightBits(ByteBuffer in, float[] out, int at) {
      float d = half(in.getShort());
      for (int i = 0; i < 32; i++) {
        out[at + i] = d * in.get();
      }
    }

    /**
     * Q4_0, Q4_1, Q5_0, Q5_1: 32 values of four or five bits. The fifth bits are stored separately.
     * Values are relative to a middle, or to a minimum.
     */
    private static void small(GgmlType type, ByteBuffer in, float[] out, int at) {
      boolean five = type == GgmlType.Q5_0 || type == GgmlType.Q5_1;
      boolean centred = type == GgmlType.Q4_0 || type == GgmlType.Q5_0;
      float d = half(in.getShort());
      float least = centred ? 0 : half(in.getShort());
      int high = five ? in.getInt() : 0;
      int middle = five ? 16 : 8;
      for (int i = 0; i < 16; i++) {
        int both = in.get() & 0xFF;
        int first = both & 15 | (high >>> i & 1) << 4;
        int second = both >> 4 | (high >>> i + 16 & 1) << 4;
        out[at + i] = centred ? d * (first - middle) : d * first + least;
        out[at + 16 + i] = centred ? d * (second - middle) : d * second + least;
      }
    }

    /** Q4_K and Q5_K: eight groups of 32 values, each with a scale and a minimum of six bits. */
    private static void mixed(boolean five, ByteBuffer in, float[] out, int at) {
      float d = half(in.getShort());
      float dMin = half(in.getShort());
      byte[] packed = new byte[12];
      in.get(packed);
      byte[] high = new byte[32];
      if (five) {
        in.get(high);
      }
      byte[] low = new byte[SUPER / 2];
      in.get(low);
      for (int run = 0; run < 8; run++) {
        float scale = d * scale(packed, run);
        float least = dMin * least(packed, run);
        for (int i = 0; i < 32; i++) {
          int q = low[run / 2 * 32 + i] >> run % 2 * 4 & 15 | (high[i] >> run & 1) << 4;
          out[at + run * 32 + i] = scale * q - least;
        }
      }
    }

    private static int scale(byte[] packed, int run) {
      return run < 4 ? packed[run] & 63 : packed[run + 4] & 15 | packed[run - 4] >> 2 & 48;
    }

    private static int least(byte[] packed, int run) {
      return run < 4 ? packed[run + 4] & 63 : packed[run + 4] >> 4 & 15 | packed[run] >> 2 & 48;
    }

    /** Q6_K: sixteen groups of 16 values, each with a signed scale of eight bits. */
    private static void sixBits(ByteBuffer in, float[] out, int at) {
      byte[] low = new byte[SUPER / 2];
      in.get(low);
      byte[] high = new byte[SUPER / 4];
      in.get(high);
      byte[] scales = new byte[SUPER / 16];
      in.get(scales);
      float d = half(in.getShort());
      for (int i = 0; i < SUPER; i++) {
        int half = i / 128;
        int row = i % 128 / 32;
        int fours = low[half * 64 + i % 64] >> row / 2 * 4 & 15;
        int twos = high[half * 32 + i % 32] >> row * 2 & 3;
        out[at + i] = d * scales[i / 16] * ((fours | twos << 4) - 32);
      }
    }

    /** Converts an IEEE 754 half to f32. */
    static float half(short bits) {
      int exponent = bits >> 10 & 31;
      int fraction = bits & 1023;
      float magnitude = exponent == 0
          ? fraction * 0x1p-24f
          : Float.intBitsToFloat((exponent == 31 ? 255 : exponent + 112) << 23 | fraction << 13);
      return bits < 0 ? -magnitude : magnitude;
    }
  }
}
