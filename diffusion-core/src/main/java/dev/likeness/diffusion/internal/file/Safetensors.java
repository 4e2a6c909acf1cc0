package dev.likeness.diffusion.internal.file;

import dev.likeness.diffusion.tensor.DType;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;

/**
 * A memory-mapped safetensors file of any size. Reading a tensor copies nothing. Thread-safe.
 *
 * <p>The file must not be overwritten in place while it is open; {@link SafetensorsWriter} never
 * does.
 */
public final class Safetensors implements TensorSource {
  private final SafetensorsHeader header;
  private final MappedFile file;

  private Safetensors(SafetensorsHeader header, MappedFile file) {
    this.header = header;
    this.file = file;
  }

  /**
   * Checks the header of {@code file} and maps it.
   *
   * @throws dev.likeness.diffusion.error.InvalidInputException if the file breaks a rule of the
   *     format
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the file cannot be mapped
   */
  public static Safetensors open(Path file) {
    return open(file, SafetensorsHeader.DEFAULT_CAP);
  }

  /** Opens a file whose header may have up to {@code headerCap} bytes; see {@link #open(Path)}. */
  public static Safetensors open(Path file, long headerCap) {
    SafetensorsHeader header = SafetensorsHeader.read(file, headerCap);
    return new Safetensors(header, MappedFile.open(file, header.fileLength()));
  }

  /** Returns the header: names, shapes, metadata. */
  public SafetensorsHeader header() {
    return header;
  }

  /** Returns the metadata of the header. */
  @Override
  public Map<String, String> metadata() {
    return header.metadata();
  }

  @Override
  public Set<String> names() {
    return header.tensors().keySet();
  }

  @Override
  public long[] shape(String name) {
    return header.entry(name).sizes();
  }

  @Override
  public DType dtype(String name) {
    return header.entry(name).dtype();
  }

  @Override
  public Tensor read(String name) {
    SafetensorsHeader.Entry entry = header.entry(name);
    return file.read(entry.dtype(), header.dataStart() + entry.begin(), entry.sizes());
  }

  @Override
  public String describe() {
    return file.toString();
  }

  @Override
  public void close() {
    file.close();
  }

  @Override
  public String toString() {
    return header.toString();
  }
}
