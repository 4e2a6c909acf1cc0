package dev.likeness.diffusion.internal.file;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.DType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Tensor;

/**
 * How a file says that its weights are stored, as ComfyUI writes it: a tensor of JSON text beside a
 * weight, or one text in the header for all. A format that is not read is refused, since its
 * numbers would pass for weights and draw noise.
 *
 * <p>Source: {@code convert_old_quants} of Comfy-Org/ComfyUI {@code comfy/utils.py},
 * {@code comfy/ops.py}.
 */
final class QuantizationMarkers {
  /** The tensor's name, after its module's. */
  static final String TENSOR = "comfy_quant";
  /** The text's name in the header. */
  static final String METADATA = "_quantization_metadata";
  /** The one format of whole numbers that is read. */
  static final String INT8 = "int8_tensorwise";
  /** What to do about others. */
  static final String ADVICE = "give the model in bf16, f16 or float8, or as GGUF";

  private static final String FLOAT8 = "float8_";
  private static final long LONGEST = 1 << 16;

  private QuantizationMarkers() {}

  /**
   * The formats by module, each of them one that is read.
   *
   * @throws InvalidInputException when another is named, or a marker is damaged
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
    if (source.dtype(name) != DType.U8 || source.elements(name) > LONGEST) {
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
      return JSON.std.mapFrom(text);
    } catch (IOException e) {
      throw damaged(source, name, e);
    }
  }

  private static String format(TensorSource source, String module, Object marker) {
    Map<?, ?> options = marker instanceof Map<?, ?> given ? given : Collections.emptyMap();
    String format = String.valueOf(options.get("format"));
    boolean turned = Boolean.TRUE.equals(options.get("convrot"));
    if (turned || !format.equals(INT8) && !format.startsWith(FLOAT8)) {
      throw new InvalidInputException(
          source.describe() + ": " + Quoted.of(module) + " is stored as " + Quoted.of(format)
              + (turned ? " with convrot" : "") + ", which is not read; read are float8 and " + INT8
              + " without convrot: " + ADVICE);
    }
    return format;
  }

  private static InvalidInputException damaged(TensorSource source, String name, Exception cause) {
    return new InvalidInputException(
        source.describe() + ": " + Quoted.of(name)
            + " is not the JSON text that says how weights are"
            + " stored; download the file again",
        cause);
  }
}
