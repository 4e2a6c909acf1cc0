package dev.likeness.diffusion.internal.file;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A key mapping that lists every tensor. */
public final class TensorTable implements KeyMapping {
  private static final List<String> KINDS = List.of(".weight", ".bias");

  private final Map<String, KeyMapping.Location> locations = new HashMap<>();
  private final Map<String, List<String>> canonicals = new HashMap<>();

  /** Adds one tensor. */
  public TensorTable addTensor(String canonical, KeyMapping.Location place) {
    locations.put(canonical, place);
    canonicals.computeIfAbsent(place.name(), name -> new ArrayList<>()).add(canonical);
    return this;
  }

  /** Adds a layer's weight and bias under other names. */
  public TensorTable addLayer(String canonical, String foreign) {
    return addLayer(canonical, foreign, KeyMapping.Location.Form.AS_STORED);
  }

  /** Adds a layer's weight and bias in another form. */
  public TensorTable addLayer(String canonical, String foreign, KeyMapping.Location.Form form) {
    KINDS.forEach(
        kind -> addTensor(canonical + kind, KeyMapping.Location.whole(foreign + kind, form)));
    return this;
  }

  /**
   * Adds layers that are stacked in one foreign layer.
   *
   * @param spans number of slices of each layer, in order
   */
  public TensorTable addFused(String foreign, List<String> layers, List<Integer> spans) {
    int parts = spans.stream().mapToInt(Integer::intValue).sum();
    for (String kind : KINDS) {
      int part = 0;
      for (int i = 0; i < layers.size(); i++) {
        addTensor(
            layers.get(i) + kind,
            new KeyMapping.Location(
                foreign + kind, part, spans.get(i), parts, KeyMapping.Location.Form.AS_STORED));
        part += spans.get(i);
      }
    }
    return this;
  }

  @Override
  public KeyMapping.Location locate(String canonical) {
    return locations.get(canonical);
  }

  @Override
  public List<String> canonicalNames(String foreign) {
    return canonicals.getOrDefault(foreign, List.of());
  }
}
