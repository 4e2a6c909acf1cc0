package dev.likeness.diffusion.internal.file;

import dev.likeness.diffusion.tensor.DType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The names and shapes of a file with scaled 8-bit tensors, as if each tensor were stored with its
 * scale applied. A tensor's scale lies beside it under one of the published names. Scales, zero
 * points, markers and what only 8-bit arithmetic needs are left out. Reads headers only.
 */
public class ScaledTensors implements TensorNames {
  /**
   * The published names of a scale. {@code {p}} stands for the last part of the tensor's name,
   * which is {@code weight} for a layer.
   *
   * <p>Sources: {@code comfy/ops.py} of Comfy-Org/ComfyUI ({@code scale_weight},
   * {@code weight_scale}); compressed-tensors, {@code FbgemmFp8Linear} of transformers and
   * {@code unified_export_hf.py} of NVIDIA/TensorRT-Model-Optimizer ({@code weight_scale});
   * {@code FP8Linear} of transformers 5.23 ({@code weight_scale_inv}, a factor in spite of its
   * name); {@code inference/convert.py} of deepseek-ai/DeepSeek-V3 ({@code scale}, the same
   * factor); {@code qtensor/fp8_tensor.py} of NVIDIA/TensorRT-Model-Optimizer
   * ({@code weight_quantizer._scale}); {@code qbytes.py} of huggingface/optimum-quanto
   * ({@code weight._scale}); {@code safetensors_support.py} of pytorch/ao ({@code _weight_scale});
   * {@code dequantize_bnb_weight} of diffusers 0.42.1 ({@code SCB}).
   */
  private static final List<String> SCALES = List.of(
      "scale_{p}",
      "{p}_scale",
      "{p}_scale_inv",
      "{p}._scale",
      "_{p}_scale",
      "{p}_quantizer._scale",
      "SCB",
      "scale");

  /** Scales of layers only; their names do not tell which tensor of a module they belong to. */
  private static final Set<String> OF_LAYERS = Set.of("SCB", "scale");

  /** The published names of the number that stands for zero. */
  private static final List<String> ZERO_POINTS = List.of("{p}_zero_point", "_{p}_zero_point");

  /** Tensors beside a weight that only arithmetic in 8 bits needs. */
  private static final Set<String> OF_ARITHMETIC = Set.of(
      "scale_input",
      "input_scale",
      "input_scale_ub",
      "input_zero_point",
      "output_scale",
      "output_zero_point",
      "input_quantizer._amax",
      "output_quantizer._amax",
      "_weight_act_scale",
      "_weight_act_quant_scale",
      "weight_format",
      ScaledSource.QuantizationMarkers.TENSOR);

  /** Other tensors of the layers that have a weight. */
  private static final Set<String> OF_MODULES =
      Set.of("weight", "bias", "running_mean", "running_var", "num_batches_tracked");

  /** The mark of ComfyUI that a file has scaled weights. */
  private static final String FILE_MARK = "scaled_fp8";

  private static final String WEIGHT = "weight";
  /** optimum-quanto's name of stored numbers, and torchao's. */
  private static final String QUANTO_DATA = "._data";

  private static final Pattern TORCHAO_DATA = Pattern.compile("((?:.*\\.)?)_([^.]+)_qdata");
  /** The factor of bitsandbytes' scales, as diffusers and transformers write it: 1/127. */
  private static final double BITSANDBYTES = 7.874015718698502e-3;

  private final TensorNames stored;
  private final Map<String, Place> places;
  private final Set<String> used;

  /**
   * Where a file has a tensor.
   *
   * @param name the name of the stored numbers
   * @param scale the name of the scale; null if there is none
   * @param zeroPoint the name of the number that stands for zero; null if that is 0
   */
  record Place(String name, String scale, String zeroPoint) {
    /** The constant factor of the scale. */
    double factor() {
      return scale != null && scale.endsWith("SCB") ? BITSANDBYTES : 1;
    }
  }

  /** The tensors of a file, with the scales beside them. */
  static final class Scales {
    private final TensorNames stored;
    private final Map<String, Place> places = new LinkedHashMap<>();
    private final Set<String> used = new LinkedHashSet<>();

    private Scales(TensorNames stored) {
      this.stored = stored;
    }

    /** Finds the scales of {@code stored}. */
    static Scales of(TensorNames stored) {
      Scales scales = new Scales(stored);
      scales.find();
      return scales;
    }

    private void find() {
      for (String name : stored.names()) {
        String logical = logicalName(name);
        Place place = find(name, logical);
        places.put(logical, place);
        addUsed(place.scale());
        addUsed(place.zeroPoint());
      }
      for (String name : List.copyOf(places.keySet())) {
        if (leaf(name).equals(WEIGHT)) {
          String module = name.substring(0, name.length() - WEIGHT.length());
          OF_ARITHMETIC.forEach(part -> addUsed(module + part));
          if (places.get(name).scale() != null) {
            addUsed(module + "weight_quantizer._amax");
          }
        }
      }
      stored.names().stream().filter(Scales::isFileMark).forEach(used::add);
      places.keySet().removeAll(used);
    }

