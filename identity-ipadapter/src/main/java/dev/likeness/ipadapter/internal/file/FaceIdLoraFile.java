package dev.likeness.ipadapter.internal.file;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.adapter.LowRankEnding;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.RenamedSource;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.file.pickle.TorchPickle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** A separate file of FaceID's LoRA. Maps its key formats to that of adapter files. */
public final class FaceIdLoraFile {
  /** The four layers of an attention. */
  public static final List<String> LAYERS = List.of("q", "k", "v", "out");

  private static final Pattern KEY =
      Pattern.compile("ip_adapter\\.\\d{1,6}\\.to_(?:" + String.join("|", LAYERS) + ")_lora\\..+");

  private FaceIdLoraFile() {}

  /** Returns true if a tensor of an adapter file belongs to FaceID's LoRA. */
  public static boolean isKey(String name) {
    return KEY.matcher(name).matches();
  }

  /**
   * Returns the key of a layer of attention {@code n}, without {@code .down.weight} or
   * {@code .up.weight}.
   */
  public static String key(int n, String layer) {
    return "ip_adapter." + n + ".to_" + layer + "_lora";
  }

  /** Returns the name of the layer inside an attention of the base. */
  public static String module(String layer) {
    return layer.equals("out") ? "to_out.0" : "to_" + layer;
  }

  /**
   * Opens a LoRA file for a base; reads no weights.
   *
   * @throws InvalidInputException if a key belongs to no attention of the base, or two keys to one
   *     layer
   */
  public static TensorSource open(Path file, AdapterSites base) {
    boolean safe = file.getFileName().toString().endsWith(".safetensors");
    TensorSource source =
        new TensorSource.Finite(safe ? Safetensors.open(file) : TorchPickle.open(file));
    return of(
        source, base, "a FaceID LoRA", "give the _lora file that was published with the adapter");
  }

  /**
   * Returns the LoRA in a source, which it owns, with the keys of adapter files.
   *
   * @param title what the LoRA is of, in error messages
   * @throws InvalidInputException if a key belongs to no attention of the base, or two keys to one
   *     layer
   */
  public static TensorSource of(
      TensorSource source, AdapterSites base, String title, String advice) {
    Map<String, String> known = keyNames(base);
    try {
      requireKnownKeys(source, known, base, title, advice);
      return RenamedSource.of(source, known::get);
    } catch (RuntimeException e) {
      source.close();
      throw e;
    }
  }

  private static void requireKnownKeys(
      TensorSource source,
      Map<String, String> known,
      AdapterSites base,
      String title,
      String advice) {
    Map<String, String> roles = new HashMap<>();
    for (String name : source.names()) {
      if (!known.containsKey(name)) {
        throw new InvalidInputException(source.describe() + ": " + Quoted.of(name)
            + " is no layer of " + title + " for the base " + base.name() + "; " + advice);
      }
      String other = roles.putIfAbsent(known.get(name), name);
      if (other != null) {
        throw AdapterKeyFormat.duplicateLayer(source, other, name);
      }
    }
  }

  /**
   * Maps foreign keys to adapter keys. It is built from the base's names, because names with
   * underscores cannot be parsed.
   */
  private static Map<String, String> keyNames(AdapterSites base) {
    Map<String, String> known = new HashMap<>();
    for (int n = 0; n < 2 * base.paths().size(); n++) {
      for (String layer : LAYERS) {
        for (String stem : stems(base.attentionPath(n), n, layer)) {
          for (LowRankEnding ending : LowRankEnding.values()) {
            known.put(stem + ending.down(), key(n, layer) + ".down.weight");
            known.put(stem + ending.up(), key(n, layer) + ".up.weight");
          }
          known.put(stem + LowRankEnding.ALPHA, key(n, layer) + LowRankEnding.ALPHA);
        }
      }
    }
    return known;
  }

  /** The beginnings of a layer's keys, up to the ending: in adapter files, diffusers and kohya. */
  private static List<String> stems(String path, int n, String layer) {
    String module = path + "." + module(layer);
    List<String> stems = new ArrayList<>();
    for (String prefix : List.of("", "unet.")) {
      stems.add(prefix + "ip_adapter." + n + ".to_" + layer);
      stems.add(prefix + n + ".to_" + layer);
      stems.add(prefix + path + ".to_" + layer);
      stems.add(prefix + path + ".processor.to_" + layer);
      stems.add(prefix + module);
    }
    stems.add("lora_unet_" + module.replace('.', '_'));
    return stems;
  }
}
