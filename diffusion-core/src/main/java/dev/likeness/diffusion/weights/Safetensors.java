package dev.likeness.diffusion.weights;

import dev.likeness.diffusion.error.MachineLimit;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.diffusion.tensor.LibTorch;
import dev.likeness.diffusion.tensor.TensorRegion;
import dev.likeness.diffusion.tensor.TensorScope;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * One safetensors file, mapped into memory whatever its size: reading a tensor copies nothing, and pages that nobody
 * touches are never loaded. The mapping is private, so writing into a tensor never reaches the file. Thread-safe.
 *
 * <p>The file must not be overwritten in place while it is open; {@link SafetensorsWriter} never does.
 */
public final class Safetensors implements TensorSource {
  static {
    LibTorch.load();
  }

  private final Path file;
  private final SafetensorsHeader header;
  private final TensorRegion region = new TensorRegion();
  private final Tensor bytes;
  private boolean closed;

  private Safetensors(Path file, SafetensorsHeader header) {
    this.file = file;
    this.header = header;
    this.bytes = map(file, header.fileLength());
  }

  /**
   * Checks the header of {@code file} and maps it.
   *
   * @throws dev.likeness.diffusion.error.UnusableInput when the file breaks a rule of the format
   * @throws MachineLimit when the file cannot be mapped
   */
  public static Safetensors open(Path file) {
    return open(file, SafetensorsHeader.DEFAULT_CAP);
  }

  /** Opens a file whose header may have up to {@code headerCap} bytes; see {@link #open(Path)}. */
  public static Safetensors open(Path file, long headerCap) {
    return new Safetensors(file, SafetensorsHeader.read(file, headerCap));
  }

  /** The header: names, shapes, metadata. */
  public SafetensorsHeader header() {
    return header;
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
  public synchronized Tensor read(String name) {
    TensorEntry entry = header.entry(name);
    if (closed) {
      throw new IllegalStateException(file + " is closed; tensors can no longer be read from it");
    }
    try (TensorScope scope = TensorScope.open(); InferenceMode recording = new InferenceMode(false)) {
      return scope.promote(view(entry));
    }
  }

  private Tensor view(TensorEntry entry) {
    ScalarType type = entry.dtype().scalarType();
    if (entry.bytes() == 0) {
      return torch.empty(entry.sizes(), new TensorOptions(type), new MemoryFormatOptional());
    }
    long start = header.dataStart() + entry.begin();
    Tensor stored = bytes.narrow(0, start, entry.bytes());
    boolean aligned = start % (entry.dtype().bits() / Byte.SIZE) == 0;
    return (aligned ? stored : stored.clone()).view(type).view(entry.sizes());
  }

  // Outside inference mode, whatever the caller's: an inference tensor could never be trained on.
  private Tensor map(Path path, long length) {
    try (TensorScope scope = TensorScope.open(); InferenceMode recording = new InferenceMode(false)) {
      BytePointer name = new BytePointer(path.toString(), fileNameCharset());
      return region.keep(torch.from_file(
          name, new BoolOptional(false), new LongOptional(length), new TensorOptions(ScalarType.Byte)));
    } catch (RuntimeException e) {
      throw new MachineLimit("cannot map " + path + " (" + length + " bytes) into memory: " + LibTorch.firstLine(e)
          + "; see that it is a local file which nobody is writing, and that address space is not limited", e);
    }
  }

  private static Charset fileNameCharset() {
    boolean windows = Loader.Detector.getPlatform().startsWith("windows");
    return Charset.forName(windows ? "UTF-8" : System.getProperty("sun.jnu.encoding", "UTF-8"));
  }

  /** The free text pairs of the header. */
  public Map<String, String> metadata() {
    return header.metadata();
  }

  @Override
  public String describe() {
    return file.toString();
  }

  @Override
  public synchronized void close() {
    closed = true;
    region.close();
  }

  @Override
  public String toString() {
    return header.toString();
  }
}