    private static boolean isFileMark(String name) {
      return name.equals(FILE_MARK) || name.endsWith("." + FILE_MARK);
    }

    private void addUsed(String name) {
      if (name != null && stored.has(name)) {
        used.add(name);
      }
    }

    // Numbers of optimum-quanto and torchao have names of their own.
    private String logicalName(String name) {
      String logical = name;
      Matcher torchao = TORCHAO_DATA.matcher(name);
      if (name.endsWith(QUANTO_DATA)) {
        logical = name.substring(0, name.length() - QUANTO_DATA.length());
      } else if (torchao.matches()) {
        logical = torchao.group(1) + torchao.group(2);
      }
      return logical.equals(name)
              || stored.has(logical)
              || besides(logical, SCALES).isEmpty()
          ? name
          : logical;
    }

    private Place find(String name, String logical) {
      List<String> scales = besides(logical, SCALES);
      scales.removeIf(scale -> !scales(scale, name, logical));
      List<String> zeros = besides(logical, ZERO_POINTS);
      return new Place(
          name,
          scales.isEmpty() ? null : scales.get(0),
          scales.isEmpty() || zeros.isEmpty() ? null : zeros.get(0));
    }

    // Only ComfyUI scales weights of more than 8 bits.
    private boolean scales(String scale, String name, String logical) {
      DType type = stored.dtype(name);
      String leaf = leaf(logical);
      boolean eight = type == DType.I8 || type == DType.F8_E4M3 || type == DType.F8_E5M2;
      return OF_LAYERS.contains(leaf(scale))
          ? leaf.equals(WEIGHT) && (scale.endsWith("SCB") ? type == DType.I8 : eight)
          : eight || type.isFloating() && leaf(scale).equals("scale_" + leaf);
    }

    private List<String> besides(String name, List<String> patterns) {
      String leaf = leaf(name);
      String module = name.substring(0, name.length() - leaf.length());
      List<String> found = new ArrayList<>();
      for (String pattern : patterns) {
        String beside = module + pattern.replace("{p}", leaf);
        if (stored.has(beside) && !beside.equals(name)) {
          found.add(beside);
        }
      }
      return found;
    }
  }

  ScaledTensors(TensorNames stored, Scales scales) {
    this.stored = stored;
    this.places = scales.places;
    this.used = scales.used;
  }

  /** Returns {@code stored} with its scales applied; {@code stored} itself if it has none. */
  public static TensorNames of(TensorNames stored) {
    ScaledTensors scaled = new ScaledTensors(stored, Scales.of(stored));
    return scaled.isPlain() ? stored : scaled;
  }

  /** Returns the layer's weight of a scale; empty if the name is not that of a scale. */
  static Optional<String> scaledBy(String scale) {
    return SCALES.stream()
        .map(pattern -> "." + pattern.replace("{p}", WEIGHT))
        .filter(scale::endsWith)
        .map(end -> scale.substring(0, scale.length() - end.length()) + "." + WEIGHT)
        .findFirst();
  }

  private static String leaf(String name) {
    return name.substring(name.lastIndexOf('.') + 1);
  }

  /** Returns true if the file has no scaled tensor, and nothing is left out. */
  final boolean isPlain() {
    return used.isEmpty() && places.keySet().equals(stored.names());
  }

  /** Returns where the file has a tensor of {@link #names()}. */
  final Place place(String name) {
    Place place = places.get(name);
    if (place == null) {
      throw new IllegalArgumentException("no tensor " + Quoted.of(name) + " in " + describe());
    }
    return place;
  }

  /**
   * Returns a tensor beside the 8-bit tensor {@code name} whose meaning is not known; empty if
   * there is none.
   *
   * @param all the file's names in alphabetical order
   */
  final Optional<String> unknownBeside(String name, NavigableSet<String> all) {
    String leaf = leaf(name);
    String module = name.substring(0, name.length() - leaf.length());
    boolean layer = leaf.equals(WEIGHT) && !module.isEmpty();
    List<String> starts =
        layer ? List.of(module) : List.of(name + "_", name + ".", module + "_" + leaf + "_");
    return starts.stream()
        .flatMap(start -> all.subSet(start, true, start + Character.MAX_VALUE, false).stream())
        .filter(other -> !used.contains(other)
            && !other.equals(place(name).name())
            && !(layer && OF_MODULES.contains(other.substring(module.length()))))
        .findFirst();
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(places.keySet());
  }

  @Override
  public long[] shape(String name) {
    return stored.shape(place(name).name());
  }

  @Override
  public DType dtype(String name) {
    Place place = place(name);
    return place.scale() == null ? stored.dtype(place.name()) : DType.F32;
  }

  @Override
  public boolean isScaled(String name) {
    return place(name).scale() != null;
  }

  @Override
  public long storedBytes(String name) {
    return stored.storedBytes(place(name).name());
  }

  @Override
  public Map<String, String> metadata() {
    return stored.metadata();
  }

  @Override
  public String describe() {
    return stored.describe();
  }
}
