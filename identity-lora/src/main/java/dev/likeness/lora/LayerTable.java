package dev.likeness.lora;

import dev.likeness.diffusion.adapt.Part;
import dev.likeness.diffusion.model.StableDiffusion;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.LongStream;

/**
 * Every layer of a model under every name that LoRA files call it. Built forwards from the model's own names:
 * underscored names cannot be parsed back, since names themselves contain underscores.
 */
final class LayerTable {
  private static final String WEIGHT = ".weight";
  private static final Map<String, String> OLD_TEXT_NAMES =
      Map.of("_q_proj", "_to_q", "_k_proj", "_to_k", "_v_proj", "_to_v", "_out_proj", "_to_out");

  private final List<Layer> layers = new ArrayList<>();
  private final Map<Part, Map<String, Layer>> byName = new EnumMap<>(Part.class);

  private LayerTable() {}

  static LayerTable of(StableDiffusion model) {
    LayerTable table = new LayerTable();
    for (Part part : Part.values()) {
      for (String name : new TreeSet<>(model.tensorNames(part))) {
        table.add(part, name, model.tensorShape(part, name));
      }
    }
    return table;
  }

  /** The table of the tensors with these shapes, by part and full name. */
  static LayerTable of(Map<Part, Map<String, long[]>> shapes) {
    LayerTable table = new LayerTable();
    shapes.forEach((part, tensors) -> tensors.forEach((name, shape) -> table.add(part, name, shape)));
    return table;
  }

  /** Every layer, part by part. */
  Collection<Layer> layers() {
    return layers;
  }

  /** The layer of a path whose dots may be underscores. */
  Optional<Layer> find(Part part, String path) {
    return Optional.ofNullable(byName.getOrDefault(part, Map.of()).get(flat(path)));
  }

  private void add(Part part, String tensor, long[] shape) {
    if (!tensor.endsWith(WEIGHT) || shape.length != 2 && shape.length != 4 || tensor.contains("embeddings.")) {
      return;
    }
    String path = tensor.substring(0, tensor.length() - WEIGHT.length());
    Layer layer = new Layer(part, path, LongStream.of(shape).boxed().toList());
    layers.add(layer);
    Map<String, Layer> names = byName.computeIfAbsent(part, p -> new HashMap<>());
    names.put(flat(path), layer);
    aliases(part, flat(path)).forEach(alias -> names.putIfAbsent(alias, layer));
  }

  private static List<String> aliases(Part part, String name) {
    if (part == Part.UNET) {
      return name.endsWith("_to_out_0") ? List.of(name.substring(0, name.length() - 2)) : List.of();
    }
    List<String> names = new ArrayList<>(List.of(name));
    OLD_TEXT_NAMES.forEach((now, old) -> {
      if (name.endsWith(now)) {
        names.add(name.substring(0, name.length() - now.length()) + old);
      }
    });
    names.addAll(names.stream().map(n -> n.replaceFirst("^text_model_", "")).toList());
    return names;
  }

  private static String flat(String path) {
    return path.replace('.', '_');
  }
}
