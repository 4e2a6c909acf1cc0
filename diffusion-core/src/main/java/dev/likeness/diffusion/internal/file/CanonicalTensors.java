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
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The names and shapes of a component in a foreign file, under canonical names. Reads headers only.
 */
public class CanonicalTensors implements TensorNames {
  private final TensorNames foreign;
  private final KeyMapping layout;
  private final Map<String, KeyMapping.Location> locations = new LinkedHashMap<>();

  /** Lists the tensors of {@code foreign} that {@code layout} maps. */
  public CanonicalTensors(TensorNames foreign, KeyMapping layout) {
    this.foreign = foreign;
    this.layout = layout;
    for (String name : foreign.names()) {
      for (String canonical : layout.canonicalNames(name)) {
        locations.put(canonical, layout.locate(canonical));
      }
    }
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(locations.keySet());
  }

  @Override
  public String storedName(String name) {
    KeyMapping.Location place = layout.locate(name);
    return place == null ? name : foreign.storedName(place.name());
  }

  /** Returns the location of a canonical tensor in the foreign file. */
  KeyMapping.Location locate(String name) {
    return locations.get(name);
  }

  @Override
  public long[] shape(String name) {
    KeyMapping.Location place = locations.get(name);
    long[] shape = foreign.shape(place.name()).clone();
    if (place.slices() > 1 && shape.length > 0 && shape[0] % place.slices() == 0) {
      shape[0] = shape[0] / place.slices() * place.span();
    }
    return switch (place.form()) {
      case AS_STORED, HALVES_SWAPPED -> shape;
      case TRANSPOSED -> shape.length == 2 ? new long[] {shape[1], shape[0]} : shape;
      case POINTWISE -> isPointwise(shape) ? new long[] {shape[0], shape[1]} : shape;
      case IDENTITY -> new long[] {shape[0], shape[0]};
    };
  }

  private static boolean isPointwise(long[] shape) {
    return shape.length == 4 && shape[2] == 1 && shape[3] == 1;
  }

  @Override
  public DType dtype(String name) {
    return foreign.dtype(locations.get(name).name());
  }

  @Override
  public float f8Scale(String name) {
    KeyMapping.Location place = locations.get(name);
    return place.form() == KeyMapping.Location.Form.IDENTITY ? 0 : foreign.f8Scale(place.name());
  }

  @Override
  public boolean isScaled(String name) {
    return foreign.isScaled(locations.get(name).name());
  }

  @Override
  public long storedBytes(String name) {
    KeyMapping.Location place = locations.get(name);
    return foreign.storedBytes(place.name()) / place.slices() * place.span();
  }

  @Override
  public String describe() {
    return foreign.describe();
  }

  /**
   * Returns the foreign names of canonical tensors, each with the canonical tensors in it, in
   * order.
   */
  public static Map<String, List<String>> foreignNames(Set<String> canonical, KeyMapping layout) {
    Map<String, TreeMap<Integer, String>> parts = new LinkedHashMap<>();
    for (String name : canonical) {
      KeyMapping.Location place = layout.locate(name);
      if (place == null) {
        throw new IllegalArgumentException("the key format has no name for the tensor " + name);
      }
      parts.computeIfAbsent(place.name(), key -> new TreeMap<>()).put(place.slice(), name);
    }
    Map<String, List<String>> names = new LinkedHashMap<>();
    parts.forEach((name, of) -> names.put(name, new ArrayList<>(of.values())));
    return names;
  }

  /**
   * A component of a foreign file under canonical names. Tensors are views of the file if their
   * stored form allows it.
   */
  public static final class CanonicalSource extends CanonicalTensors implements TensorSource {
    private final TensorSource foreign;

    /** Takes ownership of {@code foreign} and closes it. */
    public CanonicalSource(TensorSource foreign, KeyMapping layout) {
      super(foreign, layout);
      this.foreign = foreign;
    }

    @Override
    public Tensor read(String name) {
      KeyMapping.Location place = locate(name);
      try (TensorScope scope = TensorScope.open()) {
        Tensor stored = foreign.read(place.name());
        long rows = stored.dim() == 0 ? 0 : stored.size(0) / place.slices();
        Tensor part = place.slices() == 1
            ? stored
            : stored.narrow(0, place.slice() * rows, place.span() * rows);
        return scope.promote(
            switch (place.form()) {
              case TRANSPOSED -> part.t().contiguous();
              case HALVES_SWAPPED -> part.roll(new long[] {part.size(0) / 2}, 0);
              case IDENTITY -> torch.eye(part.size(0)).to(part.scalar_type());
              case AS_STORED, POINTWISE -> part.view(shape(name));
            });
      }
    }

    @Override
    public void close() {
      foreign.close();
    }
  }

  /**
   * A component's canonical tensors under the names and in the forms of a foreign key format: the
   * inverse of {@link CanonicalSource}.
   */
  public static final class ForeignSource implements TensorSource {
    private final TensorSource canonical;
    private final KeyMapping layout;
    private final Map<String, List<String>> parts;

    /** Takes ownership of {@code canonical} and closes it. */
    public ForeignSource(TensorSource canonical, KeyMapping layout) {
      this.canonical = canonical;
      this.layout = layout;
      this.parts = foreignNames(canonical.names(), layout);
    }

    @Override
    public Set<String> names() {
      return Collections.unmodifiableSet(parts.keySet());
    }

    private String firstPart(String name) {
      return parts.get(name).get(0);
    }

    @Override
    public long[] shape(String name) {
      long[] shape = canonical.shape(firstPart(name)).clone();
      KeyMapping.Location place = layout.locate(firstPart(name));
      if (place.slices() > 1) {
        shape[0] = shape[0] / place.span() * place.slices();
      }
      return switch (place.form()) {
        case AS_STORED, HALVES_SWAPPED, IDENTITY -> shape;
        case TRANSPOSED -> new long[] {shape[1], shape[0]};
        case POINTWISE -> shape.length == 2 ? new long[] {shape[0], shape[1], 1, 1} : shape;
      };
    }

    @Override
    public DType dtype(String name) {
      return canonical.dtype(firstPart(name));
    }

    @Override
    public Tensor read(String name) {
      try (TensorScope scope = TensorScope.open()) {
        Tensor[] runs = parts.get(name).stream().map(canonical::read).toArray(Tensor[]::new);
        Tensor whole = runs.length == 1 ? runs[0] : torch.cat(new TensorVector(runs), 0);
        return scope.promote(
            switch (layout.locate(firstPart(name)).form()) {
              case TRANSPOSED -> whole.t().contiguous();
              case HALVES_SWAPPED -> whole.roll(new long[] {whole.size(0) / 2}, 0);
              case AS_STORED, POINTWISE, IDENTITY -> whole.view(shape(name));
            });
      }
    }

    @Override
    public String describe() {
      return canonical.describe();
    }

    @Override
    public void close() {
      canonical.close();
    }
  }
}
