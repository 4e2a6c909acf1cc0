package dev.likeness.diffusion.internal.file;

import dev.likeness.diffusion.tensor.DType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** A component of a foreign file under its canonical names, headers alone. */
public class CanonicalTensors implements TensorNames {
  private final TensorNames foreign;
  private final Map<String, Place> places = new LinkedHashMap<>();

  /** The tensors of {@code foreign} that {@code layout} knows. */
  public CanonicalTensors(TensorNames foreign, KeyMapping layout) {
    this.foreign = foreign;
    for (String name : foreign.names()) {
      for (String canonical : layout.canonical(name)) {
        places.put(canonical, layout.place(canonical));
      }
    }
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(places.keySet());
  }

  /** Where {@code name} lies. */
  Place place(String name) {
    return places.get(name);
  }

  @Override
  public long[] shape(String name) {
    Place place = places.get(name);
    long[] shape = foreign.shape(place.name()).clone();
    if (place.parts() > 1 && shape.length > 0 && shape[0] % place.parts() == 0) {
      shape[0] = shape[0] / place.parts() * place.span();
    }
    return switch (place.form()) {
      case SAME, HALVES_EXCHANGED -> shape;
      case TRANSPOSED -> shape.length == 2 ? new long[] {shape[1], shape[0]} : shape;
      case PIXELWISE -> isPixelwise(shape) ? new long[] {shape[0], shape[1]} : shape;
      case IDENTITY -> new long[] {shape[0], shape[0]};
    };
  }

  private static boolean isPixelwise(long[] shape) {
    return shape.length == 4 && shape[2] == 1 && shape[3] == 1;
  }

  @Override
  public DType dtype(String name) {
    return foreign.dtype(places.get(name).name());
  }

  @Override
  public String describe() {
    return foreign.describe();
  }

  /** The foreign names that a layout gives canonical ones, each with its parts in order. */
  public static Map<String, List<String>> foreignNames(Set<String> canonical, KeyMapping layout) {
    Map<String, TreeMap<Integer, String>> parts = new LinkedHashMap<>();
    for (String name : canonical) {
      Place place = layout.place(name);
      if (place == null) {
        throw new IllegalArgumentException("the layout has no place for " + name);
      }
      parts.computeIfAbsent(place.name(), key -> new TreeMap<>()).put(place.part(), name);
    }
    Map<String, List<String>> names = new LinkedHashMap<>();
    parts.forEach((name, of) -> names.put(name, new ArrayList<>(of.values())));
    return names;
  }
}
