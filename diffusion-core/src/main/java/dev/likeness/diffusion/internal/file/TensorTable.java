package dev.likeness.diffusion.internal.file;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A layout that lists every tensor, layer by layer. */
public final class TensorTable implements KeyMapping {
  private static final List<String> KINDS = List.of(".weight", ".bias");

  private final Map<String, KeyMapping.Location> places = new HashMap<>();
  private final Map<String, List<String>> canonicals = new HashMap<>();

  /** Adds one tensor. */
  public TensorTable tensor(String canonical, KeyMapping.Location place) {
    places.put(canonical, place);
    canonicals.computeIfAbsent(place.name(), name -> new ArrayList<>()).add(canonical);
    return this;
  }

  /** Adds a layer's weight and bias under other names. */
  public TensorTable layer(String canonical, String foreign) {
    return layer(canonical, foreign, KeyMapping.Location.Form.SAME);
  }

  /** Adds a layer's weight and bias in another form. */
  public TensorTable layer(String canonical, String foreign, KeyMapping.Location.Form form) {
    KINDS.forEach(
        kind -> tensor(canonical + kind, KeyMapping.Location.whole(foreign + kind, form)));
    return this;
  }

  /**
   * Adds layers whose rows a foreign layer has one below the other.
   *
   * @param spans how many runs each takes, in their order
   */
  public TensorTable fused(String foreign, List<String> layers, List<Integer> spans) {
    int parts = spans.stream().mapToInt(Integer::intValue).sum();
    for (String kind : KINDS) {
      int part = 0;
      for (int i = 0; i < layers.size(); i++) {
        tensor(
            layers.get(i) + kind,
            new KeyMapping.Location(
                foreign + kind, part, spans.get(i), parts, KeyMapping.Location.Form.SAME));
        part += spans.get(i);
      }
    }
    return this;
  }

  @Override
  public KeyMapping.Location place(String canonical) {
    return places.get(canonical);
  }

  @Override
  public List<String> canonical(String foreign) {
    return canonicals.getOrDefault(foreign, List.of());
  }
}
