package dev.likeness.diffusion.internal.file;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.DType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A file with scaled 8-bit tensors. Each is multiplied by the scale beside it; the result is f32. A
 * scale is one number, one for each row or column, or one for each block. Integers are weights only
 * with a scale. What lies beside an 8-bit tensor and is not known is refused, because it may be a
 * scale.
 */
public final class ScaledSource extends ScaledTensors implements TensorSource {
  private static final String WEIGHT = "weight";
  /** The size of blocks that need not divide a weight. */
  private static final long BLOCK = 128;

  private static final String SCALE_ADVICE = "; supported are floating-point scales, one for the"
      + " whole weight, for each row, for each column or for each block of equal size: "
      + QuantizationMarkers.ADVICE;
  /** Tensor classes of torchao with one number for each weight. */
  private static final Set<String> TORCHAO =
      Set.of("Float8Tensor", "Int8Tensor", "IntxUnpackedToInt8Tensor");

  private final TensorSource source;

  private ScaledSource(TensorSource source) {
    super(source, Scales.of(source));
    this.source = source;
  }

  /**
   * Returns {@code source} with its scales applied; {@code source} itself if it has none.
   *
   * @throws InvalidInputException if weights are in an unsupported format, or something unknown
   *     lies beside 8-bit weights; {@code source} is then closed
   */
  public static TensorSource of(TensorSource source) {
    try {
      ScaledSource scaled = new ScaledSource(source);
      Map<String, String> formats = QuantizationMarkers.formats(source);
      NavigableSet<String> all = new TreeSet<>(source.names());
      for (String name : scaled.names()) {
        scaled.requireKnown(name, all);
        scaled.check(name, formats);
      }
      return scaled.isPlain() ? source : scaled;
    } catch (RuntimeException e) {
      source.close();
      throw e;
    }
  }

  /** Returns the metadata that is still true after scaling. */
  public static Map<String, String> metadata(Map<String, String> metadata) {
    Map<String, String> kept = new LinkedHashMap<>(metadata);
    kept.remove(QuantizationMarkers.METADATA);
    if (kept.remove(QuantizationMarkers.TORCHAO_NAMES) != null) {
      kept.values().removeIf(value -> value.startsWith("{") && value.contains("\"_type\""));
    }
    return kept;
  }

  private void check(String name, Map<String, String> formats) {
    Place place = place(name);
    boolean isWeight = name.endsWith("." + WEIGHT);
    String format =
        isWeight ? formats.get(name.substring(0, name.length() - WEIGHT.length() - 1)) : null;
    DType type = source.dtype(place.name());
    boolean whole = isWhole(type);
    boolean marked = QuantizationMarkers.INT8.equals(format);
    boolean scaledInteger = type == DType.I8 && place.scale() != null && (format == null || marked);
    if (isWeight && (whole ? !scaledInteger : marked)) {
      throw new InvalidInputException(source.describe() + ": " + Quoted.of(name) + " has type "
          + type + (place.scale() == null ? " without a scale" : "") + " in "
          + (format == null ? "an unknown format" : "the format " + Quoted.of(format))
          + ", which is not supported; " + QuantizationMarkers.ADVICE);
    }
    if (place.scale() != null) {
      requireTorchao(name);
      requireScale(place.scale(), place);
      if (place.zeroPoint() != null
          && !Arrays.equals(source.shape(place.zeroPoint()), source.shape(place.scale()))) {
        throw unfit(place.zeroPoint(), place);
      }
      requireRows(name, place);
    }
  }

  // Their other classes have several weights in a number.
  private void requireTorchao(String name) {
    String text = source.metadata().get(name);
    if (source.metadata().containsKey(QuantizationMarkers.TORCHAO_NAMES) && text != null) {
      String type = String.valueOf(QuantizationMarkers.json(source, name, text).get("_type"));
      if (!TORCHAO.contains(type)) {
        throw new InvalidInputException(source.describe() + ": " + Quoted.of(name)
            + " is stored as " + Quoted.of(type) + " of torchao, which is not supported; "
            + QuantizationMarkers.ADVICE);
      }
    }
  }

