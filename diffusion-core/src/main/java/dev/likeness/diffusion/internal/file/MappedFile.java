package dev.likeness.diffusion.internal.file;

import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.io.UninterruptibleIo;
import dev.likeness.diffusion.internal.natives.LibTorch;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.Charset;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
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
 * A memory-mapped file of any size. The mapping is private: writing to a tensor never changes the
 * file. Pages are loaded when they are first used. A file inside a jar cannot be mapped and is read
 * into memory. Thread-safe.
 */
public final class MappedFile implements AutoCloseable {
  static {
    LibTorch.load();
  }

  /** A buffer in Java has at most 2^31 - 1 bytes. */
  private static final long LARGEST_READ = 1 << 30;

  private final Path file;
  private final boolean mapped;
  private final TensorRegion region = new TensorRegion();
  private final Tensor bytes;
  private boolean closed;

  private MappedFile(Path file, long length) {
    this.file = file;
    this.mapped = file.getFileSystem() == FileSystems.getDefault();
    this.bytes = mapped ? map(length) : copy(length);
  }

  /**
   * Maps the first {@code length} bytes of {@code file}, at least one.
   *
   * @throws ResourceLimitException if the file cannot be mapped
   */
  public static MappedFile open(Path file, long length) {
    return new MappedFile(file, length);
  }

  /**
   * Returns the tensor from byte {@code start} on: a view, or a copy if its position in the file is
   * not aligned. The calling scope owns it. It stays valid after {@link #close()}.
   *
   * @param sizes the shape; the caller has checked that its elements lie within the file
   */
  public synchronized Tensor read(DType dtype, long start, long... sizes) {
    if (closed) {
      throw new IllegalStateException(file + " is closed; tensors can no longer be read from it");
    }
    try (TensorScope scope = TensorScope.open();
        InferenceMode recording = new InferenceMode(false)) {
      return scope.promote(view(dtype, start, sizes));
    }
  }

  private Tensor view(DType dtype, long start, long[] sizes) {
    ScalarType type = Tensors.scalarType(dtype);
    long width = dtype.bits() / Byte.SIZE;
    long count = 1;
    for (long size : sizes) {
      count *= size;
    }
    if (count == 0) {
      return torch.empty(sizes, new TensorOptions(type), new MemoryFormatOptional());
    }
    if (PrivateCopies.isActive() && mapped) {
      return readCopy(start, count * width).view(type).view(sizes);
    }
    Tensor stored = bytes.narrow(0, start, count * width);
    return (start % width == 0 ? stored : stored.clone()).view(type).view(sizes);
  }

  /** Reads bytes of the file into new memory, without the mapping. */
  private Tensor readCopy(long start, long length) {
    Tensor memory = torch.empty(
        new long[] {length}, new TensorOptions(ScalarType.Byte), new MemoryFormatOptional());
    BytePointer to = new BytePointer(memory.data_ptr());
    try {
      UninterruptibleIo.run(() -> fill(to, start, length));
      return memory;
    } catch (IOException e) {
      throw new InvalidInputException("cannot read " + file + ": " + Quoted.reason(e), e);
    }
  }

  private BytePointer fill(BytePointer to, long start, long length) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      for (long done = 0; done < length; ) {
        long run = Math.min(LARGEST_READ, length - done);
        ByteBuffer buffer = to.position(done).limit(done + run).asByteBuffer();
        while (buffer.hasRemaining()) {
          if (channel.read(buffer, start + done + buffer.position()) < 0) {
            throw new InvalidInputException(file
                + " has become shorter since it was opened; do not change it while it is in use");
          }
        }
        done += run;
      }
      return to;
    }
  }

  // Always outside inference mode, because an inference tensor cannot be trained on.
  private Tensor map(long length) {
    try (TensorScope scope = TensorScope.open();
        InferenceMode recording = new InferenceMode(false)) {
      BytePointer name = new BytePointer(file.toString(), fileNameCharset());
      return region.keep(torch.from_file(
          name,
          new BoolOptional(false),
          new LongOptional(length),
          new TensorOptions(ScalarType.Byte)));
    } catch (CancelledException stopped) {
      throw stopped;
    } catch (RuntimeException e) {
      throw new ResourceLimitException(
          "cannot map " + file + " (" + length + " bytes) into memory: " + LibTorch.firstLine(e)
              + "; use a local file that no program is writing, and do not limit the address space",
          e);
    }
  }

  private Tensor copy(long length) {
    try (TensorScope scope = TensorScope.open();
        InferenceMode recording = new InferenceMode(false)) {
      Tensor memory = torch.empty(
          new long[] {length}, new TensorOptions(ScalarType.Byte), new MemoryFormatOptional());
      new BytePointer(memory.data_ptr())
          .put(UninterruptibleIo.read(file, Files::readAllBytes), 0, (int) length);
      return region.keep(memory);
    } catch (IOException e) {
      throw new InvalidInputException("cannot read " + file + ": " + Quoted.reason(e), e);
    }
  }

  private static Charset fileNameCharset() {
    boolean windows = Loader.Detector.getPlatform().startsWith("windows");
    return Charset.forName(windows ? "UTF-8" : System.getProperty("sun.jnu.encoding", "UTF-8"));
  }

  @Override
  public synchronized void close() {
    closed = true;
    region.close();
  }

  @Override
  public String toString() {
    return file.toString();
  }

  /**
   * While open on a thread, tensors are read into new memory instead of as views of mapped files.
   * Pages of files then do not count as memory of the process.
   */
  public static final class PrivateCopies implements AutoCloseable {
    private static final ThreadLocal<Boolean> ACTIVE = ThreadLocal.withInitial(() -> false);

    private final boolean previous = ACTIVE.get();

    private PrivateCopies() {
      ACTIVE.set(true);
    }

    public static PrivateCopies open() {
      return new PrivateCopies();
    }

    static boolean isActive() {
      return ACTIVE.get();
    }

    @Override
    public void close() {
      ACTIVE.set(previous);
    }
  }
}
