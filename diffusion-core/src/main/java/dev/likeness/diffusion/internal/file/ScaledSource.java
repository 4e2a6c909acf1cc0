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
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A file with scaled eight-bit weights, as ComfyUI writes it. Each weight is multiplied by the
 * scale beside it ({@code scale_weight} or {@code weight_scale}); the result is f32. Integers are
 * read as weights only if a marker gives their format. Markers are left out, and so are input
 * scales, which only F8 arithmetic needs.
 */
public final class ScaledSource implements TensorSource {
  private static final String WEIGHT = "weight";
  private static final List<String> SCALES = List.of("scale_weight", "weight_scale");
  private static final List<String> OMITTED = List.of(
      "scale_weight",
      "weight_scale",
      "scale_input",
      "input_scale",
      "scaled_fp8",
      QuantizationMarkers.TENSOR);

  private final TensorSource source;
  private final Set<String> names = new LinkedHashSet<>();

  private ScaledSource(TensorSource source) {
    this.source = source;
    for (String name : source.names()) {
      if (!isOmitted(name)) {
        names.add(name);
      }
    }
  }

  /**
   * Returns {@code source} with its scales applied; {@code source} itself if it has none.
   *
   * @throws InvalidInputException if weights are in an unsupported format; {@code source} is then
   *     closed
   */
  public static TensorSource of(Safetensors source) {
    try {
      ScaledSource scaled = new ScaledSource(source);
      Map<String, String> formats = QuantizationMarkers.formats(source, source.metadata());
      scaled.names.stream()
          .filter(name -> name.endsWith("." + WEIGHT))
          .forEach(name -> scaled.check(
              name, formats.get(name.substring(0, name.length() - WEIGHT.length() - 1))));
      return scaled.names.size() == source.names().size() ? source : scaled;
    } catch (RuntimeException e) {
      source.close();
      throw e;
    }
  }

  /** Returns the metadata that is still true after scaling. */
  public static Map<String, String> metadata(Map<String, String> metadata) {
    Map<String, String> kept = new LinkedHashMap<>(metadata);
    kept.remove(QuantizationMarkers.METADATA);
    return kept;
  }

  private static boolean isOmitted(String name) {
    return OMITTED.contains(name.substring(name.lastIndexOf('.') + 1));
  }

  private void check(String name, String format) {
    String scale = scale(name);
    boolean whole = isWhole(source.dtype(name));
    boolean eight = QuantizationMarkers.INT8.equals(format);
    if (whole != eight || eight && (scale == null || source.dtype(name) != DType.I8)) {
      throw new InvalidInputException(
          source.describe() + ": " + Quoted.of(name) + " has type " + source.dtype(name)
              + (scale == null ? " without a scale" : "")
              + " in " + (format == null ? "an unknown format" : "the format " + Quoted.of(format))
              + ", which is not supported; "
              + QuantizationMarkers.ADVICE);
    }
    if (scale != null) {
      requireScale(name, scale);
    }
  }

  // One scale for all, or one for each row; block formats have more.
  private void requireScale(String name, String scale) {
    long[] shape = source.shape(name);
    long count = source.elements(scale);
    boolean fits = count == 1 || shape.length > 0 && count == shape[0];
    if (!fits || !source.dtype(scale).isFloating()) {
      throw new InvalidInputException(source.describe() + ": " + Quoted.of(scale) + " has type "
          + source.dtype(scale) + " and shape "
          + Arrays.toString(source.shape(scale)) + " beside a weight of " + Arrays.toString(shape)
          + "; supported are floating-point scales, one for the whole weight or one for each row: "
          + QuantizationMarkers.ADVICE);
    }
  }

  private static boolean isWhole(DType type) {
    return type.name().startsWith("I") || type.name().startsWith("U");
  }

  private String scale(String name) {
    if (name.endsWith("." + WEIGHT)) {
      String module = name.substring(0, name.length() - WEIGHT.length());
      return SCALES.stream()
          .map(module::concat)
          .filter(source.names()::contains)
          .findFirst()
          .orElse(null);
    }
    return null;
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(names);
  }

  @Override
  public long[] shape(String name) {
    return source.shape(name);
  }

  @Override
  public DType dtype(String name) {
    return scale(name) == null ? source.dtype(name) : DType.F32;
  }

  @Override
  public float f8Scale(String name) {
    String scale = scale(name);
    if (scale == null || source.dtype(name) != DType.F8_E4M3) {
      return source.f8Scale(name);
    }
    try (TensorScope scope = TensorScope.open()) {
      Tensor factor = source.read(scale).to(ScalarType.Float);
      return factor.numel() == 1 ? factor.item_float() : 0;
    }
  }

  @Override
  public long storedBytes(String name) {
    return source.storedBytes(name);
  }

  @Override
  public Tensor read(String name) {
    String scale = scale(name);
    if (scale == null) {
      return source.read(name);
    }
    try (TensorScope scope = TensorScope.open()) {
      Tensor factor = source.read(scale).to(ScalarType.Float);
      Tensor weight = source.read(name).to(ScalarType.Float);
      long[] rows = new long[(int) Math.max(1, weight.dim())];
      Arrays.fill(rows, 1);
      rows[0] = factor.numel();
      return scope.promote(weight.mul(factor.reshape(rows)).view(weight.sizes()));
    }
  }

  @Override
  public String describe() {
    return source.describe();
  }

  @Override
  public void close() {
    source.close();
  }

  /**
   * The markers of ComfyUI for quantised weights: a tensor of JSON text beside a weight, or one
   * text in the header for all. Unsupported formats are refused, because their values would be
   * taken for weights.
   *
   * <p>Source: {@code convert_old_quants} of Comfy-Org/ComfyUI {@code comfy/utils.py},
   * {@code comfy/ops.py}.
   */
  static final class QuantizationMarkers {
    /** Name of the marker tensor in its module. */
    static final String TENSOR = "comfy_quant";
    /** Key of the marker in the header. */
    static final String METADATA = "_quantization_metadata";
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
    static Map<String, String> formats(TensorSource source, Map<String, String> metadata) {
      Map<String, String> formats = new LinkedHashMap<>();
      layers(source, metadata.get(METADATA))
          .forEach((module, marker) ->
              formats.put(module.toString(), format(source, module.toString(), marker)));
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

    private static Map<String, Object> json(TensorSource source, String name, String text) {
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
