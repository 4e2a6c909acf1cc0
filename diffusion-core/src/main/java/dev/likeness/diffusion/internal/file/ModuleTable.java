package dev.likeness.diffusion.internal.file;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * A layout that is a table of modules: a tensor is found by the longest module whose name its own
 * begins with.
 */
public final class ModuleTable implements KeyMapping {
  private final Map<String, String> foreignOf = new HashMap<>();
  private final Map<String, String> canonicalOf = new HashMap<>();
  private final Predicate<String> pixelwise;

  /**
   * An empty table; weights of canonical modules that {@code pixelwise} accepts are convolutions in
   * the foreign file.
   */
  public ModuleTable(Predicate<String> pixelwise) {
    this.pixelwise = pixelwise;
  }

  public ModuleTable add(String canonical, String foreign) {
    foreignOf.put(canonical, foreign);
    canonicalOf.put(foreign, canonical);
    return this;
  }

  /** Adds a residual block of the UNet or the autoencoder, leaf by leaf. */
  public ModuleTable addAll(String canonical, String foreign, Map<String, String> leaves) {
    leaves.forEach((leaf, there) -> add(canonical + "." + leaf, foreign + "." + there));
    return this;
  }

  @Override
  public KeyMapping.Location place(String canonical) {
    String name = translated(canonical, foreignOf);
    boolean pixels = name != null
        && canonical.endsWith(".weight")
        && pixelwise.test(canonical.substring(0, canonical.length() - ".weight".length()));
    return name == null
        ? null
        : KeyMapping.Location.whole(
            name, pixels ? KeyMapping.Location.Form.PIXELWISE : KeyMapping.Location.Form.SAME);
  }

  @Override
  public List<String> canonical(String foreign) {
    String name = translated(foreign, canonicalOf);
    return name == null ? List.of() : List.of(name);
  }

  private static String translated(String name, Map<String, String> modules) {
    for (int end = name.lastIndexOf('.'); end > 0; end = name.lastIndexOf('.', end - 1)) {
      String module = modules.get(name.substring(0, end));
      if (module != null) {
        return module + name.substring(end);
      }
    }
    return null;
  }
}