  // Older versions of bitsandbytes could store tiles instead.
  private void requireRows(String name, Place place) {
    String order = name.substring(0, name.length() - WEIGHT.length()) + "weight_format";
    if (place.scale().endsWith("SCB") && source.has(order)) {
      try (TensorScope scope = TensorScope.open()) {
        if (source.elements(order) != 1 || source.read(order).to(ScalarType.Int).item_int() != 0) {
          throw new InvalidInputException(source.describe() + ": " + Quoted.of(order)
              + " says that the rows of the weight are in another order, which is not supported; "
              + QuantizationMarkers.ADVICE);
        }
      }
    }
  }

  private void requireKnown(String name, NavigableSet<String> all) {
    DType type = source.dtype(place(name).name());
    if (type.bits() == Byte.SIZE && type != DType.BOOL) {
      unknownBeside(name, all).ifPresent(other -> {
        throw new InvalidInputException(source.describe() + ": the tensor " + Quoted.of(other)
            + " beside the 8-bit tensor " + Quoted.of(name)
            + " is not known, and may be its scale; " + QuantizationMarkers.ADVICE);
      });
    }
  }

  private void requireScale(String scale, Place place) {
    if (!source.dtype(scale).isFloating()
        || blocks(source.shape(scale), source.shape(place.name())) == null) {
      throw unfit(scale, place);
    }
  }

  private InvalidInputException unfit(String scale, Place place) {
    return new InvalidInputException(source.describe() + ": " + Quoted.of(scale) + " has type "
        + source.dtype(scale) + " and shape " + Arrays.toString(source.shape(scale))
        + " beside a weight of " + Arrays.toString(source.shape(place.name())) + SCALE_ADVICE);
  }

  /**
   * Returns the size of a scale's blocks in each dimension of the weight; null if the scale does
   * not fit. Blocks are the whole weight, rows, columns, squares, or groups of columns in each row.
   * Only squares of 128 may be cut off at the end.
   */
  private static long[] blocks(long[] scale, long[] weight) {
    long count = Arrays.stream(scale).reduce(1, (a, b) -> a * b);
    if (count == 1) {
      return weight.clone();
    }
    if (scale.length > 0
        && scale.length <= weight.length
        && scale[0] == weight[0]
        && count == scale[0]) {
      long[] rows = weight.clone();
      rows[0] = 1;
      return rows;
    }
    if (scale.length != 2 || weight.length != 2 || count < 1) {
      return null;
    }
    boolean divides = weight[0] % scale[0] == 0 && weight[1] % scale[1] == 0;
    long[] block = {weight[0] / scale[0], weight[1] / scale[1]};
    boolean isOfColumns = scale[0] == 1 && block[1] == 1;
    if (isCut(scale[0], weight[0]) && isCut(scale[1], weight[1]) && !isOfColumns) {
      return new long[] {BLOCK, BLOCK};
    }
    return divides && (isOfColumns || block[0] == 1 || block[0] == block[1]) ? block : null;
  }

  private static boolean isCut(long blocks, long size) {
    return blocks == (size + BLOCK - 1) / BLOCK;
  }

  private static boolean isWhole(DType type) {
    return type.name().startsWith("I") || type.name().startsWith("U");
  }

  @Override
  public float f8Scale(String name) {
    Place place = place(name);
    if (place.scale() == null || source.dtype(place.name()) != DType.F8_E4M3) {
      return place.scale() == null ? source.f8Scale(place.name()) : 0;
    }
    if (source.elements(place.scale()) != 1 || place.zeroPoint() != null) {
      return 0;
    }
    try (TensorScope scope = TensorScope.open()) {
      return source.read(place.scale()).to(ScalarType.Float).item_float();
    }
  }

  @Override
  public Tensor read(String name) {
    Place place = place(name);
    if (place.scale() == null) {
      return source.read(place.name());
    }
    try (TensorScope scope = TensorScope.open()) {
      Tensor weight = source.read(place.name()).to(ScalarType.Float);
      if (place.zeroPoint() != null) {
        weight = weight.sub(spread(place.zeroPoint(), weight));
      }
      Tensor scaled = weight.mul(spread(place.scale(), weight));
      return scope.promote(place.factor() == 1 ? scaled : scaled.mul_(new Scalar(place.factor())));
    }
  }

