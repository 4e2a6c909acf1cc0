package dev.likeness.diffusion.weights;

import dev.likeness.diffusion.tensor.DType;
import dev.likeness.diffusion.tensor.TensorScope;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A file whose F8 weights are to be multiplied by a scale that stands beside them, as ComfyUI and its kin write it
 * ({@code scale_weight} or {@code weight_scale}); the products are f32. Scales of inputs, which only F8 arithmetic needs,
 * are left out.
 */
public final class Scaled implements TensorSource {
  private static final String WEIGHT = "weight";
  private static final List<String> SCALES = List.of("scale_weight", "weight_scale");
  private static final List<String> LEFT_OUT = List.of("scale_weight", "weight_scale", "scale_input", "input_scale", "scaled_fp8");

  private final TensorSource source;
  private final Set<String> names = new LinkedHashSet<>();

  private Scaled(TensorSource source) {
    this.source = source;
    for (String name : source.names()) {
      if (!LEFT_OUT.contains(name.substring(name.lastIndexOf('.') + 1))) {
        names.add(name);
      }
    }
  }

  /** {@code source} with its scales applied; itself when it has none. */
  public static TensorSource of(TensorSource source) {
    boolean any = source.names().stream().anyMatch(name -> SCALES.contains(name.substring(name.lastIndexOf('.') + 1)));
    return any ? new Scaled(source) : source;
  }

  private String scale(String name) {
    if (name.endsWith("." + WEIGHT)) {
      String module = name.substring(0, name.length() - WEIGHT.length());
      return SCALES.stream().map(module::concat).filter(source.names()::contains).findFirst().orElse(null);
    }
    return null;
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(names);
  }

  @Override
  public long[] shape(String name) {
    return source.shape(name);
  }

  @Override
  public DType dtype(String name) {
    return scale(name) == null ? source.dtype(name) : DType.F32;
  }

  @Override
  public Tensor read(String name) {
    String scale = scale(name);
    if (scale == null) {
      return source.read(name);
    }
    try (TensorScope scope = TensorScope.open()) {
      Tensor factor = source.read(scale).to(ScalarType.Float);
      Tensor weight = source.read(name).to(ScalarType.Float);
      // One factor for all, or one for each row.
      return scope.promote(weight.mul(factor.numel() == 1 ? factor.reshape(1) : factor.reshape(-1, 1)));
    }
  }

  @Override
  public String describe() {
    return source.describe();
  }

  @Override
  public void close() {
    source.close();
  }
}
