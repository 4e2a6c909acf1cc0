package dev.likeness.ipadapter.internal.file;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.RenamedSource;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.file.pickle.TorchPickle;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * FaceID's LoRA in a file of its own, under any of the key formats it is found in, brought to the
 * adapter's.
 */
public final class FaceIdLoraFile {
  /** The four layers of an attention. */
  public static final List<String> LAYERS = List.of("q", "k", "v", "out");

  private static final Pattern KEY =
      Pattern.compile("ip_adapter\\.\\d{1,6}\\.to_(?:" + String.join("|", LAYERS) + ")_lora\\..+");

  private FaceIdLoraFile() {}

  /** Whether a tensor of an adapter's file is of such a LoRA. */
  public static boolean isKey(String name) {
    return KEY.matcher(name).matches();
  }

  /**
   * The key of a layer at position {@code n}, without {@code .down.weight} or {@code .up.weight}.
   */
  public static String key(int n, String layer) {
    return "ip_adapter." + n + ".to_" + layer + "_lora";
  }

  /** The layer's name inside an attention of the base. */
  public static String module(String layer) {
    return layer.equals("out") ? "to_out.0" : "to_" + layer;
  }

  /**
   * Opens a twin for a base; reads no weight.
   *
   * @throws InvalidInputException when keys of it belong to no attention of the base, or two to one
   *     layer
   */
  public static TensorSource open(Path file, AdapterSites base) {
    boolean safe = file.getFileName().toString().endsWith(".safetensors");
    TensorSource source = safe ? Safetensors.open(file) : TorchPickle.open(file);
    Map<String, String> known = keyNames(base);
    try {
      requireKnownKeys(source, known, base);
      return new RenamedSource(source, known::get);
    } catch (RuntimeException e) {
      source.close();
      throw e;
    }
  }

  private static void requireKnownKeys(
      TensorSource source, Map<String, String> known, AdapterSites base) {
    Map<String, String> roles = new HashMap<>();
    for (String name : source.names()) {
      if (!known.containsKey(name)) {
        throw new InvalidInputException(
            source.describe() + ": \"" + name + "\" is no layer of a FaceID LoRA for " + base.name()
                + "; give the _lora file that was published with the adapter");
      }
      String other = roles.putIfAbsent(known.get(name), name);
      if (other != null) {
        throw AdapterKeyFormat.duplicateLayer(source, other, name);
      }
    }
  }

  /**
   * Built forwards from the base's own names, since underscored ones cannot be taken apart again.
   */
  private static Map<String, String> keyNames(AdapterSites base) {
    Map<String, String> known = new HashMap<>();
    for (int n = 0; n < 2 * base.paths().size(); n++) {
      for (String layer : LAYERS) {
        String path = base.attentionPath(n);
        String module = path + "." + module(layer);
        for (String end : List.of("down", "up")) {
          String to = key(n, layer) + "." + end + ".weight";
          String peft = end.equals("down") ? ".lora_A" : ".lora_B";
          for (String from : List.of(
              to,
              n + ".to_" + layer + "_lora." + end + ".weight",
              path + ".to_" + layer + "_lora." + end + ".weight",
              path + ".processor.to_" + layer + "_lora." + end + ".weight",
              module + peft + ".weight",
              module + ".lora." + end + ".weight",
              module + ".lora_" + end + ".weight")) {
            known.put(from, to);
            known.put("unet." + from, to);
          }
          known.put("lora_unet_" + module.replace('.', '_') + ".lora_" + end + ".weight", to);
        }
        for (String from :
            List.of(module, "unet." + module, "lora_unet_" + module.replace('.', '_'))) {
          known.put(from + ".alpha", key(n, layer) + ".alpha");
        }
      }
    }
    return known;
  }
}
