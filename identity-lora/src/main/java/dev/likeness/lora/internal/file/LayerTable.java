package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.ModelFamily;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.LongStream;

/**
 * All layers of a model, by every name that LoRA files use. The table is built from the names of
 * the model: names with underscores cannot be parsed, because names themselves contain underscores.
 */
public final class LayerTable {
  private static final String WEIGHT = ".weight";
  private static final String T5_PREFIX = "encoder.block.";
  /** Embedding tables, whose rows are looked up and not multiplied. */
  private static final Pattern EMBEDDING_TABLES =
      Pattern.compile("embeddings\\.|^shared\\.|embed_tokens\\.|relative_attention_bias\\.");

  private static final Map<String, String> OLD_TEXT_NAMES =
      Map.of("_q_proj", "_to_q", "_k_proj", "_to_k", "_v_proj", "_to_v", "_out_proj", "_to_out");

  private final List<TargetLayer> layers = new ArrayList<>();
  private final Map<ModelComponent, Map<String, TargetLayer>> byName =
      new EnumMap<>(ModelComponent.class);
  private final Map<ModelComponent, Map<String, TargetLayer>> embeddings =
      new EnumMap<>(ModelComponent.class);
  private final Set<String> tensors = new HashSet<>();
  private final ModelFamily family;
  /** The key format of single files of a UNet; null if the network is none. */
  private KeyMapping unetKeys;

  private LayerTable(ModelFamily family) {
    this.family = family;
  }

  public static LayerTable of(OpenModel model) {
    Map<ModelComponent, Map<String, long[]>> shapes = new EnumMap<>(ModelComponent.class);
    for (ModelComponent component : ModelComponent.values()) {
      Map<String, long[]> named = new LinkedHashMap<>();
      new TreeSet<>(model.tensorNames(component))
          .forEach(name -> named.put(name, model.tensorShape(component, name)));
      shapes.put(component, named);
    }
    return of(model.family(), shapes);
  }

  /** Returns the table for tensors of these shapes, by component and full name. */
  public static LayerTable of(ModelFamily family, Map<ModelComponent, Map<String, long[]>> shapes) {
    LayerTable table = new LayerTable(family);
    shapes.forEach((part, named) -> named.forEach((name, shape) -> table.add(part, name, shape)));
    table.unetKeys = family
        .loraLayers()
        .unetKeys()
        .apply(table.layers.stream()
            .filter(layer -> layer.component() == ModelComponent.UNET)
            .map(TargetLayer::path)
            .toList())
        .orElse(null);
    table.layers.forEach(table::addNames);
    return table;
  }

  /** Returns the kind of base, as LoRA files distinguish them. */
  public String kind() {
    return LoraFamilyDetector.ofBase(
        family,
        layers.stream()
            .filter(layer -> layer.path().endsWith("attn2.to_k"))
            .mapToLong(TargetLayer::in)
            .findFirst());
  }

  /** Returns the family of the base. */
  ModelFamily family() {
    return family;
  }

  /** Returns all layers, component by component. */
  public Collection<TargetLayer> layers() {
    return layers;
  }

  /** Returns the layer of a path, whose dots may be underscores. */
  public Optional<TargetLayer> find(ModelComponent component, String path) {
    return Optional.ofNullable(byName.getOrDefault(component, Map.of()).get(flatten(path)));
  }

  /**
   * Returns the embedding table of a path, whose dots may be underscores. Embedding tables are no
   * layers: only peft changes them, by factors of their own.
   */
  Optional<TargetLayer> findEmbedding(ModelComponent component, String path) {
    return Optional.ofNullable(embeddings.getOrDefault(component, Map.of()).get(flatten(path)));
  }

  /** Returns the name of a UNet's layer in single files; empty if it has none. */
  Optional<String> singleFileName(TargetLayer layer) {
    if (layer.component() != ModelComponent.UNET || unetKeys == null) {
      return Optional.empty();
    }
    return Optional.ofNullable(unetKeys.locate(layer.path() + WEIGHT))
        .map(KeyMapping.Location::name)
        .map(name -> name.substring(0, name.length() - WEIGHT.length()));
  }

  /**
   * Returns the first layer of an inpainting network with fewer input channels: only those of the
   * latents, as in other bases of the family. Empty if the network has no additional input
   * channels.
   */
  Optional<TargetLayer> narrowInputLayer(ModelComponent network) {
    boolean unet = network == ModelComponent.UNET;
    return find(network, unet ? "conv_in" : "x_embedder")
        .flatMap(first -> find(network, unet ? "conv_out" : "proj_out")
            .filter(last -> last.out() < first.in())
            .map(last -> narrow(first, last.out())));
  }

  private static TargetLayer narrow(TargetLayer layer, long inputs) {
    List<Long> shape = new ArrayList<>(layer.shape());
    shape.set(1, inputs);
    return new TargetLayer(layer.component(), layer.path(), shape);
  }

  boolean has(ModelComponent component) {
    return byName.containsKey(component);
  }

  /** Returns true if this text encoder of the base is T5. */
  boolean hasT5(ModelComponent component) {
    return layers.stream()
        .anyMatch(layer -> layer.component() == component && layer.path().startsWith(T5_PREFIX));
  }

  boolean hasBias(TargetLayer layer) {
    return tensors.contains(layer.name() + ".bias");
  }

  private void add(ModelComponent component, String tensor, long[] shape) {
    tensors.add(component.folder() + "." + tensor);
    boolean holdsChannels = shape.length == 1 || shape.length == 2 || shape.length == 4;
    if (!tensor.endsWith(WEIGHT) || !holdsChannels) {
      return;
    }
    String path = tensor.substring(0, tensor.length() - WEIGHT.length());
    TargetLayer layer =
        new TargetLayer(component, path, LongStream.of(shape).boxed().toList());
    if (!EMBEDDING_TABLES.matcher(tensor).find()) {
      layers.add(layer);
    } else if (shape.length == 2) {
      Map<String, TargetLayer> named = embeddings.computeIfAbsent(component, p -> new HashMap<>());
      named.put(flatten(path), layer);
      aliases(component, flatten(path)).forEach(alias -> named.putIfAbsent(alias, layer));
    }
  }

  private void addNames(TargetLayer layer) {
    Map<String, TargetLayer> names =
        byName.computeIfAbsent(layer.component(), p -> new HashMap<>());
    names.put(flatten(layer.path()), layer);
    singleFileName(layer).ifPresent(name -> names.putIfAbsent(flatten(name), layer));
    aliases(layer.component(), flatten(layer.path()))
        .forEach(alias -> names.putIfAbsent(alias, layer));
  }

  private static List<String> aliases(ModelComponent component, String name) {
    if (component == ModelComponent.UNET || component == ModelComponent.TRANSFORMER) {
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

  private static String flatten(String path) {
    return path.replace('.', '_');
  }
}
