package dev.likeness.diffusion.internal.file.gguf;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.MappedFile;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * One GGUF file, mapped into memory: plain tensors are views of it, quantised ones become f32 as
 * they are read. Thread-safe.
 */
public final class Gguf implements TensorSource {
  /** Blocks that are dequantised at once. */
  private static final int RUN = 4096;

  private final GgufHeader header;
  private final MappedFile file;

  private Gguf(GgufHeader header, MappedFile file) {
    this.header = header;
    this.file = file;
  }

  /**
   * Checks the header of {@code file} and maps it.
   *
   * @throws InvalidInputException when the file breaks a rule of the format, or has a type that is
   *     not read
   * @throws dev.likeness.diffusion.error.ResourceLimitException when the file cannot be mapped
   */
  public static Gguf open(Path file) {
    GgufHeader header = GgufHeader.read(file);
    try {
      return new Gguf(header, MappedFile.open(file, Files.size(file)));
    } catch (IOException e) {
      throw new InvalidInputException("cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  /** The header: names, shapes, types, metadata. */
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
    byte[] packed = new byte[RUN * type.blockBytes()];
    float[] numbers = new float[RUN * type.blockElements()];
    BytePointer from = new BytePointer(stored.data_ptr());
    FloatPointer to = new FloatPointer(out.data_ptr());
    for (long block = 0; block < blocks; block += RUN) {
      int count = (int) Math.min(RUN, blocks - block);
      from.position(block * type.blockBytes()).get(packed, 0, count * type.blockBytes());
      ByteBuffer in = ByteBuffer.wrap(packed).order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < count; i++) {
        Dequantizer.block(type, in, numbers, i * type.blockElements());
      }
      to.position(block * type.blockElements()).put(numbers, 0, count * type.blockElements());
    }
  }

  @Override
  public String describe() {
    return header.describe();
  }

  @Override
  public void close() {
    file.close();
  }
}
