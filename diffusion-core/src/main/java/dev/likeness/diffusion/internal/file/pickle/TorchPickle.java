package dev.likeness.diffusion.internal.file.pickle;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.MappedFile;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.io.UninterruptibleIo;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.DType;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A memory-mapped file of {@code torch.save} ({@code .pt}, {@code .bin}, {@code .ckpt}; zip form
 * and older form). No code in it is run. Tensors inside dictionaries and lists are named by their
 * path, with dots. If there is a {@code state_dict}, only its tensors are read. Thread-safe.
 */
public final class TorchPickle implements TensorSource {
  private static final int ZIP = 0x04034b50;
  private static final int PICKLE = 0x80;

  private final MappedFile file;
  private final TorchContents contents;

  private TorchPickle(MappedFile file, TorchContents contents) {
    this.file = file;
    this.contents = contents;
  }

  /**
   * Interprets the pickle's data instructions and maps the file.
   *
   * @throws InvalidInputException if the file is damaged, is no PyTorch file, or uses an
   *     instruction or name that tensors do not need; the message has name and position
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the file cannot be mapped
   */
  public static TorchPickle open(Path file) {
    try {
      TorchContents contents = UninterruptibleIo.read(file, TorchPickle::contents);
      return new TorchPickle(MappedFile.open(file, Files.size(file)), contents);
    } catch (IOException e) {
      throw new InvalidInputException("cannot read " + file + ": " + Quoted.reason(e), e);
    }
  }

  /**
   * Reads names, shapes and types of {@code file} without mapping it. Has the same checks as
   * {@link #open}.
   */
  public static TensorNames list(Path file) {
    try {
      return UninterruptibleIo.read(file, TorchPickle::contents);
    } catch (IOException e) {
      throw new InvalidInputException("cannot read " + file + ": " + Quoted.reason(e), e);
    }
  }

  private static TorchContents contents(Path file) throws IOException {
    ModelFile.requireNoStandIn(file, ModelFile.head(file, ModelFile.HEAD));
    try (FileChannel channel = FileChannel.open(ModelFile.regular(file))) {
      return TorchContents.of(read(channel, file.toString(), channel.size()), file.toString());
    }
  }

  private static TorchArchive read(FileChannel channel, String source, long length) {
    if (length >= 4 && new PickleInput(channel, source, 0, length).i32() == ZIP) {
      return TorchArchive.fromZip(channel, source, length);
    }
    if (length >= 2 && new PickleInput(channel, source, 0, length).u8() == PICKLE) {
      return TorchArchive.fromStream(channel, source, length);
    }
    throw new InvalidInputException(
        source + " has no known format; give a .safetensors, .ckpt, .pt or .bin file of weights");
  }

  /** Returns the numbers, texts and booleans beside the tensors, named in the same way. */
  public Map<String, Object> values() {
    return contents.values();
  }

  @Override
  public Set<String> names() {
    return contents.tensors().keySet();
  }

  @Override
  public long[] shape(String name) {
    return tensor(name).shape();
  }

  @Override
  public DType dtype(String name) {
    return tensor(name).storage().dtype();
  }

  /**
   * Reads a tensor as stored, on the CPU, in row-major order. It is a copy if the file has other
   * strides.
   */
  @Override
  public Tensor read(String name) {
    TensorRef tensor = tensor(name);
    DType dtype = tensor.storage().dtype();
    if (tensor.numel() == 0) {
      return file.read(dtype, 0, tensor.shape());
    }
    long start = contents.start(tensor.storage()) + tensor.offset() * (dtype.bits() / Byte.SIZE);
    try (TensorScope scope = TensorScope.open();
        InferenceMode recording = new InferenceMode(false)) {
      Tensor run = file.read(dtype, start, tensor.extent());
      LongOptional first = new LongOptional(run.storage_offset());
      return scope.promote(
          torch.as_strided(run, tensor.shape(), tensor.steps(), first).contiguous());
    }
  }

  private TensorRef tensor(String name) {
    TensorRef tensor = contents.tensors().get(name);
    if (tensor == null) {
      throw new IllegalArgumentException("no tensor " + Quoted.of(name) + " in " + file);
    }
    return tensor;
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
    return file + ": " + contents.tensors().size() + " tensors";
  }

  /**
   * A pickled LoRA whose alphas are plain numbers. It offers them as tensors, like a safetensors
   * file.
   */
  public record PickledAlphas(TensorSource pickle, Map<String, Double> alphas)
      implements TensorSource {
    /** Returns a pickle with its alphas as tensors. */
    public static PickledAlphas of(TorchPickle pickle) {
      return new PickledAlphas(
          pickle,
          values(pickle, true)
              .collect(Collectors.toMap(
                  Map.Entry::getKey, value -> ((Number) value.getValue()).doubleValue())));
    }

    /** Returns the other values as texts, like the metadata of a safetensors header. */
    public static Map<String, String> texts(TorchPickle pickle) {
      return values(pickle, false)
          .collect(Collectors.toMap(Map.Entry::getKey, value -> value.getValue().toString()));
    }

    private static Stream<Map.Entry<String, Object>> values(TorchPickle pickle, boolean alphas) {
      return pickle.values().entrySet().stream()
          .filter(value ->
              alphas == (value.getValue() instanceof Number && value.getKey().endsWith(".alpha")));
    }

    @Override
    public Set<String> names() {
      Set<String> names = new LinkedHashSet<>(pickle.names());
      names.addAll(alphas.keySet());
      return names;
    }

    @Override
    public long[] shape(String name) {
      return alphas.containsKey(name) ? new long[0] : pickle.shape(name);
    }

    @Override
    public DType dtype(String name) {
      return alphas.containsKey(name) ? DType.F32 : pickle.dtype(name);
    }

    @Override
    public Tensor read(String name) {
      return alphas.containsKey(name)
          ? torch.tensor(alphas.get(name).floatValue())
          : pickle.read(name);
    }

    @Override
    public String describe() {
      return pickle.describe();
    }

    @Override
    public void close() {
      pickle.close();
    }
  }
}
