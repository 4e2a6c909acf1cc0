package dev.likeness.diffusion.internal.file;

import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.DType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** A component of a foreign file under its canonical names, headers alone. */
public class CanonicalTensors implements TensorNames {
  private final TensorNames foreign;
  private final Map<String, KeyMapping.Location> places = new LinkedHashMap<>();

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
  KeyMapping.Location place(String name) {
    return places.get(name);
  }

  @Override
  public long[] shape(String name) {
    KeyMapping.Location place = places.get(name);
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
      KeyMapping.Location place = layout.place(name);
      if (place == null) {
        throw new IllegalArgumentException("the layout has no place for " + name);
      }
      parts.computeIfAbsent(place.name(), key -> new TreeMap<>()).put(place.part(), name);
    }
    Map<String, List<String>> names = new LinkedHashMap<>();
    parts.forEach((name, of) -> names.put(name, new ArrayList<>(of.values())));
    return names;
  }

  /**
   * A component of a foreign file under its canonical names; views of the file wherever its form
   * allows.
   */
  public static final class RelaidSource extends CanonicalTensors implements TensorSource {
    private final TensorSource foreign;

    /** Takes over {@code foreign} and closes it with itself. */
    public RelaidSource(TensorSource foreign, KeyMapping layout) {
      super(foreign, layout);
      this.foreign = foreign;
    }

    @Override
    public Tensor read(String name) {
      KeyMapping.Location place = place(name);
      try (TensorScope scope = TensorScope.open()) {
        Tensor stored = foreign.read(place.name());
        long rows = stored.dim() == 0 ? 0 : stored.size(0) / place.parts();
        Tensor part = place.parts() == 1
            ? stored
            : stored.narrow(0, place.part() * rows, place.span() * rows);
        return scope.promote(
            switch (place.form()) {
              case TRANSPOSED -> part.t().contiguous();
              case HALVES_EXCHANGED -> part.roll(new long[] {part.size(0) / 2}, 0);
              case IDENTITY -> torch.eye(part.size(0)).to(part.scalar_type());
              case SAME, PIXELWISE -> part.view(shape(name));
            });
      }
    }

    @Override
    public void close() {
      foreign.close();
    }
  }
}
