package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.file.RenamedSource;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads cloneofsimo's files, which number the layers instead of naming them. The numbers follow the
 * order in which diffusers of early 2023 created its modules, for kinds of layers that the file
 * does not name. The right order is the one whose shapes match the file.
 */
final class CloneofsimoKeys {
  private static final Pattern NAMED = Pattern.compile("(unet|text_encoder):(\\d+):(up|down)");
  private static final Pattern LISTED = Pattern.compile("\\d+");
  private static final List<String> ATTENTION = List.of("to_q", "to_k", "to_v", "to_out.0");
  private static final List<String> TEXT = List.of("k_proj", "v_proj", "q_proj", "out_proj");

  private CloneofsimoKeys() {}

  static boolean isFormatOf(TensorSource source) {
    return source.names().stream().anyMatch(name -> NAMED.matcher(name).matches())
        || !source.names().isEmpty()
            && source.names().stream().allMatch(name -> LISTED.matcher(name).matches());
  }

  /** Returns the source with numbered keys replaced by layer names, if the order fits the model. */
  static RenamedSource rename(TensorSource source, LayerTable table) {
    Map<String, String> names = new HashMap<>();
    for (ModelComponent component : List.of(ModelComponent.UNET, ModelComponent.TEXT_ENCODER)) {
      List<String> ups = keys(source, component, "up");
      List<String> downs = keys(source, component, "down");
      findOrder(source, ups, downs, component, table).ifPresent(layers -> {
        for (int i = 0; i < layers.size(); i++) {
          names.put(ups.get(i), layers.get(i).name() + ".lora.up.weight");
          names.put(downs.get(i), layers.get(i).name() + ".lora.down.weight");
        }
      });
    }
    return RenamedSource.of(source, name -> names.getOrDefault(name, name));
  }

  private static List<String> keys(TensorSource source, ModelComponent component, String factor) {
    List<String> found = new ArrayList<>();
    boolean listed =
        source.names().stream().allMatch(name -> LISTED.matcher(name).matches());
    for (int i = 0; ; i++) {
      // A list alternates between the two factors, and belongs to the network that it fits.
      int place = 2 * i + (factor.equals("up") ? 0 : 1);
      String key = listed ? Integer.toString(place) : component.folder() + ":" + i + ":" + factor;
      if (!source.names().contains(key)) {
        return found;
      }
      found.add(key);
    }
  }

  private static Optional<List<TargetLayer>> findOrder(
      TensorSource source,
      List<String> ups,
      List<String> downs,
      ModelComponent component,
      LayerTable table) {
    if (ups.isEmpty() || ups.size() != downs.size()) {
      return Optional.empty();
    }
    return candidates(component, table).stream()
        .filter(layers -> layers.size() == ups.size())
        .filter(layers -> matchesShapes(source, ups, downs, layers))
        .findFirst();
  }

  private static boolean matchesShapes(
      TensorSource source, List<String> ups, List<String> downs, List<TargetLayer> layers) {
    for (int i = 0; i < layers.size(); i++) {
      long[] up = source.shape(ups.get(i));
      long[] down = source.shape(downs.get(i));
      if (up.length < 2
          || down.length < 2
          || up[0] != layers.get(i).out()
          || down[1] != layers.get(i).in()) {
        return false;
      }
    }
    return true;
  }

  private static List<List<TargetLayer>> candidates(ModelComponent component, LayerTable table) {
    if (component == ModelComponent.TEXT_ENCODER) {
      return List.of(sortedLayers(component, table, TEXT));
    }
    List<List<TargetLayer>> orders = new ArrayList<>();
    for (boolean resnets : new boolean[] {false, true}) {
      for (String feedForward : new String[] {null, "ff.net.0.proj"}) {
        orders.add(unetLayers(table, feedForward, resnets));
      }
    }
    return orders;
  }

  private static List<TargetLayer> unetLayers(
      LayerTable table, String feedForward, boolean resnets) {
    List<String> wanted = new ArrayList<>();
    ATTENTION.forEach(name -> wanted.add("attn1." + name));
    if (feedForward != null) {
      wanted.add(feedForward);
    }
    ATTENTION.forEach(name -> wanted.add("attn2." + name));
    if (resnets) {
      wanted.addAll(List.of("conv1", "time_emb_proj", "conv2", "conv_shortcut"));
    }
    return sortedLayers(ModelComponent.UNET, table, wanted);
  }

  private static List<TargetLayer> sortedLayers(
      ModelComponent component, LayerTable table, List<String> wanted) {
    Comparator<TargetLayer> order = Comparator.comparing(layer -> sortKey(layer.path(), wanted));
    return table.layers().stream()
        .filter(layer -> layer.component() == component && !layer.isNorm())
        .filter(layer -> wanted.stream().anyMatch(name -> layer.path().endsWith("." + name)))
        .sorted(order)
        .toList();
  }

  /**
   * Returns a key that sorts modules in the order of their creation: down blocks, up blocks, middle
   * block; attention before residual blocks.
   */
  private static String sortKey(String path, List<String> wanted) {
    StringBuilder place = new StringBuilder();
    place.append(path.startsWith("down") ? 0 : path.startsWith("up") ? 1 : 2);
    place.append(path.contains(".resnets.") ? path.replace(".resnets.", ".z.") : path);
    Matcher numbers = Pattern.compile("\\d+").matcher(place.substring(1));
    String padded =
        numbers.replaceAll(n -> String.format(Locale.ROOT, "%04d", Integer.parseInt(n.group())));
    String stem =
        wanted.stream().filter(name -> path.endsWith("." + name)).findFirst().orElseThrow();
    int end = padded.length() - padNumbers(stem).length();
    return place.charAt(0)
        + padded.substring(0, end)
        + String.format(Locale.ROOT, "%02d", wanted.indexOf(stem));
  }

  private static String padNumbers(String stem) {
    return Pattern.compile("\\d+")
        .matcher(stem)
        .replaceAll(n -> String.format(Locale.ROOT, "%04d", Integer.parseInt(n.group())));
  }
}
