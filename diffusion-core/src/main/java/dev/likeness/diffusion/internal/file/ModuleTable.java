package dev.likeness.diffusion.internal.file;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * A key mapping by module names. A tensor is mapped by the longest module name that its own name
 * begins with.
 */
public final class ModuleTable implements KeyMapping {
  private final Map<String, String> foreignOf = new HashMap<>();
  private final Map<String, String> canonicalOf = new HashMap<>();
  private final Predicate<String> pointwise;

  /**
   * Creates an empty table. Weights of modules that {@code pointwise} accepts are 1x1 convolutions
   * in the foreign file.
   */
  public ModuleTable(Predicate<String> pointwise) {
    this.pointwise = pointwise;
  }

  public ModuleTable add(String canonical, String foreign) {
    foreignOf.put(canonical, foreign);
    canonicalOf.put(foreign, canonical);
    return this;
  }

  /** Adds a residual block of the UNet or the autoencoder, with its inner modules. */
  public ModuleTable addAll(String canonical, String foreign, Map<String, String> leaves) {
    leaves.forEach((leaf, there) -> add(canonical + "." + leaf, foreign + "." + there));
    return this;
  }

  @Override
  public KeyMapping.Location locate(String canonical) {
    String name = translate(canonical, foreignOf);
    boolean pixels = name != null
        && canonical.endsWith(".weight")
        && pointwise.test(canonical.substring(0, canonical.length() - ".weight".length()));
    return name == null
        ? null
        : KeyMapping.Location.whole(
            name, pixels ? KeyMapping.Location.Form.POINTWISE : KeyMapping.Location.Form.AS_STORED);
  }

  @Override
  public List<String> canonicalNames(String foreign) {
    String name = translate(foreign, canonicalOf);
    return name == null ? List.of() : List.of(name);
  }

  private static String translate(String name, Map<String, String> modules) {
    for (int end = name.lastIndexOf('.'); end > 0; end = name.lastIndexOf('.', end - 1)) {
      String module = modules.get(name.substring(0, end));
      if (module != null) {
        return module + name.substring(end);
      }
    }
    return null;
  }
}