  /** Reads a scale in a form that broadcasts to the weight. */
  private Tensor spread(String scale, Tensor weight) {
    Tensor factor = source.read(scale).to(ScalarType.Float);
    long[] sizes = weight.shape();
    if (factor.numel() == 1) {
      return factor.reshape(new long[0]);
    }
    long[] blocks = blocks(source.shape(scale), sizes);
    long[] grid = new long[sizes.length];
    for (int i = 0; i < sizes.length; i++) {
      grid[i] = (sizes[i] + blocks[i] - 1) / blocks[i];
    }
    Tensor spread = factor.reshape(grid);
    for (int i = 0; i < sizes.length; i++) {
      if (grid[i] > 1 && blocks[i] > 1) {
        spread = spread.repeat_interleave(blocks[i], new LongOptional(i), new LongOptional());
        spread = spread.narrow(i, 0, sizes[i]);
      }
    }
    return spread;
  }

  @Override
  public void close() {
    source.close();
  }

  /**
   * The markers of ComfyUI for quantised weights: a tensor of JSON text beside a weight, or one
   * entry of the metadata for all. Unsupported formats are refused, because their values would be
   * taken for weights.
   *
   * <p>Source: {@code convert_old_quants} of Comfy-Org/ComfyUI {@code comfy/utils.py},
   * {@code comfy/ops.py}.
   */
  static final class QuantizationMarkers {
    /** Name of the marker tensor in its module. */
    static final String TENSOR = "comfy_quant";
    /** Key of the marker in the metadata. */
    static final String METADATA = "_quantization_metadata";
    /** Key of torchao's list of tensors in the metadata. */
    static final String TORCHAO_NAMES = "tensor_names";
    /** The only supported integer format. */
    static final String INT8 = "int8_tensorwise";
    /** Advice in errors about other formats. */
    static final String ADVICE = "give the model in bf16, f16 or float8, or as GGUF";

    private static final String FLOAT8 = "float8_";
    private static final long MAX_BYTES = 1 << 16;

    private QuantizationMarkers() {}

    /**
     * Returns the formats by module, all of them supported.
     *
     * @throws InvalidInputException if a format is not supported, or a marker is damaged
     */
    static Map<String, String> formats(TensorSource source) {
      Map<String, String> formats = new LinkedHashMap<>();
      for (Map<String, String> metadata : source.fileMetadata()) {
        layers(source, metadata.get(METADATA))
            .forEach((module, marker) ->
                formats.put(module.toString(), format(source, module.toString(), marker)));
      }
      for (String name : source.names()) {
        if (name.endsWith("." + TENSOR)) {
          String module = name.substring(0, name.length() - TENSOR.length() - 1);
          formats.put(module, format(source, module, json(source, name, text(source, name))));
        }
      }
      return formats;
    }

    private static Map<?, ?> layers(TensorSource source, String text) {
      return text != null && json(source, METADATA, text).get("layers") instanceof Map<?, ?> layers
          ? layers
          : Map.of();
    }

    private static String text(TensorSource source, String name) {
      if (source.dtype(name) != DType.U8 || source.elements(name) > MAX_BYTES) {
        throw damaged(source, name, null);
      }
      try (TensorScope scope = TensorScope.open()) {
        Tensor stored = source.read(name).contiguous();
        byte[] bytes = new byte[(int) stored.numel()];
        new BytePointer(stored.data_ptr()).get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
      }
    }

    static Map<String, Object> json(TensorSource source, String name, String text) {
      try {
        Map<String, Object> object = JSON.std.mapFrom(text);
        return object == null ? Map.of() : object;
      } catch (IOException e) {
        throw damaged(source, name, e);
      }
    }

    private static String format(TensorSource source, String module, Object marker) {
      Map<?, ?> options = marker instanceof Map<?, ?> given ? given : Collections.emptyMap();
      String format = String.valueOf(options.get("format"));
      boolean turned = Boolean.TRUE.equals(options.get("convrot"));
      if (turned || !format.equals(INT8) && !format.startsWith(FLOAT8)) {
        throw new InvalidInputException(source.describe() + ": " + Quoted.of(module)
            + " is stored "
            + (options.get("format") == null
                ? "in a format without a name"
                : "as " + Quoted.of(format))
            + (turned ? " with rotated weights (convrot)" : "")
            + ", which is not supported; of the 8-bit formats, only float8 and " + INT8
            + " are supported, both without convrot: " + ADVICE);
      }
      return format;
    }

    private static InvalidInputException damaged(
        TensorSource source, String name, Exception cause) {
      return new InvalidInputException(
          source.describe() + ": " + Quoted.of(name)
              + " is not a JSON text with the format of weights; download the file again",
          cause);
    }
  }
}
