package dev.likeness.diffusion.internal.model;

import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsHeader;
import dev.likeness.diffusion.internal.file.ScaledSource;
import dev.likeness.diffusion.internal.file.ScaledTensors;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.file.gguf.Gguf;
import dev.likeness.diffusion.internal.file.gguf.GgufHeader;
import dev.likeness.diffusion.internal.file.pickle.TorchPickle;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The formats of tensor files, detected by their first bytes: safetensors, {@code torch.save}, or
 * GGUF.
 */
public enum TensorFileFormat {
  SAFETENSORS,
  PICKLE,
  GGUF;

  private static final int PICKLE_PROTOCOL = 0x80;
  private static final int HEAD = 4;

  /**
   * The format of a file.
   *
   * @throws dev.likeness.diffusion.error.InvalidInputException if there is no such file, or its
   *     format is not supported
   */
  public static TensorFileFormat of(Path file) {
    byte[] head = ModelFile.head(file, HEAD);
    if (new String(head, StandardCharsets.ISO_8859_1).equals(GgufHeader.MAGIC)) {
      return GGUF;
    }
    boolean zip = new String(head, StandardCharsets.ISO_8859_1).equals("PK\3\4");
    // A safetensors file starts with the length of its header, whose fourth byte is 0 below 16 MiB.
    boolean old = head.length == HEAD
        && (head[0] & 255) == PICKLE_PROTOCOL
        && head[1] >= 2
        && head[1] <= 5
        && head[3] != 0;
    return zip || old ? PICKLE : SAFETENSORS;
  }

  /** Opens a file in its format, with the scales of 8-bit tensors applied. */
  public static TensorSource open(Path file) {
    return ScaledSource.of(openStored(file));
  }

  /**
   * Opens a file in its format as it is stored. The scales of 8-bit tensors are tensors of their
   * own.
   */
  public static TensorSource openStored(Path file) {
    return switch (of(file)) {
      case PICKLE -> TorchPickle.open(file);
      case GGUF -> Gguf.open(file);
      case SAFETENSORS -> Safetensors.open(file);
    };
  }

  /**
   * The names, shapes and types that {@link #open} gives; no tensor is read and libtorch is not
   * needed.
   */
  public static TensorNames list(Path file) {
    return ScaledTensors.of(listStored(file));
  }

  /** The names, shapes and types that {@link #openStored} gives. */
  public static TensorNames listStored(Path file) {
    return switch (of(file)) {
      case PICKLE -> TorchPickle.list(file);
      case GGUF -> GgufHeader.read(file);
      case SAFETENSORS -> SafetensorsHeader.read(file);
    };
  }

  /** The text metadata of a list that also holds for {@link #open}; a pickle has none. */
  public static Map<String, String> metadata(TensorNames list) {
    return ScaledSource.metadata(list.metadata());
  }

  /** The values of a small tensor of a file, in order. */
  static List<Double> numbers(Path file, String name) {
    try (TensorScope scope = TensorScope.open();
        TensorSource source = open(file)) {
      Tensor flat = source.read(name).to(ScalarType.Float).contiguous();
      float[] values = new float[(int) flat.numel()];
      new FloatPointer(flat.data_ptr()).get(values);
      return IntStream.range(0, values.length).mapToObj(i -> (double) values[i]).toList();
    }
  }
}
